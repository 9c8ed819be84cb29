"""The channels beyond Amazon and the web shop, behind one table: place, move, cancel, seed."""

import dataclasses
import itertools
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, select

from crm_app.sandbox import (
    blinkit_order,
    channel_store,
    flipkart_order,
    hooks,
    shop,
    shopify_body,
    shopify_order,
    store,
    swiggy_order,
    times,
)
from crm_app.sandbox.channel_store import EXTRA_CHANNELS, ChannelOrder, ExtraChannel
from crm_app.sandbox.draft import Draft, invent_order
from crm_app.sandbox.hooks import Event
from crm_app.sandbox.json_edge import as_list, as_object
from crm_app.sandbox.store import channel_orders, later

_INSERT_BATCH: Final = 1_000
_QUICK: Final = timedelta(hours=2)
# How many orders each channel sells for one that Amazon and the web shop sell together.
SHARES: Final[Mapping[ExtraChannel, float]] = {
    "flipkart": 20 / 65,
    "shopify": 8 / 65,
    "swiggy": 5 / 65,
    "blinkit": 2 / 65,
}


@dataclass(frozen=True, slots=True)
class Trade:
    """What one channel can do.

    Args:
        dress: a draft and a serial number into one or more stored orders.
        advance: one move of an order, and what is told about it; ValueError if it cannot be.
        created: what is told about a new order.
        cancelled: the word for a buyer's (or the channel's own) cancellation.
        life: moves that nobody of the brand makes: from, to, chance a beat, rest before it.
    """

    dress: Callable[[random.Random, Draft, int], list[ChannelOrder]]
    advance: Callable[[ChannelOrder, str, random.Random, datetime], list[Event]]
    created: Callable[[ChannelOrder], list[Event]]
    cancelled: str
    life: tuple[tuple[str, str, float, timedelta], ...]


def _minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


TRADES: Final[Mapping[ExtraChannel, Trade]] = {
    "flipkart": Trade(
        flipkart_order.dress,
        flipkart_order.advance,
        flipkart_order.created,
        "CANCELLED",
        (
            ("READY_TO_DISPATCH", "PICKUP_COMPLETE", 0.4, _minutes(1)),
            ("PICKUP_COMPLETE", "SHIPPED", 0.4, _minutes(1)),
            ("SHIPPED", "DELIVERED", 0.3, _minutes(2)),
            ("DELIVERED", "RETURN_REQUESTED", 0.01, _minutes(5)),
            ("APPROVED", "CANCELLED", 0.02, _minutes(5)),
        ),
    ),
    "shopify": Trade(
        shopify_body.dress,
        shopify_order.advance,
        shopify_order.created,
        "CANCELLED",
        (
            ("FULFILLED", "IN_TRANSIT", 0.3, _minutes(1)),
            ("IN_TRANSIT", "OUT_FOR_DELIVERY", 0.3, _minutes(1)),
            ("OUT_FOR_DELIVERY", "DELIVERED", 0.3, _minutes(1)),
            ("OPEN", "CANCELLED", 0.01, _minutes(5)),
        ),
    ),
    "swiggy": Trade(
        swiggy_order.dress,
        swiggy_order.advance,
        swiggy_order.created,
        "Cancelled",
        (
            ("Dispatched", "Completed", 0.5, _minutes(1)),
            ("Placed", "Cancelled", 0.02, _minutes(5)),
        ),
    ),
    "blinkit": Trade(
        blinkit_order.dress,
        blinkit_order.advance,
        blinkit_order.created,
        "CANCELLED",
        (("CREATED", "CANCELLED", 0.01, _minutes(10)),),
    ),
}


def is_extra(channel: str) -> bool:
    """Whether the channel is one of these."""
    return channel in EXTRA_CHANNELS


def open_account(engine: Engine, channel: ExtraChannel, count: int, seed: int, at: datetime) -> int:
    """Let a channel sell, beginning with `count` orders of the last 90 days, once.

    Returns:
        How many orders (on Flipkart: buyers' orders) were invented; 0 the second time.
    """
    with engine.begin() as connection:
        key = f"account {channel}"
        if store.read_fact(connection, key) is not None:
            return 0
        store.write_fact(connection, key, times.stamp(at))
        # A stream of its own, so that the other channels' orders stay what they were.
        rng = random.Random(f"{seed} {channel}")  # noqa: S311 - an invented shop, no secret
        moments = shop.order_moments(rng, count, at)
        while batch := list(itertools.islice(moments, _INSERT_BATCH)):
            orders: list[ChannelOrder] = []
            for placed_at in batch:
                serial = channel_store.next_serial(connection, channel)
                draft = shop.aged_order(rng, placed_at, at)
                if channel == "swiggy" and at - placed_at > _QUICK:
                    draft = _delivered(draft)
                orders += [
                    _at_stage(order, draft) for order in TRADES[channel].dress(rng, draft, serial)
                ]
            channel_store.insert_rows(connection, orders)
    return count


def _delivered(draft: Draft) -> Draft:
    """What a rider brings is there, or cancelled, within hours."""
    is_lost = draft.stage in ("cancelled", "failed")
    return draft if is_lost else dataclasses.replace(draft, stage="delivered")


