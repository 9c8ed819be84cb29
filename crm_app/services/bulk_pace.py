"""How long the channels take to be told, at the pace that each account's limits allow."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.models import ChannelAccount
from crm_app.services.bulk_action import Preview

# Status changes a second of an account: `channels.pace.per_second`, handed in.
Pace = Callable[[ChannelAccount, OrderStatus], float]


@dataclass(frozen=True, slots=True)
class Telling:
    """How many orders one account is told of, and in how many seconds."""

    account_id: int
    channel: Channel
    name: str
    count: int
    seconds: float


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
    found = [
        Telling(key, accounts[key].channel, accounts[key].name, count, seconds[key])
        for key, count in counts.items()
    ]
    return sorted(found, key=lambda one: -one.seconds)
