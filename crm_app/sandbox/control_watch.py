"""Levers of the page: all that happens at a glance, all orders of a channel, and calm again."""

from dataclasses import asdict
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Row, Select, func, or_, select, update
from starlette.requests import Request

from crm_app.sandbox import channel_store, hooks, shopify_privacy, times, trade
from crm_app.sandbox.json_edge import read_json
from crm_app.sandbox.orders_control import UnknownError, parsed
from crm_app.sandbox.serving import Sandbox
from crm_app.sandbox.store import (
    amazon_orders,
    channel_orders,
    hidden_orders,
    hook_deliveries,
    hook_targets,
    woo_orders,
)

Json = dict[str, Any]
CHANNELS: Final = ("amazon", "flipkart", "blinkit", "swiggy", "woocommerce", "shopify")
_SHOWN_ORDERS: Final = 8
_SHOWN_CALLS: Final = 60
_SHOWN_HOOKS: Final = 30
_MOST_AT_ONCE: Final = 500


class PrivacyInput(BaseModel):
    """Which of Shopify's three mandatory topics is sent, about its newest known customer."""

    model_config = ConfigDict(extra="forbid")

    topic: shopify_privacy.Topic


class ResendInput(BaseModel):
    """Whose deliveries that failed or got lost are sent once more."""

    model_config = ConfigDict(extra="forbid")

    channel: Literal["amazon", "woocommerce", "flipkart", "shopify", "blinkit", "swiggy"]


def watch(box: Sandbox, _request: Request, _raw: bytes) -> Json:
    """Everything that the page shows."""
    with box.engine.connect() as connection:
        open_accounts = {"amazon", "woocommerce", *trade.accounts(connection)}
        channels = [_channel(box, connection, one, one in open_accounts) for one in CHANNELS]
        targets = hooks.list_targets(connection)
        deliveries = [_delivery(row) for row in connection.execute(_newest_hooks()).all()]
    return {
        "at": times.stamp(times.now()),
        "mode": box.limits.mode,
        "order_every_s": box.options.order_every_s,
        "channels": channels,
        "budgets": [*box.limits.remaining(), _shopify_budget(box)],
        "faults": [asdict(fault) for fault in box.faults.pending()],
        "hook_faults": [asdict(fault) for fault in box.hook_faults.pending()],
        "dealt": dealt(box),
        "calls": [
            {**asdict(one), "at": times.stamp(one.at)}
            for one in list(box.recent)[: -_SHOWN_CALLS - 1 : -1]
        ],
        "targets": targets,
        "deliveries": deliveries,
    }


def dealt(box: Sandbox) -> list[Json]:
    """How many of each fault hit something since the start."""
    both = box.faults.dealt + box.hook_faults.dealt
    return [
        {"channel": channel, "kind": kind, "times": count}
        for (channel, kind), count in sorted(both.items())
    ]


def _shopify_budget(box: Sandbox) -> Json:
    status = box.shopify_bucket.status(box.limits.mode)
    return {
        "channel": "shopify",
        "seller": "",
        "operation": "points",
        "left": int(status["currentlyAvailable"]),
        "most": int(status["maximumAvailable"]),
        "refilled_per_s": status["restoreRate"],
    }


def _channel(box: Sandbox, connection: Connection, channel: str, is_open: bool) -> Json:
    hidden = select(func.count()).where(hidden_orders.c.channel == channel)
    newest = connection.execute(rows_of(channel, newest=True).limit(_SHOWN_ORDERS)).all()
    return {
        "channel": channel,
        "is_open": is_open,
        "orders": _count(connection, channel),
        "hidden": connection.scalar(hidden) or 0,
        "skew_s": box.skew_s.get(channel, 0.0),
        "newest": [
            {
                "external_id": str(row.external_id),
                "status": row.status,
                "at": times.stamp(row.updated_at),
            }
            for row in newest
        ],
    }


def _count(connection: Connection, channel: str) -> int:
    if channel == "amazon":
        wanted = select(func.count()).select_from(amazon_orders)
    elif channel == "woocommerce":
        wanted = select(func.count()).select_from(woo_orders)
    else:
        wanted = select(func.count()).where(channel_orders.c.channel == channel)
    return connection.scalar(wanted) or 0


