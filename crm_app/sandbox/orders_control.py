"""What the levers do to single orders: move them on, break them, tell the truth about them."""

import dataclasses
import itertools
import json
import random
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from crm_app.sandbox import amazon_body, amazon_order, channel_store, times, trade, woo_order
from crm_app.sandbox.channel_store import ChannelOrder, ExtraChannel
from crm_app.sandbox.draft import invent_order
from crm_app.sandbox.json_edge import as_list, field_of
from crm_app.sandbox.store import (
    amazon_orders,
    api_calls,
    channel_orders,
    hidden_orders,
    hook_deliveries,
    woo_orders,
)

Json = dict[str, Any]
# Where a parcel can get to, beyond the stages of an invented order.
_PARCEL: dict[str, tuple[str, str]] = {
    "OUT_FOR_DELIVERY": ("IN_TRANSIT", "OUT_FOR_DELIVERY"),
    "DELIVERED": ("DELIVERED", "DELIVERED"),
    "REJECTED_BY_BUYER": ("IN_TRANSIT", "REJECTED_BY_BUYER"),
    "RETURNING_TO_SELLER": ("IN_TRANSIT", "RETURNING_TO_SELLER"),
    "RETURNED": ("UNDELIVERABLE", "RETURNED_TO_SELLER"),
    "LOST": ("UNDELIVERABLE", "LOST"),
    "DAMAGED": ("UNDELIVERABLE", "DAMAGED"),
}
_MOVES = ("UNSHIPPED", "CANCEL_REQUESTED", "CANCELLED", "SHIPPED", *_PARCEL)


class UnknownError(Exception):
    """There is no such order or channel."""


def advance_amazon(connection: Connection, seller: str, order_id: str, to: str) -> None:
    """Move an Amazon order on, as a buyer, a carrier or Amazon would.

    Raises:
        UnknownError: no such order. ValueError: no such move, or the order cannot make it.
    """
    order = amazon_order.load(connection, seller, order_id)
    if order is None:
        raise UnknownError(f"seller {seller} has no order {order_id}")
    body, move = order.body, to.upper()
    rng = random.Random()  # noqa: S311 - an invented shop, no secret
    at = times.now()
    reason = rng.choice(amazon_body.CANCEL_REASONS)
    if move == "UNSHIPPED":
        if amazon_order.status_of(body) != "PENDING":
            raise ValueError("only a PENDING order can become UNSHIPPED")
        amazon_order.release(body)
    elif move == "CANCEL_REQUESTED":
        amazon_order.request_cancel(body, reason)
    elif move == "CANCELLED":
        amazon_order.cancel(body, "BUYER", reason)
    elif move == "SHIPPED" or move in _PARCEL:
        if amazon_order.status_of(body) in ("UNSHIPPED", "PARTIALLY_SHIPPED", "PENDING"):
            amazon_body.ship_all(rng, body, at)
        if move in _PARCEL:
            amazon_order.track(body, *_PARCEL[move])
    else:
        raise ValueError(f"to must be one of {', '.join(_MOVES)}")
    amazon_order.save(connection, order, at)


def advance_woo(connection: Connection, external_id: str, to: str) -> None:
    """Give a web shop order another status. Raises UnknownError or ValueError."""
    status = to.lower()
    if status not in woo_order.STATUSES:
        raise ValueError(f"to must be one of {', '.join(woo_order.STATUSES)}")
    order = woo_order.load(connection, _woo_id(external_id))
    if order is None:
        raise UnknownError(f"the shop has no order {external_id}")
    at = times.now()
    woo_order.set_status(order.body, status, at)
    woo_order.save(connection, order, at)


def _woo_id(external_id: str) -> int:
    if not (external_id.isascii() and external_id.isdigit() and len(external_id) < 19):
        raise UnknownError(f"the shop has no order {external_id[:40]}")
    return int(external_id)


def _text_of(body: object, text: str | None) -> str:
    if text is not None:
        if "\x00" in text:
            raise ValueError("text cannot hold a NUL; write it as an escape")
        return text
    # ASCII escapes carry everything, lone surrogates and NUL included.
    return json.dumps(body, separators=(",", ":"))


