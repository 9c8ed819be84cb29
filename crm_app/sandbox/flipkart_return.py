"""A return at Flipkart: how one begins and ends, and what is told of it.

A shipment's returns stand in its notes: the shipment itself shows only that something comes back.
"""

from datetime import datetime
from typing import Any, Final

from crm_app.sandbox import times
from crm_app.sandbox.channel_store import Body, ChannelOrder
from crm_app.sandbox.hooks import Event

KEY: Final = "returns"
KINDS: Final = ("customer_return", "courier_return")
COMING: Final = "CREATED"
_TOPICS: Final = {
    "CREATED": "return_created",
    "COMPLETED": "return_completed",
    "CANCELLED": "return_cancelled",
}


def of(order: ChannelOrder) -> list[Body]:
    """The returns of a shipment, oldest first."""
    return order.notes.get(KEY, [])


def begin(order: ChannelOrder, kind: str, at: datetime) -> list[Event]:
    """All that was sent and not cancelled comes back; what is told of it."""
    items = [item for item in order.body["orderItems"] if item["status"] != "CANCELLED"]
    for item in items:
        item["courierReturn"] = kind == "courier_return"
    made = [_return(order, item, kind, at) for item in items]
    order.notes[KEY] = [*of(order), *made]
    return [_event(order, entry, at) for entry in made]


def end(order: ChannelOrder, word: str, at: datetime) -> list[Event]:
    """Those on their way arrive or are called off; what is told of it."""
    coming = [entry for entry in of(order) if entry["status"] == COMING]
    for entry in coming:
        entry |= {"status": word, "updatedDate": _ist(at)}
    return [_event(order, entry, at) for entry in coming]


def _return(order: ChannelOrder, item: Body, kind: str, at: datetime) -> Body:
    serial = len(of(order)) + 1
    return {
        "returnId": f"{item['orderItemId']}{serial:02}",
        "shipmentId": order.external_id,
        "orderItemId": item["orderItemId"],
        "orderId": item["orderId"],
        "locationId": order.body["locationId"],
        "quantity": item["quantity"],
        "orderDate": item["orderDate"],
        "createdDate": _ist(at),
        "updatedDate": _ist(at),
        "status": COMING,
        "type": kind,
        "reason": "ORDER_CANCELLED" if kind == "courier_return" else "QUALITY_ISSUE",
        "trackingId": f"FMPR{item['orderItemId'][-10:]}",
        "courierName": "E-Kart Logistics",
        "serviceProfile": item["serviceProfile"],
    }


def _event(order: ChannelOrder, entry: Body, at: datetime) -> Event:
    """A notification in the form of the official sample: it names no shipment."""
    topic = _TOPICS[entry["status"]]
    shown: dict[str, Any] = {
        key: entry[key] for key in ("orderItemId", "quantity", "trackingId", "courierName")
    }
    payload = {
        "returnId": entry["returnId"],
        "eventType": topic,
        "source": entry["type"],
        "timestamp": at.astimezone(times.IST).isoformat(timespec="seconds"),
        "attributes": {"returnItems": [shown]},
    }
    return Event("flipkart", topic, order.external_id, payload, group=order.group_id)


def _ist(moment: datetime) -> str:
    return moment.astimezone(times.IST).isoformat(timespec="milliseconds")
