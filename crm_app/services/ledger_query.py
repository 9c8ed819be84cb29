"""Which status changes the ledger shows, and the form of that in an address bar."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.errors import InvalidInputError
from crm_app.services.order_query import bad_cursor, parse_day, parse_limit, parse_words

DEFAULT_LIMIT: Final = 50
MAX_SEARCH: Final = 100
_CURSOR: Final = re.compile(r"([ab])([0-9]{8})-([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a change stands in the ledger: by its business day, then by its id."""

    day: date
    intent_id: int

    @property
    def place(self) -> tuple[date, int]:
        return self.day, self.intent_id

    def __str__(self) -> str:
        return f"{self.day:%Y%m%d}-{self.intent_id}"


@dataclass(frozen=True, slots=True)
class LedgerQuery:
    """One page of the ledger.

    Attributes:
        first: First business day of writing, included; None: from the beginning.
        last: Last business day, included; None: until now.
        channels: Any of these; empty means all.
        states: Any of these; empty means all.
        search: The beginning of an order's number, or part of a person's name; empty means all.
        before: Only changes that stand below this place: the next page.
        after: Only changes that stand above it, the nearest first: the page before.
    """

    first: date | None = None
    last: date | None = None
    channels: tuple[Channel, ...] = ()
    states: tuple[IntentState, ...] = ()
    search: str = ""
    before: Place | None = None
    after: Place | None = None
    limit: int = DEFAULT_LIMIT

    @classmethod
    def parse(cls, params: Mapping[str, str]) -> Self:
        """Read the address bar's form; unknown names are ignored.

        Raises:
            InvalidInputError: If a value means nothing; `details` maps names to sentences.
        """
        mistakes: dict[str, str] = {}
        before, after = _position(params.get("cursor", ""))
        query = cls(
            first=parse_day("from", params, mistakes),
            last=parse_day("to", params, mistakes),
            channels=parse_words(Channel, "channel", params, mistakes),
            states=parse_words(IntentState, "state", params, mistakes),
            search=" ".join(params.get("q", "").split())[:MAX_SEARCH],
            before=before,
            after=after,
            limit=parse_limit(params, mistakes),
        )
        if query.first and query.last and query.first > query.last:
            mistakes["to"] = "The last day lies before the first."
        if mistakes:
            raise InvalidInputError(" ".join(mistakes.values()), details=mistakes)
        return query

    def params(self) -> dict[str, str]:
        """The inverse of `parse`: only what differs from the whole ledger."""
        cursor = f"b{self.before}" if self.before else f"a{self.after}" if self.after else ""
        values = {
            "channel": ",".join(self.channels),
            "state": ",".join(self.states),
            "q": self.search,
            "from": self.first.isoformat() if self.first else "",
            "to": self.last.isoformat() if self.last else "",
            "limit": "" if self.limit == DEFAULT_LIMIT else str(self.limit),
            "cursor": cursor,
        }
        return {name: value for name, value in values.items() if value}


def _position(cursor: str) -> tuple[Place | None, Place | None]:
    if not cursor:
        return None, None
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise bad_cursor()
    side, day, intent_id = found.groups()
    try:
        place = Place(date.fromisoformat(day), int(intent_id))
    except ValueError as error:
        raise bad_cursor() from error
    return (None, place) if side == "a" else (place, None)
