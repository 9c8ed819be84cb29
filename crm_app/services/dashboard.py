"""The figures of today, from rollups and two short ranges of one index."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import WITHOUT_REVENUE
from crm_app.domain.permissions import Permission
from crm_app.domain.time import business_day, day_start, now
from crm_app.models import AccountStatus, ChannelAccount, Order, OrderRollup
from crm_app.services import reach
from crm_app.services.needs import Need, count_needs

DAYS: Final = 30
_DEFAULT_CURRENCY: Final = "INR"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and what it was at the same time a week ago."""

    now: int
    then: int


@dataclass(frozen=True, slots=True)
class DayOrders:
    """Orders placed on a business day; `before` is the total thirty days earlier."""

    day: date
    by_channel: dict[Channel, int]
    total: int
    before: int


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel today. `current_to`: everything up to then is known to be here."""

    channel: Channel
    orders: int
    revenue_minor: int
    average_minor: int
    current_to: datetime | None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Revenue leaves out cancelled, returned and failed orders, and other currencies.

    Attributes:
        as_of: The moment of reading.
        currency: The currency of all money here.
        sees_money: Whether amounts may be shown; without, there are none in here.
        other_currencies: Orders of today in another currency: counted, their money not added.
    """

    as_of: datetime
    currency: str
    other_currencies: int
    orders: Figure
    revenue: Figure
    average: Figure
    days: tuple[DayOrders, ...]
    channels: tuple[ChannelRow, ...]
    needs: tuple[Need, ...]
    sees_money: bool = True


@dataclass(frozen=True, slots=True)
class _Span:
    """Sums over a part of a day."""

    orders: int
    revenue_minor: int
    earning: int
    other_currencies: int

    @property
    def average_minor(self) -> int:
        return round(self.revenue_minor / self.earning) if self.earning else 0


def get_dashboard(session: Session, actor: Actor) -> Dashboard:
    """Today's figures in the business zone.

    Raises:
        PermissionDeniedError: Without `dashboard.view`.
    """
    reach.require(session, actor, Permission.VIEW_DASHBOARD)
    moment = now()
    zone = get_settings().zone
    today = business_day(moment, zone)
    start = day_start(today, zone)
    currency = _main_currency(session, today)
    by_channel = _spans(session, start, moment, currency)
    current = _sum(by_channel.values())
    week = timedelta(days=7)
    # By the wall clock: "the same time last Friday" also where clocks were changed since.
    then_end = (moment.astimezone(zone) - week).astimezone(moment.tzinfo)
    former = _sum(_spans(session, day_start(today - week, zone), then_end, currency).values())
    found = Dashboard(
        as_of=moment,
        currency=currency,
        other_currencies=current.other_currencies,
        orders=Figure(current.orders, former.orders),
        revenue=Figure(current.revenue_minor, former.revenue_minor),
        average=Figure(current.average_minor, former.average_minor),
        days=_days(session, today),
        channels=_channels(session, by_channel),
        needs=count_needs(session, actor),
    )
    if reach.holds_wherever(actor, Permission.SEE_MONEY, Permission.VIEW_DASHBOARD):
        return found
    hidden = Figure(0, 0)
    return replace(
        found,
        revenue=hidden,
        average=hidden,
        channels=tuple(replace(row, revenue_minor=0, average_minor=0) for row in found.channels),
        sees_money=False,
    )


def _main_currency(session: Session, today: date) -> str:
    """The currency of most orders of the last thirty days."""
    found = session.exec(
        select(OrderRollup.currency)
        .where(OrderRollup.day > today - timedelta(days=DAYS), OrderRollup.currency != "")
        .group_by(OrderRollup.currency)
        .order_by(func.sum(OrderRollup.orders).desc())
        .limit(1)
    ).first()
    return found or _DEFAULT_CURRENCY


def _spans(session: Session, start: datetime, end: datetime, currency: str) -> dict[Channel, _Span]:
    """Per channel over `[start, end]`: one short range of the index on the time of placing."""
    earns = col(Order.status).not_in(WITHOUT_REVENUE) & (col(Order.currency) == currency)
    rows = session.execute(
        columns(
            col(Order.channel),
            func.count(),
            func.coalesce(func.sum(col(Order.total_minor)).filter(earns), 0),
            func.count().filter(earns),
            func.count().filter(col(Order.currency) != currency),
        )
        .where(col(Order.placed_at) >= start, col(Order.placed_at) <= end)
        .group_by(col(Order.channel))
    )
    return {
        channel: _Span(orders, int(revenue), earning, other)
        for channel, orders, revenue, earning, other in rows
    }


def _sum(spans: Iterable[_Span]) -> _Span:
    parts = list(spans)
    return _Span(
        sum(part.orders for part in parts),
        sum(part.revenue_minor for part in parts),
        sum(part.earning for part in parts),
        sum(part.other_currencies for part in parts),
    )


def _days(session: Session, today: date) -> tuple[DayOrders, ...]:
    first = today - timedelta(days=2 * DAYS - 1)
    counts: defaultdict[date, dict[Channel, int]] = defaultdict(dict)
    rows = session.execute(
        columns(col(OrderRollup.day), col(OrderRollup.channel), func.sum(col(OrderRollup.orders)))
        .where(col(OrderRollup.day) >= first, col(OrderRollup.day) <= today)
        .group_by(col(OrderRollup.day), col(OrderRollup.channel))
    )
    for day, channel, orders in rows:
        counts[day][channel] = int(orders)
    return tuple(
        DayOrders(
            day=day,
            by_channel=counts[day],
            total=sum(counts[day].values()),
            before=sum(counts[day - timedelta(days=DAYS)].values()),
        )
        for day in (today - timedelta(days=back) for back in range(DAYS - 1, -1, -1))
    )


def _channels(session: Session, spans: dict[Channel, _Span]) -> tuple[ChannelRow, ...]:
    known = session.execute(
        columns(col(ChannelAccount.channel), func.min(col(ChannelAccount.watermark)))
        .where(col(ChannelAccount.status) != AccountStatus.PAUSED)
        .group_by(col(ChannelAccount.channel))
    )
    nothing = _Span(0, 0, 0, 0)
    rows = [
        ChannelRow(
            channel=channel,
            orders=spans.get(channel, nothing).orders,
            revenue_minor=spans.get(channel, nothing).revenue_minor,
            average_minor=spans.get(channel, nothing).average_minor,
            current_to=current_to,
        )
        for channel, current_to in known
    ]
    return tuple(sorted(rows, key=lambda row: (-row.orders, row.channel)))
