"""The worker's part of a request: the file is made, or the person is erased in pages."""

import logging
from typing import Any, Final

import zstandard
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.domain.actor import SYSTEM
from crm_app.domain.time import now
from crm_app.models import Customer, DataRequest, Order, RequestKind, RequestState
from crm_app.services import audit
from crm_app.services.privacy import erasing, gathering, persons
from crm_app.services.privacy.erasing import Erased
from crm_app.services.privacy.persons import Person

logger = logging.getLogger(__name__)

_AT_ONCE: Final = 100
# All persons of an account.
EVERYBODY: Final = "shop/redact"


def in_work(session: Session, *, waiting: bool = False) -> list[int]:
    """Ids of requests that a worker has to go on with; `waiting`: those of the daily try."""
    state = RequestState.WAITING if waiting else RequestState.WORKING
    return list(session.exec(select(DataRequest.id).where(DataRequest.state == state)))


def work(request_id: int) -> None:
    """Do what is asked. May run again after a crash: each page stands for itself."""
    with db.transaction() as session:
        request = session.get(DataRequest, request_id)
        if request is None or request.state not in (RequestState.WORKING, RequestState.WAITING):
            return
        kind, person = request.kind, _person(session, request)
    if kind is RequestKind.EXPORT:
        _export(request_id, person)
    else:
        _erase(request_id, person)


def _person(session: Session, request: DataRequest) -> Person:
    if request.source != EVERYBODY:
        return persons.whole(session, request.customer_ids, request.order_ids)
    customers = session.exec(
        select(Customer.id).where(Customer.account_id == request.account_id)
    ).all()
    orders = session.exec(
        select(Order.id).where(
            Order.account_id == request.account_id, col(Order.anonymised_at).is_(None)
        )
    ).all()
    return Person(tuple(customers), tuple(sorted(orders)))


def _export(request_id: int, person: Person) -> None:
    with db.transaction() as session:
        body = gathering.gather(session, person)
        request = session.get_one(DataRequest, request_id, with_for_update=True)
        request.file = zstandard.compress(body)
        request.customer_ids, request.order_ids = list(person.customer_ids), list(person.order_ids)
        _finish(session, request, {"orders": len(person.order_ids), "bytes": len(body)})


def _erase(request_id: int, person: Person) -> None:
    erased = Erased()
    for start in range(0, len(person.order_ids), _AT_ONCE):
        page = person.order_ids[start : start + _AT_ONCE]
        with db.transaction() as session:
            erasing.erase_orders(session, SYSTEM, page, f"request {request_id}", erased)
    with db.transaction() as session:
        erasing.erase_customers(session, person.customer_ids, erased)
        request = session.get_one(DataRequest, request_id, with_for_update=True)
        theirs: Any = col(DataRequest.customer_ids)
        shared = theirs.overlap(list(person.customer_ids))
        # A file of an earlier request of the same person holds them too.
        for other in session.exec(
            select(DataRequest).where(
                shared,
                col(DataRequest.file).is_not(None),
            )
        ):
            other.file = None
        if erasing.OPEN_KEPT in erased.kept:
            request.state, request.outcome = RequestState.WAITING, erased.as_json()
            return
        request.subject, request.note = "", ""
        _finish(session, request, erased.as_json())


def _finish(session: Session, request: DataRequest, outcome: dict[str, object]) -> None:
    request.state, request.outcome = RequestState.DONE, dict(outcome)
    request.handled_at = now()
    audit.record(
        session,
        SYSTEM,
        f"privacy:{request.kind.value}:done",
        subject_type="data_request",
        subject_id=request.id,
        after=dict(outcome),
    )
    logger.info("Request %d about personal data is done", request.id)
