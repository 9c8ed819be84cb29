"""The dashboard's figures as texts. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Self
from zoneinfo import ZoneInfo

from crm_app.channels import capabilities
from crm_app.domain import money
from crm_app.domain.channel import Channel
from crm_app.services.dashboard import ChannelRow, Dashboard, DayOrders, Figure
from crm_app.services.order_search import OrderQuery
from crm_app.ui.orders.rows import channel_name
from crm_app.ui.shared import times
from crm_app.ui.shared.links import orders_path

_WEEK: Final = timedelta(days=7)

_LARGEST_PERCENT: Final = 500

Trend = Literal["up", "down", "same"]


@dataclass(frozen=True)
class FigureView:
    """One number, how it moved, and what it was then."""

    name: str
    value: str
    change: str
    then: str
    trend: Trend


@dataclass(frozen=True)
class ChannelView:
    """One channel's day in the table."""

    channel: str
    mark: str
    label: str
    orders: str
    revenue: str
    average: str
    current_to: str
    current_exact: str
    href: str


@dataclass(frozen=True)
class Series:
    """One channel in the chart: the field of its numbers, its name and its colour."""

    key: str
    label: str
    color: str


@dataclass(frozen=True)
class DashboardView:
    """The parts of the page that are plain text."""

    about: str = ""
    other_currencies: str = ""
    chart_sentence: str = ""

    @classmethod
    def of(cls, found: Dashboard, zone: ZoneInfo) -> Self:
        return cls(
            about=comparison(found.as_of, zone),
            other_currencies=others_text(found.other_currencies, found.currency),
            chart_sentence=chart_sentence(found.days),
        )


def comparison(as_of: datetime, zone: ZoneInfo) -> str:
    """`Today until 10:42 IST, against last Friday until 10:42`."""
    local = as_of.astimezone(zone)
    then = (local - _WEEK).strftime("%A")
    name = times.zone_name(as_of, zone)
    return f"Today until {local:%H:%M} {name}, against last {then} until {local:%H:%M}"


def figures(found: Dashboard) -> list[FigureView]:
    """Orders, revenue and average order, each against the same time a week ago."""

    def amount(minor: int) -> str:
        return money.to_text(minor, found.currency, whole=True)

    orders = figure("Orders", found.orders, "{:,}".format)
    if not found.sees_money:
        return [orders]
    return [
        orders,
        figure("Revenue", found.revenue, amount),
        figure("Average order", found.average, amount),
    ]


def figure(name: str, value: Figure, text: Callable[[int], str]) -> FigureView:
    """Draw one figure; without a former value there is nothing to compare."""
    if not value.then:
        trend: Trend = "up" if value.now else "same"
        return FigureView(name, text(value.now), "", "nothing then", trend)
    percent = (value.now - value.then) * 100 / value.then
    sign = "+" if percent >= 0 else "−"
    trend = "same" if abs(percent) < 0.05 else "up" if percent > 0 else "down"
    # "+3,300 %" of one order says less than the two numbers beside each other.
    change = f"{sign}{abs(percent):.1f} %" if abs(percent) < _LARGEST_PERCENT else "up from"
    if trend == "same":
        change = "no change"
    return FigureView(name, text(value.now), change, f"{text(value.then)} then", trend)


def channel(row: ChannelRow, currency: str, now: datetime, zone: ZoneInfo) -> ChannelView:
    """Draw a channel's line."""
    current = row.current_to
    return ChannelView(
        channel=row.channel.value,
        mark=row.channel.mark,
        label=channel_name(row.channel),
        orders=f"{row.orders:,}",
        # Without a currency amounts are not for whoever looks.
        revenue=money.to_text(row.revenue_minor, currency, whole=True)
        if row.orders and currency
        else "—",
        average=money.to_text(row.average_minor, currency, whole=True)
        if row.average_minor
        else "—",
        current_to=times.when(current, now, zone) if current else _without_clock(row.channel),
        current_exact=times.exact(current, zone) if current else "",
        href=_today_of(row.channel, now, zone),
    )


def _without_clock(which: Channel) -> str:
    """A channel that only sends cannot be asked up to when it has told everything."""
    if which is Channel.DOCUMENT:
        return "by upload"
    if which is Channel.MANUAL:
        return "by hand"
    return "not yet" if capabilities.of(which).pulls else "sends by itself"


def _today_of(which: Channel, now: datetime, zone: ZoneInfo) -> str:
    today = now.astimezone(zone).date()
    return orders_path(OrderQuery(channels=(which,), placed_from=today, placed_to=today))


def series(days: tuple[DayOrders, ...]) -> list[Series]:
    """The channels that sold anything in the chart's days, the biggest at the bottom."""
    totals = {which: sum(day.by_channel.get(which, 0) for day in days) for which in Channel}
    selling = sorted((c for c in Channel if totals[c]), key=lambda c: -totals[c])
    return [Series(c.value, c.label, f"var(--{c.value})") for c in selling]


def points(days: tuple[DayOrders, ...]) -> list[dict[str, str | int]]:
    """One entry a day: its name, each channel's orders, and the total 30 days before."""
    return [
        {
            "day": f"{day.day.day} {day.day:%b}",
            "before": day.before,
            **{which.value: day.by_channel.get(which, 0) for which in Channel},
        }
        for day in days
    ]


def chart_sentence(days: tuple[DayOrders, ...]) -> str:
    """The chart in words, for people who do not see it."""
    total, before = sum(day.total for day in days), sum(day.before for day in days)
    if not days or not total:
        return "No orders in the last 30 days."
    best = max(days, key=lambda day: day.total)
    return (
        f"{total:,} orders in the last 30 days, {before:,} in the 30 days before. "
        f"The most were {best.total:,} on {best.day.day} {best.day:%B}."
    )


def others_text(count: int, currency: str) -> str:
    if not count:
        return ""
    noun = "order" if count == 1 else "orders"
    return f"{count:,} {noun} in other currencies counted, their money not added to {currency}."