def _at_stage(order: ChannelOrder, draft: Draft) -> ChannelOrder:
    reached = draft.changed_at or draft.placed_at
    order.updated_at = max(order.updated_at, channel_store.moved_on(order, reached))
    _show_moment(order)
    return order


def _show_moment(order: ChannelOrder) -> None:
    if order.channel == "flipkart":
        order.body["updatedAt"] = flipkart_order.ist(order.updated_at)
    elif order.channel == "shopify":
        order.body["updatedAt"] = shopify_order.stamp(order.updated_at)


def accounts(connection: Connection) -> list[ExtraChannel]:
    """Channels that have an account."""
    return [one for one in EXTRA_CHANNELS if store.read_fact(connection, f"account {one}")]


def place(
    connection: Connection, channel: ExtraChannel, rng: random.Random, draft: Draft
) -> list[ChannelOrder]:
    """Store a draft as new order (on Flipkart perhaps two shipments), and tell it."""
    trade = TRADES[channel]
    orders = trade.dress(rng, draft, channel_store.next_serial(connection, channel))
    channel_store.insert_rows(connection, orders)
    told = [event for order in orders for event in trade.created(order)]
    hooks.emit(connection, told, draft.placed_at)
    return orders


def commit(
    connection: Connection, order: ChannelOrder, events: Iterable[Event], at: datetime
) -> None:
    """Write a changed order and queue what is told about it."""
    if order.channel != "shopify":
        order.updated_at = later(at, order.updated_at)
    _show_moment(order)
    channel_store.save(connection, order)
    hooks.emit(connection, events, at)


def advance(connection: Connection, order: ChannelOrder, to: str, at: datetime) -> None:
    """Move an order on and write it. ValueError: it cannot be moved there."""
    rng = random.Random()  # noqa: S311 - an invented shop, no secret
    commit(connection, order, TRADES[order.channel].advance(order, to, rng, at), at)


_SERIAL_REISSUES: Final[Mapping[str, Callable[[ChannelOrder, int, datetime], ChannelOrder]]] = {
    "swiggy": swiggy_order.reissue,
    "blinkit": blinkit_order.reissue,
    "shopify": shopify_body.reissue,
}


def reissue(connection: Connection, order: ChannelOrder, at: datetime) -> str:
    """The channel replaces an order by one of another id; the new id.

    Raises:
        ValueError: its order has ended, or left.
    """
    rng = random.Random()  # noqa: S311 - an invented shop, no secret
    if order.channel == "flipkart":
        fresh = flipkart_order.reissue(order, rng, at)
    else:
        serial = channel_store.next_serial(connection, order.channel)
        fresh = _SERIAL_REISSUES[order.channel](order, serial, at)
    trade = TRADES[order.channel]
    advance(connection, order, trade.cancelled, at)
    channel_store.insert_rows(connection, [fresh])
    hooks.emit(connection, trade.created(fresh), at)
    return fresh.external_id


def tick(connection: Connection, rng: random.Random, at: datetime, is_selling: bool) -> list[str]:
    """One beat of the channels that have an account; what happened, one sentence each."""
    happened: list[str] = []
    for channel in accounts(connection):
        if is_selling and rng.random() < SHARES[channel]:
            draft = dataclasses.replace(invent_order(rng, at), stage="open")
            placed = place(connection, channel, rng, draft)
            happened += [f"{channel} {order.external_id} placed" for order in placed]
        for origin, to, chance, rest in TRADES[channel].life:
            if rng.random() < chance:
                happened += _move_one(connection, channel, origin, to, at - rest, at)
    return happened


def _move_one(
    connection: Connection,
    channel: str,
    origin: str,
    to: str,
    calm_since: datetime,
    at: datetime,
) -> list[str]:
    table = channel_orders
    found = (
        select(table)
        .where(table.c.channel == channel, table.c.status == origin)
        .where(table.c.updated_at < calm_since, table.c.is_raw.is_(False))
        .order_by(table.c.updated_at.desc())
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(found).one_or_none()
    if row is None:
        return []
    order = channel_store.from_row(row)
    advance(connection, order, to, at)
    return [f"{channel} {order.external_id} {to}"]


def raw_name(
    connection: Connection, channel: ExtraChannel, body: object, external_id: str | None
) -> tuple[str, str]:
    """Id and status under which a raw body is served."""
    fields = as_object(body) or {}
    named = external_id or _first_text(fields, ("shipmentId", "legacyResourceId", "po_number"))
    if not named:
        named = f"raw-{channel_store.next_serial(connection, f'raw {channel}')}"
    item = (as_list(fields.get("orderItems")) or [None])[0]
    status = _first_text({**fields, **(as_object(item) or {})}, ("status",))
    return named.replace("\x00", ""), status or "UNKNOWN"


def _first_text(fields: Mapping[str, Any], names: Iterable[str]) -> str | None:
    for name in names:
        value = fields.get(name)
        if isinstance(value, str) and value and "\x00" not in value:
            return value
    return None
