"""A Blinkit purchase order: what Blinkit buys from the brand for one of its warehouses.

Inferred from two suppliers' code, not from an official page. Nothing lists these orders: the
creation is told once, and whoever loses that has lost the order.
"""

import random
from datetime import datetime, timedelta
from typing import Final

from crm_app.sandbox import times
from crm_app.sandbox.channel_store import Body, ChannelOrder
from crm_app.sandbox.draft import Draft, Line, Stage, net_of
from crm_app.sandbox.hooks import Event

STATES: Final = (
    "CREATED",
    "PROCESSING",
    "ACCEPTED",
    "PARTIALLY_ACCEPTED",
    "REJECTED",
    "PARTIALLY_FULFILLED",
    "FULFILLED",
    "CANCELLED",
)
ENDED: Final = ("REJECTED", "FULFILLED", "CANCELLED")
STAGES: Final[dict[Stage, str]] = {
    "pending": "CREATED",
    "open": "CREATED",
    "shipped": "FULFILLED",
    "out_for_delivery": "FULFILLED",
    "delivered": "FULFILLED",
    "returned": "FULFILLED",
    "cancelled": "CANCELLED",
    "failed": "REJECTED",
}
_FIRST_NUMBER: Final = 2_264_110_000_000
# A warehouse buys at this part of the price before tax.
_TRADE_PERCENT: Final = 62
_WAREHOUSES: Final = (
    ("Bhiwandi Feeder Warehouse", "27AABCB5678N1Z2", "Bhiwandi", "Maharashtra", "421302"),
    ("Bilaspur Feeder Warehouse", "06AABCB5678N1Z6", "Gurugram", "Haryana", "122413"),
    ("Hoskote Feeder Warehouse", "29AABCB5678N1Z8", "Bengaluru", "Karnataka", "562114"),
)


def dress(rng: random.Random, draft: Draft, serial: int) -> list[ChannelOrder]:
    """One purchase order at the draft's stage; the basket says which articles."""
    number = str(_FIRST_NUMBER + serial)
    items = [_item(rng, line, serial) for line in draft.lines]
    day = draft.placed_at.astimezone(times.IST)
    body: Body = {
        "type": "PO_CREATION",
        "po_number": number,
        "tenant": "BLINKIT",
        "details": {
            "total_qty": sum(item["units_ordered"] for item in items),
            "total_amount": sum(_landing_minor(item) for item in items) / 100,
            "issue_date": day.date().isoformat(),
            "delivery_date": (day + timedelta(days=6)).date().isoformat(),
            "expiry_date": (day + timedelta(days=10)).date().isoformat(),
            "outlet_id": str(rng.randint(10_001, 10_400)),
            "item_data": items,
            "buyer_details": _buyer(rng),
        },
    }
    at = draft.placed_at
    status = STAGES[draft.stage]
    return [ChannelOrder("blinkit", number, number, at, draft.changed_at or at, status, body)]


def _item(rng: random.Random, line: Line, serial: int) -> Body:
    product = line.product
    unit = net_of(product.price_minor) * _TRADE_PERCENT // 100 // 100 * 100
    return {
        "item_id": str(10_000_000 + product.woo_id),
        "sku_code": product.sku,
        "upc": f"8904{product.woo_id:09d}",
        "name": product.title,
        "units_ordered": rng.choice((12, 24, 36, 48, 60)) + (serial % 2) * 6,
        "basic_price": unit / 100,
        "mrp": product.price_minor / 100,
        "hsn_code": "71171990",
        "tax_details": {"igst_percentage": None, "cgst_percentage": 1.5, "sgst_percentage": 1.5},
    }


def _landing_minor(item: Body) -> int:
    basic = round(item["basic_price"] * 100) * item["units_ordered"]
    return basic + (basic * 3 + 50) // 100


def _buyer(rng: random.Random) -> Body:
    name, gstin, city, state, pincode = rng.choice(_WAREHOUSES)
    return {
        "name": name,
        "gstin": gstin,
        "destination_address": {
            "line1": "Plot 5, Logistics Park",
            "line2": "",
            "city": city,
            "state": state,
            "postal_code": pincode,
        },
    }


def created(order: ChannelOrder) -> list[Event]:
    """The only word that Blinkit ever says about a new order."""
    return [Event("blinkit", "PO_CREATION", order.external_id, order.body)]


def cancelled(order: ChannelOrder) -> list[Event]:
    """Blinkit takes the order back."""
    payload: Body = {"type": "PO_CANCEL", "po_number": order.external_id, "details": {}}
    return [Event("blinkit", "PO_CANCEL", order.external_id, payload)]


def advance(order: ChannelOrder, to: str, _rng: random.Random, _at: datetime) -> list[Event]:
    """Move an order on. ValueError: there is no such state, or the order has ended."""
    state = to.upper()
    if state not in STATES:
        raise ValueError(f"to must be one of {', '.join(STATES)}")
    if order.status in ENDED:
        raise ValueError(f"the purchase order is {order.status}")
    order.status = state
    return cancelled(order) if state == "CANCELLED" else []


def reissue(order: ChannelOrder, serial: int, at: datetime) -> ChannelOrder:
    """A buyer who must change what cannot be amended sends another purchase order."""
    if order.status in ENDED:
        raise ValueError(f"the purchase order is {order.status}")
    number = str(_FIRST_NUMBER + serial)
    details = {**order.body["details"], "issue_date": at.astimezone(times.IST).date().isoformat()}
    body = {**order.body, "po_number": number, "details": details}
    return ChannelOrder("blinkit", number, number, at, at, "CREATED", body)


def units_left(order: ChannelOrder) -> dict[str, int]:
    """Units of each item that no accepted shipment note has promised yet, by item_id."""
    left = {
        str(item["item_id"]): int(item["units_ordered"])
        for item in order.body["details"]["item_data"]
    }
    for note in order.notes.get("asns", []):
        for item_id, quantity in note["quantities"].items():
            left[item_id] = left.get(item_id, 0) - quantity
    return left
