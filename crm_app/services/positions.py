"""Where a page of a list begins, as a text that an address can carry. Pure."""

import base64
import json
from dataclasses import dataclass
from typing import Any, Self

from crm_app.errors import InvalidInputError


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
