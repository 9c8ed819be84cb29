"""Changes that are open for too long: each alone where it is troubled, by account where they queue.

A bulk change of thousands takes as long as its channel's limit lets it, and says how long that is.
Its changes are no trouble before the time by which the channel should know, unless their own tries
fail; what is late of them is one line for the account.
"""

from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement, and_, case, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from crm_app.domain.intent import UNSENT, IntentState
from crm_app.domain.time import now
from crm_app.domain.trouble import Cause, Source
from crm_app.models import AccountStatus, ChannelAccount, IntentAttempt, Order, StatusIntent
from crm_app.models.outbox import IS_OPEN
from crm_app.services import bulk_telling
from crm_app.services.exceptions.parts import Statement, cutoff, is_connected, of_account, row

# With the pauses between them some five minutes: a try or two that failed mend themselves.
TRIES_THAT_MATTER: Final = 6
_REMOTE: Final = ("RetryableError", "OutcomeUnknownError", "LeftAloneError")
# An account whose limit was used up so lately still waits for it, or has just stopped to.
_LATELY: Final = timedelta(minutes=2)


def word_of_wish() -> Any:
    """The status that the channel is to be told."""
    return sa.cast(StatusIntent.to_status, sa.Text).label("wish")


def wait(only: int | None) -> Statement:
    """Changes that wait too long each for itself."""
    statement = row(
        Source.WAIT,
        _cause(),
        key=(StatusIntent.id,),
        account_id=col(StatusIntent.account_id),
        since=StatusIntent.created_at,
        order_id=col(StatusIntent.order_id),
        title=Order.order_number,
        about=word_of_wish(),
        said=StatusIntent.reason,
    )
    statement = (
        statement.select_from(StatusIntent)
        .join(Order, col(Order.id) == StatusIntent.order_id)
        .join(ChannelAccount, col(ChannelAccount.id) == StatusIntent.account_id)
        .where(
            IS_OPEN,
            col(StatusIntent.created_at) < cutoff(),
            is_connected(),
            _is_not_kept(),
            or_(and_(col(StatusIntent.run_id).is_(None), _is_old()), _is_troubled()),
        )
    )
    return statement if only is None else statement.where(col(StatusIntent.id) == only)


def _cause() -> Any:
    last = (
        select(IntentAttempt.outcome)
        .where(IntentAttempt.intent_id == StatusIntent.id)
        .order_by(col(IntentAttempt.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    return case(
        (col(StatusIntent.state) == IntentState.BUDGET, Cause.QUOTA.value),
        (last == "RateLimitedError", Cause.QUOTA.value),
        (last.in_(_REMOTE), Cause.REMOTE.value),
        (last == "NotYetError", Cause.NOT_READY.value),
        # Never tried: what keeps the others of its account keeps it too.
        (and_(last.is_(None), _is_left_alone()), Cause.REMOTE.value),
        (and_(last.is_(None), _is_at_its_limit()), Cause.QUOTA.value),
        # Accepted and not shown, or nothing that we know of.
        else_=Cause.WAITING.value,
    )


def _is_left_alone() -> ColumnElement[bool]:
    rests = func.jsonb_each(ChannelAccount.rests).table_valued("key", "value").render_derived()
    until = sa.cast(rests.c.value.op("->>")("until"), sa.DateTime(timezone=True))
    return sa.select(sa.literal(1)).select_from(rests).where(until > now()).exists()


def _is_at_its_limit() -> ColumnElement[bool]:
    other = aliased(StatusIntent)
    since = now() - _LATELY
    return (
        sa.select(sa.literal(1))
        .select_from(IntentAttempt)
        .join(other, col(other.id) == IntentAttempt.intent_id)
        .where(
            col(IntentAttempt.at) > since,
            col(IntentAttempt.outcome) == "RateLimitedError",
            col(other.account_id) == ChannelAccount.id,
        )
        .correlate(ChannelAccount)
        .exists()
    )


def _is_old() -> ColumnElement[bool]:
    """Of what was sent, the channel had its time to show it."""
    since_sent = func.coalesce(StatusIntent.sent_at, StatusIntent.created_at)
    return or_(col(StatusIntent.state) != IntentState.SENT, since_sent < cutoff())


def _is_troubled() -> ColumnElement[bool]:
    """Of a bulk change's: its own tries failed, or what was sent is not shown."""
    attempts, is_late = col(StatusIntent.attempts), col(StatusIntent.send_by) < now()
    is_sent = col(StatusIntent.state) == IntentState.SENT
    return or_(
        and_(~is_sent, or_(attempts >= TRIES_THAT_MATTER, and_(attempts > 0, is_late))),
        and_(is_sent, _is_old(), or_(attempts > 0, is_late)),
    )


def _is_not_kept() -> ColumnElement[bool]:
    """What a hold of the desk or a halted run keeps here waits for its own reason."""
    return and_(col(StatusIntent.state) != IntentState.HELD, bulk_telling.is_free())


def queue(only: int | None) -> Statement:
    """Changes of bulk changes that no channel was told of in time, a line for each account."""
    count, oldest = func.count(), func.min(StatusIntent.created_at)
    cause = case(
        (_is_left_alone(), Cause.REMOTE.value),
        (_is_at_its_limit(), Cause.QUOTA.value),
        else_=Cause.WAITING.value,
    )
    changes = case((count == 1, " change of a bulk change"), else_=" changes of bulk changes")
    statement = row(
        Source.QUEUE,
        cause,
        key=(ChannelAccount.id,),
        account_id=col(ChannelAccount.id),
        since=oldest,
        title=ChannelAccount.name,
        said=func.concat(count, changes, " not sent by the time that they should be known."),
    )
    statement = (
        statement.select_from(StatusIntent)
        .join(ChannelAccount, col(ChannelAccount.id) == StatusIntent.account_id)
        .where(
            IS_OPEN,
            col(StatusIntent.created_at) < cutoff(),
            is_connected(),
            col(StatusIntent.run_id).is_not(None),
            col(StatusIntent.state).in_(UNSENT),
            col(StatusIntent.attempts) == 0,
            or_(~col(StatusIntent.is_patient), col(StatusIntent.send_by) < now()),
            _is_not_kept(),
        )
        # Each by name: where the reader is narrowed, no key stands for the other columns.
        .group_by(col(ChannelAccount.id), col(ChannelAccount.name), col(ChannelAccount.rests))
    )
    return statement if only is None else statement.where(col(ChannelAccount.id) == only)


def paused(only: int | None) -> Statement:
    """A person paused it; that changes wait there may not have been the idea."""
    oldest = (
        select(func.min(StatusIntent.created_at))
        .where(
            StatusIntent.account_id == ChannelAccount.id,
            IS_OPEN,
            col(StatusIntent.created_at) < cutoff(),
            _is_not_kept(),
        )
        .scalar_subquery()
    )
    is_paused = col(ChannelAccount.status) == AccountStatus.PAUSED
    return of_account(Source.PAUSED, Cause.WAITING, oldest, only, is_paused, oldest.is_not(None))
