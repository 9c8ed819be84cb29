"""How often an account usually sends an order, by the hour of its week. Pure.

Silence is measured in orders that would have come, not in minutes: an hour at noon and a whole
night may mean the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

HOUR: Final = timedelta(hours=1)
# Learned from at most so much; a season ago people bought something else.
MEMORY: Final = timedelta(days=28)
# Two nights tell night from day; fewer orders than these tell nothing.
_LEAST_HISTORY: Final = timedelta(days=2)
_LEAST_ORDERS: Final = 12
# With so much history a Sunday is compared with Sundays, and not only an hour with that hour.
# Of an account that is young or small only the hour of the day is compared, and more patiently.
_MUCH_HISTORY: Final = timedelta(days=7)
_MANY_ORDERS: Final = 50
_WEEKS_KNOWN: Final = timedelta(days=14)
# Where orders come by chance, so many fail to come once in three thousand times.
_LEAST_PATIENCE: Final = 8.0
_MORE_PATIENCE: Final = 1.5
_SLACK: Final = 1.5
_CAP: Final = 0.9
_WEEK: Final = 7 * 24


@dataclass(frozen=True, slots=True)
class Rhythm:
    """An account's usual week.

    Attributes:
        rates: Orders an hour, for each hour of the week, Monday 00:00 first, in the business zone.
        patience: How many missing orders are still no surprise.
    """

    rates: tuple[float, ...]
    patience: float

    def expected(self, since: datetime, until: datetime, zone: ZoneInfo) -> float:
        """How many orders usually come between two moments; of the last four weeks at most."""
        since = max(since, until - MEMORY)
        total, hour = 0.0, floor(since)
        while hour < until:
            share = (min(hour + HOUR, until) - max(hour, since)) / HOUR
            total += self.rates[_slot(hour, zone)] * share
            hour += HOUR
        return total


def floor(moment: datetime) -> datetime:
    """The full hour, in the moment's own zone, that it lies in."""
    return moment.replace(minute=0, second=0, microsecond=0)


def learn(orders: Mapping[datetime, int], until: datetime, zone: ZoneInfo) -> Rhythm | None:
    """An account's rhythm from its past; None while too little is known of it.

    Args:
        orders: Full hour (UTC) -> orders placed in it; hours without any may be missing.
        until: What came after is left out: the silence that is judged must not teach.
        zone: Of the business: its nights and Sundays.
    """
    end = floor(until)
    known = [hour for hour in orders if end - MEMORY <= hour < end and orders[hour] > 0]
    if not known or end - min(known) < _LEAST_HISTORY:
        return None
    count = sum(orders[hour] for hour in known)
    if count < _LEAST_ORDERS:
        return None
    hours = [min(known) + index * HOUR for index in range(int((end - min(known)) / HOUR))]
    rates = _rates([(_slot(hour, zone), orders.get(hour, 0)) for hour in hours])
    is_little = end - min(known) < _MUCH_HISTORY or count < _MANY_ORDERS
    if is_little or len(hours) * HOUR < _WEEKS_KNOWN:
        rates = _by_day_only(rates)
    quiet = _quiet_stretches(hours, orders, rates, zone)
    # The longest one may have been an outage: it is no measure of what is usual.
    usual = quiet[-2] if len(quiet) > 1 else 0.0
    patience = max(_LEAST_PATIENCE, _SLACK * usual)
    return Rhythm(rates, patience * _MORE_PATIENCE if is_little else patience)


def _rates(samples: list[tuple[int, int]]) -> tuple[float, ...]:
    """Half the hour's own weekday, half the same hour of all days: four Sundays say too little."""
    by_day: dict[int, list[int]] = {}
    for slot, count in samples:
        by_day.setdefault(slot % 24, []).append(count)
    # A sale day is no rhythm: what is far above the usual counts as the usual's upper end.
    caps = {hour: sorted(counts)[int(len(counts) * _CAP)] for hour, counts in by_day.items()}
    day_means = {
        hour: sum(min(count, caps[hour]) for count in counts) / len(counts)
        for hour, counts in by_day.items()
    }
    by_week: dict[int, list[int]] = {}
    for slot, count in samples:
        by_week.setdefault(slot, []).append(min(count, caps[slot % 24]))
    return tuple(
        (day_means[slot % 24] + sum(by_week[slot]) / len(by_week[slot])) / 2
        if slot in by_week
        else day_means.get(slot % 24, 0.0)
        for slot in range(_WEEK)
    )


def _by_day_only(rates: tuple[float, ...]) -> tuple[float, ...]:
    means = [sum(rates[hour::24]) / 7 for hour in range(24)]
    return tuple(means[slot % 24] for slot in range(_WEEK))


def _quiet_stretches(
    hours: list[datetime], orders: Mapping[datetime, int], rates: tuple[float, ...], zone: ZoneInfo
) -> list[float]:
    """What usually comes in each stretch of hours in which nothing came, the shortest first."""
    found: list[float] = []
    missing = 0.0
    for hour in hours:
        if orders.get(hour, 0):
            found += [missing] if missing else []
            missing = 0.0
        else:
            missing += rates[_slot(hour, zone)]
    return sorted([*found, missing] if missing else found)


def _slot(hour: datetime, zone: ZoneInfo) -> int:
    local = hour.astimezone(zone)
    return local.weekday() * 24 + local.hour
