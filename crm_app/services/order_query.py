"""What a list of orders asks for, and its form in an address bar or a REST call."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, Self

from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.errors import InvalidInputError
from crm_app.services.facets import Facet, Pick, parse_pick
from crm_app.services.parameters import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    parse_day,
    parse_limit,
    parse_words,
)
from crm_app.services.positions import Position, bad_cursor

__all__ = [
    "DEFAULT_LIMIT",
    "MAX_LIMIT",
    "Attention",
    "CarriedWord",
    "OrderQuery",
    "Placed",
    "Position",
    "Sort",
    "ViewBase",
    "bad_cursor",
    "clean_text",
    "parse_day",
    "parse_limit",
    "parse_words",
]

MAX_TEXT: Final = 200
# In an address: the view that is shown filters by this name, and here it does not.
TAKEN_AWAY: Final = "*"
NAMES: Final = frozenset(
    {*(facet.value for facet in Facet)}
    | {"attention", "placed", "from", "to", "q", "word", "sort", "limit", "cursor"}
)
# What a paste from a contact card or a spreadsheet brings along unseen: null, soft hyphen, zero
# width space, marks of direction, byte order mark. Joiners stay: Indian scripts spell with them.
_INVISIBLE: Final = dict.fromkeys(
    [0x00, 0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF]
)
_JOINERS: Final = "\u200c\u200d"


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


class Placed(StrEnum):
    """Days of placing in words: they move with the day, so a view may keep them."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "week"
    MONTH = "month"

    @property
    def label(self) -> str:
        return {"week": "Last 7 days", "month": "This month"}.get(self.value, self.capitalize())

    def days(self, today: date) -> tuple[date, date]:
        """First and last business day, both included."""
        yesterday = today - timedelta(days=1)
        return {
            Placed.TODAY: (today, today),
            Placed.YESTERDAY: (yesterday, yesterday),
            Placed.WEEK: (today - timedelta(days=6), today),
            Placed.MONTH: (today.replace(day=1), today),
        }[self]


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
class ViewBase:
    """The view that a list is shown through: its key, and what it asks for by itself."""

    key: str
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """One page of a filtered, sorted list.

    Attributes:
        channels: Any of these; empty means all.
        statuses: Any of these; empty means all.
        placed: Days of placing in words; never beside `placed_from` and `placed_to`.
        placed_from: First business day of placing, included.
        placed_to: Last business day of placing, included.
        picks: What is chosen of the other facets (of channel and status: what is left out), one
            for each facet, in their order.
        text: What a person typed into the search box.
        word: Only orders that carry this unknown word.
        cursor: From a former page's `next_cursor` or `previous_cursor`.
        limit: Rows a page, 1 to 200.
        view: The view behind it; it only changes how an address is written.
    """

    channels: tuple[Channel, ...] = ()
    statuses: tuple[OrderStatus, ...] = ()
    attention: Attention | None = None
    placed: Placed | None = None
    placed_from: date | None = None
    placed_to: date | None = None
    picks: tuple[Pick, ...] = ()
    text: str = ""
    word: CarriedWord | None = None
    sort: Sort = Sort.NEWEST
    cursor: str | None = None
    limit: int = DEFAULT_LIMIT
    view: ViewBase | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, params: Mapping[str, str]) -> Self:
        """Read the address bar's form; unknown names are ignored.

        Raises:
            InvalidInputError: If a value means nothing; `details` maps names to sentences.
        """
        mistakes: dict[str, str] = {}
        picks = {facet: parse_pick(facet, params.get(facet, ""), mistakes) for facet in Facet}
        channels, statuses = picks[Facet.CHANNEL].values, picks[Facet.STATUS].values
        for facet in (Facet.CHANNEL, Facet.STATUS):
            picks[facet] = Pick(facet, (), picks[facet].without)
        query = cls(
            channels=tuple(map(Channel, channels)),
            statuses=tuple(map(OrderStatus, statuses)),
            attention=next(iter(parse_words(Attention, "attention", params, mistakes)), None),
            placed=next(iter(parse_words(Placed, "placed", params, mistakes)), None),
            placed_from=parse_day("from", params, mistakes),
            placed_to=parse_day("to", params, mistakes),
            picks=tuple(filter(None, picks.values())),
            text=_text(params, mistakes),
            word=_carried(params, mistakes),
            sort=next(iter(parse_words(Sort, "sort", params, mistakes)), Sort.NEWEST),
            cursor=params.get("cursor") or None,
            limit=parse_limit(params, mistakes),
        )
        first, last = query.placed_from, query.placed_to
        if first and last and first > last:
            mistakes["to"] = "The last day lies before the first."
        if query.placed and (first or last):
            mistakes["placed"] = "Days of placing: either a word such as today, or from and to."
        if mistakes:
            raise InvalidInputError(" ".join(mistakes.values()), details=mistakes)
        return query

    def params(self) -> dict[str, str]:
        """The inverse of `parse`: only what differs from the default list."""
        picks = {pick.facet: pick for pick in self.picks}
        for facet, chosen in ((Facet.CHANNEL, self.channels), (Facet.STATUS, self.statuses)):
            without = picks[facet].without if facet in picks else ()
            picks[facet] = Pick(facet, tuple(one.value for one in chosen), without)
        values = {
            **{facet.value: picks[facet].text() for facet in Facet if facet in picks},
            "attention": self.attention or "",
            "placed": self.placed or "",
            "from": self.placed_from.isoformat() if self.placed_from else "",
            "to": self.placed_to.isoformat() if self.placed_to else "",
            "q": self.text,
            "word": str(self.word) if self.word else "",
            "sort": "" if self.sort is Sort.NEWEST else self.sort.value,
            "limit": "" if self.limit == DEFAULT_LIMIT else str(self.limit),
            "cursor": self.cursor or "",
        }
        return {name: str(value) for name, value in values.items() if value}

    def address(self) -> dict[str, str]:
        """`params`, written as the view's key and what differs from the view."""
        own = self.params()
        if self.view is None:
            return own
        base = self.view.params
        gone = {name: TAKEN_AWAY for name in base if name not in own}
        return {
            "view": self.view.key,
            **gone,
            **{name: value for name, value in own.items() if base.get(name) != value},
        }

    def first_page(self) -> Self:
        return replace(self, cursor=None)

    def pick(self, facet: Facet) -> Pick:
        """What is chosen of a facet; an empty pick for one that is not used."""
        return next((one for one in self.picks if one.facet is facet), Pick(facet))

    def picking(self, pick: Pick) -> Self:
        """The same with another choice of one facet; an empty pick takes the filter away."""
        rest = {one.facet: one for one in self.picks} | {pick.facet: pick}
        kept = tuple(rest[facet] for facet in Facet if rest.get(facet))
        return replace(self, picks=kept, cursor=None)

    def days(self, today: date) -> tuple[date | None, date | None]:
        """First and last day of placing that are asked for, by words or by themselves."""
        return self.placed.days(today) if self.placed else (self.placed_from, self.placed_to)


def clean_text(text: str) -> str:
    """A typed or pasted text as it is searched for: one line, without what nobody sees."""
    return " ".join(text.translate(_INVISIBLE).split()).strip(_JOINERS)


def _text(params: Mapping[str, str], mistakes: dict[str, str]) -> str:
    text = clean_text(params.get("q", ""))
    if len(text) > MAX_TEXT:
        mistakes["q"] = f"Search for at most {MAX_TEXT} characters; this has {len(text):,}."
        return ""
    return text


def _carried(params: Mapping[str, str], mistakes: dict[str, str]) -> CarriedWord | None:
    text = params.get("word", "").replace("\x00", "")
    try:
        return CarriedWord.parse(text) if text else None
    except ValueError:
        mistakes["word"] = f"{text[:40]!r} is no word of a channel such as 7:order:SHIPPED."
        return None
