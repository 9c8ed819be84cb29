"""An order of the Swiggy relay: the payload of event 18, and what can happen to the order.

The form follows what is publicly known of UrbanPiper's relay; it is inferred, not official.
Amounts are JSON numbers in rupees, times epoch milliseconds.
"""

import copy
import random
from datetime import datetime, timedelta
from typing import Any, Final

from crm_app.sandbox import times
from crm_app.sandbox.channel_store import Body, ChannelOrder
from crm_app.sandbox.credentials import SWIGGY_MERCHANT
from crm_app.sandbox.draft import Draft, Line, Stage, net_of
from crm_app.sandbox.hooks import Event

STATES: Final = ("Placed", "Acknowledged", "Food Ready", "Dispatched", "Completed", "Cancelled")
# What may follow; a merchant may skip, but never go back.
FLOW: Final = STATES[:5]
STAGES: Final[dict[Stage, str]] = {
    "pending": "Placed",
    "open": "Placed",
    "shipped": "Completed",
    "out_for_delivery": "Dispatched",
    "delivered": "Completed",
    "returned": "Completed",
    "cancelled": "Cancelled",
    "failed": "Cancelled",
}
RIDER_STATES: Final = ("assigned", "at-store", "out-for-delivery", "delivered")
_FIRST_ID: Final = 910_000
_PACKING_MINOR: Final = 1_000


def epoch_ms(moment: datetime) -> int:
    """The relay's spelling of a time."""
    return int(moment.timestamp() * 1000)


def dress(rng: random.Random, draft: Draft, serial: int) -> list[ChannelOrder]:
    """One order of the relay at the draft's stage."""
    order_id = _FIRST_ID + serial
    platform_id = f"{rng.randrange(17 * 10**13, 18 * 10**13)}"
    details = _details(rng, draft, order_id, platform_id)
    body: Body = {
        "customer": _customer(draft),
        "order": {
            "details": details,
            "items": [_item(line, 46_000 + index) for index, line in enumerate(draft.lines)],
            "payment": [
                {
                    "amount": details["payable_amount"],
                    "option": "cash" if draft.is_cod else "payment_gateway",
                    "srvr_trx_id": None,
                }
            ],
            "store": {
                "id": 1_712,
                "merchant_ref_id": SWIGGY_MERCHANT.store_ref,
                "name": "Palmonas Baner",
                "city": "Pune",
                "address": "Unit 12, Baner Road",
            },
            "next_state": "Acknowledged",
            "next_states": list(STATES[1:]),
            "urban_piper_test": True,
        },
    }
    at = draft.placed_at
    order = ChannelOrder("swiggy", str(order_id), platform_id, at, at, "Placed", body)
    state = STAGES[draft.stage]
    if state != "Placed":
        set_state(order, state)
    return [order]


def _tax(line: Line) -> int:
    return line.paid_minor - net_of(line.paid_minor)


def _taxes(minor: int) -> list[Body]:
    half = minor // 2
    return [
        {"title": title, "rate": 1.5, "value": value / 100, "liability_on": "aggregator"}
        for title, value in (("CGST", half), ("SGST", minor - half))
    ]


def _details(rng: random.Random, draft: Draft, order_id: int, platform_id: str) -> Body:
    at = draft.placed_at
    subtotal = sum(net_of(line.gross_minor) for line in draft.lines)
    discount = sum(net_of(line.gross_minor) - net_of(line.paid_minor) for line in draft.lines)
    tax = sum(_tax(line) for line in draft.lines)
    total = sum(line.paid_minor for line in draft.lines) + _PACKING_MINOR
    return {
        "biz_id": SWIGGY_MERCHANT.biz_id,
        "id": order_id,
        "merchant_ref_id": None,
        "channel": "swiggy",
        "state": "Placed",
        "order_state": "Placed",
        "order_type": "delivery",
        "created": epoch_ms(at),
        "delivery_datetime": epoch_ms(at + timedelta(minutes=45)),
        "expected_pickup_time": epoch_ms(at + timedelta(minutes=25)),
        "coupon": "",
        "instructions": draft.gift_message or "",
        "country": "India",
        "biz_name": "Palmonas",
        "order_subtotal": subtotal / 100,
        "discount": discount / 100,
        "total_external_discount": 0.0,
        "charges": [{"title": "Packaging Charge", "value": _PACKING_MINOR / 100, "taxes": []}],
        "order_level_total_charges": _PACKING_MINOR / 100,
        "item_level_total_charges": 0.0,
        "total_charges": _PACKING_MINOR / 100,
        "order_level_total_taxes": 0.0,
        "item_level_total_taxes": tax / 100,
        "item_taxes": 0.0,
        "total_taxes": tax / 100,
        "taxes": [],
        "order_total": total / 100,
        "payable_amount": total / 100,
        "prep_time": {"estimated": 25.0, "min": 0.0, "max": 85.0, "adjustable": True},
        "modified_from": None,
        "modified_to": None,
        "ext_platforms": [_platform(rng, draft, platform_id, discount, total)],
    }


