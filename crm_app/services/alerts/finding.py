"""What should not be, as it stands now: pure reading, one finding for each subject."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy import func
from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain.alert import AlertKind, AlertLevel
from crm_app.domain.channel import Channel
from crm_app.domain.intent import OPEN
from crm_app.domain.order_status import TO_SHIP, OrderStatus
from crm_app.models import AccountStatus, ChannelAccount, Order, StatusIntent
from crm_app.services import beats, pulse, resting
from crm_app.services.alerts import leads

_PRESSING: Final = timedelta(minutes=15)
# Who missed a deadline by more than this is on the list of late orders, which is no news.
_MISSED: Final = timedelta(hours=1)
_SHORTEST_SILENCE: Final = timedelta(minutes=30)
_SHORTEST_WAIT: Final = timedelta(minutes=10)
_SMALLEST_QUEUE: Final = 100
_TIMES_USUAL: Final = 3
# In the words of the partial index.
_IS_HERE: Final[sa.ColumnElement[bool]] = sa.literal_column(
    f"orders.status IN ({', '.join(repr(one.value) for one in TO_SHIP)})", sa.Boolean
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that should not be. `subject` stays the same while it lasts."""

    kind: AlertKind
    subject: str
    level: AlertLevel
    sentence: str
    href: str
    account_id: int | None = None


def find(session: Session, moment: datetime) -> list[Finding]:
    """Everything that should not be at this moment."""
    accounts = session.exec(select(ChannelAccount).order_by(col(ChannelAccount.id))).all()
    by_id = {account.id: account for account in accounts}
    return [
        *_stopped(),
        *_disconnected(by_id),
        *_switched_off(by_id),
        *_silent(session, by_id, moment),
        *_queues(session, by_id, moment),
        *_deadlines(session, by_id, moment),
    ]


def _stopped() -> list[Finding]:
    """Looked at by the web process too: of a dead worker only that one can tell."""
    said = beats.listen().sentence
    return [Finding(AlertKind.STOPPED, "stopped", AlertLevel.BAD, said, "/alerts")] if said else []


def _disconnected(accounts: dict[int, ChannelAccount]) -> list[Finding]:
    return [
        Finding(
            AlertKind.RECONNECT,
            f"reconnect:{account.id}",
            AlertLevel.BAD,
            f"{account.name} has to be connected again: {account.last_error or 'keys refused'}",
            f"/accounts/{account.id}",
            account.id,
        )
        for account in accounts.values()
        if account.status is AccountStatus.DISCONNECTED
    ]


def _switched_off(accounts: dict[int, ChannelAccount]) -> list[Finding]:
    found: list[Finding] = []
    for account in accounts.values():
        count = int(account.hooks.get("disabled") or 0)
        if not count or account.status is not AccountStatus.CONNECTED:
            continue
        hooks = "1 webhook" if count == 1 else f"{count} webhooks"
        found.append(
            Finding(
                AlertKind.WEBHOOKS,
                f"webhooks:{account.id}",
                AlertLevel.WARN,
                f"{account.name} has switched off {hooks} after failed deliveries; orders come by"
                " asking only",
                f"/accounts/{account.id}",
                account.id,
            )
        )
    return found


def _silent(
    session: Session, accounts: dict[int, ChannelAccount], moment: datetime
) -> list[Finding]:
    zone = get_settings().zone
    found: list[Finding] = []
    for account_id, since in pulse.last_orders(session).items():
        account = accounts[account_id]
        if account.status is not AccountStatus.CONNECTED or account.channel is Channel.DOCUMENT:
            continue
        if moment - since < _SHORTEST_SILENCE:
            continue
        usual = pulse.rhythm_of(session, account_id, since)
        if usual is None:
            continue
        missing = usual.expected(since, moment, zone)
        if missing < usual.patience:
            continue
        level = AlertLevel.BAD if missing >= _TIMES_USUAL * usual.patience else AlertLevel.WARN
        sentence = (
            f"{account.name} has sent no order for {span(moment - since)};"
            f" as it usually goes, about {missing:.0f} would have come"
        )
        found.append(
            Finding(
                AlertKind.SILENT,
                f"silent:{account_id}",
                level,
                sentence,
                f"/accounts/{account_id}",
                account_id,
            )
        )
    return found


