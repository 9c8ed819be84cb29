"""The list of orders: filters, search, order and pages whose cost does not grow with the table.

How each question meets an index is measured in `benchmarks/`; `docs/decisions/` says why.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, or_, tuple_
from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import TO_SHIP, OrderStatus, PaymentStatus, SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import day_range, now
from crm_app.errors import InvalidInputError
from crm_app.models import Order, OrderRollup
from crm_app.services import matching
from crm_app.services.order_query import Attention, OrderQuery, Position, Sort
from crm_app.services.personal_data import WITHHELD

__all__ = [
    "Attention",
    "OrderList",
    "OrderQuery",
    "OrderSummary",
    "Sort",
    "count_orders",
    "list_orders",
    "summary_of",
]

# Counting further would walk the table; the page says "10,000+".
COUNT_CAP: Final = 10_000
AT_RISK_WITHIN: Final = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """One row. Personal data is withheld already where the actor may not see it."""

    id: int
    channel: Channel
    account_id: int
    external_id: str
    order_number: str
    customer_name: str
    city: str
    pincode: str
    first_title: str
    line_count: int
    unit_count: int
    currency: str | None
    total_minor: int | None
    status: OrderStatus
    payment_status: PaymentStatus
    sync_status: SyncStatus
    channel_status: str
    cancel_requested: bool
    return_requested: bool
    on_hold: bool
    is_cod: bool
    is_business: bool
    ship_by: datetime | None
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class OrderList:
    """A page of rows, the ways on, and how many there are in all.

    `total` is at most `COUNT_CAP` where it is not exact.
    """

    orders: tuple[OrderSummary, ...]
    next_cursor: str | None
    previous_cursor: str | None
    total: int
    total_is_exact: bool


_COLUMNS: Final = tuple(getattr(Order, name) for name in OrderSummary.__dataclass_fields__)
_SORT_COLUMNS: Final[dict[Sort, tuple[Any, bool]]] = {
    Sort.NEWEST: (Order.placed_at, True),
    Sort.OLDEST: (Order.placed_at, False),
    Sort.SHIP_BY: (Order.ship_by, False),
    Sort.SHIP_BY_LAST: (Order.ship_by, True),
    Sort.TOTAL: (Order.total_minor, False),
    Sort.TOTAL_HIGHEST: (Order.total_minor, True),
}


def list_orders(session: Session, actor: Actor, query: OrderQuery) -> OrderList:
    """One page of the orders that match.

    Args:
        session: An open session.
        actor: Must hold `orders.view`. Without `customers.see_personal_data` names and
            addresses are withheld, and the search looks at numbers only.
        query: What to show.

    Raises:
        PermissionDeniedError: If the actor may not view orders.
        InvalidInputError: If the cursor is not one of this list's.
    """
    actor.require(Permission.VIEW_ORDERS)
    sees_people = actor.may(Permission.SEE_PERSONAL_DATA)
    conditions = _conditions(session, query, sees_people=sees_people)
    position = Position.decode(query.cursor) if query.cursor else None
    rows = session.exec(_page_statement(conditions, query, position)).all()
    has_more = len(rows) > query.limit
    rows = list(rows[: query.limit])
    backward = position is not None and position.is_backward
    if backward:
        rows.reverse()
    total, is_exact = _count(session, query, conditions)
    more_after = has_more if not backward else bool(rows)
    more_before = has_more if backward else position is not None and bool(rows)
    return OrderList(
        orders=tuple(_row(row, sees_people=sees_people) for row in rows),
        next_cursor=_cursor(rows[-1], query.sort, False) if more_after and rows else None,
        previous_cursor=_cursor(rows[0], query.sort, True) if more_before and rows else None,
        total=total,
        total_is_exact=is_exact,
    )


def count_orders(session: Session, actor: Actor, query: OrderQuery) -> tuple[int, bool]:
    """How many match, at most `COUNT_CAP`, and whether that is exact."""
    actor.require(Permission.VIEW_ORDERS)
    sees_people = actor.may(Permission.SEE_PERSONAL_DATA)
    return _count(session, query, _conditions(session, query, sees_people=sees_people))


def summary_of(order: Order, *, sees_people: bool) -> OrderSummary:
    """The row of one loaded order."""
    return _row(
        tuple(getattr(order, name) for name in OrderSummary.__dataclass_fields__),
        sees_people=sees_people,
    )


def _row(values: Any, *, sees_people: bool) -> OrderSummary:
    row = OrderSummary(*values)
    if sees_people or not row.customer_name:
        return row
    fields = {name: getattr(row, name) for name in OrderSummary.__dataclass_fields__}
    return OrderSummary(**(fields | {"customer_name": WITHHELD, "pincode": ""}))


def _conditions(
    session: Session, query: OrderQuery, *, sees_people: bool
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.channels:
        conditions.append(_any_of(Order.channel, query.channels))
    if query.statuses:
        conditions.append(_any_of(Order.status, query.statuses))
    start, end = day_range(query.placed_from, query.placed_to, get_settings().zone)
    if start:
        conditions.append(col(Order.placed_at) >= start)
    if end:
        conditions.append(col(Order.placed_at) < end)
    if query.attention:
        conditions.append(attention_condition(query.attention))
    if query.text:
        conditions.append(matching.matches(session, query.text, sees_people=sees_people))
    return conditions


def _any_of(column: Any, values: tuple[Any, ...]) -> ColumnElement[bool]:
    # One value as `=`: only then can an index on (column, time) also give the order.
    return column == values[0] if len(values) == 1 else col(column).in_(values)


def attention_condition(attention: Attention) -> ColumnElement[bool]:
    """What a standing question means, in the exact words of its partial index."""
    to_ship = col(Order.status).in_([literal(status.value) for status in TO_SHIP])
    if attention is Attention.LATE:
        return and_(to_ship, col(Order.ship_by) < now())
    if attention is Attention.AT_RISK:
        moment = now()
        return and_(
            to_ship,
            col(Order.ship_by) >= moment,
            col(Order.ship_by) < moment + AT_RISK_WITHIN,
        )
    if attention is Attention.CANCEL_REQUESTED:
        return and_(
            col(Order.cancel_requested).is_(True),
            col(Order.status).in_([OrderStatus.PENDING, *TO_SHIP]),
        )
    if attention is Attention.SYNC:
        return col(Order.sync_status).in_([SyncStatus.REJECTED, SyncStatus.CONFLICT])
    return and_(col(Order.is_cod).is_(True), col(Order.status) == OrderStatus.PENDING)


def _page_statement(
    conditions: list[ColumnElement[bool]], query: OrderQuery, position: Position | None
) -> Select[Any]:
    column, descending = _SORT_COLUMNS[query.sort]
    backward = position is not None and position.is_backward
    statement: Any = select(*_COLUMNS).where(*conditions)
    if position is not None:
        statement = statement.where(_beyond(column, descending, position, query.sort))
    downward = descending != backward
    # The orders without a value come last, and first when the pages are walked backwards.
    keys = (
        (col(column).desc(), col(Order.id).desc())
        if downward
        else (col(column).asc(), col(Order.id).asc())
    )
    nulls = (
        keys[0]
        if column is Order.placed_at
        else (keys[0].nulls_first() if backward else keys[0].nulls_last())
    )
    return statement.order_by(nulls, keys[1]).limit(query.limit + 1)


def _beyond(column: Any, descending: bool, position: Position, sort: Sort) -> ColumnElement[bool]:
    """Rows after the position in reading order (before it, if it points backward)."""
    downward = descending != position.is_backward
    key = col(Order.id)
    id_beyond = key < position.order_id if downward else key > position.order_id
    if position.value is None:
        # Among the rows without a value only the id counts; those with one lie before them.
        among = and_(column.is_(None), id_beyond)
        return or_(among, column.is_not(None)) if position.is_backward else among
    value = _typed(position.value, sort)
    pair, limit = tuple_(column, key), tuple_(literal(value), literal(position.order_id))
    beyond = pair < limit if downward else pair > limit
    if column is Order.placed_at or position.is_backward:
        return beyond
    return or_(beyond, column.is_(None))


def _typed(value: str | int, sort: Sort) -> datetime | int:
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


def _cursor(row: Any, sort: Sort, is_backward: bool) -> str:
    summary = OrderSummary(*row)
    value: Any
    if sort in (Sort.TOTAL, Sort.TOTAL_HIGHEST):
        value = summary.total_minor
    elif sort in (Sort.SHIP_BY, Sort.SHIP_BY_LAST):
        value = summary.ship_by.isoformat() if summary.ship_by else None
    else:
        value = summary.placed_at.isoformat()
    return Position(value, summary.id, is_backward).encode()


def _count(
    session: Session, query: OrderQuery, conditions: list[ColumnElement[bool]]
) -> tuple[int, bool]:
    if not query.text and query.attention is None:
        return _count_by_rollup(session, query), True
    if conditions and conditions[-1].compare(false()):
        return 0, True
    capped = select(literal(1)).select_from(Order).where(*conditions).limit(COUNT_CAP + 1)
    found = session.exec(select(func.count()).select_from(capped.subquery())).one()
    return min(found, COUNT_CAP), found <= COUNT_CAP


def _count_by_rollup(session: Session, query: OrderQuery) -> int:
    """Exact and cheap: filters by day, channel and status are the rollup's own keys."""
    statement = select(func.coalesce(func.sum(OrderRollup.orders), 0))
    if query.channels:
        statement = statement.where(col(OrderRollup.channel).in_(query.channels))
    if query.statuses:
        statement = statement.where(col(OrderRollup.status).in_(query.statuses))
    if query.placed_from:
        statement = statement.where(col(OrderRollup.day) >= query.placed_from)
    if query.placed_to:
        statement = statement.where(col(OrderRollup.day) <= query.placed_to)
    return int(session.exec(statement).one())
