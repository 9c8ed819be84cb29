"""A Flipkart shipment: how a draft becomes one or two of them, and what can happen to it.

One order may be several shipments and a shipment may hold several order items. The API never
names the buyer: name and address are on the label only. Amounts are those of the whole line.
"""

import random
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from crm_app.sandbox import flipkart_return, times
from crm_app.sandbox.channel_store import Body, ChannelOrder
from crm_app.sandbox.credentials import FLIPKART_SELLER
from crm_app.sandbox.draft import Draft, Line, Stage
from crm_app.sandbox.hooks import Event

PRE_DISPATCH: Final = (
    "APPROVED",
    "PACKING_IN_PROGRESS",
    "FORM_FAILED",
    "PACKED",
    "READY_TO_DISPATCH",
)
POST_DISPATCH: Final = (
    "PICKUP_COMPLETE",
    "SHIPPED",
    "DELIVERED",
    "RETURN_REQUESTED",
    "RETURNED",
    "COMPLETED",
)
LISTS: Final = {
    "preDispatch": PRE_DISPATCH,
    "postDispatch": POST_DISPATCH,
    "cancelled": ("CANCELLED",),
}
STATES: Final = (*PRE_DISPATCH, *POST_DISPATCH, "CANCELLED")
CANCEL_REASONS: Final = ("cannot_procure_item", "not_enough_inventory", "b2b_order")
STAGES: Final[dict[Stage, str]] = {
    "pending": "HOLD",
    "open": "APPROVED",
    "shipped": "SHIPPED",
    "out_for_delivery": "SHIPPED",
    "delivered": "DELIVERED",
    "returned": "RETURNED",
    "cancelled": "CANCELLED",
    "failed": "CANCELLED",
}
_SPLIT_SHARE: Final = 0.3
_TOPICS: Final = {
    "FORM_FAILED": "shipment_form_failed",
    "PACKED": "shipment_packed",
    "READY_TO_DISPATCH": "shipment_ready_to_dispatch",
    "PICKUP_COMPLETE": "shipment_pickup_complete",
    "SHIPPED": "shipment_shipped",
    "DELIVERED": "shipment_delivered",
    "CANCELLED": "shipment_cancelled",
}
# Beyond its states: held back and let go, brought back by the courier, a return called off.
MOVES: Final = (*STATES, "HOLD", "UNHOLD", "COURIER_RETURN", "RETURN_CANCELLED")


def ist(moment: datetime) -> str:
    """Flipkart's spelling: local time, milliseconds, offset."""
    return moment.astimezone(times.IST).isoformat(timespec="milliseconds")


def dress(rng: random.Random, draft: Draft, _serial: int) -> list[ChannelOrder]:
    """The shipments of one order, at the draft's stage."""
    order_id = f"OD{rng.randrange(10**17, 10**18)}"
    lines = list(draft.lines)
    groups = [lines]
    if len(lines) > 1 and rng.random() < _SPLIT_SHARE:
        groups = [lines[:1], lines[1:]]
    return [
        _shipment(rng, draft, order_id, group, draft.shipping_minor if index == 0 else 0)
        for index, group in enumerate(groups)
    ]


def _shipment(
    rng: random.Random, draft: Draft, order_id: str, lines: Sequence[Line], shipping_minor: int
) -> ChannelOrder:
    placed_at = draft.placed_at
    shipment_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    body: Body = {
        "shipmentId": shipment_id,
        "locationId": FLIPKART_SELLER.location_id,
        "dispatchByDate": ist(times.day_end(placed_at, 1)),
        "dispatchAfterDate": ist(placed_at + timedelta(minutes=rng.choice((0, 0, 0, 5)))),
        "updatedAt": ist(placed_at),
        "hold": False,
        "mps": False,
        "shipmentType": "NORMAL",
        "packagingPolicy": "",
        "subShipments": [{"subShipmentId": "SS-1", "packages": []}],
        "orderItems": [
            _item(rng, draft, order_id, line, shipping_minor if index == 0 else 0)
            for index, line in enumerate(lines)
        ],
        "forms": [],
    }
    order = ChannelOrder("flipkart", shipment_id, order_id, placed_at, placed_at, "APPROVED", body)
    stage = STAGES[draft.stage]
    if stage != "APPROVED":
        advance(order, stage, rng, draft.changed_at or placed_at)
    return order


def _item(rng: random.Random, draft: Draft, order_id: str, line: Line, shipping_minor: int) -> Body:
    item_id = f"{rng.randrange(10**17, 10**18)}"
    total = line.paid_minor + shipping_minor
    flipkart_discount = line.paid_minor // 20 // 100 * 100 if rng.random() < 0.2 else 0
    return {
        "orderItemId": item_id,
        "orderId": order_id,
        "cancellationGroupId": f"grp{item_id}",
        "orderDate": ist(draft.placed_at),
        "paymentType": "COD" if draft.is_cod else "PREPAID",
        "status": "APPROVED",
        "quantity": line.quantity,
        "fsn": f"JWS{line.product.asin[3:]}PLMX",
        "sku": line.product.sku,
        "listingId": f"LST{line.product.asin[3:]}PLM",
        "hsn": "7117",
        "title": line.product.title,
        "packageIds": [],
        "priceComponents": {
            "sellingPrice": line.paid_minor / 100,
            "totalPrice": total / 100,
            "shippingCharge": shipping_minor / 100,
            "customerPrice": (total - flipkart_discount) / 100,
            "flipkartDiscount": flipkart_discount / 100,
        },
        "serviceProfile": "NON_FBF",
        "is_replacement": False,
    }


