"""The list of orders: filters, search, order and pages whose cost does not grow with the table.

How each question meets an index is measured in `benchmarks/`; `docs/decisions/` says why.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, literal
from sqlmodel import Session, col, select

from crm_app.channels.words import Word
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import TO_SHIP, OrderStatus, PaymentStatus, SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import day_range, now
from crm_app.models import Order, OrderCount, OrderRollup
from crm_app.services import matching, paging, unknown_words
from crm_app.services.matching import Match
from crm_app.services.order_query import Attention, CarriedWord, OrderQuery, Sort
from crm_app.services.personal_data import WITHHELD

__all__ = [
    "Attention",
    "OrderList",
    "OrderQuery",
    "OrderSummary",
    "Sort",
    "conditions_of",
    "count_orders",
    "list_orders",
    "summary_of",
]

# Counting further would walk the table; the page says "10,000+".
COUNT_CAP: Final = 10_000
# Up to so many rows it is quicker to gather and sort than to hope that a walk meets them early.
# Those of some days lie together. Deadlines follow the dates, so the rows of a status may all
# lie at the far end of a walk; amounts follow nothing.
_FEW_OF_DAYS: Final = 40_000
_FEW: Final[dict[Sort, int]] = {
    Sort.NEWEST: 3_000,
    Sort.OLDEST: 3_000,
    Sort.SHIP_BY: 8_000,
    Sort.SHIP_BY_LAST: 8_000,
    Sort.TOTAL: 2_000,
    Sort.TOTAL_HIGHEST: 2_000,
}
_VERY_FEW: Final = 500
# Up to so many rows a dense text is tested on each of them, for an exact count.
_FEW_TO_TEST: Final = 5_000
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
    status_on_channel: OrderStatus | None
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

    Where `total` is not exact there are at least so many.
    """

    orders: tuple[OrderSummary, ...]
    next_cursor: str | None
    previous_cursor: str | None
    total: int
    total_is_exact: bool


