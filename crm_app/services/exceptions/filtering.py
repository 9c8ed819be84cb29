"""Conditions that open and closed exceptions share."""

from typing import Any

from sqlalchemy import ColumnElement, literal, tuple_
from sqlmodel import col, select

from crm_app.domain.actor import Actor
from crm_app.models import ChannelAccount, ExceptionMark
from crm_app.services.exceptions.query import ME, NOBODY, ExceptionQuery, Position


def filters(account_id: Any, actor: Actor, query: ExceptionQuery) -> list[ColumnElement[bool]]:
    """Those of the query but cause, view and cursor; marks are joined."""
    found: list[ColumnElement[bool]] = []
    if query.account_id is not None:
        found.append(account_id == query.account_id)
    if query.channels:
        theirs = select(ChannelAccount.id).where(col(ChannelAccount.channel).in_(query.channels))
        found.append(account_id.in_(theirs))
    if query.assignee == NOBODY:
        found.append(col(ExceptionMark.assignee_id).is_(None))
    elif query.assignee:
        person = actor.user_id if query.assignee == ME else int(query.assignee)
        found.append(col(ExceptionMark.assignee_id) == person)
    return found


def after(since: Any, key: Any, cursor: str) -> ColumnElement[bool]:
    """Rows behind a cursor, where the newest come first; raises InvalidInputError."""
    position = Position.decode(cursor)
    here = tuple_(literal(position.since), literal(position.key))
    return tuple_(since, key) < here
