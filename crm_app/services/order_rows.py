"""A channel's order as rows of our tables: pure, so that a page is written in few statements."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import zstandard

from crm_app.channels.base import BadOrder, ChannelOrder, ChannelOrderLine
from crm_app.domain.order_status import OrderStatus, PaymentStatus
from crm_app.domain.time import business_day
from crm_app.models import ChannelAccount

# What an order with a word that we do not know is until somebody maps the word.
UNKNOWN_STATUS: Final = OrderStatus.PENDING

# Personal data that a channel withholds later (Amazon: after delivery) is not forgotten here
# because of that; retention is our own job's decision. Nor is the parcel that we told of, where a
# channel (WooCommerce) has no field for it.
OF_THE_PARCEL: Final = ("carrier", "tracking_number", "shipped_at")
KEPT_WHEN_EMPTY: Final = (
    "customer_name",
    "ship_to",
    "city",
    "pincode",
    "customer_id",
    "note",
    *OF_THE_PARCEL,
)
# More are not told back.
_MOST_SAID: Final = 100
_DONE: Final = ("quantity_shipped", "quantity_cancelled", "quantity_returned")
# A channel's clock may be a little ahead of ours.
_AHEAD: Final = timedelta(days=2)

_NOT_DIGITS: Final = re.compile(r"\D+")
_COMPRESSION_LEVEL: Final = 3
_ORDER_ONLY: Final = "order:"


def payload(raw: Any) -> tuple[bytes, bytes]:
    """The SHA-256 digest and the JSON of a raw order, in one fixed form."""
    body = json.dumps(raw, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode(
        "utf-8", "surrogatepass"
    )
    return hashlib.sha256(body).digest(), body


def pack(body: bytes) -> bytes:
    """Compress what `payload` gave."""
    return zstandard.compress(body, _COMPRESSION_LEVEL)


def unpack(body: bytes) -> Any:
    """The JSON that `pack` compressed."""
    return json.loads(zstandard.decompress(body).decode("utf-8", "surrogatepass"))


def digits(phone: str) -> str:
    """Only the digits of a phone number: `+91 98200 12345` -> `919820012345`."""
    return _NOT_DIGITS.sub("", phone)[:40]


def identity_of(order: ChannelOrder) -> str:
    """The key of the buyer on this account; empty if the channel tells nothing of a person.

    The channel's own key first, then e-mail, then phone. A bare name is no key: two people may
    share it, so such a buyer belongs to this order alone.
    """
    buyer, address = order.buyer, order.address
    if buyer.identity:
        return f"id:{buyer.identity}"[:300]
    if buyer.email:
        return f"email:{buyer.email.lower()}"[:300]
    phone = digits(buyer.phone or address.phone)
    if phone:
        return f"phone:{phone}"
    return f"{_ORDER_ONLY}{order.external_id}"[:300] if buyer.name or address.name else ""


def is_known_by_order_only(order: ChannelOrder) -> bool:
    """Whether nothing but a name is told of the buyer."""
    return identity_of(order).startswith(_ORDER_ONLY)


def customer_row(account_id: int, order: ChannelOrder) -> dict[str, Any]:
    """The row of `customers` for the buyer of an order that has an identity."""
    buyer, address = order.buyer, order.address
    phone = buyer.phone or address.phone
    return {
        "account_id": account_id,
        "identity": identity_of(order),
        "name": buyer.name or address.name,
        "email": buyer.email.lower(),
        "phone": phone[:40],
        "phone_digits": digits(phone),
        "city": address.city,
        "state": address.state,
        "pincode": address.pincode,
    }


def order_values(order: ChannelOrder, customer_id: int | None, zone: ZoneInfo) -> dict[str, Any]:
    """The columns that the channel decides; status, sync and version are merged elsewhere."""
    address = order.address
    return {
        "order_number": order.order_number,
        "channel_status": order.channel_status,
        "payment_status": order.payment_status or PaymentStatus.UNPAID,
        "cancel_requested": order.cancel_requested,
        "return_requested": order.return_requested,
        "on_hold": order.on_hold,
        "held_by_channel": order.on_hold,
        "is_cod": order.is_cod,
        "is_business": order.is_business,
        "fulfilled_by_channel": order.fulfilled_by_channel,
        "currency": order.currency if order.total_minor is not None else None,
        "total_minor": order.total_minor if order.currency else None,
        "subtotal_minor": order.subtotal_minor,
        "shipping_minor": order.shipping_minor,
        "tax_minor": order.tax_minor,
        "discount_minor": order.discount_minor,
        "customer_id": customer_id,
        "customer_name": order.buyer.name or address.name,
        "ship_to": _ship_to(order),
        "city": address.city,
        "pincode": address.pincode,
        "note": order.note,
        "first_title": order.lines[0].title[:300] if order.lines else "",
        "line_count": len(order.lines),
        "unit_count": sum(line.quantity for line in order.lines),
        "placed_at": order.placed_at,
        "placed_on": business_day(order.placed_at, zone),
        "channel_updated_at": order.updated_at,
        "ship_by": order.ship_by,
        "deliver_by": order.deliver_by,
        "shipped_at": order.shipped_at,
        "carrier": order.carrier,
        "tracking_number": order.tracking_number,
    }


def _ship_to(order: ChannelOrder) -> dict[str, str]:
    address = order.address
    parts = {
        "name": address.name,
        "phone": address.phone,
        "line1": address.line1,
        "line2": address.line2,
        "city": address.city,
        "state": address.state,
        "pincode": address.pincode,
        "country": address.country,
    }
    return {key: value for key, value in parts.items() if value}


def line_rows(order_id: int, lines: tuple[ChannelOrderLine, ...]) -> list[dict[str, Any]]:
    """The rows of `order_lines`, in the channel's order."""
    return [
        {
            "order_id": order_id,
            "position": position,
            "external_id": line.external_id,
            "sku": line.sku,
            "title": line.title,
            "quantity": line.quantity,
            "quantity_shipped": line.quantity_shipped,
            "quantity_cancelled": line.quantity_cancelled,
            "quantity_returned": line.quantity_returned or 0,
            "unit_price_minor": line.unit_price_minor,
            "tax_minor": line.tax_minor,
            "discount_minor": line.discount_minor,
            "total_minor": line.total_minor,
        }
        for position, line in enumerate(lines)
    ]


