"""What a list of exceptions asks for, and its form in an address bar or a REST call."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self, TypeVar

from crm_app.domain.channel import Channel
from crm_app.domain.trouble import Cause
from crm_app.errors import InvalidInputError
from crm_app.services.order_query import bad_cursor

MAX_LIMIT: Final = 200
DEFAULT_LIMIT: Final = 50

ME: Final = "me"
NOBODY: Final = "nobody"


class View(StrEnum):
    """What of the desk is shown."""

    OPEN = "open"
    SNOOZED = "snoozed"
    CLOSED = "closed"  # closed by people, with their notes
    HEALED = "healed"  # gone by themselves, for some days


E_ = TypeVar("E_", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class ExceptionQuery:
    """One page of a filtered list, the newest first.

    Attributes:
        cause: Only this one.
        channels: Any of these; empty means all.
        account_id: Only of this account.
        assignee: `me`, `nobody`, or a person's id as text; empty for all.
        cursor: From a former page's `next_cursor`.
        limit: Rows a page, 1 to 200.
    """

    cause: Cause | None = None
    channels: tuple[Channel, ...] = ()
    account_id: int | None = None
    assignee: str = ""
    view: View = View.OPEN
    cursor: str | None = None
    limit: int = DEFAULT_LIMIT

    @classmethod
    def parse(cls, params: Mapping[str, str]) -> Self:
        """Read the address bar's form; unknown names are ignored.

        Raises:
            InvalidInputError: If a value means nothing; `details` maps names to sentences.
        """
        mistakes: dict[str, str] = {}
        cause = _words(Cause, "cause", params, mistakes)
        view = _words(View, "view", params, mistakes)
        channels = _words(Channel, "channel", params, mistakes)
        account = _number("account", params, mistakes)
        assignee = params.get("assignee", "").strip()
        if assignee not in ("", ME, NOBODY):
            _number("assignee", params, mistakes)
        limit = _number("limit", params, mistakes) or DEFAULT_LIMIT
        if limit > MAX_LIMIT:
            mistakes["limit"] = f"The limit is a whole number from 1 to {MAX_LIMIT}."
        if mistakes:
            raise InvalidInputError(" ".join(mistakes.values()), details=mistakes)
        return cls(
            cause=next(iter(cause), None),
            channels=channels,
            account_id=account,
            assignee=assignee,
            view=next(iter(view), View.OPEN),
            cursor=params.get("cursor") or None,
            limit=limit,
        )

    def params(self) -> dict[str, str]:
        """The inverse of `parse`: only what differs from the default list."""
        values = {
            "cause": self.cause or "",
            "channel": ",".join(self.channels),
            "account": str(self.account_id or ""),
            "assignee": self.assignee,
            "view": "" if self.view is View.OPEN else self.view.value,
            "limit": "" if self.limit == DEFAULT_LIMIT else str(self.limit),
            "cursor": self.cursor or "",
        }
        return {name: value for name, value in values.items() if value}


@dataclass(frozen=True, slots=True)
class Position:
    """The page after the row with this time and key."""

    since: datetime
    key: str

    def encode(self) -> str:
        text = json.dumps([self.since.isoformat(), self.key])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, cursor: str) -> Self:
        """Raises InvalidInputError for anything that `encode` did not make."""
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            parts: Any = json.loads(base64.urlsafe_b64decode(padded.encode()))
            since, key = parts
            moment = datetime.fromisoformat(since)
        except (ValueError, TypeError, RecursionError) as error:
            raise bad_cursor() from error
        if moment.tzinfo is None or not isinstance(key, str) or "\x00" in key or len(key) > 80:
            raise bad_cursor()
        return cls(moment, key)


def _words(
    kind: type[E_], name: str, params: Mapping[str, str], mistakes: dict[str, str]
) -> tuple[E_, ...]:
    found: list[E_] = []
    for word in filter(None, (part.strip() for part in params.get(name, "").split(","))):
        try:
            found.append(kind(word))
        except ValueError:
            mistakes[name] = f"{word[:40]!r} is no {name}; it may be {', '.join(kind)}."
    return tuple(dict.fromkeys(found))


def _number(name: str, params: Mapping[str, str], mistakes: dict[str, str]) -> int | None:
    text = params.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 19 and int(text) > 0):
        mistakes[name] = f"{text[:40]!r} is no number that this can be."
        return None
    return int(text)