def rows_of(channel: str, *, newest: bool) -> Select[Any]:
    """All orders of a channel under one set of names, newest change or smallest id first."""
    if channel == "amazon":
        table, key, at = amazon_orders, amazon_orders.c.order_id, amazon_orders.c.updated_at
        more: Any = amazon_orders.c.seller
    elif channel == "woocommerce":
        table, key, at = woo_orders, woo_orders.c.id, woo_orders.c.modified_at
        more = None
    else:
        table, key, at = channel_orders, channel_orders.c.external_id, channel_orders.c.updated_at
        more = channel_orders.c.notes
    columns = [key.label("external_id"), table.c.status, at.label("updated_at")]
    columns += [table.c.is_raw, table.c.body]
    if more is not None:
        columns.append(more.label("more"))
    wanted = select(*columns)
    if "channel" in table.c:
        wanted = wanted.where(table.c.channel == channel)
    return wanted.order_by(at.desc() if newest else key)


def list_orders(box: Sandbox, request: Request, _raw: bytes) -> Json:
    """Every order of a channel as it is served, in pages: `after` is the last id of the one before.

    Hidden orders are part of it: this is what the channel knows, not what its lists show.
    """
    channel = str(request.path_params["channel"])
    if channel not in CHANNELS:
        raise UnknownError(f"there is no channel {channel} here")
    wanted = rows_of(channel, newest=False)
    key = wanted.selected_columns[0]
    if after := request.query_params.get("after"):
        wanted = wanted.where(key > (_woo_number(after) if channel == "woocommerce" else after))
    with box.engine.connect() as connection:
        rows = connection.execute(wanted.limit(_MOST_AT_ONCE)).all()
        table = hidden_orders.c
        hidden = set(
            connection.scalars(select(table.external_id).where(table.channel == channel)).all()
        )
    orders = [_order(row, str(row.external_id) in hidden) for row in rows]
    is_full = len(orders) == _MOST_AT_ONCE
    return {"orders": orders, "next": orders[-1]["external_id"] if is_full else None}


def _woo_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValueError("after must be an order's id")
    return int(text)


def _order(row: Row[*tuple[Any, ...]], is_hidden: bool) -> Json:
    return {
        "external_id": str(row.external_id),
        "status": row.status,
        "updated_at": row.updated_at.isoformat(),
        "is_raw": row.is_raw,
        "is_hidden": is_hidden,
        "body": parsed(row.body),
        "more": getattr(row, "more", None),
    }


def _newest_hooks() -> Select[Any]:
    table = hook_deliveries
    return select(table).order_by(table.c.id.desc()).limit(_SHOWN_HOOKS)


def _delivery(row: Row[*tuple[Any, ...]]) -> Json:
    return {
        "id": row.id,
        "channel": row.channel,
        "topic": row.topic,
        "external_id": row.external_id,
        "state": row.state,
        "attempts": row.attempts,
        "at": times.stamp(row.made_at),
        "last_status": row.last_status,
    }


def calm(box: Sandbox, _request: Request, _raw: bytes) -> Json:
    """Everything as it should be: no fault, no skew, no forgotten order, every receiver told."""
    cleared = box.faults.clear() + box.hook_faults.clear()
    box.skew_s.clear()
    with box.engine.begin() as connection:
        shown = connection.execute(hidden_orders.delete()).rowcount
        mended = {"status": "active", "failures": 0, "paused_until": None}
        connection.execute(update(hook_targets).values(mended))
    return {"faults": cleared, "shown_again": shown}


def resend(box: Sandbox, _request: Request, raw: bytes) -> Json:
    """What a channel's support does when asked: send again what never arrived."""
    channel = ResendInput.model_validate(read_json(raw)).channel
    table = hook_deliveries
    lost = or_(table.c.state == "failed", table.c.state == "dropped")
    again = {"state": "waiting", "attempts": 0, "due_at": func.now()}
    with box.engine.begin() as connection:
        found = update(table).where(table.c.channel == channel, lost).values(again)
        return {"sent_again": connection.execute(found).rowcount}


def send_privacy(box: Sandbox, _request: Request, raw: bytes) -> Json:
    """Send one of Shopify's three mandatory topics to whoever listens."""
    topic = PrivacyInput.model_validate(read_json(raw)).topic
    with box.engine.begin() as connection:
        order = shopify_privacy.newest_with_customer(connection)
        if order is None and topic != "shop/redact":
            raise ValueError("no order of the shop has a customer yet")
        serial = channel_store.next_serial(connection, "shopify privacy")
        orders = [] if order is None else [order]
        hooks.emit(connection, [shopify_privacy.event(topic, orders, serial)], box.now("shopify"))
    return {"topic": topic, "orders": [one.external_id for one in orders]}
