"""Pages of orders by position: the 2,000th costs what the first does.

There are two ways to a page, and each is a disaster where the other belongs:

- *walk* an index that has the order of the list and test each row: right where many match, for
  the page is full at once; where few match, it passes a million rows to find them.
- *gather* all that match, by whichever index finds them, then sort: right where few match.

The planner guesses between them from statistics that know neither which words are rare nor that
open orders are all recent, so the caller says which it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select, literal, text, tuple_
from sqlmodel import Session, col, select

from crm_app.errors import InvalidInputError
from crm_app.models import Order
from crm_app.services.order_query import Position, Sort

# Column and whether the list goes down. Each has an index that is read in both directions.
_SORTS: Final[dict[Sort, tuple[str, bool]]] = {
    Sort.NEWEST: ("placed_at", True),
    Sort.OLDEST: ("placed_at", False),
    Sort.SHIP_BY: ("ship_by", False),
    Sort.SHIP_BY_LAST: ("ship_by", True),
    Sort.TOTAL: ("total_minor", False),
    Sort.TOTAL_HIGHEST: ("total_minor", True),
}


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in reading order, each the columns that were asked for, and the ways on."""

    rows: Sequence[Any]
    next_cursor: str | None
    previous_cursor: str | None


def plan_for_pages(session: Session) -> None:
    """Set the planner up for lists, until the transaction ends.

    A plan made once for all values (PostgreSQL keeps one after ten runs) cannot use a prefix or
    a partial index; no page is worth a walk through a whole table; and to start other processes
    takes longer than to read one.
    """
    session.execute(
        text(
            "SELECT set_config('plan_cache_mode', 'force_custom_plan', true),"
            " set_config('enable_seqscan', 'off', true),"
            " set_config('max_parallel_workers_per_gather', '0', true)"
        )
    )


def read_page(
    session: Session,
    columns: Sequence[Any],
    conditions: Sequence[ColumnElement[bool]],
    *,
    sort: Sort,
    cursor: str | None,
    limit: int,
    gather: bool,
) -> Page:
    """One page of the orders that match.

    Args:
        session: An open session, set up by `plan_for_pages`.
        columns: Of `Order`, with its id and the columns of every sort.
        conditions: All of them hold.
        sort: The order of the list; orders without a value come last in both directions.
        cursor: From a former page; None for the first.
        limit: Most rows.
        gather: Few match; see above.

    Raises:
        InvalidInputError: If the cursor is damaged or belongs to another sort.
    """
    position = Position.decode(cursor) if cursor else None
    backward = position is not None and position.is_backward
    found: list[Any] = []
    for part in _parts(sort, position):
        wanted = limit + 1 - len(found)
        if not wanted:
            break
        statement = _statement(
            columns, [*conditions, *part], sort, wanted, backward=backward, gather=gather
        )
        found += session.execute(statement).all()
    has_more = len(found) > limit
    rows = found[:limit]
    if backward:
        rows.reverse()
    more_after = bool(rows) and (backward or has_more)
    more_before = bool(rows) and (has_more if backward else position is not None)
    return Page(
        rows,
        _cursor(rows[-1], sort, backward=False) if more_after else None,
        _cursor(rows[0], sort, backward=True) if more_before else None,
    )


def _statement(
    columns: Sequence[Any],
    conditions: Sequence[ColumnElement[bool]],
    sort: Sort,
    limit: int,
    *,
    backward: bool,
    gather: bool,
) -> Select[*tuple[Any, ...]]:
    keys = _keys(Order, sort, backward=backward)
    statement: Select[*tuple[Any, ...]] = sa.select(*columns).order_by(*keys)
    if not gather:
        return statement.where(*conditions).limit(limit)
    # Materialized: the planner must not see the limit while it looks for the rows.
    found = (
        select(Order.id, Order.placed_at, Order.ship_by, Order.total_minor)
        .where(*conditions)
        .cte("found")
        .prefix_with("MATERIALIZED")
    )
    page = select(found.c.id).order_by(*_keys(found.c, sort, backward=backward)).limit(limit)
    return statement.where(col(Order.id).in_(page))


def _keys(source: Any, sort: Sort, *, backward: bool) -> tuple[ColumnElement[Any], ...]:
    name, descending = _SORTS[sort]
    keys = (getattr(source, name), source.id)
    return tuple(key.desc() if descending != backward else key.asc() for key in keys)


def _parts(sort: Sort, position: Position | None) -> list[list[ColumnElement[bool]]]:
    """The list in up to two parts, in reading order: orders with a value, orders without.

    As one statement, "or has none" would keep the position from bounding the index.
    """
    column: Any = getattr(Order, _SORTS[sort][0])
    backward = position is not None and position.is_backward
    if column is Order.placed_at:
        return [[_beyond(sort, position)] if position else []]
    valued, empty = [column.is_not(None)], [column.is_(None)]
    parts = [empty, valued] if backward else [valued, empty]
    if position is None:
        return parts
    here = parts.index(empty if position.value is None else valued)
    parts[here].append(_beyond(sort, position))
    return parts[here:]


def _beyond(sort: Sort, position: Position) -> ColumnElement[bool]:
    """Rows after the position in reading order (before it, if it points backward)."""
    name, descending = _SORTS[sort]
    column: Any = getattr(Order, name)
    downward = descending != position.is_backward
    key = col(Order.id)
    if position.value is None and column is not Order.placed_at:
        return key < position.order_id if downward else key > position.order_id
    here = tuple_(literal(_typed(position.value, sort)), literal(position.order_id))
    return tuple_(column, key) < here if downward else tuple_(column, key) > here


def _typed(value: str | int | None, sort: Sort) -> datetime | int:
    is_amount = sort in (Sort.TOTAL, Sort.TOTAL_HIGHEST)
    if is_amount and isinstance(value, int):
        return value
    if not is_amount and isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return moment
    raise InvalidInputError(
        "This page belongs to another order of the list. Start again from the first page.",
        details={"cursor": "Made for another sort."},
    )


def _cursor(row: Any, sort: Sort, *, backward: bool) -> str:
    value = getattr(row, _SORTS[sort][0])
    if isinstance(value, datetime):
        value = value.isoformat()
    return Position(value, row.id, backward).encode()
