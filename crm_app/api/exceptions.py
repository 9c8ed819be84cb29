"""Exceptions over REST: the same list and deeds as the page."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlmodel import Session

from crm_app import db
from crm_app.api.dependencies import CurrentActor, DbSession, permitted
from crm_app.api.exceptions_schemas import (
    AssignIn,
    DecideIn,
    ExceptionDetailOut,
    ExceptionOut,
    ExceptionsOut,
    ResolveIn,
    ResultOut,
    SnoozeIn,
    TargetIn,
)
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.services.exceptions import deeds, detail, listing
from crm_app.services.exceptions.query import DEFAULT_LIMIT, ExceptionQuery

router = APIRouter(prefix="/api/v1/exceptions", tags=["exceptions"])

_Word = Annotated[str, Query(max_length=500)]
_Key = Annotated[str, Path(max_length=80, pattern=r"^[^\x00]*$")]
_ACT = [permitted(Permission.CHANGE_STATUS)]


@router.get("", dependencies=[permitted(Permission.VIEW_ORDERS)])
def list_exceptions(
    session: DbSession,
    actor: CurrentActor,
    cause: _Word = "",
    channel: _Word = "",
    account: _Word = "",
    assignee: _Word = "",
    view: _Word = "",
    limit: _Word = "",
    cursor: _Word = "",
) -> ExceptionsOut:
    """What needs a person, the newest first, with the counts by cause.

    `assignee` is `me`, `nobody` or a person's id; `view` is `open` (the default), `snoozed` or
    `closed`. Follow `next_cursor` until it is null.
    """
    query = ExceptionQuery.parse(
        {
            "cause": cause,
            "channel": channel,
            "account": account,
            "assignee": assignee,
            "view": view,
            "limit": limit or str(DEFAULT_LIMIT),
            "cursor": cursor,
        }
    )
    counts = listing.count_exceptions(session, actor, query)
    found = listing.list_exceptions(session, actor, query)
    return ExceptionsOut(
        exceptions=[ExceptionOut.model_validate(row) for row in found.rows],
        counts={cause.value: count for cause, count in counts.by_cause.items()},
        counts_are_exact=counts.is_exact,
        next_cursor=found.next_cursor,
    )


@router.get("/{key}", dependencies=[permitted(Permission.VIEW_ORDERS)])
def get_exception(key: _Key, session: DbSession, actor: CurrentActor) -> ExceptionDetailOut:
    """One exception with what the channel said, the attempts, and what people did about it."""
    return ExceptionDetailOut.model_validate(detail.get_exception(session, actor, key))


@router.post("/retry", dependencies=_ACT)
def retry(body: TargetIn, actor: CurrentActor) -> ResultOut:
    """Try again: named ones, or a whole cause (500 at once)."""
    return _each(body, actor, lambda session, key: deeds.retry(session, actor, key))


@router.post("/decide", dependencies=_ACT)
def decide(body: DecideIn, actor: CurrentActor) -> ResultOut:
    """End a disagreement: our status stays, or the channel's."""
    return _each(body, actor, lambda session, key: deeds.keep(session, actor, key, body.keep))


@router.post("/assign", dependencies=_ACT)
def assign(body: AssignIn, actor: CurrentActor) -> ResultOut:
    """Give them to a person; without one to nobody."""
    return _each(body, actor, lambda session, key: deeds.assign(session, actor, key, body.person))


@router.post("/snooze", dependencies=_ACT)
def snooze(body: SnoozeIn, actor: CurrentActor) -> ResultOut:
    """Hide them until a moment; without one show them again."""
    return _each(body, actor, lambda session, key: deeds.snooze(session, actor, key, body.until))


@router.post("/resolve", dependencies=_ACT)
def resolve(body: ResolveIn, actor: CurrentActor) -> ResultOut:
    """Close them with a note that says what was done."""
    return _each(body, actor, lambda session, key: deeds.resolve(session, actor, key, body.note))


def _each(body: TargetIn, actor: Actor, deed: Callable[[Session, str], object]) -> ResultOut:
    """A transaction for each: one that is refused stops none of the others."""
    keys = body.keys
    if body.cause is not None:
        query = ExceptionQuery(cause=body.cause, account_id=body.account)
        with db.transaction() as session:
            keys = deeds.keys_of(session, actor, query)
    result = deeds.each(keys, deed)
    return ResultOut(done=list(result.done), refused=result.refused, gone=list(result.gone))
