"""The three topics that Shopify sends every app by law: what a shop must answer or delete."""

from collections.abc import Sequence
from typing import Any, Final, Literal, get_args

from sqlalchemy import Connection, select

from crm_app.sandbox import channel_store
from crm_app.sandbox.channel_store import ChannelOrder
from crm_app.sandbox.credentials import SHOPIFY_SHOP
from crm_app.sandbox.hooks import Event
from crm_app.sandbox.json_edge import as_object
from crm_app.sandbox.shopify_hook import number_of
from crm_app.sandbox.store import channel_orders

Topic = Literal["customers/data_request", "customers/redact", "shop/redact"]
TOPICS: Final[tuple[Topic, ...]] = get_args(Topic)
_SHOP_ID: Final = 69_812_345_001
Body = dict[str, Any]


def newest_with_customer(connection: Connection) -> ChannelOrder | None:
    """The newest order whose buyer has an account; None if no buyer has one."""
    table = channel_orders
    newest = (
        select(table)
        .where(table.c.channel == "shopify", table.c.is_raw.is_(False))
        .order_by(table.c.created_at.desc())
        .limit(100)
    )
    for row in connection.execute(newest).all():
        order = channel_store.from_row(row)
        if as_object(order.body["customer"]) is not None:
            return order
    return None


def event(topic: Topic, orders: Sequence[ChannelOrder], serial: int) -> Event:
    """The hook: `orders` are those of one customer; none are needed for `shop/redact`."""
    payload: Body = {"shop_id": _SHOP_ID, "shop_domain": SHOPIFY_SHOP.domain}
    if topic != "shop/redact":
        customer: Body = orders[0].body["customer"]
        payload["customer"] = {
            "id": number_of(customer["id"]),
            "email": customer["email"],
            "phone": customer["phone"],
        }
        ids = [int(order.external_id) for order in orders]
        if topic == "customers/data_request":
            payload |= {"orders_requested": ids, "data_request": {"id": serial}}
        else:
            payload["orders_to_redact"] = ids
    return Event("shopify", topic, "", payload, group=f"privacy {serial}")
