"""What a list of orders asks for, and its form in an address bar or a REST call."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final, Self, TypeVar

from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.errors import InvalidInputError

MAX_LIMIT: Final = 200
DEFAULT_LIMIT: Final = 50
_MAX_TEXT: Final = 200
# What a paste from a contact card or a spreadsheet brings along unseen: null, soft hyphen, zero
# width space, marks of direction, byte order mark. Joiners stay: Indian scripts spell with them.
_INVISIBLE: Final = dict.fromkeys(
    [0x00, 0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF]
)


class Attention(StrEnum):
    """The standing questions of what needs a person now."""

    LATE = "late"  # past ship-by and still to ship
    AT_RISK = "at_risk"  # ship-by within four hours
    CANCEL_REQUESTED = "cancel_requested"
    SYNC = "sync"  # refused by the channel, or in conflict with it
    COD = "cod"  # cash on delivery, to be confirmed


class Sort(StrEnum):
    """Column, with a minus for descending; the order's id breaks ties."""

    NEWEST = "-placed_at"
    OLDEST = "placed_at"
    SHIP_BY = "ship_by"
    SHIP_BY_LAST = "-ship_by"
    TOTAL = "total"
    TOTAL_HIGHEST = "-total"


E_ = TypeVar("E_", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class CarriedWord:
    """Orders of an account that carry a word which nobody had mapped: `7:parcel:BY_DRONE`."""

    account_id: int
    vocabulary: str
    word: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError for anything that `str` did not make."""
        account, vocabulary, word = text.split(":", 2)
        if not (account.isascii() and account.isdecimal() and len(account) < 19 and word):
            raise ValueError(text)
        return cls(int(account), vocabulary, word)

    def __str__(self) -> str:
        return f"{self.account_id}:{self.vocabulary}:{self.word}"


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """One page of a filtered, sorted list.

    Attributes:
        channels: Any of these; empty means all.
        statuses: Any of these; empty means all.
        placed_from: First business day of placing, included.
        placed_to: Last business day of placing, included.
        text: What a person typed into the search box.
        word: Only orders that carry this unknown word.
        cursor: From a former page's `next_cursor` or `previous_cursor`.
        limit: Rows a page, 1 to 200.
    """

    channels: tuple[Channel, ...] = ()
    statuses: tuple[OrderStatus, ...] = ()
    attention: Attention | None = None
    placed_from: date | None = None
    placed_to: date | None = None
    text: str = ""
    word: CarriedWord | None = None
    sort: Sort = Sort.NEWEST
    cursor: str | None = None
    limit: int = DEFAULT_LIMIT

    @classmethod
    def parse(cls, params: Mapping[str, str]) -> Self:
        """Read the address bar's form; unknown names are ignored.

        Raises:
            InvalidInputError: If a value means nothing; `details` maps names to sentences.
        """
        mistakes: dict[str, str] = {}
        query = cls(
            channels=parse_words(Channel, "channel", params, mistakes),
            statuses=parse_words(OrderStatus, "status", params, mistakes),
            attention=next(iter(parse_words(Attention, "attention", params, mistakes)), None),
            placed_from=parse_day("from", params, mistakes),
            placed_to=parse_day("to", params, mistakes),
            text=params.get("q", "").translate(_INVISIBLE).strip()[:_MAX_TEXT],
            word=_carried(params, mistakes),
            sort=next(iter(parse_words(Sort, "sort", params, mistakes)), Sort.NEWEST),
            cursor=params.get("cursor") or None,
            limit=parse_limit(params, mistakes),
        )
        first, last = query.placed_from, query.placed_to
        if first and last and first > last:
            mistakes["to"] = "The last day lies before the first."
        if mistakes:
            raise InvalidInputError(" ".join(mistakes.values()), details=mistakes)
        return query

    def params(self) -> dict[str, str]:
        """The inverse of `parse`: only what differs from the default list."""
        values = {
            "channel": ",".join(self.channels),
            "status": ",".join(self.statuses),
            "attention": self.attention or "",
            "from": self.placed_from.isoformat() if self.placed_from else "",
            "to": self.placed_to.isoformat() if self.placed_to else "",
            "q": self.text,
            "word": str(self.word) if self.word else "",
            "sort": "" if self.sort is Sort.NEWEST else self.sort.value,
            "limit": "" if self.limit == DEFAULT_LIMIT else str(self.limit),
            "cursor": self.cursor or "",
        }
        return {name: value for name, value in values.items() if value}

    def first_page(self) -> Self:
        return replace(self, cursor=None)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins: beyond the row with this sort value and id.

    Attributes:
        value: The row's sort value as JSON can keep it (ISO time or number); None for rows
            that have none, which come last.
        order_id: Breaks ties.
        is_backward: The page lies before the row instead of after it.
    """

    value: str | int | None
    order_id: int
    is_backward: bool = False

    def encode(self) -> str:
        text = json.dumps([self.value, self.order_id, int(self.is_backward)])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, cursor: str) -> Self:
        """Raises InvalidInputError for anything that `encode` did not make."""
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            parts: Any = json.loads(base64.urlsafe_b64decode(padded.encode()))
            value, order_id, backward = parts
        except (ValueError, TypeError, RecursionError) as error:
            raise bad_cursor() from error
        ok = (
            isinstance(order_id, int)
            and 0 < order_id < 2**63
            and (value is None or isinstance(value, str | int))
            and not isinstance(value, bool)
            and not (isinstance(value, int) and abs(value) >= 2**63)
        )
        if not ok:
            raise bad_cursor()
        return cls(value, order_id, bool(backward))


def bad_cursor() -> InvalidInputError:
    """A new one each time: an exception that is raised again keeps every former traceback."""
    return InvalidInputError(
        "This page address is damaged. Start again from the first page.",
        details={"cursor": "Not a cursor of this list."},
    )


_SAID: Final = {
    "channel": "channel",
    "status": "status",
    "attention": "kind of what needs a person",
    "sort": "order of the list",
    "state": "state of a status change",
}


def parse_words(
    kind: type[E_], name: str, params: Mapping[str, str], mistakes: dict[str, str]
) -> tuple[E_, ...]:
    """The words of a parameter, commas between; what means nothing goes into `mistakes`."""
    found: list[E_] = []
    for word in filter(None, (part.strip() for part in params.get(name, "").split(","))):
        try:
            found.append(kind(word))
        except ValueError:
            allowed = ", ".join(kind)
            mistakes[name] = f"{word[:40]!r} is no {_SAID[name]}; it may be {allowed}."
    return tuple(dict.fromkeys(found))


def _carried(params: Mapping[str, str], mistakes: dict[str, str]) -> CarriedWord | None:
    text = params.get("word", "").replace("\x00", "")
    try:
        return CarriedWord.parse(text) if text else None
    except ValueError:
        mistakes["word"] = f"{text[:40]!r} is no word of a channel such as 7:order:SHIPPED."
        return None


def parse_day(name: str, params: Mapping[str, str], mistakes: dict[str, str]) -> date | None:
    """A day such as 2026-11-20, or None; what means nothing goes into `mistakes`."""
    text = params.get(name, "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not 1990 <= day.year <= 2200:
        mistakes[name] = f"{text[:40]!r} is no day such as 2026-11-20."
        return None
    return day


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
