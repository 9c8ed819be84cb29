"""Dress a draft as a WooCommerce order; ids are given when it is stored."""

import random
from datetime import timedelta
from typing import Final

from crm_app.sandbox import woo_order
from crm_app.sandbox.amazon_body import CARRIERS
from crm_app.sandbox.draft import Draft, Line, Stage, net_of, rupees
from crm_app.sandbox.woo_order import Body

GST_RATE_ID: Final = 1
_CALL_SHARE: Final = 0.3
# The shop marks a parcel as completed when it leaves, as shops without a tracking plugin do.
STATUS: Final[dict[Stage, str]] = {
    "pending": "pending",
    "open": "processing",
    "shipped": "completed",
    "out_for_delivery": "completed",
    "delivered": "completed",
    "returned": "refunded",
    "cancelled": "cancelled",
    "failed": "failed",
}


def dress(rng: random.Random, draft: Draft) -> Body:
    """The whole order at the draft's stage, without ids and stored times."""
    lines = [_line(line) for line in draft.lines]
    body: Body = {
        "id": 0,
        "parent_id": 0,
        "number": "",
        "order_key": f"wc_order_{rng.getrandbits(52):013x}",
        "created_via": "checkout",
        "version": "9.8.5",
        "status": "pending",
        "currency": "INR",
        "currency_symbol": "₹",
        "prices_include_tax": True,
        **_dates(),
        **_totals(draft),
        **_people(rng, draft),
        **_payment(rng, draft),
        "meta_data": [],
        "line_items": lines,
        "tax_lines": [_tax_line(draft)],
        "shipping_lines": [_shipping_line(draft)],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
    }
    _advance(rng, body, draft)
    return body


def _dates() -> Body:
    names = ("date_created", "date_modified", "date_paid", "date_completed")
    return {f"{name}{suffix}": None for name in names for suffix in ("", "_gmt")}


def _line(line: Line) -> Body:
    subtotal, total = net_of(line.gross_minor), net_of(line.paid_minor)
    subtotal_tax, tax = line.gross_minor - subtotal, line.paid_minor - total
    return {
        "id": 0,
        "name": line.product.title,
        "product_id": line.product.woo_id,
        "variation_id": 0,
        "quantity": line.quantity,
        "tax_class": "",
        "subtotal": rupees(subtotal),
        "subtotal_tax": rupees(subtotal_tax),
        "total": rupees(total),
        "total_tax": rupees(tax),
        "taxes": [{"id": GST_RATE_ID, "total": rupees(tax), "subtotal": rupees(subtotal_tax)}],
        "meta_data": [],
        "sku": line.product.sku,
        # The one amount that WooCommerce gives as a number.
        "price": round(total / line.quantity / 100, 6),
        "parent_name": None,
    }


def _tax(draft: Draft) -> int:
    return sum(line.paid_minor - net_of(line.paid_minor) for line in draft.lines)


def _tax_line(draft: Draft) -> Body:
    return {
        "id": 0,
        "rate_code": "IN-GST-1",
        "rate_id": GST_RATE_ID,
        "label": "GST",
        "compound": False,
        "tax_total": rupees(_tax(draft)),
        "shipping_tax_total": "0.00",
        "rate_percent": 3,
        "meta_data": [],
    }


def _shipping_line(draft: Draft) -> Body:
    is_free = draft.shipping_minor == 0
    return {
        "id": 0,
        "method_title": "Free shipping" if is_free else "Flat rate",
        "method_id": "free_shipping" if is_free else "flat_rate",
        "instance_id": "2" if is_free else "1",
        "total": rupees(draft.shipping_minor),
        "total_tax": "0.00",
        "taxes": [],
        "meta_data": [],
    }


def _totals(draft: Draft) -> Body:
    gross_discount = sum(line.discount_minor for line in draft.lines)
    net_discount = sum(net_of(line.gross_minor) - net_of(line.paid_minor) for line in draft.lines)
    return {
        "discount_total": rupees(net_discount),
        "discount_tax": rupees(gross_discount - net_discount),
        "shipping_total": rupees(draft.shipping_minor),
        "shipping_tax": "0.00",
        "cart_tax": rupees(_tax(draft)),
        "total": rupees(draft.total_minor),
        "total_tax": rupees(_tax(draft)),
    }


def _people(rng: random.Random, draft: Draft) -> Body:
    buyer = draft.buyer
    address = {
        "first_name": buyer.first_name,
        "last_name": buyer.last_name,
        "company": "",
        "address_1": buyer.line_1,
        "address_2": buyer.line_2,
        "city": buyer.city,
        "state": buyer.state_code,
        "postcode": buyer.pincode,
        "country": "IN",
    }
    return {
        "customer_id": rng.choice((0, rng.randint(12, 900))),
        "customer_ip_address": f"198.51.100.{rng.randint(1, 254)}",
        "customer_user_agent": "Mozilla/5.0",
        "customer_note": draft.gift_message or "",
        "billing": {**address, "email": buyer.email, "phone": buyer.phone},
        "shipping": {**address, "phone": buyer.phone},
        "cart_hash": f"{rng.getrandbits(128):032x}",
    }


def _payment(rng: random.Random, draft: Draft) -> Body:
    if draft.is_cod:
        return {
            "payment_method": "cod",
            "payment_method_title": "Cash on delivery",
            "transaction_id": "",
        }
    is_paid = draft.stage not in ("pending", "failed")
    return {
        "payment_method": "razorpay",
        "payment_method_title": "UPI, cards, net banking (Razorpay)",
        "transaction_id": f"pay_{rng.getrandbits(64):016X}" if is_paid else "",
    }


def _advance(rng: random.Random, body: Body, draft: Draft) -> None:
    at = draft.changed_at or draft.placed_at
    status = STATUS[draft.stage]
    if status in ("completed", "refunded"):
        woo_order.set_status(body, "processing", min(draft.placed_at + timedelta(minutes=1), at))
        tracking = woo_order.tracking_meta(rng.choice(CARRIERS), f"{rng.randrange(10**12)}", at)
        woo_order.put_meta(body, [tracking], rng.randint(10_000, 99_000))
    elif status == "processing" and rng.random() < _CALL_SHARE:
        # Cash on delivery is confirmed by telephone before anything is packed.
        status = "on-hold" if draft.is_cod and draft.is_recent else status
    woo_order.set_status(body, status, at)