def put_raw_amazon(
    connection: Connection,
    seller: str,
    body: object,
    text: str | None,
    external_id: str | None,
    at: datetime,
) -> str:
    """Serve this body, whatever it is, as an order last updated at `at`; its order id."""
    rng = random.Random()  # noqa: S311 - an invented shop, no secret
    named = external_id or field_of(body, "orderId")
    usable = isinstance(named, str) and named and "\x00" not in named
    order_id = named if usable and isinstance(named, str) else amazon_body.new_order_id(rng)
    status = field_of(field_of(body, "fulfillment"), "fulfillmentStatus")
    row = {
        "seller": seller,
        "order_id": order_id,
        "created_at": at,
        "updated_at": at,
        "status": status if isinstance(status, str) and "\x00" not in status else "UNKNOWN",
        "fulfilled_by": "MERCHANT",
        "datasets": 0,
        "is_raw": True,
        "is_moving": False,
        "body": _text_of(body, text),
        "withheld": None,
    }
    statement = insert(amazon_orders).values(row)
    keys = ["seller", "order_id"]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=row))
    return order_id


def put_raw_woo(
    connection: Connection, body: object, text: str | None, external_id: str | None, at: datetime
) -> str:
    """The same for the web shop; its id."""
    named = external_id or field_of(body, "id")
    if named is None or not str(named).isdigit():
        connection.execute(select(func.pg_advisory_xact_lock(7_301)))
        named = (connection.scalar(select(func.max(woo_orders.c.id))) or 10_400) + 1
    status = field_of(body, "status")
    row = {
        "id": _woo_id(str(named)),
        "created_at": at,
        "modified_at": at.replace(microsecond=0),
        "status": status if isinstance(status, str) and "\x00" not in status else "unknown",
        "is_raw": True,
        "body": _text_of(body, text),
    }
    statement = insert(woo_orders).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=row))
    return str(row["id"])


def read_truth(connection: Connection, channel: str, external_id: str) -> Json:
    """Everything about one order: body, parcels, and the API calls that named it.

    Raises:
        UnknownError: no such order.
    """
    if channel == "amazon":
        wanted = select(amazon_orders).where(amazon_orders.c.order_id == external_id)
    elif channel == "woocommerce":
        wanted = select(woo_orders).where(woo_orders.c.id == _woo_id(external_id))
    else:
        extra = channel_orders.c
        named = external_id.replace("\x00", "")
        wanted = select(channel_orders).where(extra.channel == channel, extra.external_id == named)
    row = connection.execute(wanted).first()
    if row is None:
        raise UnknownError(f"{channel} has no order {external_id}")
    fields = row._mapping  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - public by docs
    calls = api_calls.c
    history = connection.execute(
        select(calls.at, calls.operation, calls.status_code, calls.request)
        .where(calls.channel == channel, calls.external_id == external_id)
        .order_by(calls.id)
    )
    shown: Any = parsed(fields.get("withheld") or fields["body"])
    return {
        "channel": channel,
        "seller": fields.get("seller"),
        "external_id": external_id,
        "status": fields["status"],
        "updated_at": (fields.get("updated_at") or fields["modified_at"]).isoformat(),
        "is_raw": fields["is_raw"],
        "packages": field_of(shown, "packages") or [],
        "tracking": _tracking(shown),
        "body": shown,
        "notes": parsed(fields.get("notes") or "{}"),
        "hooks": _hooks(connection, channel, external_id),
        "calls": [
            {
                "at": call.at.isoformat(),
                "operation": call.operation,
                "status_code": call.status_code,
                "request": call.request,
            }
            for call in history
        ],
    }


def _hooks(connection: Connection, channel: str, external_id: str) -> list[Json]:
    table = hook_deliveries.c
    told = connection.execute(
        select(table.topic, table.state, table.attempts, table.last_status)
        .where(table.channel == channel, table.external_id == external_id)
        .order_by(table.id)
    )
    return [
        {"topic": one.topic, "state": one.state, "attempts": one.attempts, "status": one[3]}
        for one in told
    ]


