"""What each filter of a list means, as a condition on orders.

The indexes test what they hold without a row being read, but only for `=` and `IN`: so what is
left out of a closed set of words is asked for as the rest of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, func, literal, not_, or_
from sqlmodel import col, select

from crm_app.config import get_settings
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import TO_SHIP, OrderStatus, PaymentStatus, SyncStatus
from crm_app.domain.time import business_day, day_range, now
from crm_app.domain.working import Priority
from crm_app.models import Order, OrderLine, OrderTag
from crm_app.services import unknown_words
from crm_app.services.facets import (
    ME,
    NONE,
    Archived,
    Due,
    Facet,
    Flag,
    Pick,
    amount_range_of,
    day_range_of,
)
from crm_app.services.order_query import Attention, OrderQuery

AT_RISK_WITHIN: Final = timedelta(hours=4)
Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and when: what `me`, `today` and the name of a tag mean.

    Attributes:
        today: The business day.
        user_id: None for who is no person.
        tags: Ids of the tags that are asked for, by their names in lower case.
    """

    today: date
    user_id: int | None
    tags: Mapping[str, int] = field(default_factory=dict[str, int])

    @classmethod
    def at_this_moment(cls, user_id: int | None, tags: Mapping[str, int]) -> "Asker":
        return cls(business_day(now(), get_settings().zone), user_id, tags)


def plain_conditions(query: OrderQuery, asker: Asker) -> list[Condition]:
    """All of a query but its text and its picks of facets."""
    conditions: list[Condition] = []
    if query.channels:
        conditions.append(any_of(Order.channel, query.channels))
    if query.statuses:
        conditions.append(any_of(Order.status, query.statuses))
    start, end = day_range(*query.days(asker.today), get_settings().zone)
    if start:
        conditions.append(col(Order.placed_at) >= start)
    if end:
        conditions.append(col(Order.placed_at) < end)
    if query.attention:
        conditions.append(attention_condition(query.attention))
    if query.word:
        conditions.append(col(Order.id).in_(unknown_words.carrying(query.word)))
    return conditions


def any_of(column: Any, values: tuple[Any, ...]) -> Condition:
    """The column is one of these; one value as `=`, for only then can an index on (column, time)
    also give the order."""
    return column == values[0] if len(values) == 1 else column.in_(values)


