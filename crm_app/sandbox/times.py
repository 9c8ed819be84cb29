"""Clock, time spellings of both channels. Everything inside is aware UTC, cut to milliseconds."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

# The smallest difference between two times that a reply can show.
STEP: Final = timedelta(milliseconds=1)
# India has one offset and no summer time, so a fixed one saves a lookup for each row of a report.
IST: Final = timezone(timedelta(hours=5, minutes=30), "IST")
SHOP_ZONE: Final = ZoneInfo("Asia/Kolkata")


def now() -> datetime:
    """The present, in the resolution that the replies show."""
    return cut(datetime.now(UTC))


def cut(moment: datetime) -> datetime:
    """Drop what a reply would not show, so that stored and shown times compare equal."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def stamp(moment: datetime) -> str:
    """Amazon's spelling: `2026-01-01T10:00:00.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """Read ISO 8601; a time without an offset is UTC.

    Raises:
        ValueError: it is not ISO 8601, or no time that a database can hold.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is out of range") from error


def woo_gmt(moment: datetime) -> str:
    """WooCommerce's `*_gmt` spelling: naive, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def woo_local(moment: datetime) -> str:
    """WooCommerce's shop-local spelling: naive, whole seconds."""
    return moment.astimezone(SHOP_ZONE).strftime("%Y-%m-%dT%H:%M:%S")


def day_end(moment: datetime, days: int) -> datetime:
    """23:59:59 in the shop's zone, so many days after the moment."""
    local = (moment + timedelta(days=days)).astimezone(SHOP_ZONE)
    return local.replace(hour=23, minute=59, second=59, microsecond=0)
