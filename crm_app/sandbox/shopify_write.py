"""Shopify's mutations. What the shop refuses comes as userErrors, inside a good answer."""

from collections.abc import Mapping
from typing import Any, Final

from crm_app.sandbox import (
    channel_store,
    serving,
    shopify_order,
    shopify_subscriptions,
    times,
    trade,
)
from crm_app.sandbox.channel_store import ChannelOrder
from crm_app.sandbox.shopify_order import gid, order_number_of
from crm_app.sandbox.shopify_resolve import Resolver, ShopCall

Body = dict[str, Any]


class UserError(Exception):
    """A refusal: the path of the argument, and a sentence."""

    def __init__(self, field: list[str], message: str, code: str = "INVALID") -> None:
        super().__init__(message)
        self.field = field
        self.code = code

    def as_body(self) -> Body:
        """One entry of `userErrors`."""
        return {"field": self.field, "message": str(self), "code": self.code}


def _load(call: ShopCall, any_gid: str, field: list[str], what: str) -> ChannelOrder:
    number = order_number_of(any_gid)
    try:
        order = channel_store.load(call.connection, "shopify", number)
    except ValueError as error:
        raise UserError(field, f"{what} cannot be changed.") from error
    if order is None:
        raise UserError(field, f"{what} does not exist.", "NOT_FOUND")
    serving.touch(call.request, number)
    return order


def _part(order: ChannelOrder, name: str, any_gid: str, field: list[str], what: str) -> Body:
    for part in order.body[name]:
        if part["id"] == any_gid:
            return part
    raise UserError(field, f"{what} does not exist.", "NOT_FOUND")


def _create_fulfillment(call: ShopCall, arguments: Mapping[str, Any]) -> Body:
    given: Body = arguments["fulfillment"]
    field = ["fulfillment", "lineItemsByFulfillmentOrder"]
    groups: list[Body] = given["lineItemsByFulfillmentOrder"]
    if not groups:
        raise UserError(field, "At least one fulfillment order must be given.")
    numbers = {order_number_of(group["fulfillmentOrderId"]) for group in groups}
    if len(numbers) > 1:
        raise UserError(field, "All fulfillment orders must belong to the same order.")
    order = _load(call, groups[0]["fulfillmentOrderId"], field, "Fulfillment order")
    quantities: dict[str, int] = {}
    for group in groups:
        _read_group(order, group, field, quantities)
    if not any(quantities.values()):
        raise UserError(field, "There is nothing left to fulfill.")
    tracking = _tracking(given.get("trackingInfo"))
    fulfillment = shopify_order.fulfill(order, quantities, tracking, call.at)
    topic = "orders/fulfilled" if order.status == "FULFILLED" else "orders/partially_fulfilled"
    _commit(call, order, topic, "orders/updated")
    return {"fulfillment": {**fulfillment, "_order": order.body}}


def _read_group(
    order: ChannelOrder, group: Body, field: list[str], quantities: dict[str, int]
) -> None:
    found = _part(
        order, "fulfillmentOrders", group["fulfillmentOrderId"], field, "Fulfillment order"
    )
    if found["status"] not in ("OPEN", "IN_PROGRESS"):
        message = f"Fulfillment order is {found['status']} and cannot be fulfilled."
        raise UserError(field, message)
    left = {entry["id"]: entry["remainingQuantity"] for entry in found["lineItems"]}
    wanted: list[Body] | None = group.get("fulfillmentOrderLineItems")
    # Without lines, all that is left.
    asked = [{"id": key, "quantity": units} for key, units in left.items()]
    for entry in wanted if wanted else asked:
        if entry["id"] not in left:
            raise UserError(field, "Fulfillment order line item does not exist.")
        units = quantities.get(entry["id"], 0) + entry["quantity"]
        if entry["quantity"] < 0 or units > left[entry["id"]]:
            raise UserError(field, "Invalid fulfillment order line item quantity requested.")
        quantities[entry["id"]] = units


