"""Reading the parameters of a list from an address: what means nothing becomes a sentence."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

MAX_LIMIT: Final = 200
DEFAULT_LIMIT: Final = 50
_SAID: Final = {
    "channel": "channel",
    "status": "status",
    "attention": "kind of what needs a person",
    "sort": "order of the list",
    "state": "state of a status change",
    "payment": "state of payment",
    "sync": "state of sync",
    "priority": "priority",
    "placed": "range of days",
    "due": "ship-by",
}

E_ = TypeVar("E_", bound=StrEnum)


def parse_words(
    kind: type[E_], name: str, params: Mapping[str, str], mistakes: dict[str, str]
) -> tuple[E_, ...]:
    """The words of a parameter, commas between; what means nothing goes into `mistakes`."""
    found: list[E_] = []
    for word in filter(None, (part.strip() for part in params.get(name, "").split(","))):
        try:
            found.append(kind(word))
        except ValueError:
            mistakes[name] = no_such(name, word, kind)
    return tuple(dict.fromkeys(found))


def no_such(name: str, word: str, allowed: type[StrEnum]) -> str:
    """`'x' is no status; it may be ...`."""
    return f"{word[:40]!r} is no {_SAID.get(name, name)}; it may be {', '.join(allowed)}."


def parse_day(name: str, params: Mapping[str, str], mistakes: dict[str, str]) -> date | None:
    """A day such as 2026-11-20, or None; what means nothing goes into `mistakes`."""
    text = params.get(name, "").strip()
    if not text:
        return None
    day = day_of(text)
    if day is None:
        mistakes[name] = f"{text[:40]!r} is no day such as 2026-11-20."
    return day


def day_of(text: str) -> date | None:
    """The day that `2026-11-20` names, if it is one that an order may have."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1990 <= day.year <= 2200 else None


def parse_limit(params: Mapping[str, str], mistakes: dict[str, str]) -> int:
    """Rows a page, 1 to 200; what means nothing goes into `mistakes`."""
    text = params.get("limit", "").strip()
    if not text:
        return DEFAULT_LIMIT
    is_number = text.isascii() and text.isdecimal() and len(text) < 9
    if not is_number or not 1 <= int(text) <= MAX_LIMIT:
        mistakes["limit"] = f"The limit is a whole number from 1 to {MAX_LIMIT}."
        return DEFAULT_LIMIT
    return int(text)
