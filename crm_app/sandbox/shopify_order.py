"""What can happen to a Shopify order.

The body has the names of the GraphQL types; money is a decimal string, a connection a list.
Ids are built from the order's, so that any of them leads back to it.
"""

import random
from datetime import UTC, datetime
from typing import Any, Final

from crm_app.sandbox.channel_store import Body, ChannelOrder
from crm_app.sandbox.hooks import Event
from crm_app.sandbox.shopify_hook import order_payload

EVENTS: Final = (
    "CONFIRMED",
    "CARRIER_PICKED_UP",
    "IN_TRANSIT",
    "OUT_FOR_DELIVERY",
    "ATTEMPTED_DELIVERY",
    "DELAYED",
    "DELIVERED",
    "FAILURE",
    "LABEL_PURCHASED",
    "LABEL_PRINTED",
    "READY_FOR_PICKUP",
)
MOVES: Final = ("OPEN", "ON_HOLD", "PAID", "CANCELLED", "FULFILLED", "RETURNED", *EVENTS)
_CARRIERS: Final = ("Delhivery", "Blue Dart", "Xpressbees", "DTDC")


def gid(kind: str, number: str) -> str:
    """A global id."""
    return f"gid://shopify/{kind}/{number}"


def order_number_of(any_gid: str) -> str:
    """The order's number in the id of the order or of anything that belongs to it."""
    return any_gid.rpartition("/")[2][:13]


def stamp(moment: datetime) -> str:
    """Shopify's spelling: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fulfill(order: ChannelOrder, quantities: dict[str, int], tracking: Body, at: datetime) -> Body:
    """Ship units (by fulfillment order line id), which must be left; the new fulfillment."""
    body = order.body
    lines = {line["id"]: line for line in body["lineItems"]}
    shipped: list[Body] = []
    for fulfillment_order in body["fulfillmentOrders"]:
        for entry in fulfillment_order["lineItems"]:
            units = quantities.get(entry["id"], 0)
            if units:
                entry["remainingQuantity"] -= units
                line = lines[entry["lineItem"]]
                line["unfulfilledQuantity"] -= units
                line["fulfillableQuantity"] -= units
                shipped.append({"lineItem": line["id"], "quantity": units})
        left = sum(entry["remainingQuantity"] for entry in fulfillment_order["lineItems"])
        fulfillment_order["status"] = "IN_PROGRESS" if left else "CLOSED"
        fulfillment_order["updatedAt"] = stamp(at)
    fulfillment = _fulfillment(order, shipped, tracking, at)
    body["fulfillments"].append(fulfillment)
    left = sum(line["unfulfilledQuantity"] for line in body["lineItems"])
    body["displayFulfillmentStatus"] = "PARTIALLY_FULFILLED" if left else "FULFILLED"
    order.status = body["displayFulfillmentStatus"]
    return fulfillment


def _fulfillment(order: ChannelOrder, shipped: list[Body], tracking: Body, at: datetime) -> Body:
    index = len(order.body["fulfillments"])
    return {
        "__typename": "Fulfillment",
        "id": gid("Fulfillment", f"{order.external_id}4{index:02d}"),
        "legacyResourceId": f"{order.external_id}4{index:02d}",
        "name": f"{order.body['name']}-F{index + 1}",
        "status": "SUCCESS",
        "displayStatus": "FULFILLED",
        "createdAt": stamp(at),
        "updatedAt": stamp(at),
        "deliveredAt": None,
        "inTransitAt": None,
        "estimatedDeliveryAt": None,
        "totalQuantity": sum(one["quantity"] for one in shipped),
        "trackingInfo": [tracking] if tracking else [],
        "fulfillmentLineItems": [
            {"id": gid("FulfillmentLineItem", f"{order.external_id}5{index:02d}{one:03d}"), **entry}
            for one, entry in enumerate(shipped)
        ],
        "events": [],
    }


def add_event(order: ChannelOrder, fulfillment: Body, status: str, at: datetime) -> Body:
    """A carrier's news about one fulfillment; the new event."""
    events: list[Body] = fulfillment["events"]
    number = fulfillment["legacyResourceId"]
    news: Body = {
        "id": gid("FulfillmentEvent", f"{number}6{len(events):03d}"),
        "status": status,
        "happenedAt": stamp(at),
        "createdAt": stamp(at),
        "message": None,
    }
    events.append(news)
    fulfillment["displayStatus"] = status
    fulfillment["updatedAt"] = stamp(at)
    if status == "IN_TRANSIT":
        fulfillment["inTransitAt"] = stamp(at)
    if status == "DELIVERED":
        fulfillment["deliveredAt"] = stamp(at)
        if order.body["displayFinancialStatus"] == "PENDING":
            order.body["displayFinancialStatus"] = "PAID"
    order.status = status
    return news


