"""How long the channels take to be told, at the pace that each account's limits allow."""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from crm_app.domain.channel import Channel
from crm_app.domain.intent import UNSENT, IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.models import ChannelAccount, StatusIntent
from crm_app.models.outbox import IS_OPEN
from crm_app.services import bulk_telling
from crm_app.services.bulk_action import Preview

# Status changes a second of an account: `channels.pace.per_second`, handed in.
Pace = Callable[[ChannelAccount, OrderStatus], float]


@dataclass(frozen=True, slots=True)
class Telling:
    """How many orders one account is told of, and in how many seconds.

    `ahead` is how many changes wait for the account already: their time is in `seconds`.
    """

    account_id: int
    channel: Channel
    name: str
    count: int
    seconds: float
    ahead: int = 0


@dataclass(frozen=True, slots=True)
class Queue:
    """Changes that wait for one account, and how long it takes to tell them."""

    count: int = 0
    seconds: float = 0.0


def queues(session: Session, pace: Pace, account_ids: Collection[int]) -> dict[int, Queue]:
    """What waits to be sent to these accounts; what a halted run holds back does not."""
    accounts = {
        account.id: account
        for account in session.exec(
            select(ChannelAccount).where(col(ChannelAccount.id).in_(account_ids))
        )
    }
    rows = session.execute(
        columns(col(StatusIntent.account_id), col(StatusIntent.to_status), func.count())
        .where(
            IS_OPEN,
            col(StatusIntent.account_id).in_(account_ids),
            col(StatusIntent.state).in_(UNSENT),
            col(StatusIntent.state) != IntentState.HELD,
            bulk_telling.is_free(),
        )
        .group_by(col(StatusIntent.account_id), col(StatusIntent.to_status))
    )
    found: dict[int, Queue] = {}
    for account_id, status, count in rows:
        one = found.get(account_id, Queue())
        took = count / pace(accounts[account_id], status)
        found[account_id] = Queue(one.count + count, one.seconds + took)
    return found


def left(session: Session, run_id: int, pace: Pace) -> dict[int, float]:
    """Seconds until each account that still has to be told of a run is, with all that waits there.

    Single clicks may push in between, and what was made later may go out later: it is the most
    that the queue of now takes.
    """
    ids = session.exec(
        select(StatusIntent.account_id)
        .where(
            IS_OPEN,
            StatusIntent.run_id == run_id,
            col(StatusIntent.state).in_(UNSENT),
            col(StatusIntent.state) != IntentState.HELD,
            bulk_telling.is_free(),
        )
        .distinct()
    ).all()
    return {key: queue.seconds for key, queue in queues(session, pace, ids).items()}


def tellings(session: Session, preview: Preview, pace: Pace) -> list[Telling]:
    """One for each account that is told something, the slowest first.

    What an account has saved up of its limit is left out: the run may be over a little sooner.
    """
    ids = {account_id for account_id, _ in preview.told}
    accounts = {
        account.id: account
        for account in session.exec(select(ChannelAccount).where(col(ChannelAccount.id).in_(ids)))
    }
    counts: defaultdict[int, int] = defaultdict(int)
    seconds: defaultdict[int, float] = defaultdict(float)
    for (account_id, status), count in preview.told.items():
        counts[account_id] += count
        seconds[account_id] += count / pace(accounts[account_id], status)
    waiting = queues(session, pace, ids)
    found = [
        Telling(
            key,
            accounts[key].channel,
            accounts[key].name,
            count,
            seconds[key] + waiting.get(key, Queue()).seconds,
            waiting.get(key, Queue()).count,
        )
        for key, count in counts.items()
    ]
    return sorted(found, key=lambda one: -one.seconds)
