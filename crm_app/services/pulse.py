"""What accounts usually do and how they do now: written by imports and the clock, read by health
and alerts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain import rhythm
from crm_app.domain.intent import OPEN, IntentState
from crm_app.domain.rhythm import HOUR, MEMORY, Rhythm
from crm_app.domain.time import business_day, now
from crm_app.models import AccountHour, AccountPulse, ChannelAccount, IntentAttempt, StatusIntent
from crm_app.services import bulk_telling

# Longer than a rhythm remembers, so that a whole week is always there.
KEPT: Final = MEMORY + timedelta(days=7)
_LEARN_EVERY: Final = timedelta(hours=1)
_LEARN_FROM: Final = 2_000
_BASE_DAYS: Final = 14
# The channel's pace is no failed call.
_NO_TRY: Final = ("RateLimitedError", "LeftAloneError")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Changes on their way to an account's channel: all of them, and those that a person waits for.

    A bulk change says itself how long it takes, so its changes are no sign of trouble.
    """

    count: int = 0
    oldest_at: datetime | None = None
    single: int = 0
    oldest_single_at: datetime | None = None


def note_orders(session: Session, account_id: int, placed: Iterable[datetime]) -> None:
    """Count new orders in the hours that they were placed in; old ones teach nothing."""
    since = now() - KEPT
    moments = [moment for moment in placed if moment >= since]
    if not moments:
        return
    counts = Counter(rhythm.floor(moment) for moment in moments)
    newest = {hour: max(one for one in moments if rhythm.floor(one) == hour) for hour in counts}
    statement = insert(AccountHour).values(
        [
            {"account_id": account_id, "hour": hour, "orders": counts[hour], "most_waiting": 0}
            | {"last_order_at": newest[hour]}
            # In one order, so that two writers never wait for each other in a ring.
            for hour in sorted(counts)
        ]
    )
    new = statement.excluded
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "hour"],
            set_={
                "orders": AccountHour.orders + new.orders,
                "last_order_at": func.greatest(AccountHour.last_order_at, new.last_order_at),
            },
        )
    )


def waiting(session: Session) -> dict[int, Waiting]:
    """What waits to go out, by account; accounts without any are missing."""
    single = col(StatusIntent.is_patient).is_(False)
    rows = session.execute(
        sa.select(
            col(StatusIntent.account_id),
            func.count(),
            func.min(StatusIntent.created_at),
            func.count().filter(single),
            func.min(StatusIntent.created_at).filter(single),
        )
        .where(
            col(StatusIntent.state).in_(OPEN),
            col(StatusIntent.state) != IntentState.HELD,
            bulk_telling.is_free(),
        )
        .group_by(col(StatusIntent.account_id))
    )
    return {account_id: Waiting(*facts) for account_id, *facts in rows}


def last_orders(session: Session) -> dict[int, datetime]:
    """When each account's newest order was placed; those without a recent one are missing."""
    rows = session.execute(
        sa.select(col(AccountHour.account_id), func.max(AccountHour.last_order_at))
        .where(col(AccountHour.last_order_at).is_not(None))
        .group_by(col(AccountHour.account_id))
    )
    return dict(rows.all())


def rhythm_of(session: Session, account_id: int, until: datetime) -> Rhythm | None:
    """An account's rhythm up to a moment; None while too little is known of it."""
    rows = session.exec(
        select(AccountHour.hour, AccountHour.orders).where(
            AccountHour.account_id == account_id, col(AccountHour.hour) >= until - KEPT
        )
    )
    return rhythm.learn(dict(rows.all()), until, get_settings().zone)


def usual_queue(session: Session) -> dict[int, int]:
    """By account, the most that waited in nineteen of twenty hours of the last two weeks."""
    rows = session.execute(
        sa.select(
            col(AccountHour.account_id),
            func.percentile_disc(0.95).within_group(col(AccountHour.most_waiting)),
        )
        .where(
            col(AccountHour.hour) >= now() - timedelta(days=_BASE_DAYS),
            # The hour that runs is what is judged.
            col(AccountHour.hour) < rhythm.floor(now()),
        )
        .group_by(col(AccountHour.account_id))
    )
    return {account_id: int(most) for account_id, most in rows}


def measure(session: Session) -> None:
    """Write down how each account does now. Started by the clock; may run twice."""
    moment = now()
    for account_id, found in waiting(session).items():
        _note_waiting(session, account_id, found.single, rhythm.floor(moment))
    tried = _tried(session, moment)
    known = {row.account_id: row for row in session.exec(select(AccountPulse)).all()}
    for account_id in session.exec(select(ChannelAccount.id).order_by(col(ChannelAccount.id))):
        row = known.get(account_id) or AccountPulse(account_id=account_id, at=moment)
        row.at = moment
        row.tried_hour, row.accepted_hour, row.tried_day, row.accepted_day = tried.get(
            account_id, (0, 0, 0, 0)
        )
        if row.learned_at is None or moment - row.learned_at > _LEARN_EVERY:
            row.usual_wait_s = _usual_wait_s(session, account_id, moment)
            row.learned_at = moment
        session.add(row)


def pulses(session: Session) -> dict[int, AccountPulse]:
    """The latest measurement of each account."""
    return {row.account_id: row for row in session.exec(select(AccountPulse))}


def forget_hours(session: Session) -> int:
    """Delete the hours that no rhythm remembers; how many it was."""
    old = sa.delete(AccountHour).where(col(AccountHour.hour) < now() - KEPT - 24 * HOUR)
    return len(session.execute(old.returning(col(AccountHour.hour))).all())


def _note_waiting(session: Session, account_id: int, single: int, hour: datetime) -> None:
    statement = insert(AccountHour).values(
        account_id=account_id, hour=hour, orders=0, most_waiting=single
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "hour"],
            set_={
                "most_waiting": func.greatest(
                    AccountHour.most_waiting, statement.excluded.most_waiting
                )
            },
        )
    )


def _tried(session: Session, moment: datetime) -> dict[int, tuple[int, int, int, int]]:
    """By account: tried and accepted of the last hour, tried and accepted of the last day."""
    is_recent = col(IntentAttempt.at) > moment - HOUR
    is_accepted = col(IntentAttempt.outcome) == "accepted"
    rows = session.execute(
        sa.select(
            col(StatusIntent.account_id),
            func.count().filter(is_recent),
            func.count().filter(is_recent & is_accepted),
            func.count(),
            func.count().filter(is_accepted),
        )
        .join(StatusIntent, col(StatusIntent.id) == col(IntentAttempt.intent_id))
        .where(
            col(IntentAttempt.at) > moment - 24 * HOUR,
            col(IntentAttempt.is_read).is_(False),
            col(IntentAttempt.outcome).not_in(_NO_TRY),
        )
        .group_by(col(StatusIntent.account_id))
    )
    return {
        account_id: (hour, good_hour, day, good_day)
        for account_id, hour, good_hour, day, good_day in rows
    }


def _usual_wait_s(session: Session, account_id: int, moment: datetime) -> float | None:
    recent = (
        select(StatusIntent.created_at, StatusIntent.sent_at)
        .where(
            StatusIntent.account_id == account_id,
            StatusIntent.made_on >= business_day(moment, get_settings().zone) - timedelta(days=14),
            col(StatusIntent.sent_at).is_not(None),
            col(StatusIntent.is_patient).is_(False),
        )
        .limit(_LEARN_FROM)
        .subquery()
    )
    took = func.extract("epoch", recent.c.sent_at - recent.c.created_at)
    found = session.execute(sa.select(func.percentile_cont(0.95).within_group(took))).scalar()
    return None if found is None else float(found)
