"""Times as people of the desk read them, in the business zone. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

Urgency = Literal["none", "soon", "late"]

# Below this, a deadline is amber.
SOON: Final = timedelta(hours=4)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Clock:
    """A deadline as text, and how much it presses."""

    text: str = ""
    urgency: Urgency = "none"
    exact: str = ""


def when(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`today 10:30`, `yesterday 22:47`, `tomorrow 11:00`, `12 Oct 18:02`, `12 Oct 2024 18:02`."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    distance = (local.date() - today.date()).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(distance)
    if near:
        return f"{near} {local:%H:%M}"
    year = f" {local.year}" if local.year != today.year else ""
    return f"{local.day} {local:%b}{year} {local:%H:%M}"


def day(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The same without the clock: `today`, `12 Oct`."""
    return when(moment, now, zone).rsplit(" ", 1)[0]


def exact(moment: datetime, zone: ZoneInfo) -> str:
    """`Fri 20 Nov 2026, 10:30:12 IST (Asia/Kolkata)`."""
    local = moment.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M:%S %Z} ({zone.key})"


def zone_name(now: datetime, zone: ZoneInfo) -> str:
    """`IST`; the zone's own name where it has no letters (`+0430`)."""
    short = f"{now.astimezone(zone):%Z}"
    return short if short.isalpha() else zone.key


def ship_by(deadline: datetime | None, now: datetime, zone: ZoneInfo) -> Clock:
    """The clock of an order that still has to leave: `in 1 h 12 min`, `6 min late`."""
    if deadline is None:
        return Clock()
    left = deadline - now
    title = exact(deadline, zone)
    if left < timedelta():
        return Clock(f"{span(-left)} late", "late", title)
    if left < SOON:
        return Clock(f"in {span(left)}", "soon", title)
    return Clock(when(deadline, now, zone), "none", title)


def span(length: timedelta) -> str:
    """`under a minute`, `6 min`, `1 h 02 min`, `1 day 4 h`, `12 days`."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 60:
        return f"{minutes} min"
    if length < _DAY:
        return f"{minutes // 60} h {minutes % 60:02} min"
    hours = minutes // 60
    days = hours // 24
    if days >= 3:
        return f"{days} days"
    unit = "day" if days == 1 else "days"
    return f"{days} {unit} {hours % 24} h"


def ago(moment: datetime, now: datetime) -> str:
    """`just now`, `40 s ago`, `6 min ago`, `1 h 02 min ago`."""
    seconds = int((now - moment).total_seconds())
    if seconds < 5:
        return "just now"
    if seconds < 60:
        return f"{seconds} s ago"
    return f"{span(timedelta(seconds=seconds))} ago"
