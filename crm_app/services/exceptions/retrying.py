"""A whole cause is tried again: by the worker, page by page, whether or not anybody looks on."""

import time
from dataclasses import replace
from typing import Final

from sqlmodel import Session, col, select

from crm_app import db, queue
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError, InvalidInputError, NotSignedInError, PermissionDeniedError
from crm_app.models import DeskRetry, User
from crm_app.services import audit, auth, reach
from crm_app.services.exceptions import deeds, listing
from crm_app.services.exceptions.deeds import Result
from crm_app.services.exceptions.query import ExceptionQuery

_PAGE: Final = 50
_MOST_REASONS: Final = 20


def ask(session: Session, actor: Actor, query: ExceptionQuery) -> DeskRetry:
    """Try everything again that a query with a cause names; one at a time for each person.

    Raises:
        PermissionDeniedError: Without `orders.change_status`.
        NotSignedInError: If the actor is no person.
        InvalidInputError: If the query names no cause.
    """
    reach.require(session, actor, Permission.CHANGE_STATUS)
    if actor.user_id is None:
        raise NotSignedInError
    if query.cause is None:
        said = "Choose a cause first."
        raise InvalidInputError(said, details={"cause": said})
    # Two presses wait for each other here, and the second finds the first one's work.
    session.exec(select(User.id).where(User.id == actor.user_id).with_for_update()).one()
    running = newest(session, actor)
    if running is not None and running.finished_at is None:
        return running
    made = DeskRetry(actor_id=actor.user_id, filter=replace(query, cursor=None).params())
    session.add(made)
    session.flush()
    audit.record(
        session,
        actor,
        "exception:cause:retried",
        subject_type="exception",
        subject_id=query.cause.value,
        after=made.filter,
    )
    queue.hint_retry(session, made.id)
    return made


def newest(session: Session, actor: Actor) -> DeskRetry | None:
    """What this person asked for last."""
    return session.exec(
        select(DeskRetry)
        .where(DeskRetry.actor_id == actor.user_id)
        .order_by(col(DeskRetry.id).desc())
        .limit(1)
    ).first()


def in_work(session: Session) -> list[int]:
    """Those that a worker should be at, the oldest first."""
    is_open = col(DeskRetry.finished_at).is_(None)
    return list(session.exec(select(DeskRetry.id).where(is_open).order_by(col(DeskRetry.id))))


def work(retry_id: int, *, budget_s: float) -> bool:
    """Try pages of it again for a while; whether there is more to do.

    Args:
        retry_id: The caller holds its lock.
        budget_s: Begin no page after so many seconds.
    """
    give_up = time.monotonic() + budget_s
    while time.monotonic() < give_up:
        if not _page(retry_id):
            return False
    return True


def _page(retry_id: int) -> bool:
    with db.transaction() as session:
        row = session.get(DeskRetry, retry_id)
        if row is None or row.finished_at is not None:
            return False
        actor = auth.person(session, session.get_one(User, row.actor_id))
        query = ExceptionQuery.parse(row.filter | {"cursor": row.cursor})
        try:
            found = listing.list_exceptions(session, actor, replace(query, limit=_PAGE))
        except PermissionDeniedError as error:
            # What is left can no more be looked through, so it is refused as one.
            _note(row, Result(refused={"": str(error)}), None)
            return False
    keys = [one.key for one in found.rows]
    try:
        result = deeds.each(keys, lambda opened, key: deeds.retry(opened, actor, key))
    except CrmError as error:
        if error.status_code not in (401, 403):
            raise
        # The person may do it no more: that is true of all of them.
        result, found = (
            Result(refused=dict.fromkeys(keys, str(error))),
            replace(found, next_cursor=None),
        )
    with db.transaction() as session:
        _note(session.get_one(DeskRetry, retry_id, with_for_update=True), result, found.next_cursor)
    return found.next_cursor is not None


def _note(row: DeskRetry, result: Result, cursor: str | None) -> None:
    row.done += len(result.done)
    row.refused += len(result.refused)
    row.gone += len(result.gone)
    reasons = dict(row.reasons)
    for reason in result.refused.values():
        if reason in reasons or len(reasons) < _MOST_REASONS:
            reasons[reason] = reasons.get(reason, 0) + 1
    row.reasons, row.cursor = reasons, cursor or ""
    if cursor is None:
        row.finished_at = now()