_COLUMNS: Final = tuple(getattr(Order, name) for name in OrderSummary.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class _Filter:
    """The conditions of a query.

    Attributes:
        plain: All but the text.
        match: What the text means; None without one.
        rows: How many fulfil `plain`; None if the rollups do not know it.
        has_dense_word: Whether very many orders carry the unknown word that is asked for.
        carrying: How many do, counted to just above the cap.
    """

    query: OrderQuery
    plain: list[ColumnElement[bool]]
    match: Match | None
    rows: int | None
    has_dense_word: bool = False
    carrying: int = 0

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        return self.plain if self.match is None else [*self.plain, self.match.condition]

    def should_gather(self, sort: Sort) -> bool:
        """See `paging`. Attention asks for open work, which is little at any size."""
        if self.match is not None and not self.match.is_dense:
            return True
        if self.rows is None:
            return not self.has_dense_word
        if sort in (Sort.NEWEST, Sort.OLDEST):
            # One status has an index in this order; several may all lie at the far end of a walk.
            return self.rows <= (_FEW[sort] if len(self.query.statuses) > 1 else _VERY_FEW)
        has_days = self.query.placed_from or self.query.placed_to
        return self.rows <= (_FEW_OF_DAYS if has_days else _FEW[sort])


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
    chosen = _filter(session, query, sees_people=sees_people)
    page = paging.read_page(
        session,
        _COLUMNS,
        chosen.conditions,
        sort=query.sort,
        cursor=query.cursor,
        limit=query.limit,
        gather=chosen.should_gather(query.sort),
    )
    total, is_exact = _count(session, chosen)
    return OrderList(
        orders=tuple(_row(row, sees_people=sees_people) for row in page.rows),
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
        total=total,
        total_is_exact=is_exact,
    )


def count_orders(session: Session, actor: Actor, query: OrderQuery) -> tuple[int, bool]:
    """How many match, and whether that is exact; if it is not, there are at least so many."""
    actor.require(Permission.VIEW_ORDERS)
    sees_people = actor.may(Permission.SEE_PERSONAL_DATA)
    return _count(session, _filter(session, query, sees_people=sees_people))


def conditions_of(session: Session, actor: Actor, query: OrderQuery) -> list[ColumnElement[bool]]:
    """What holds for every order that matches, as conditions on `Order`.

    Raises:
        PermissionDeniedError: If the actor may not view orders.
    """
    actor.require(Permission.VIEW_ORDERS)
    sees_people = actor.may(Permission.SEE_PERSONAL_DATA)
    return _filter(session, query, sees_people=sees_people).conditions


def summary_of(order: Order, *, sees_people: bool) -> OrderSummary:
    """The row of one loaded order."""
    return _row(
        tuple(getattr(order, name) for name in OrderSummary.__dataclass_fields__),
        sees_people=sees_people,
    )


def _row(values: Any, *, sees_people: bool) -> OrderSummary:
    row = OrderSummary(*values)
    if sees_people:
        return row
    name = WITHHELD if row.customer_name else ""
    return replace(row, customer_name=name, pincode="")


def _filter(session: Session, query: OrderQuery, *, sees_people: bool) -> _Filter:
    paging.plan_for_pages(session)
    match = matching.match(session, query.text, sees_people=sees_people) if query.text else None
    rows = None if query.attention or query.word else _count_by_rollup(session, query)
    carrying = _carrying(session, query.word) if query.word else 0
    is_dense = carrying > _FEW[Sort.NEWEST]
    return _Filter(query, _conditions(query), match, rows, is_dense, carrying)


def _carrying(session: Session, word: CarriedWord) -> int:
    text = Word(word.vocabulary, word.word)
    return unknown_words.count_orders(session, [word.account_id], text)


def _conditions(query: OrderQuery) -> list[ColumnElement[bool]]:
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
    if query.word:
        conditions.append(col(Order.id).in_(unknown_words.carrying(query.word)))
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


def _count(session: Session, chosen: _Filter) -> tuple[int, bool]:
    match = chosen.match
    if match is None and chosen.rows is not None:
        return chosen.rows, True
    if match is matching.NOTHING:
        return 0, True
    if chosen.query.word and match is None and len(chosen.plain) == 1:
        return min(chosen.carrying, COUNT_CAP), chosen.carrying <= COUNT_CAP
    is_small = chosen.rows is None or chosen.rows <= _FEW_TO_TEST
    if match is not None and match.customers and match.is_dense and not is_small:
        return _count_at_least(session, chosen, match.customers), False
    if match is not None and match.is_dense and not chosen.plain:
        return COUNT_CAP, False
    capped = select(literal(1)).select_from(Order).where(*chosen.conditions).limit(COUNT_CAP + 1)
    found = session.exec(select(func.count()).select_from(capped.subquery())).one()
    return min(found, COUNT_CAP), found <= COUNT_CAP


def _count_at_least(session: Session, chosen: _Filter, customers: Any) -> int:
    """Orders of the people who were looked up. There are more: of more people, of more numbers."""
    theirs = (
        select(literal(1)).select_from(Order).where(*chosen.plain, matching.is_by(customers))
    ).limit(COUNT_CAP)
    return session.exec(select(func.count()).select_from(theirs.subquery())).one()


def _count_by_rollup(session: Session, query: OrderQuery) -> int:
    """Exact and cheap: filters by day, channel and status are the rollup's own keys."""
    has_days = query.placed_from or query.placed_to
    # Years of days are tens of thousands of rows; without dates a handful says the same.
    sums: Any = OrderRollup if has_days else OrderCount
    statement = select(func.coalesce(func.sum(sums.orders), 0))
    if query.channels:
        statement = statement.where(col(sums.channel).in_(query.channels))
    if query.statuses:
        statement = statement.where(col(sums.status).in_(query.statuses))
    if query.placed_from:
        statement = statement.where(col(OrderRollup.day) >= query.placed_from)
    if query.placed_to:
        statement = statement.where(col(OrderRollup.day) <= query.placed_to)
    return int(session.exec(statement).one())
