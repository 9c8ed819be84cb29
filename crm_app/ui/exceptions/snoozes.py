"""Until when people snooze: a few choices that fit a working day. Pure."""

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

CHOICES: Final[dict[str, str]] = {
    "hour": "For an hour",
    "four": "For four hours",
    "tomorrow": "Until tomorrow, 9:00",
    "monday": "Until Monday, 9:00",
}
_MORNING: Final = time(9)


def until(choice: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment of a choice; None for what is none."""
    today = now.astimezone(zone)
    match choice:
        case "hour":
            return now + timedelta(hours=1)
        case "four":
            return now + timedelta(hours=4)
        case "tomorrow":
            return datetime.combine(today.date() + timedelta(days=1), _MORNING, zone)
        case "monday":
            ahead = 7 - today.weekday()
            return datetime.combine(today.date() + timedelta(days=ahead), _MORNING, zone)
        case _:
            return None
