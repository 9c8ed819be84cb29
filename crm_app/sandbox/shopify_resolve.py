"""Answers the fields of a query from stored orders; mutations are in `shopify_write`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from graphql import GraphQLError
from sqlalchemy import Connection, select
from starlette.requests import Request

from crm_app.sandbox import serving
from crm_app.sandbox.credentials import SHOPIFY_SHOP
from crm_app.sandbox.json_edge import as_list, as_object
from crm_app.sandbox.shopify_order import gid, order_number_of
from crm_app.sandbox.shopify_search import find_orders, slice_list
from crm_app.sandbox.shopify_subscriptions import listed
from crm_app.sandbox.store import channel_orders

Body = dict[str, Any]


@dataclass(slots=True)
class ShopCall:
    """One request: its transaction, its time, and the orders that it named."""

    request: Request
    connection: Connection
    at: datetime

    def read(self, number: str) -> Body | None:
        """An order's node, or None."""
        table = channel_orders
        wanted = select(table.c.body).where(
            table.c.channel == "shopify", table.c.external_id == number.replace("\x00", "")
        )
        text = self.connection.scalar(wanted)
        if text is None:
            return None
        serving.touch(self.request, number)
        return as_object(json.loads(text))


Resolver = Callable[[ShopCall, Mapping[str, Any]], Any]


def _order(call: ShopCall, arguments: Mapping[str, Any]) -> Body | None:
    any_gid: str = arguments["id"]
    if not any_gid.startswith("gid://shopify/Order/"):
        raise GraphQLError(f"Invalid global id '{any_gid[:80]}'")
    return call.read(any_gid.rpartition("/")[2])


def _orders(call: ShopCall, arguments: Mapping[str, Any]) -> Body:
    return find_orders(call.connection, arguments)


def _fulfillment(call: ShopCall, arguments: Mapping[str, Any]) -> Body | None:
    return _part(call, arguments["id"], "fulfillments")


def _fulfillment_order(call: ShopCall, arguments: Mapping[str, Any]) -> Body | None:
    return _part(call, arguments["id"], "fulfillmentOrders")


def _part(call: ShopCall, any_gid: str, name: str) -> Body | None:
    order = call.read(order_number_of(any_gid)) or {}
    for one in as_list(order.get(name)) or []:
        part = as_object(one)
        if part is not None and part.get("id") == any_gid:
            return {**part, "_order": order}
    return None


def _node(call: ShopCall, arguments: Mapping[str, Any]) -> Body | None:
    kind = str(arguments["id"]).split("/")[-2:-1]
    by_kind: Mapping[str, Resolver] = {
        "Order": _order,
        "Fulfillment": _fulfillment,
        "FulfillmentOrder": _fulfillment_order,
    }
    resolver = by_kind.get(kind[0] if kind else "")
    return None if resolver is None else resolver(call, arguments)


def _shop(_call: ShopCall, _arguments: Mapping[str, Any]) -> Body:
    return {
        "id": gid("Shop", "70310455"),
        "name": SHOPIFY_SHOP.name,
        "myshopifyDomain": SHOPIFY_SHOP.domain,
        "currencyCode": "INR",
        "ianaTimezone": "Asia/Kolkata",
        "email": "shop@example.com",
        "url": f"https://{SHOPIFY_SHOP.domain}",
    }


def _subscriptions(call: ShopCall, arguments: Mapping[str, Any]) -> Body:
    return slice_list(listed(call.connection, arguments.get("uri")), arguments)


QUERIES: Final[Mapping[str, Resolver]] = {
    "order": _order,
    "orders": _orders,
    "fulfillment": _fulfillment,
    "fulfillmentOrder": _fulfillment_order,
    "node": _node,
    "shop": _shop,
    "webhookSubscriptions": _subscriptions,
}


def resolve_field(source: Any, info: Any, **arguments: Any) -> Any:
    """Any field below the roots: connections are cut from lists, money is unfolded.

    `info` is a GraphQLResolveInfo, whose own annotations are incomplete.
    """
    return read_field(source, info.field_name, kind_of(info.return_type), arguments)


def read_field(source: Any, name: str, kind: str, arguments: Mapping[str, Any]) -> Any:
    """The same, without the engine's way of asking; `kind` is `kind_of` the field's type."""
    fields: Body = source if isinstance(source, dict) else {}  # pyright: ignore[reportUnknownVariableType]
    value: Any = fields.get(name)
    if callable(value):  # not worked out before somebody asks for it
        value = value()
    entries = as_list(value)
    if not kind and entries is None:
        return value
    if kind.endswith("Connection") and as_object(value) is None:
        return slice_list([_with_order(one, fields) for one in entries or []], arguments)
    if kind == "MoneyBag" and isinstance(value, str):
        money = {"amount": value, "currencyCode": "INR"}
        return {"shopMoney": money, "presentmentMoney": money}
    if kind == "LineItem" and isinstance(value, str):
        return _line_of(fields, value)
    if entries is None:
        return value
    first = arguments.get("first")
    shown = entries if first is None else entries[: max(0, first)]
    return [_with_order(one, fields) for one in shown]


@cache
def kind_of(field_type: Any) -> str:
    """The name of a type that is unfolded here; empty for one whose values are served as stored."""
    name = str(field_type).strip("[]!")
    return name if name in ("MoneyBag", "LineItem") or name.endswith("Connection") else ""


def _with_order(entry: Any, holder: Body) -> Any:
    """Parts of an order carry it along, because some of them point back at its lines."""
    part = as_object(entry)
    if part is None:
        return entry
    order = holder if "lineItems" in holder and "name" in holder else holder.get("_order")
    return part if order is None else {**part, "_order": order}


def _line_of(part: Body, line_id: str) -> Any:
    order = as_object(part.get("_order")) or {}
    lines = [as_object(one) or {} for one in as_list(order.get("lineItems")) or []]
    return next((line for line in lines if line.get("id") == line_id), None)