def cancel(order: ChannelOrder, reason: str, at: datetime) -> None:
    """Cancel the whole order; what was paid goes back."""
    body = order.body
    is_paid = body["displayFinancialStatus"] == "PAID"
    body.update(
        cancelledAt=stamp(at),
        cancelReason=reason,
        closedAt=stamp(at),
        closed=True,
        displayFinancialStatus="REFUNDED" if is_paid else "VOIDED",
        currentTotalPriceSet="0.00",
        totalRefundedSet=body["totalPriceSet"] if is_paid else "0.00",
    )
    for line in body["lineItems"]:
        line.update(currentQuantity=0, unfulfilledQuantity=0, fulfillableQuantity=0)
    for fulfillment_order in body["fulfillmentOrders"]:
        fulfillment_order["status"] = "CLOSED"
        for entry in fulfillment_order["lineItems"]:
            entry["remainingQuantity"] = 0
    order.status = "CANCELLED"


def _ship_all(order: ChannelOrder, rng: random.Random, at: datetime) -> None:
    left = {
        entry["id"]: entry["remainingQuantity"]
        for fulfillment_order in order.body["fulfillmentOrders"]
        for entry in fulfillment_order["lineItems"]
    }
    number = f"{rng.randrange(10**12):012d}"
    tracking = {"company": rng.choice(_CARRIERS), "number": number, "url": None}
    fulfill(order, left, tracking, at)


def advance(order: ChannelOrder, to: str, rng: random.Random, at: datetime) -> list[Event]:
    """Move an order on, as a buyer, a carrier or the shop's staff would.

    Raises:
        ValueError: there is no such move, or the order cannot make it.
    """
    move, body = to.upper(), order.body
    if move not in MOVES:
        raise ValueError(f"to must be one of {', '.join(MOVES)}")
    if body["cancelledAt"] is not None:
        raise ValueError("the order is cancelled")
    if move == "CANCELLED":
        cancel(order, "CUSTOMER", at)
    elif move == "PAID":
        body.update(displayFinancialStatus="PAID", fullyPaid=True)
    elif move in ("ON_HOLD", "OPEN"):
        if not any(line["unfulfilledQuantity"] for line in body["lineItems"]):
            raise ValueError("nothing of the order is left to be sent")
        for fulfillment_order in body["fulfillmentOrders"]:
            fulfillment_order["status"] = move
        unsent = "PARTIALLY_FULFILLED" if body["fulfillments"] else "UNFULFILLED"
        body["displayFulfillmentStatus"] = "ON_HOLD" if move == "ON_HOLD" else unsent
        order.status = move
    else:
        _move_parcel(order, move, rng, at)
    touch(order, at)
    topic = {"CANCELLED": "orders/cancelled", "FULFILLED": "orders/fulfilled"}.get(move)
    return told(order, *([topic] if topic else []), "orders/updated")


def _move_parcel(order: ChannelOrder, move: str, rng: random.Random, at: datetime) -> None:
    if any(line["unfulfilledQuantity"] for line in order.body["lineItems"]):
        _ship_all(order, rng, at)
    if move in EVENTS:
        for fulfillment in order.body["fulfillments"]:
            add_event(order, fulfillment, move, at)
    elif move == "RETURNED":
        order.body.update(
            returnStatus="RETURNED",
            displayFinancialStatus="REFUNDED",
            totalRefundedSet=order.body["totalPriceSet"],
        )
        order.status = "RETURNED"


def touch(order: ChannelOrder, at: datetime) -> None:
    """The order changed."""
    order.updated_at = max(at.replace(microsecond=0), order.updated_at)
    order.body["updatedAt"] = stamp(order.updated_at)


def told(order: ChannelOrder, *topics: str) -> list[Event]:
    """One hook for each topic, with the order as it is now."""
    payload: dict[str, Any] = order_payload(order.body)
    return [Event("shopify", topic, order.external_id, payload) for topic in topics]


def created(order: ChannelOrder) -> list[Event]:
    """What is told about a new order."""
    return told(order, "orders/create")