def _queues(
    session: Session, accounts: dict[int, ChannelAccount], moment: datetime
) -> list[Finding]:
    usual_count, pulses = pulse.usual_queue(session), pulse.pulses(session)
    found: list[Finding] = []
    for account_id, waits in sorted(pulse.waiting(session).items()):
        account = accounts[account_id]
        if account.status is not AccountStatus.CONNECTED or waits.oldest_single_at is None:
            continue
        known = pulses.get(account_id)
        usual_s = known.usual_wait_s if known and known.usual_wait_s is not None else 0.0
        longest = max(_SHORTEST_WAIT, _TIMES_USUAL * timedelta(seconds=usual_s))
        most = max(_SMALLEST_QUEUE, _TIMES_USUAL * usual_count.get(account_id, 0))
        waited = moment - waits.oldest_single_at
        if waited <= longest and waits.single <= most:
            continue
        is_bad = waited > _TIMES_USUAL * longest or waits.single > _TIMES_USUAL * most
        changes = "1 change waits" if waits.single == 1 else f"{waits.single:,} changes wait"
        sentence = (
            f"{changes} to be sent to {account.name}, the oldest for {span(waited)};"
            f" usually they are out within {span(timedelta(seconds=max(usual_s, 60)))}"
        )
        found.append(
            Finding(
                AlertKind.QUEUE,
                f"queue:{account_id}",
                AlertLevel.BAD if is_bad else AlertLevel.WARN,
                sentence,
                f"/exceptions?{urlencode({'account': account_id})}",
                account_id,
            )
        )
    return found


def _deadlines(
    session: Session, accounts: dict[int, ChannelAccount], moment: datetime
) -> list[Finding]:
    found: list[Finding] = []
    here: dict[int, tuple[int, datetime]] = {}
    untold: dict[int, tuple[int, datetime]] = {}
    for lead in {leads.lead_of(one) for one in accounts.values()}:
        theirs = [one.id for one in accounts.values() if leads.lead_of(one) == lead]
        here |= _unshipped(session, theirs, moment, lead)
        untold |= _untold(session, theirs, moment, lead)
    for account_id in sorted({*here, *untold}):
        account = accounts[account_id]
        count, first = here.get(account_id, (0, None))
        told, first_told = untold.get(account_id, (0, None))
        earliest = min(one for one in (first, first_told) if one is not None)
        is_bad = earliest - moment < _PRESSING
        found.append(
            Finding(
                AlertKind.DEADLINE,
                f"deadline:{account_id}",
                AlertLevel.BAD if is_bad else AlertLevel.WARN,
                _deadline_sentence(account, count, told, earliest, moment),
                f"/orders?{urlencode(_orders_of(account, is_late=earliest < moment))}",
                account_id,
            )
        )
    return found


def _orders_of(account: ChannelAccount, *, is_late: bool) -> dict[str, str]:
    return {"attention": "late" if is_late else "at_risk", "account": str(account.id)}


def _deadline_sentence(
    account: ChannelAccount, count: int, untold: int, earliest: datetime, moment: datetime
) -> str:
    lead = leads.lead_of(account)
    within = "the hour" if lead == timedelta(hours=1) else span(lead)
    said: list[str] = []
    if count:
        orders = "1 order has" if count == 1 else f"{count:,} orders have"
        said.append(f"{orders} to ship within {within} and not left yet")
    if untold:
        orders = "1 parcel" if untold == 1 else f"{untold:,} parcels"
        said.append(f"{orders} left that the channel was not told of")
    left = earliest - moment
    when = (
        f"the first is {span(-left)} late"
        if left < timedelta()
        else f"the first is due at {resting.until_text(earliest)}"
    )
    return f"{account.name}: {' and '.join(said)}; {when}"


def _unshipped(
    session: Session, account_ids: list[int], moment: datetime, lead: timedelta
) -> dict[int, tuple[int, datetime]]:
    """By account: orders that are due and still here, and when the first is due."""
    rows = session.execute(
        sa.select(col(Order.account_id), func.count(), func.min(Order.ship_by))
        .where(
            _IS_HERE,
            col(Order.account_id).in_(account_ids),
            col(Order.ship_by).between(moment - _MISSED, moment + lead),
            col(Order.on_hold).is_(False),
            col(Order.cancel_requested).is_(False),
            col(Order.fulfilled_by_channel).is_(False),
        )
        .group_by(col(Order.account_id))
    )
    return {account_id: (count, first) for account_id, count, first in rows}


def _untold(
    session: Session, account_ids: list[int], moment: datetime, lead: timedelta
) -> dict[int, tuple[int, datetime]]:
    """By account: parcels that left, due by now, whose channel does not know of it yet."""
    rows = session.execute(
        sa.select(col(Order.account_id), func.count(), func.min(Order.ship_by))
        .join(StatusIntent, col(StatusIntent.order_id) == col(Order.id))
        .where(
            col(StatusIntent.state).in_(OPEN),
            col(StatusIntent.sent_at).is_(None),
            col(StatusIntent.to_status) == OrderStatus.SHIPPED,
            col(Order.account_id).in_(account_ids),
            col(Order.ship_by).between(moment - _MISSED, moment + lead),
        )
        .group_by(col(Order.account_id))
    )
    return {account_id: (count, first) for account_id, count, first in rows}


def span(length: timedelta) -> str:
    """`6 min`, `1 h 02 min`, `2 days 4 h`: at least a minute."""
    minutes = max(1, int(length.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 24:
        return f"{hours} h {minutes % 60:02} min"
    days = hours // 24
    return f"{days} {'day' if days == 1 else 'days'} {hours % 24} h"