def attention_condition(attention: Attention) -> Condition:
    """What a standing question means, in the exact words of its partial index."""
    moment = now()
    if attention is Attention.LATE:
        return and_(_is_to_ship(), col(Order.ship_by) < moment)
    if attention is Attention.AT_RISK:
        return and_(
            _is_to_ship(),
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


def _is_to_ship() -> Condition:
    return col(Order.status).in_([literal(status.value) for status in TO_SHIP])


def chosen_condition(pick: Pick, asker: Asker) -> Condition | None:
    """An order has one of the pick's values; None if the pick names none."""
    return _meaning(pick.facet, pick.values, asker) if pick.values else None


def left_out_condition(pick: Pick, asker: Asker) -> Condition | None:
    """An order has none of what the pick leaves out; None if it leaves nothing out."""
    if not pick.without:
        return None
    words = _WORDS.get(pick.facet)
    if words is not None:
        column, kind = words
        return any_of(column, tuple(word for word in kind if word.value not in pick.without))
    # A row without a value has none of them either: `NOT` of an unknown answer would hide it.
    return _meaning(pick.facet, pick.without, asker).is_not(True)


def _meaning(facet: Facet, values: tuple[str, ...], asker: Asker) -> Condition:
    if facet in _WORDS:
        column, kind = _WORDS[facet]
        return any_of(column, tuple(kind(value) for value in values))
    if facet in _FLAGS:
        return _FLAGS[facet](values == (Flag.YES.value,))
    return _MEANINGS[facet](values, asker)


def _account(values: tuple[str, ...], asker: Asker) -> Condition:
    del asker
    return any_of(Order.account_id, tuple(int(value) for value in values))


def _customer(values: tuple[str, ...], asker: Asker) -> Condition:
    del asker
    return any_of(Order.customer_id, tuple(int(value) for value in values))


def _city(values: tuple[str, ...], asker: Asker) -> Condition:
    del asker
    name: Any = func.lower(Order.city)
    # The first part is the index's own condition.
    return (col(Order.city) != "") & any_of(name, tuple(value.lower() for value in values))


def _pincode(values: tuple[str, ...], asker: Asker) -> Condition:
    del asker
    column = col(Order.pincode)
    return (column != "") & or_(*[column.like(value + "%") for value in values])


def _sku(values: tuple[str, ...], asker: Asker) -> Condition:
    del asker
    return has_sku(sku_spellings(values))


def sku_spellings(values: tuple[str, ...]) -> tuple[str, ...]:
    """As typed, and in capitals: most catalogues are written so."""
    return tuple(sorted({*values, *(value.upper() for value in values)}))


def has_sku(skus: tuple[str, ...]) -> Condition:
    """A line of the order has one of these. A value for each row, not EXISTS: that the planner
    turns into a join of all orders with all lines."""
    return (
        select(literal(True))
        .where(OrderLine.order_id == Order.id, any_of(OrderLine.sku, skus))
        .limit(1)
        .correlate(Order)
        .scalar_subquery()
        .is_(True)
    )


def tag_ids(values: tuple[str, ...], asker: Asker) -> tuple[int, ...]:
    """The tags with these names; a name that no tag has is left out."""
    found = (asker.tags.get(value.lower()) for value in values)
    return tuple(one for one in found if one is not None)


def _tag(values: tuple[str, ...], asker: Asker) -> Condition:
    ids = tag_ids(values, asker)
    if not ids:
        return false()
    return (
        select(literal(True))
        .where(OrderTag.order_id == Order.id, any_of(OrderTag.tag_id, ids))
        .limit(1)
        .correlate(Order)
        .scalar_subquery()
        .is_(True)
    )


def _assignee(values: tuple[str, ...], asker: Asker) -> Condition:
    ids = {asker.user_id if value == ME else int(value) for value in values if value != NONE}
    known = tuple(sorted(one for one in ids if one is not None))
    parts: list[Condition] = []
    if known:
        parts.append(any_of(Order.assignee_id, known))
    if NONE in values:
        parts.append(col(Order.assignee_id).is_(None))
    return or_(*parts) if parts else false()


def archived_condition(query: OrderQuery) -> Condition | None:
    """Put away or not; None where both are asked for."""
    asked = query.pick(Facet.ARCHIVED).values
    if asked == (Archived.ALL.value,):
        return None
    column = col(Order.archived_at)
    return column.is_not(None) if asked == (Archived.YES.value,) else column.is_(None)


def _due(values: tuple[str, ...], asker: Asker) -> Condition:
    return or_(*[_due_one(value, asker) for value in values])


def _due_one(value: str, asker: Asker) -> Condition:
    if value == Due.OVERDUE:
        return attention_condition(Attention.LATE)
    if value == Due.NONE:
        return col(Order.ship_by).is_(None)
    days = {Due.TODAY.value: asker.today, Due.TOMORROW.value: asker.today + timedelta(days=1)}
    first, last = (days[value],) * 2 if value in days else day_range_of(value) or (None, None)
    start, end = day_range(first, last, get_settings().zone)
    parts: list[Condition] = []
    if start:
        parts.append(col(Order.ship_by) >= start)
    if end:
        parts.append(col(Order.ship_by) < end)
    return and_(*parts)


def _amount(values: tuple[str, ...], asker: Asker) -> Condition:
    del asker
    return or_(*[_amount_one(value) for value in values])


def _amount_one(value: str) -> Condition:
    currency, least, most = amount_range_of(value)
    # Amounts of two currencies are not compared.
    parts: list[Condition] = [col(Order.currency) == currency]
    if least is not None:
        parts.append(col(Order.total_minor) >= least)
    if most is not None:
        parts.append(col(Order.total_minor) <= most)
    return and_(*parts)


def _is(column: Any) -> Callable[[bool], Condition]:
    # The bare column: `IS true` does not prove to the planner what its partial index holds.
    def read(wanted: bool) -> Condition:
        flag: Condition = column
        return flag if wanted else not_(flag)

    return read


def _unmapped(wanted: bool) -> Condition:
    column = col(Order.status_on_channel)
    return column.is_(None) if wanted else not_(column.is_(None))


_WORDS: Final[dict[Facet, tuple[Any, type[StrEnum]]]] = {
    Facet.CHANNEL: (Order.channel, Channel),
    Facet.STATUS: (Order.status, OrderStatus),
    Facet.PAYMENT: (Order.payment_status, PaymentStatus),
    Facet.SYNC: (Order.sync_status, SyncStatus),
    Facet.PRIORITY: (Order.priority, Priority),
}
_FLAGS: Final[dict[Facet, Callable[[bool], Condition]]] = {
    Facet.HOLD: _is(Order.on_hold),
    Facet.COD: _is(Order.is_cod),
    Facet.CANCEL: _is(Order.cancel_requested),
    Facet.RETURN: _is(Order.return_requested),
    Facet.UNMAPPED: _unmapped,
}
_MEANINGS: Final[dict[Facet, Callable[[tuple[str, ...], Asker], Condition]]] = {
    Facet.ACCOUNT: _account,
    Facet.CUSTOMER: _customer,
    Facet.CITY: _city,
    Facet.PINCODE: _pincode,
    Facet.SKU: _sku,
    Facet.TAG: _tag,
    Facet.ASSIGNEE: _assignee,
    Facet.DUE: _due,
    Facet.AMOUNT: _amount,
}
