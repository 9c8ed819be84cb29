"""The columns of the list as they are drawn: heads, measures, and what a chooser offers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from crm_app.services.grid_layout import MAX_PINNED, USUAL, Column, Density, GridLayout
from crm_app.services.order_query import Sort
from crm_app.ui.shared.links import with_params


class Measure(NamedTuple):
    """Pixels of a column; one with a share also takes that part of the room that is left."""

    width: int
    share: float = 0


MEASURES: Final[dict[Column, Measure]] = {
    Column.NUMBER: Measure(238),
    Column.CUSTOMER: Measure(180, 1.3),
    Column.LINES: Measure(150, 1),
    Column.TOTAL: Measure(112),
    Column.STATUS: Measure(156),
    Column.SHIP_BY: Measure(126),
    Column.PLACED: Measure(138),
    Column.PAYMENT: Measure(130),
    Column.SYNC: Measure(150),
    Column.CHANNEL_STATUS: Measure(140, 0.5),
    Column.TAGS: Measure(150, 0.6),
    Column.ASSIGNEE: Measure(130),
    Column.PRIORITY: Measure(90),
    Column.CITY: Measure(120),
    Column.PINCODE: Measure(84),
    Column.UNITS: Measure(70),
    Column.EXTERNAL_ID: Measure(190),
}
_PICK_WIDTH: Final = 44
# Beside an open order, whose panel shows them (`assets/grid.css`).
FOLDED: Final = (Column.LINES, Column.PLACED)
_NARROW: Final = {
    Column.NUMBER: 196,
    Column.CUSTOMER: 110,
    Column.TOTAL: 98,
    Column.STATUS: 150,
    Column.SHIP_BY: 118,
}
# The column at the far edge has the page's margin within it.
_EDGE: Final = 10
# Column: its sort that is taken first, and the other one.
_SORTS: Final[dict[Column, tuple[Sort, Sort]]] = {
    Column.TOTAL: (Sort.TOTAL_HIGHEST, Sort.TOTAL),
    Column.SHIP_BY: (Sort.SHIP_BY, Sort.SHIP_BY_LAST),
    Column.PLACED: (Sort.NEWEST, Sort.OLDEST),
}


@dataclass(frozen=True)
class Header:
    """A column as the table draws it; one with an address sorts."""

    key: str
    label: str
    href: str = ""
    direction: str = "none"
    class_name: str = ""


@dataclass(frozen=True)
class ColumnChoice:
    """A line of the chooser."""

    key: str
    label: str
    is_on: bool
    is_fixed: bool = False
    is_pinned: bool = False
    can_pin: bool = False
    can_rise: bool = False
    can_sink: bool = False
    pin_label: str = ""


def headers(layout: GridLayout, params: Mapping[str, str], sort: str = "") -> list[Header]:
    """The heads of the table, with what a click on each would sort by.

    `params` is the list's address; `sort` what the list is sorted by, the newest first if empty.
    """
    sort = sort or Sort.NEWEST.value
    return [_header(layout, params, sort, at) for at in range(len(layout.columns))]


def _header(layout: GridLayout, params: Mapping[str, str], sort: str, at: int) -> Header:
    column = layout.columns[at]
    class_name = f"col-{column}" + ("" if column in USUAL else " extra")
    if at < layout.pinned:
        class_name += f" pin pin-{at}"
    if layout.pinned and at == layout.pinned - 1:
        class_name += " pin-end"
    if column not in _SORTS:
        return Header(column.value, column.label, class_name=class_name)
    first, second = _SORTS[column]
    following = second if sort == first else first
    shown = "" if following is Sort.NEWEST and not params.get("view") else following.value
    href = with_params(params, sort=shown, cursor="")
    if sort not in (first, second):
        return Header(column.value, column.label, href, class_name=class_name)
    direction = "descending" if sort.startswith("-") else "ascending"
    return Header(column.value, column.label, href, direction, class_name)


def style(layout: GridLayout, *, has_boxes: bool) -> dict[str, str]:
    """The measures as CSS variables of the table: its tracks, and where pinned columns stop."""
    lead = _PICK_WIDTH if has_boxes else 0
    tracks = [f"{lead}px"] if has_boxes else []
    last = len(layout.columns) - 1
    found: dict[str, str] = {}
    for at, column in enumerate(layout.columns):
        extra = _EDGE * ((at == last) + (at == 0 and not has_boxes))
        width = layout.widths.get(column, MEASURES[column].width) + extra
        if at < layout.pinned:
            found[f"--pin-{at}"] = f"{lead}px"
            lead += width
        tracks.append(_track(layout, column, width, is_pinned=at < layout.pinned))
    # Where no column shares the rest, an empty one takes it: the others keep their measure.
    found["--tracks"] = " ".join([*tracks, "minmax(0, 1fr)"])
    found["--beside"] = " ".join([*tracks[:has_boxes], *_beside(layout), "minmax(0, 1fr)"])
    return found


def _beside(layout: GridLayout) -> list[str]:
    """The tracks while an order is open beside the list: what decides what to do next stays in
    sight, what the order itself shows makes room."""
    return [
        "0px" if column in FOLDED else _track(layout, column, _narrow(layout, column))
        for column in layout.columns
    ]


def _narrow(layout: GridLayout, column: Column) -> int:
    chosen = layout.widths.get(column, MEASURES[column].width)
    return min(chosen, _NARROW.get(column, chosen))


def _track(layout: GridLayout, column: Column, width: int, *, is_pinned: bool = False) -> str:
    share = MEASURES[column].share
    if is_pinned or column in layout.widths or not share:
        return f"{width}px"
    # Far more than the rest column's share, which so gets next to nothing.
    return f"minmax({width}px, {share * 1000:g}fr)"


def choices(layout: GridLayout) -> list[ColumnChoice]:
    """What the chooser offers: the shown columns in their order, then the hidden ones."""
    shown = layout.columns
    found = [_shown(layout, at, column) for at, column in enumerate(shown)]
    hidden = [ColumnChoice(one.value, one.label, is_on=False) for one in Column if one not in shown]
    return [*found, *hidden]


def _shown(layout: GridLayout, at: int, column: Column) -> ColumnChoice:
    is_pinned = at < layout.pinned
    is_last_pinned = at == layout.pinned - 1
    label = column.label
    return ColumnChoice(
        column.value,
        label,
        is_on=True,
        is_fixed=column is Column.NUMBER,
        is_pinned=is_pinned,
        can_pin=at < MAX_PINNED,
        can_rise=at > 0,
        can_sink=at < len(layout.columns) - 1,
        pin_label=f"Let {label} scroll" if is_last_pinned else f"Keep in sight up to {label}",
    )


def is_compact(layout: GridLayout) -> bool:
    return layout.density is Density.COMPACT