def _platform(
    rng: random.Random, draft: Draft, platform_id: str, discount: int, total: int
) -> Body:
    offer = {
        "is_merchant_discount": True,
        "code": "PALMONAS10",
        "title": "Store offer",
        "rate": 0.0,
        "value": discount / 100,
    }
    return {
        "kind": "food_aggregator",
        "name": "swiggy",
        "id": platform_id,
        "platform_store_id": "654656",
        "delivery_type": "partner",
        "discounts": [offer] if discount else [],
        "extras": {
            "order_otp": f"{rng.randrange(10_000):04d}",
            "deliver_asap": True,
            # Swiggy lets hardly anybody reject: it wants a call instead.
            "can_reject_order": rng.random() < 0.1,
            "is_instant_order": False,
            "send_cutlery": False,
            "cash_to_be_collected": total / 100 if draft.is_cod else 0,
        },
    }


def _customer(draft: Draft) -> Body:
    buyer = draft.buyer
    return {
        "name": buyer.name,
        "phone": buyer.phone,
        "email": buyer.email,
        "username": buyer.phone,
        "address": {
            "is_guest_mode": False,
            "city": buyer.city,
            "pin": buyer.pincode,
            "line_1": buyer.line_1,
            "line_2": buyer.line_2,
            "landmark": "",
            "sub_locality": buyer.line_2,
            "latitude": 18.559,
            "longitude": 73.7868,
            "tag": "Home",
        },
    }


def _item(line: Line, item_id: int) -> Body:
    net = net_of(line.gross_minor)
    tax = _tax(line)
    return {
        "id": item_id,
        "merchant_id": line.product.sku,
        "title": line.product.title,
        "food_type": "4",
        "price": round(net / line.quantity) / 100,
        "quantity": line.quantity,
        "discount": (net - net_of(line.paid_minor)) / 100,
        "discounts": [],
        "total": net / 100,
        "total_with_tax": (net_of(line.paid_minor) + tax) / 100,
        "taxes": _taxes(tax),
        "charges": [],
        "instructions": "",
        "options_to_add": [],
        "options_to_remove": [],
        "tags": [],
        "extras": {},
        "image_url": None,
    }


def details_of(order: ChannelOrder) -> Body:
    """The part that changes."""
    found: Any = order.body["order"]["details"]
    return found


def can_reject(order: ChannelOrder) -> bool:
    """Whether Swiggy lets the merchant cancel this order."""
    return bool(details_of(order)["ext_platforms"][0]["extras"]["can_reject_order"])


def set_state(order: ChannelOrder, state: str) -> None:
    """Give the order a state and say what may follow."""
    order.status = state
    details = details_of(order)
    details["state"] = details["order_state"] = state
    follows = [*FLOW[FLOW.index(state) + 1 :], "Cancelled"] if state in FLOW[:4] else []
    order.body["order"]["next_states"] = follows
    order.body["order"]["next_state"] = follows[0] if follows else None


def status_event(order: ChannelOrder, before: str, message: str, at: datetime) -> Event:
    """Event 60008: the order has another state."""
    payload = {
        "order_id": int(order.external_id),
        "new_state": order.status,
        "prev_state": before,
        "store_id": SWIGGY_MERCHANT.store_ref,
        "timestamp": times.stamp(at),
        "timestamp_unix": epoch_ms(at),
        "message": message,
        "additional_info": _external(order),
    }
    return Event("swiggy", "order_status", order.external_id, payload)


def rider_event(order: ChannelOrder, state: str, at: datetime) -> Event:
    """Event 60012: where the rider is."""
    reached = RIDER_STATES[: RIDER_STATES.index(state) + 1]
    payload = {
        "order_id": int(order.external_id),
        "store": {"id": 1_712, "ref_id": SWIGGY_MERCHANT.store_ref},
        "additional_info": _external(order),
        "delivery_info": {
            "mode": "aggregator",
            "current_state": state,
            "delivery_person_details": {
                "name": "Rider",
                "phone": "8888888888",
                "alt_phone": None,
                "user_id": 1,
            },
            "status_updates": [
                {"status": one, "created": epoch_ms(at), "comments": None} for one in reached
            ],
        },
    }
    return Event("swiggy", "rider_status", order.external_id, payload)


def _external(order: ChannelOrder) -> Body:
    return {"external_channel": {"name": "swiggy", "order_id": order.group_id}}


def created(order: ChannelOrder) -> list[Event]:
    """Event 18, rendered when it is sent: a later try shows the state of that moment."""
    return [Event("swiggy", "order_placed", order.external_id, None)]


def advance(order: ChannelOrder, to: str, _rng: random.Random, at: datetime) -> list[Event]:
    """Move an order on, as Swiggy, its rider or the buyer would. ValueError: no such move."""
    if to in RIDER_STATES:
        return [rider_event(order, to, at)]
    state = next((one for one in STATES if one.lower() == to.lower()), None)
    if state is None:
        raise ValueError(f"to must be one of {', '.join((*STATES, *RIDER_STATES))}")
    if order.status in ("Completed", "Cancelled"):
        raise ValueError(f"the order is {order.status}")
    before = order.status
    set_state(order, state)
    message = "customer requested" if state == "Cancelled" else ""
    return [status_event(order, before, message, at)]


def reissue(order: ChannelOrder, serial: int, at: datetime) -> ChannelOrder:
    """Swiggy edits an order by issuing another one that names its predecessor."""
    fresh_id = _FIRST_ID + serial
    body = copy.deepcopy(order.body)
    fresh = ChannelOrder("swiggy", str(fresh_id), order.group_id, at, at, "Placed", body)
    details_of(fresh).update(
        id=fresh_id, modified_from=int(order.external_id), merchant_ref_id=None
    )
    set_state(fresh, "Placed")
    details_of(order)["modified_to"] = fresh_id
    return fresh
