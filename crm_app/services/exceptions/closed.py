"""Exceptions that people closed, with their notes: kept as marks, whatever became of the source."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col

from crm_app.domain.actor import Actor
from crm_app.domain.trouble import Source
from crm_app.errors import NotFoundError
from crm_app.models import ChannelAccount, ExceptionMark, User
from crm_app.services.exceptions.filtering import after, filters
from crm_app.services.exceptions.query import ExceptionQuery
from crm_app.services.exceptions.rows import ExceptionRow


def count(session: Session, actor: Actor, query: ExceptionQuery, most: int) -> dict[str, int]:
    """How many were closed, by cause; counting stops at `most`."""
    found = sa.select(col(ExceptionMark.cause)).where(*_conditions(actor, query)).limit(most)
    closed = found.subquery()
    rows = session.execute(sa.select(closed.c.cause, func.count()).group_by(closed.c.cause))
    return {cause: int(number) for cause, number in rows}


def page(session: Session, actor: Actor, query: ExceptionQuery) -> list[ExceptionRow]:
    """A page and one more, the last closed first."""
    resolved, key = col(ExceptionMark.resolved_at), col(ExceptionMark.key)
    statement = _select().where(*_conditions(actor, query))
    if query.cause:
        statement = statement.where(col(ExceptionMark.cause) == query.cause)
    if query.cursor:
        statement = statement.where(after(resolved, key, query.cursor))
    statement = statement.order_by(resolved.desc(), key.desc()).limit(query.limit + 1)
    return [_row(*found) for found in session.execute(statement)]


def find(session: Session, key: str) -> ExceptionRow:
    """One that a person closed; raises NotFoundError."""
    statement = _select().where(
        col(ExceptionMark.key) == key[:80], col(ExceptionMark.resolved_at).is_not(None)
    )
    found = session.execute(statement).first()
    if found is None:
        raise NotFoundError("exception", key[:80])
    return _row(*found)


def _conditions(actor: Actor, query: ExceptionQuery) -> list[ColumnElement[bool]]:
    is_closed = col(ExceptionMark.resolved_at).is_not(None)
    return [is_closed, *filters(col(ExceptionMark.account_id), actor, query)]


def _select() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            ExceptionMark, col(ChannelAccount.name), col(ChannelAccount.channel), col(User.name)
        )
        .outerjoin(ChannelAccount, col(ChannelAccount.id) == ExceptionMark.account_id)
        .outerjoin(User, col(User.id) == ExceptionMark.assignee_id)
    )


def _row(
    mark: ExceptionMark, account: str | None, channel: Any, assignee: str | None
) -> ExceptionRow:
    return ExceptionRow(
        key=mark.key,
        source=Source(mark.key.partition(":")[0]),
        cause=mark.cause,
        account_id=mark.account_id,
        account_name=account or "",
        channel=channel,
        order_id=mark.order_id,
        title=mark.title,
        summary=f"Closed by {mark.changed_by}",
        said=mark.note,
        since=mark.since,
        ways=(),
        assignee_id=mark.assignee_id,
        assignee=assignee or "",
        closed_at=mark.resolved_at,
        note=mark.note,
        changed_by=mark.changed_by,
    )
