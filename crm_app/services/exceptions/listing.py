"""The exceptions as a list and as counts: the same relation, so they cannot differ."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.domain.trouble import Cause, Source
from crm_app.errors import NotFoundError
from crm_app.models import ChannelAccount, ExceptionMark, User
from crm_app.services import reach
from crm_app.services.exceptions import closed, healed, sources
from crm_app.services.exceptions.filtering import after, filters
from crm_app.services.exceptions.query import ExceptionQuery, Position, View
from crm_app.services.exceptions.rows import ExceptionRow, row_of

# Counting further helps nobody; the page says "10,000+".
COUNT_CAP: Final = 10_000
# What is over is not read from its source any more.
_OVER: Final = {View.CLOSED: closed, View.HEALED: healed}


@dataclass(frozen=True, slots=True)
class ExceptionList:
    rows: tuple[ExceptionRow, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class AccountName:
    id: int
    name: str
    channel: Channel


@dataclass(frozen=True, slots=True)
class Counts:
    """How many are open; at least so many of a cause that is not exact."""

    by_cause: dict[Cause, int]
    is_exact: bool

    @property
    def total(self) -> int:
        return sum(self.by_cause.values())


def count_exceptions(session: Session, actor: Actor, query: ExceptionQuery | None = None) -> Counts:
    """How many exceptions wait, by cause.

    Args:
        session: An open session.
        actor: Must hold `orders.view`.
        query: Counts within its account, channels, assignee and view; its cause is ignored.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    asked = query or ExceptionQuery()
    if asked.view in _OVER:
        found = _OVER[asked.view].count(session, actor, asked, COUNT_CAP + 1)
    else:
        found = _count_open(session, actor, asked)
    counted = {cause: min(found.get(cause.value, 0), COUNT_CAP) for cause in Cause}
    return Counts(counted, all(count <= COUNT_CAP for count in found.values()))


def _count_open(session: Session, actor: Actor, query: ExceptionQuery) -> dict[str, int]:
    parts: list[Any] = []
    for source in Source:
        one = sources.part(source).subquery()
        marked = sa.select(one.c.cause).select_from(_with_marks(one))
        parts.append(marked.where(*_conditions(one.c, actor, query)).limit(COUNT_CAP + 1))
    every = sa.union_all(*(sa.select(part.subquery().c.cause) for part in parts)).subquery()
    rows = session.execute(sa.select(every.c.cause, func.count()).group_by(every.c.cause))
    return {cause: int(count) for cause, count in rows}


def list_exceptions(session: Session, actor: Actor, query: ExceptionQuery) -> ExceptionList:
    """A page of exceptions, the newest first.

    Raises:
        PermissionDeniedError: Without `orders.view`.
        InvalidInputError: If the cursor is damaged.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    if query.view in _OVER:
        return _over(session, actor, query)
    asked = sources.SEEN_IN[query.cause] if query.cause else tuple(Source)
    every = sources.everything(*asked)
    statement = _select(every).where(*_conditions(every.c, actor, query))
    if query.cause:
        statement = statement.where(every.c.cause == query.cause.value)
    if query.cursor:
        statement = statement.where(after(every.c.since, every.c.key, query.cursor))
    statement = statement.order_by(every.c.since.desc(), every.c.key.desc())
    found = session.execute(statement.limit(query.limit + 1)).all()
    rows = tuple(row_of(row) for row in found[: query.limit])
    more = len(found) > query.limit
    return ExceptionList(rows, _cursor(rows[-1].since, rows[-1].key) if more else None)


def _over(session: Session, actor: Actor, query: ExceptionQuery) -> ExceptionList:
    found = _OVER[query.view].page(session, actor, query)
    rows = tuple(found[: query.limit])
    if len(found) <= query.limit:
        return ExceptionList(rows, None)
    last = rows[-1]
    return ExceptionList(rows, _cursor(last.closed_at or last.healed_at or last.since, last.key))


def find(session: Session, key: str) -> ExceptionRow:
    """One open (or snoozed) exception; for callers that check permissions themselves.

    Raises:
        NotFoundError: If there is none: its source healed, or a person closed it.
    """
    named = sources.source_of(key)
    if named is not None:
        one = sources.part(*named).subquery()
        statement = _select(one).where(one.c.key == key, col(ExceptionMark.resolved_at).is_(None))
        if found := session.execute(statement).first():
            return row_of(found)
    raise NotFoundError("open exception", key[:80])


def people(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """Ids and names of those whom an exception can be given to, by name."""
    reach.require(session, actor, Permission.VIEW_ORDERS)
    active = select(User.id, User.name).where(col(User.is_active), ~col(User.is_service))
    return [(person, name) for person, name in session.exec(active.order_by(User.name))]


def accounts(session: Session, actor: Actor) -> list[AccountName]:
    """Every channel account, by name."""
    reach.require(session, actor, Permission.VIEW_ORDERS)
    found = session.exec(select(ChannelAccount).order_by(ChannelAccount.name))
    return [AccountName(one.id, one.name, one.channel) for one in found]


def _with_marks(one: Any) -> Any:
    return one.outerjoin(ExceptionMark, col(ExceptionMark.key) == one.c.key)


def _select(one: Any) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        *one.c,
        col(ChannelAccount.name).label("account_name"),
        col(ChannelAccount.channel),
        col(ExceptionMark.assignee_id),
        col(ExceptionMark.snoozed_until),
        col(ExceptionMark.note),
        col(ExceptionMark.changed_by),
        col(User.name).label("assignee"),
    ).select_from(
        _with_marks(one)
        .outerjoin(ChannelAccount, col(ChannelAccount.id) == one.c.account_id)
        .outerjoin(User, col(User.id) == ExceptionMark.assignee_id)
    )


def _conditions(columns: Any, actor: Actor, query: ExceptionQuery) -> list[ColumnElement[bool]]:
    sleeps = col(ExceptionMark.snoozed_until) > now()
    awake = or_(col(ExceptionMark.snoozed_until).is_(None), ~sleeps)
    is_seen = sleeps if query.view is View.SNOOZED else awake
    found: list[ColumnElement[bool]] = [col(ExceptionMark.resolved_at).is_(None), is_seen]
    return found + filters(columns.account_id, actor, query)


def _cursor(since: datetime, key: str) -> str:
    return Position(since, key).encode()
