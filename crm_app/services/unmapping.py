"""What an order's status was before a word of its channel got the meaning that it lost again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from crm_app.channels.base import ChannelOrder
from crm_app.domain.actor import HANDS
from crm_app.domain.order_status import OrderStatus
from crm_app.models import Order, OrderEvent
from crm_app.services.order_rows import UNKNOWN_STATUS

REMAPPED: Final = "order:remapped"
_IMPORTED: Final = "order:imported"


class Standing(NamedTuple):
    """An order's status, and the channel's word in our terms; None where it had no meaning."""

    status: OrderStatus
    heard: OrderStatus | None


def standings_before(
    session: Session, orders: Iterable[Order], told: Mapping[int, ChannelOrder]
) -> dict[int, Standing]:
    """By order: how it stood before its channel's word was read as the status that it has now.

    Only of orders whose word has no meaning any more and whose status came from it; what a
    person or an earlier word of the channel said since is nothing to go back from.

    Args:
        session: Only read.
        orders: As they are stored.
        told: By our id, their payloads with the words in force.
    """
    unread = [one for one in orders if told[one.id].status is None and told[one.id].unknown_words]
    if not unread:
        return {}
    events = _events(session, [order.id for order in unread])
    found = {order.id: _before(events[order.id]) for order in unread}
    now = {order.id: order.status for order in unread}
    return {key: one for key, one in found.items() if one is not None and one.status != now[key]}


def _events(session: Session, ids: Sequence[int]) -> dict[int, list[OrderEvent]]:
    """What changed their status or the channel's word for it, newest first."""
    found: defaultdict[int, list[OrderEvent]] = defaultdict(list)
    rows = session.exec(
        select(OrderEvent)
        .where(
            col(OrderEvent.order_id).in_(ids),
            col(OrderEvent.kind).like("order:%"),
            or_(
                func.jsonb_exists(col(OrderEvent.data), "status"),
                func.jsonb_exists(col(OrderEvent.data), "channel_status"),
            ),
        )
        .order_by(col(OrderEvent.id).desc())
    )
    for event in rows:
        found[event.order_id].append(event)
    return found


def _before(events: Iterable[OrderEvent]) -> Standing | None:
    """Back through the readings of the word, to the version of the order that brought it."""
    before: Standing | None = None
    for event in events:
        has_status = "status" in event.data
        if event.kind == REMAPPED:
            before = _standing(event.data) if has_status else before
            continue
        if event.actor_kind in HANDS:
            return before
        brings_word = event.kind == _IMPORTED or "channel_status" in event.data
        return _standing(event.data) if brings_word and has_status else before
    return before


def _standing(data: Mapping[str, Any]) -> Standing:
    """How an order stood before an event that changed its status."""
    status, heard = data["status"][0], data.get("status_on_channel", [None])[0]
    return Standing(
        OrderStatus(status) if status else UNKNOWN_STATUS, OrderStatus(heard) if heard else None
    )