def parsed(text: str) -> object:
    """The JSON in a stored body; one that somebody broke on purpose as it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _tracking(body: object) -> list[str]:
    """Tracking numbers, wherever the channel keeps them."""
    packages: Any = field_of(body, "packages") or []
    metas: Any = field_of(body, "meta_data") or []
    found = [str(field_of(one, "trackingNumber")) for one in packages]
    for meta in metas:
        if "tracking" in str(field_of(meta, "key")):
            value: Any = field_of(meta, "value")
            items = as_list(value) or [value]
            found += [str(field_of(item, "tracking_number") or item) for item in items]
    for fulfillment in as_list(field_of(body, "fulfillments")) or []:
        infos = as_list(field_of(fulfillment, "trackingInfo")) or []
        found += [str(field_of(one, "number")) for one in infos]
    return found


def place_extra(
    connection: Connection,
    channel: ExtraChannel,
    count: int,
    status: str | None,
    lines: int | None,
    cod: bool | None,
    placed_at: datetime | None,
    at: datetime,
) -> list[str]:
    """New orders of one of the later channels, moved on to `status` at once; their ids.

    Raises:
        ValueError: no order gets to this status.
    """
    rng = random.Random()  # noqa: S311 - an invented shop, no secret
    made: list[str] = []
    for _ in range(count):
        draft = invent_order(rng, times.cut(placed_at or at), line_count=lines, is_cod=cod)
        if lines is not None and lines > len(draft.lines):
            # More lines than articles: some are bought twice.
            many = itertools.islice(itertools.cycle(draft.lines), lines)
            draft = dataclasses.replace(draft, lines=tuple(many))
        for order in trade.place(connection, channel, rng, draft):
            if status is not None and status.lower() != order.status.lower():
                trade.advance(connection, order, status, at)
            made.append(order.external_id)
    return made


def _load_extra(connection: Connection, channel: str, external_id: str) -> ChannelOrder:
    order = channel_store.load(connection, channel, external_id)
    if order is None:
        raise UnknownError(f"{channel} has no order {external_id[:40]}")
    return order


def advance_extra(
    connection: Connection, channel: str, external_id: str, to: str, at: datetime
) -> None:
    """Move an order of a later channel on. Raises UnknownError or ValueError."""
    trade.advance(connection, _load_extra(connection, channel, external_id), to, at)


def reissue(connection: Connection, channel: str, external_id: str, at: datetime) -> str:
    """Replace an order by one of another id; the new id. Raises UnknownError or ValueError."""
    if channel == "woocommerce":
        return str(woo_order.reissue(connection, _woo_id(external_id), at))
    if not trade.is_extra(channel):
        # A replacement at Amazon is an order of its own, and the first one stays what it was.
        raise ValueError(f"{channel} never issues an order again")
    return trade.reissue(connection, _load_extra(connection, channel, external_id), at)


def put_raw_extra(
    connection: Connection,
    channel: ExtraChannel,
    body: object,
    text: str | None,
    external_id: str | None,
    at: datetime,
) -> str:
    """Serve this body, whatever it is, as an order of a later channel; its id."""
    named, status = trade.raw_name(connection, channel, body, external_id)
    channel_store.put_raw(connection, channel, named, status, _text_of(body, text), at)
    return named


def set_hidden(connection: Connection, channel: str, external_id: str, is_hidden: bool) -> None:
    """Let the lists of a channel forget an order, or remember it."""
    row = {"channel": channel, "external_id": external_id}
    if is_hidden:
        connection.execute(insert(hidden_orders).values(row).on_conflict_do_nothing())
        return
    table = hidden_orders.c
    mine = (table.channel == channel, table.external_id == external_id)
    connection.execute(hidden_orders.delete().where(*mine))


def count_extra(connection: Connection) -> dict[str, dict[str, int]]:
    """Orders of the later channels by status."""
    table = channel_orders.c
    sums = select(table.channel, table.status, func.count()).group_by(table.channel, table.status)
    found: dict[str, dict[str, int]] = {}
    for channel, status, count in connection.execute(sums):
        found.setdefault(channel, {})[status] = count
    return found
