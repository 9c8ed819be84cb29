"""Requests of persons about their data: taken down, decided, carried out, handed over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import zstandard
from sqlmodel import Session, col, select

from crm_app import queue
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError
from crm_app.models import (
    ChannelAccount,
    DataRequest,
    InboxEntry,
    InboxState,
    RequestKind,
    RequestState,
)
from crm_app.services import audit, reach, sudo
from crm_app.services.privacy import persons
from crm_app.services.privacy.persons import Person

# Of the channels' own rules and of the usual practice under the DPDP Act.
ANSWER_WITHIN: Final = timedelta(days=30)
MOST: Final = 200
_OPEN: Final = (RequestState.OPEN, RequestState.WORKING, RequestState.WAITING)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a channel asks for a person.

    Attributes:
        subject: How the channel knows the person.
        order_ids: The channel's ids of orders that are meant.
        is_everybody: All persons of the account are meant.
    """

    kind: RequestKind
    subject: str
    others: tuple[str, ...] = ()
    order_ids: tuple[str, ...] = ()
    is_everybody: bool = False


def list_requests(session: Session, actor: Actor) -> Sequence[DataRequest]:
    """The newest ones. Needs `privacy.manage`."""
    reach.require(session, actor, Permission.MANAGE_PRIVACY)
    newest = select(DataRequest).order_by(col(DataRequest.id).desc()).limit(MOST)
    return session.exec(newest).all()


def get(session: Session, actor: Actor, request_id: int) -> DataRequest:
    """One request. Raises PermissionDeniedError, NotFoundError."""
    reach.require(session, actor, Permission.MANAGE_PRIVACY)
    return _found(session, request_id)


def look(session: Session, actor: Actor, subject: str, account_id: int | None = None) -> Person:
    """Who would be meant. Needs `privacy.manage`."""
    reach.require(session, actor, Permission.MANAGE_PRIVACY)
    return persons.find(session, subject, account_id)


def take_down(
    session: Session,
    actor: Actor,
    *,
    kind: RequestKind,
    subject: str,
    source: str,
    account_id: int | None = None,
    note: str = "",
) -> DataRequest:
    """Write a request down with its deadline.

    Raises:
        PermissionDeniedError: Without `privacy.manage`.
        InvalidInputError: Nobody is named, or nothing is kept of who is named.
    """
    reach.require(session, actor, Permission.MANAGE_PRIVACY)
    subject = " ".join(subject.split())
    if not 3 <= len(subject) <= 300 or not subject.isprintable():
        words = "An e-mail, a phone number, or the number of an order."
        raise InvalidInputError(words, details={"subject": words})
    if account_id is not None and session.get(ChannelAccount, account_id) is None:
        raise NotFoundError("account", account_id)
    person = persons.find(session, subject, account_id)
    if not person.customer_ids and not person.order_ids:
        words = "Nothing is kept of this person."
        raise InvalidInputError(words, details={"subject": words})
    request = DataRequest(
        kind=kind,
        subject=subject,
        source=source.strip()[:60] or "person",
        account_id=account_id,
        customer_ids=list(person.customer_ids),
        order_ids=list(person.order_ids),
        note=note.strip()[:1000],
        due_at=now() + ANSWER_WITHIN,
    )
    session.add(request)
    session.flush()
    _record(session, actor, request, "privacy:request:taken", {"kind": kind.value})
    return request


def take_wish(session: Session, actor: Actor, entry: InboxEntry, wish: Wish) -> DataRequest:
    """A channel's webhook becomes a request; the webhook leaves the exceptions."""
    customers, orders = set[int](), set[int]()
    for name in (wish.subject, *wish.others, *wish.order_ids):
        person = persons.find(session, name, entry.account_id)
        customers.update(person.customer_ids)
        orders.update(person.order_ids)
    note = "All customers of the account are meant." if wish.is_everybody else ""
    request = DataRequest(
        kind=wish.kind,
        subject=wish.subject[:300],
        source=entry.topic[:60],
        account_id=entry.account_id,
        customer_ids=sorted(customers),
        order_ids=sorted(orders),
        inbox_id=entry.id,
        note=note,
        received_at=entry.received_at,
        due_at=entry.received_at + ANSWER_WITHIN,
    )
    session.add(request)
    entry.state, entry.processed_at, entry.next_try_at = InboxState.PROCESSED, now(), None
    session.flush()
    entry.reason = f"It is request {request.id} of the data officer."
    _record(session, actor, request, "privacy:request:taken", {"kind": wish.kind.value})
    return request


def carry_out(session: Session, actor: Actor, request_id: int) -> DataRequest:
    """Let a worker do what is asked.

    Raises: PermissionDeniedError, ConfirmationNeededError, NotFoundError, ConflictError if it is
    done or in work.
    """
    request = _undecided(session, actor, request_id)
    sudo.require(actor)
    request.state = RequestState.WORKING
    request.handled_by, request.handled_at = actor.label, now()
    _record(session, actor, request, "privacy:request:begun", {"kind": request.kind.value})
    queue.hint_privacy(session, request.id)
    return request


def refuse(session: Session, actor: Actor, request_id: int, why: str) -> DataRequest:
    """End a request without doing it; the reason is needed. Raises as `carry_out`."""
    request = _undecided(session, actor, request_id)
    why = " ".join(why.split())[:1000]
    if not why:
        raise InvalidInputError("Say why.", details={"why": "Say why."})
    request.state, request.note = RequestState.REFUSED, why
    request.handled_by, request.handled_at = actor.label, now()
    request.subject = ""
    _record(session, actor, request, "privacy:request:refused", {})
    return request


def take_file(session: Session, actor: Actor, request_id: int) -> tuple[str, bytes]:
    """Name and content of the file with a person's data; that it was taken is recorded.

    Raises: PermissionDeniedError, NotFoundError; ConflictError while there is none (any more).
    """
    reach.require(session, actor, Permission.MANAGE_PRIVACY)
    request = _found(session, request_id)
    if request.file is None:
        raise ConflictError("There is no file: it is not made yet, or its time is over.")
    _record(session, actor, request, "privacy:file:taken", {})
    return f"personal-data-{request.id}.json", zstandard.decompress(request.file)


def _undecided(session: Session, actor: Actor, request_id: int) -> DataRequest:
    reach.require(session, actor, Permission.MANAGE_PRIVACY)
    request = _found(session, request_id, lock=True)
    if request.state is not RequestState.OPEN:
        raise ConflictError(f"This request is {request.state.value} already.")
    return request


def _found(session: Session, request_id: int, *, lock: bool = False) -> DataRequest:
    wanted = select(DataRequest).where(DataRequest.id == request_id)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    request = session.exec(wanted).one_or_none()
    if request is None:
        raise NotFoundError("request", request_id)
    return request


def _record(
    session: Session, actor: Actor, request: DataRequest, action: str, after: dict[str, Any]
) -> None:
    audit.record(
        session,
        actor,
        action,
        subject_type="data_request",
        subject_id=request.id,
        after={"orders": len(request.order_ids), **after},
    )
