"""Filters as links: a choice, the chip of one that is on, and ranges of days. Pure."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from crm_app.ui.shared.tones import Pill

T = TypeVar("T")


@dataclass(frozen=True)
class Option:
    """One choice of a filter: where it leads, and whether it is chosen now.

    One that can be left out as well says where that leads, and whether it is.
    """

    key: str
    label: str
    href: str
    is_on: bool = False
    mark: str = ""
    # Whose colour the mark has, where the key is not the channel itself.
    channel: str = ""
    hint: str = ""
    pill: Pill = field(default_factory=Pill)
    out_href: str = ""
    is_out: bool = False


@dataclass(frozen=True)
class Chip:
    """A filter that is on; `href` shows the list without it."""

    key: str
    name: str
    value: str
    href: str


def presets(today: date) -> list[tuple[str, str, date, date]]:
    """Ranges that people ask for daily: key, words, first and last day."""
    yesterday = today - timedelta(days=1)
    return [
        ("today", "Today", today, today),
        ("yesterday", "Yesterday", yesterday, yesterday),
        ("week", "Last 7 days", today - timedelta(days=6), today),
        ("month", "This month", today.replace(day=1), today),
    ]


def range_text(first: date | None, last: date | None, today: date) -> str:
    """`today`, `last 7 days`, `from 3 Nov`, `3 Nov to 9 Nov`."""
    for _, label, start, end in presets(today):
        if (first, last) == (start, end):
            return label.lower()
    if first and last:
        return _day(first) if first == last else f"{_day(first)} to {_day(last)}"
    if first:
        return f"from {_day(first)}"
    return f"until {_day(last)}" if last else ""


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def range_hint(first: date, last: date) -> str:
    """`20 Nov`, `14 Nov to 20 Nov`."""
    short = f"{first.day} {first:%b}"
    return short if first == last else f"{short} to {last.day} {last:%b}"


def toggled(chosen: tuple[T, ...], item: T) -> tuple[T, ...]:
    """The choices with `item` added, or without it if it was there."""
    return tuple(x for x in chosen if x != item) if item in chosen else (*chosen, item)