def _tracking(given: Body | None) -> Body:
    if not given:
        return {}
    numbers: list[str] = given.get("numbers") or []
    urls: list[str] = given.get("urls") or []
    return {
        "company": given.get("company"),
        "number": given.get("number") or (numbers[0] if numbers else None),
        "url": given.get("url") or (urls[0] if urls else None),
    }


def _create_event(call: ShopCall, arguments: Mapping[str, Any]) -> Body:
    given: Body = arguments["fulfillmentEvent"]
    field = ["fulfillmentEvent", "fulfillmentId"]
    order = _load(call, given["fulfillmentId"], field, "Fulfillment")
    fulfillment = _part(order, "fulfillments", given["fulfillmentId"], field, "Fulfillment")
    at = call.at
    if given.get("happenedAt"):
        try:
            at = times.parse(given["happenedAt"])
        except ValueError as error:
            raise UserError(["fulfillmentEvent", "happenedAt"], "is not a time") from error
    event = shopify_order.add_event(order, fulfillment, given["status"], at)
    event["message"] = given.get("message")
    _commit(call, order, "orders/updated")
    return {"fulfillmentEvent": event}


def _update_tracking(call: ShopCall, arguments: Mapping[str, Any]) -> Body:
    field, any_gid = ["fulfillmentId"], arguments["fulfillmentId"]
    order = _load(call, any_gid, field, "Fulfillment")
    fulfillment = _part(order, "fulfillments", any_gid, field, "Fulfillment")
    fulfillment["trackingInfo"] = [_tracking(arguments["trackingInfoInput"])]
    fulfillment["updatedAt"] = shopify_order.stamp(call.at)
    _commit(call, order, "orders/updated")
    return {"fulfillment": {**fulfillment, "_order": order.body}}


def _cancel(call: ShopCall, arguments: Mapping[str, Any]) -> Body:
    field = ["orderId"]
    order = _load(call, arguments["orderId"], field, "Order")
    if order.body["cancelledAt"] is not None:
        raise UserError(field, "Order has already been cancelled.")
    if order.body["fulfillments"]:
        raise UserError(field, "Cannot cancel an order that has fulfillments.")
    shopify_order.cancel(order, arguments["reason"], call.at)
    _commit(call, order, "orders/cancelled", "orders/updated")
    return {"job": {"id": gid("Job", order.external_id), "done": True}}


def _add_tags(call: ShopCall, arguments: Mapping[str, Any]) -> Body:
    order = _load(call, arguments["id"], ["id"], "Order")
    tags: list[str] = order.body["tags"]
    fresh = [tag.strip() for tag in arguments["tags"] if tag.strip()]
    order.body["tags"] = sorted({*tags, *fresh})
    _commit(call, order, "orders/updated")
    return {"node": order.body}


def _commit(call: ShopCall, order: ChannelOrder, *topics: str) -> None:
    shopify_order.touch(order, call.at)
    trade.commit(call.connection, order, shopify_order.told(order, *topics), call.at)


def _subscribe(call: ShopCall, arguments: Mapping[str, Any]) -> Body:
    try:
        return {"webhookSubscription": shopify_subscriptions.create(call.connection, arguments)}
    except ValueError as error:
        raise UserError(["webhookSubscription", "uri"], str(error)) from error


_RUN: Final[Mapping[str, Resolver]] = {
    "fulfillmentCreate": _create_fulfillment,
    "fulfillmentEventCreate": _create_event,
    "fulfillmentTrackingInfoUpdate": _update_tracking,
    "orderCancel": _cancel,
    "tagsAdd": _add_tags,
    "webhookSubscriptionCreate": _subscribe,
}


def mutate(name: str, call: ShopCall, arguments: Mapping[str, Any]) -> Body:
    """Run one mutation; its payload, refusals included."""
    nothing: Body = {"userErrors": [], "orderCancelUserErrors": []}
    try:
        return nothing | _RUN[name](call, arguments)
    except UserError as error:
        place = "orderCancelUserErrors" if name == "orderCancel" else "userErrors"
        return nothing | {place: [error.as_body()]}
