"""Exceptions that solved themselves: the desk had them, they are gone, and nobody acted on them.

Exceptions are read from their sources (`sources.py`), which forget what is cured. So the clock
notes what is there, and when it finds it gone.
"""

from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from crm_app.domain.actor import Actor
from crm_app.domain.time import now
from crm_app.domain.trouble import Source
from crm_app.errors import NotFoundError
from crm_app.models import AuditEntry, ChannelAccount, ExceptionMark, ExceptionSighting
from crm_app.services.exceptions import sources
from crm_app.services.exceptions.filtering import after, filters
from crm_app.services.exceptions.query import ExceptionQuery
from crm_app.services.exceptions.rows import ExceptionRow

KEPT_FOR: Final = timedelta(days=7)
# A desk with more is read by cause and not by line.
_MOST: Final = 5_000
_COLUMNS: Final = ("key", "cause", "account_id", "order_id", "title", "said", "since")


def watch(session: Session) -> int:
    """Note what is on the desk and what is gone from it since the last look; how many are gone.

    Twice at once, or again after a crash, gives the same.
    """
    _note(session)
    moment = now()
    there = sa.select(sources.everything().c.key)
    sighting = ExceptionSighting
    gone = session.execute(
        sa.update(sighting)
        .where(col(sighting.healed_at).is_(None), col(sighting.key).not_in(there))
        .values(healed_at=moment)
        .returning(col(sighting.key))
    ).all()
    session.execute(sa.delete(sighting).where(col(sighting.healed_at) < moment - KEPT_FOR))
    return len(gone)


def _note(session: Session) -> None:
    every = sources.everything().c
    found = sa.select(
        every.key,
        every.cause,
        every.account_id,
        every.order_id,
        func.left(every.title, 200),
        func.left(func.coalesce(every.said, ""), 500),
        every.since,
    )
    newest = found.order_by(every.since.desc()).limit(_MOST)
    statement = insert(ExceptionSighting).from_select(_COLUMNS, newest)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["key"],
            # It is back.
            set_={"healed_at": None},
            where=col(ExceptionSighting.healed_at).is_not(None),
        )
    )


def count(session: Session, actor: Actor, query: ExceptionQuery, most: int) -> dict[str, int]:
    """How many solved themselves, by cause; counting stops at `most`."""
    found = (
        sa.select(col(ExceptionSighting.cause))
        .select_from(_marked())
        .where(*_conditions(actor, query))
        .limit(most)
        .subquery()
    )
    rows = session.execute(sa.select(found.c.cause, func.count()).group_by(found.c.cause))
    return {cause: int(number) for cause, number in rows}


def page(session: Session, actor: Actor, query: ExceptionQuery) -> list[ExceptionRow]:
    """A page and one more, the last healed first."""
    healed, key = col(ExceptionSighting.healed_at), col(ExceptionSighting.key)
    statement = _select().where(*_conditions(actor, query))
    if query.cause:
        statement = statement.where(col(ExceptionSighting.cause) == query.cause)
    if query.cursor:
        statement = statement.where(after(healed, key, query.cursor))
    statement = statement.order_by(healed.desc(), key.desc()).limit(query.limit + 1)
    return [_row(*found) for found in session.execute(statement)]


def find(session: Session, key: str) -> ExceptionRow:
    """One that solved itself; raises NotFoundError."""
    statement = _select().where(col(ExceptionSighting.key) == key[:80], *_by_itself())
    found = session.execute(statement).first()
    if found is None:
        raise NotFoundError("exception", key[:80])
    return _row(*found)


def _conditions(actor: Actor, query: ExceptionQuery) -> list[ColumnElement[bool]]:
    return [*_by_itself(), *filters(col(ExceptionSighting.account_id), actor, query)]


def _by_itself() -> list[ColumnElement[bool]]:
    """Gone, and nobody closed, decided or retried it."""
    acted = sa.select(col(AuditEntry.id)).where(
        col(AuditEntry.subject_type) == "exception",
        col(AuditEntry.subject_id) == ExceptionSighting.key,
        col(AuditEntry.action).in_(("exception:closed", "exception:decided", "exception:retried")),
    )
    return [
        col(ExceptionSighting.healed_at).is_not(None),
        col(ExceptionMark.resolved_at).is_(None),
        ~acted.exists(),
    ]


def _marked() -> Any:
    return sa.join(
        ExceptionSighting,
        ExceptionMark,
        col(ExceptionMark.key) == ExceptionSighting.key,
        isouter=True,
    )


def _select() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        ExceptionSighting, col(ChannelAccount.name), col(ChannelAccount.channel)
    ).select_from(
        _marked().outerjoin(ChannelAccount, col(ChannelAccount.id) == ExceptionSighting.account_id)
    )


def _row(sighting: ExceptionSighting, account: str | None, channel: Any) -> ExceptionRow:
    return ExceptionRow(
        key=sighting.key,
        source=Source(sighting.key.partition(":")[0]),
        cause=sighting.cause,
        account_id=sighting.account_id,
        account_name=account or "",
        channel=channel,
        order_id=sighting.order_id,
        title=sighting.title,
        summary="It solved itself",
        said=sighting.said,
        since=sighting.since,
        ways=(),
        healed_at=sighting.healed_at,
    )