def set_status(order: ChannelOrder, status: str) -> None:
    """Give the shipment and those of its items that are not cancelled a status."""
    order.status = status
    order.due_at = None
    for item in order.body["orderItems"]:
        if item["status"] != "CANCELLED":
            item["status"] = status


def cancel_items(
    order: ChannelOrder, groups: Sequence[str] | None, reason: str, sub_reason: str, at: datetime
) -> list[Event]:
    """Cancel the items of these cancellation groups (None: all) and tell it."""
    hit = [
        item
        for item in order.body["orderItems"]
        if item["status"] != "CANCELLED"
        and (groups is None or item["cancellationGroupId"] in groups)
    ]
    for item in hit:
        item["status"] = "CANCELLED"
        item["cancellationDate"] = ist(at)
        item["cancellationReason"] = reason
        item["cancellationSubReason"] = sub_reason
    if all(item["status"] == "CANCELLED" for item in order.body["orderItems"]):
        order.status = "CANCELLED"
        order.due_at = None
    told = [
        {
            "orderItemId": item["orderItemId"],
            "quantity": item["quantity"],
            "reason": reason,
            "subReason": sub_reason,
        }
        for item in hit
    ]
    attributes = {"status": "CANCELLED", "orderItems": told}
    return [event(order, "shipment_cancelled", attributes, at)]


def set_hold(order: ChannelOrder, is_held: bool, at: datetime) -> list[Event]:
    """Flipkart holds a shipment back, or lets it go."""
    order.body["hold"] = is_held
    if not is_held:
        return [event(order, "shipment_unhold", {"status": order.status}, at)]
    items = [
        {"orderItemId": item["orderItemId"], "holdQuantity": item["quantity"]}
        for item in order.body["orderItems"]
    ]
    return [event(order, "shipment_hold", {"orderItems": items}, at)]


def set_slot(order: ChannelOrder, after: datetime, by: datetime, at: datetime) -> list[Event]:
    """Other dispatch dates."""
    dates = {"dispatchAfterDate": ist(after), "dispatchByDate": ist(by)}
    order.body.update(dates)
    return [event(order, "shipment_dispatch_dates_changed", dates, at)]


def event(order: ChannelOrder, topic: str, attributes: Body, at: datetime) -> Event:
    """A notification in the form of the official samples."""
    payload = {
        "eventType": topic,
        "source": "flipkart",
        "version": "v3",
        "timestamp": at.astimezone(times.IST).isoformat(timespec="seconds"),
        "locationId": order.body["locationId"],
        "attributes": attributes,
        "shipmentId": order.external_id,
    }
    return Event("flipkart", topic, order.external_id, payload, group=order.group_id)


def created(order: ChannelOrder) -> list[Event]:
    """What is told about a new shipment."""
    shown = {
        key: value
        for key, value in order.body.items()
        if key not in ("shipmentId", "locationId", "shipmentType")
    }
    return [event(order, "shipment_created", shown | {"dispatchLocation": None}, order.created_at)]


def advance(order: ChannelOrder, to: str, rng: random.Random, at: datetime) -> list[Event]:
    """Move a shipment on, as Flipkart, a courier or the buyer would.

    Raises:
        ValueError: there is no such move, or the shipment cannot make it.
    """
    move = to.upper()
    if move not in MOVES:
        raise ValueError(f"to must be one of {', '.join(MOVES)}")
    if move in ("HOLD", "UNHOLD"):
        return set_hold(order, move == "HOLD", at)
    if order.status == "CANCELLED":
        raise ValueError("the shipment is cancelled")
    if move == "CANCELLED":
        reason = rng.choice(("order_cancelled_by_buyer", "changed_mind", "delivery_too_late"))
        return cancel_items(order, None, "buyer_cancellation", reason, at)
    if move in ("RETURN_REQUESTED", "COURIER_RETURN", "RETURNED", "RETURN_CANCELLED"):
        return _move_return(order, move, at)
    set_status(order, move)
    if move not in _TOPICS:
        return []
    attributes: Body = {"status": move}
    if move == "FORM_FAILED":
        attributes["forms"] = [form["name"] for form in order.body["forms"]]
    return [event(order, _TOPICS[move], attributes, at)]


def _move_return(order: ChannelOrder, move: str, at: datetime) -> list[Event]:
    """A return begins, arrives, or is called off: then what was delivered stays so."""
    told: list[Event] = []
    is_coming = any(one["status"] == flipkart_return.COMING for one in flipkart_return.of(order))
    if move == "RETURN_CANCELLED":
        if not is_coming:
            raise ValueError("nothing of the shipment is on its way back")
        set_status(order, "DELIVERED")
        return flipkart_return.end(order, "CANCELLED", at)
    if not is_coming:
        kind = "courier_return" if move == "COURIER_RETURN" else "customer_return"
        told = flipkart_return.begin(order, kind, at)
    if move == "RETURNED":
        told += flipkart_return.end(order, "COMPLETED", at)
    set_status(order, "RETURNED" if move == "RETURNED" else "RETURN_REQUESTED")
    return told


def reissue(order: ChannelOrder, rng: random.Random, at: datetime) -> ChannelOrder:
    """The same items in a new shipment; the old one is cancelled by the caller."""
    shipment_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    items = [dict(item) for item in order.body["orderItems"]]
    body = {**order.body, "shipmentId": shipment_id, "orderItems": items, "updatedAt": ist(at)}
    fresh = ChannelOrder("flipkart", shipment_id, order.group_id, at, at, order.status, body)
    set_status(fresh, "APPROVED")
    return fresh
