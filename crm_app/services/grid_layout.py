"""How the list of orders is laid out: which columns, how wide, what stays while scrolling.

One value for both places that keep it: a person's own settings, and a saved view.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Self, cast

from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.services import preferences, reach

PREFERENCE: Final = "orders.layout"
MIN_WIDTH: Final = 64
MAX_WIDTH: Final = 640
# More would leave a narrow screen nothing to scroll.
MAX_PINNED: Final = 3


class Column(StrEnum):
    """Every column that the list can show, in the order in which a chooser offers them."""

    NUMBER = "number"
    CUSTOMER = "customer"
    LINES = "lines"
    TOTAL = "total"
    STATUS = "status"
    SHIP_BY = "ship_by"
    PLACED = "placed"
    PAYMENT = "payment"
    SYNC = "sync"
    CHANNEL_STATUS = "channel_status"
    TAGS = "tags"
    ASSIGNEE = "assignee"
    PRIORITY = "priority"
    CITY = "city"
    PINCODE = "pincode"
    UNITS = "units"
    EXTERNAL_ID = "external_id"

    @property
    def label(self) -> str:
        """What its head and the chooser say."""
        return _LABELS[self]


_LABELS: Final[dict[Column, str]] = {
    Column.NUMBER: "Order",
    Column.CUSTOMER: "Customer",
    Column.LINES: "Lines",
    Column.TOTAL: "Total",
    Column.STATUS: "Status",
    Column.SHIP_BY: "Ship-by",
    Column.PLACED: "Placed",
    Column.PAYMENT: "Payment",
    Column.SYNC: "Sync",
    Column.CHANNEL_STATUS: "Channel says",
    Column.TAGS: "Tags",
    Column.ASSIGNEE: "Assignee",
    Column.PRIORITY: "Priority",
    Column.CITY: "City",
    Column.PINCODE: "Pincode",
    Column.UNITS: "Units",
    Column.EXTERNAL_ID: "Channel id",
}


class Density(StrEnum):
    """How high a row is."""

    COMFORTABLE = "comfortable"
    COMPACT = "compact"


USUAL: Final = (
    Column.NUMBER,
    Column.CUSTOMER,
    Column.LINES,
    Column.TOTAL,
    Column.STATUS,
    Column.SHIP_BY,
    Column.PLACED,
)


@dataclass(frozen=True, slots=True)
class GridLayout:
    """The columns of a list, and how they stand.

    Attributes:
        columns: Those that are shown, from left to right; the order's number is always there.
        widths: Pixels of the columns that somebody made wider or narrower; the others share
            the room by their own measure.
        pinned: How many of the first columns stay when the list is scrolled sideways.
        density: How high a row is.
    """

    columns: tuple[Column, ...] = USUAL
    widths: Mapping[Column, int] = field(default_factory=dict[Column, int])
    pinned: int = 1
    density: Density = Density.COMFORTABLE

    @classmethod
    def parse(cls, kept: object) -> Self:
        """Read what `as_json` wrote, in this release or another one.

        What means nothing here is left out, so that a layout kept long ago still draws a list:
        a column that is gone, a width that is none. Nothing at all is the usual layout.
        """
        if not isinstance(kept, Mapping):
            return cls()
        values = cast(Mapping[str, Any], kept)
        columns = _columns(values.get("columns"))
        return cls(
            columns=columns,
            widths=_widths(values.get("widths")),
            pinned=_pinned(values.get("pinned", 1), len(columns)),
            density=_density(values.get("density")),
        )

    def as_json(self) -> dict[str, Any]:
        """The form in which it is kept: JSON types only; `parse` is the inverse."""
        return {
            "columns": [column.value for column in self.columns],
            "widths": {column.value: width for column, width in self.widths.items()},
            "pinned": self.pinned,
            "density": self.density.value,
        }

    def toggled(self, column: Column) -> Self:
        """With a column that was hidden, at its end; or without one that was shown."""
        if column is Column.NUMBER:
            return self
        if column not in self.columns:
            return replace(self, columns=(*self.columns, column))
        is_pinned = self.columns.index(column) < self.pinned
        rest = tuple(one for one in self.columns if one is not column)
        return replace(self, columns=rest, pinned=self.pinned - is_pinned)

    def moved(self, column: Column, to: int) -> Self:
        """With a column at another place, counted from 0; beyond either end means the end."""
        if column not in self.columns:
            return self
        rest = [one for one in self.columns if one is not column]
        rest.insert(min(max(to, 0), len(rest)), column)
        return replace(self, columns=tuple(rest))

    def sized(self, column: Column, width: int | None) -> Self:
        """With a column of this many pixels; None gives it its usual measure back."""
        widths = {one: px for one, px in self.widths.items() if one is not column}
        if width is not None:
            widths[column] = min(max(width, MIN_WIDTH), MAX_WIDTH)
        return replace(self, widths=widths)

    def pinned_up_to(self, column: Column) -> Self:
        """Pinned are this column and those before it; if they were, those before it only."""
        if column not in self.columns:
            return self
        through = self.columns.index(column) + 1
        pinned = through - 1 if through == self.pinned else through
        return replace(self, pinned=min(pinned, MAX_PINNED))


def own_layout(session: Session, actor: Actor) -> GridLayout:
    """The layout that this person gave the list; the usual one until they change it.

    Raises:
        PermissionDeniedError: If the actor may not view orders.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    return GridLayout.parse(preferences.get(session, actor, PREFERENCE))


def keep_layout(session: Session, actor: Actor, layout: GridLayout) -> None:
    """Remember the layout for this person, on every computer they sign in at.

    Raises:
        PermissionDeniedError: If the actor may not view orders, or is no person.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    preferences.keep(session, actor, PREFERENCE, layout.as_json())


def _columns(kept: object) -> tuple[Column, ...]:
    words = cast(list[object], kept) if isinstance(kept, list) else []
    known = {column.value: column for column in Column}
    found = dict.fromkeys(known[word] for word in words if isinstance(word, str) and word in known)
    if not found:
        return USUAL
    # The number carries the way to the order: a list without it leads nowhere.
    return tuple(found) if Column.NUMBER in found else (Column.NUMBER, *found)


def _widths(kept: object) -> dict[Column, int]:
    pairs = cast(Mapping[str, object], kept if isinstance(kept, Mapping) else {})
    return {
        column: min(max(width, MIN_WIDTH), MAX_WIDTH)
        for column in Column
        if type(width := pairs.get(column.value)) is int
    }


def _pinned(kept: object, columns: int) -> int:
    number = kept if type(kept) is int else 1
    return min(max(number, 0), MAX_PINNED, columns)


def _density(kept: object) -> Density:
    return Density.COMPACT if kept == Density.COMPACT else Density.COMFORTABLE