def lines_after(
    order: ChannelOrder, order_id: int, stored: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The rows of the lines once this version is stored.

    Some mappings read from the status how much has left: a word that nobody knows takes nothing
    back of what was known. Nor does a version that does not say what came back.
    """
    rows = line_rows(order_id, order.lines)
    before = {row["external_id"]: row for row in stored}
    for row, line in zip(rows, order.lines, strict=True):
        if line.quantity_returned is None:
            row["quantity_returned"] = before.get(row["external_id"], row)["quantity_returned"]
    if order.status is not None:
        return rows
    for row in rows:
        known = before.get(row["external_id"], row)
        row |= {name: max(row[name], known[name]) for name in _DONE}
    return rows


def lines_said(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Lines in words for the history, by their place; without prices, those change with nothing.

    A map and not a list: in an event a list of two is a change.
    """
    return {str(at): line_said(row) for at, row in enumerate(rows[:_MOST_SAID])}


def line_said(row: Mapping[str, Any]) -> str:
    """`3 × PDE-18K, 1 shipped`."""
    text = f"{row['quantity']} × {row['sku'] or row['title'] or 'an item'}"
    done = [f"{row[name]} {name.removeprefix('quantity_')}" for name in _DONE if row[name]]
    return ", ".join((text, *done))


def units_shipped(order: ChannelOrder) -> int:
    """Pieces that have left, by the channel's word."""
    return sum(
        max(0, min(line.quantity_shipped, line.quantity - line.quantity_cancelled))
        for line in order.lines
    )


def set_aside_row(account: ChannelAccount, bad: BadOrder) -> dict[str, Any]:
    """The inbox row of an order that could not be read; once per distinct content."""
    digest, body = payload(dict(bad.raw))
    return {
        "account_id": account.id,
        "kind": "order",
        "dedupe_key": f"order:{digest.hex()}",
        "external_id": _storable(bad.external_id)[:128],
        "reason": _storable(bad.reason)[:500],
        "body": pack(body),
    }


def _storable(text: str) -> str:
    """Without null bytes and halves of characters, which the database cannot keep."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def check_storable(order: ChannelOrder, now: datetime) -> str:
    """A reason why the database could not keep this order, or empty. Last net below the mapping."""
    if not order.external_id or len(order.external_id) > 128:
        return "The order's id is empty or longer than 128 characters."
    if order.placed_at.year < 2000 or order.placed_at > now + _AHEAD:
        return f"The order claims to be placed on {order.placed_at:%d %b %Y}."
    if order.updated_at > now + _AHEAD:
        # It would win over every real version until then.
        return f"The order claims to be changed on {order.updated_at:%d %b %Y}."
    ids = [line.external_id for line in order.lines]
    if len(set(ids)) != len(ids):
        return "Two lines of the order have the same id."
    return ""
