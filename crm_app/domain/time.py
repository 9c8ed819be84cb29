"""Moments are aware UTC; days belong to the business zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def business_day(moment: datetime, zone: ZoneInfo) -> date:
    """The calendar day of `moment` where the business is."""
    return moment.astimezone(zone).date()


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Midnight that begins `day` in the zone, as UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_range(
    first: date | None, last: date | None, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """`[start, end)` in UTC of the whole days from `first` to `last`, both included."""
    return (
        day_start(first, zone) if first else None,
        day_start(last + timedelta(days=1), zone) if last else None,
    )
