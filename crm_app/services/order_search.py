"""The list of orders: filters, search, order and pages whose cost does not grow with the table.

How each question meets an index is measured in `benchmarks/`; `docs/decisions/` says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement
from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import IN_HOUSE, OrderStatus, PaymentStatus, SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.models import Order
from crm_app.services import matching, order_counts, order_filter, paging
from crm_app.services.matching import Field
from crm_app.services.order_query import Attention, OrderQuery, Sort
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
    units_shipped: int = 0

    @property
    def is_partly_shipped(self) -> bool:
        """Some pieces have left, and the rest is still in the house."""
        return self.status in IN_HOUSE and 0 < self.units_shipped < self.unit_count


_PLACES: Final = tuple(OrderSummary.__dataclass_fields__)
_ACCOUNT_ID: Final = _PLACES.index("account_id")
_NAME: Final = _PLACES.index("customer_name")
_PINCODE: Final = _PLACES.index("pincode")
_MINOR: Final = _PLACES.index("total_minor")
_CURRENCY: Final = _PLACES.index("currency")


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
    # What of each order the searched text matched; empty without one.
    found_by: Mapping[int, Field] = field(default_factory=dict[int, Field])


_COLUMNS: Final = tuple(getattr(Order, name) for name in OrderSummary.__dataclass_fields__)


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
    chosen = order_filter.build(session, actor, query)
    page = paging.read_page(
        session,
        _COLUMNS,
        chosen.conditions,
        sort=query.sort,
        cursor=query.cursor,
        limit=query.limit,
        gather=chosen.should_gather(query.sort),
    )
    total, is_exact = order_counts.count(session, chosen)
    return OrderList(
        orders=tuple(_row(row, actor) for row in page.rows),
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
        total=total,
        total_is_exact=is_exact,
        found_by=matching.found_by(session, chosen.match, [row.id for row in page.rows])
        if chosen.match
        else {},
    )


def count_orders(session: Session, actor: Actor, query: OrderQuery) -> tuple[int, bool]:
    """How many match, and whether that is exact; if it is not, there are at least so many."""
    return order_counts.count(session, order_filter.build(session, actor, query))


def conditions_of(session: Session, actor: Actor, query: OrderQuery) -> list[ColumnElement[bool]]:
    """What holds for every order that matches, as conditions on `Order`.

    Raises:
        PermissionDeniedError: If the actor may not view orders.
    """
    return order_filter.build(session, actor, query).conditions


def summary_of(order: Order, actor: Actor) -> OrderSummary:
    """The row of one loaded order, as far as the actor may see it."""
    return _row(tuple(getattr(order, name) for name in OrderSummary.__dataclass_fields__), actor)


def _row(values: Any, actor: Actor) -> OrderSummary:
    """Withheld before the row is made: making it twice would cost a masked list a fifth more."""
    account_id = values[_ACCOUNT_ID]
    sees_people = actor.may(Permission.SEE_PERSONAL_DATA, account_id)
    sees_money = actor.may(Permission.SEE_MONEY, account_id)
    if sees_people and sees_money:
        return OrderSummary(*values)
    told = list(values)
    if not sees_people:
        told[_NAME], told[_PINCODE] = WITHHELD if told[_NAME] else "", ""
    if not sees_money:
        told[_MINOR] = told[_CURRENCY] = None
    return OrderSummary(*told)
