"""A WooCommerce order (REST v3) in our words; pure.

Rules beyond those of `channels.reading`:

- WooCommerce has no word for shipped: this shop reads `completed` so. A plugin's own word is
  unknown (None).
- `on-hold` is pending whatever the payment: WooCommerce itself puts cash on delivery straight to
  `processing`, so an order on hold was stopped by a person or a fraud check.
- All our amounts include tax, as the buyer saw them: WooCommerce keeps net and tax apart. Then
  subtotal - discount + shipping + fees = total, and `tax` is what is contained. Net and tax may
  be finer than a paisa and are rounded half up; the total must be exact.
- Paid is what has a payment date (WooCommerce sets one on cash on delivery when the order is
  completed); refunds come off it.
- WooCommerce sets no deadline: an order that is ours to pack is due `handling_hours` after it was
  placed.
- Tracking is read from where we write it, else from the Shipment Tracking extension's entry.
"""

import html
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, cast

from crm_app.channels import reading
from crm_app.channels.base import ChannelAddress, ChannelBuyer, ChannelOrder, ChannelOrderLine
from crm_app.channels.reading import BadFieldError, Json, section, sections, text
from crm_app.channels.woocommerce import statuses
from crm_app.channels.words import Lexicon, Word
from crm_app.domain.order_status import OrderStatus, PaymentStatus

CARRIER_KEY: Final = "_tracking_carrier"
NUMBER_KEY: Final = "_tracking_number"
_EXTENSION_KEY: Final = "_wc_shipment_tracking_items"


def to_order(raw: Json, handling_hours: float, lexicon: Lexicon = statuses.WORDS) -> ChannelOrder:
    """Map one order of the REST API.

    Args:
        raw: The order's JSON.
        handling_hours: Hours from placement to the deadline of an order that is ours to pack.
        lexicon: The account's words.

    Raises:
        BadFieldError: A field is missing or makes no sense; the order is to be set aside.
    """
    external_id = reading.identifier(raw, "id")
    word = reading.identifier(raw, "status", reading.WORD)
    status = lexicon.read("order", word)
    currency, total = _total(raw)
    placed_at = reading.required_moment(raw, "date_created_gmt", naive_is_utc=True)
    billing = section(raw, "billing")
    carrier, tracking_number = _tracking(sections(raw, "meta_data"))
    lines = _lines(raw, status, currency)
    is_ours_to_pack = status is OrderStatus.CONFIRMED
    return ChannelOrder(
        external_id=external_id,
        order_number=text(raw, "number", reading.ID) or external_id,
        channel_status=word,
        unknown_words=lexicon.unknown((Word("order", word),)),
        status=status,
        payment_status=_payment_status(raw, word, total, currency),
        placed_at=placed_at,
        updated_at=_gmt(raw, "date_modified_gmt") or placed_at,
        currency=currency,
        total_minor=total,
        lines=lines,
        subtotal_minor=sum(_gross(item, "subtotal", currency) for item in _items(raw)),
        shipping_minor=_with_tax(raw, "shipping_total", "shipping_tax", currency),
        tax_minor=_rounded(raw, "total_tax", currency),
        discount_minor=abs(_with_tax(raw, "discount_total", "discount_tax", currency)),
        is_cod=_is_cod(raw),
        is_business=bool(text(billing, "company", reading.NAME)),
        ship_by=placed_at + timedelta(hours=handling_hours) if is_ours_to_pack else None,
        shipped_at=_gmt(raw, "date_completed_gmt") if status is OrderStatus.SHIPPED else None,
        carrier=carrier,
        tracking_number=tracking_number,
        buyer=_buyer(raw, billing),
        address=_address(billing, section(raw, "shipping")),
        note=text(raw, "customer_note", reading.NOTE),
        raw=raw,
    )


def _total(raw: Json) -> tuple[str, int]:
    currency = reading.currency(raw, "currency")
    total = reading.amount(raw, "total", currency)
    if total is None:
        raise BadFieldError("total", "is missing")
    return currency, total


def _gmt(raw: Json, key: str) -> datetime | None:
    return reading.moment(raw, key, naive_is_utc=True)


def _is_cod(raw: Json) -> bool:
    return text(raw, "payment_method", reading.WORD) == "cod"


def _rounded(record: Json, key: str, currency: str) -> int:
    return reading.signed_amount(record, key, currency, is_rounded=True) or 0


def _with_tax(record: Json, net: str, tax: str, currency: str) -> int:
    return _rounded(record, net, currency) + _rounded(record, tax, currency)


def _gross(item: Json, key: str, currency: str) -> int:
    return _with_tax(item, key, f"{key}_tax", currency)


def _items(raw: Json) -> list[Json]:
    return sections(raw, "line_items")


def _lines(raw: Json, status: OrderStatus | None, currency: str) -> tuple[ChannelOrderLine, ...]:
    lines: list[ChannelOrderLine] = []
    seen: set[str] = set()
    if raw.get("line_items") is None:
        raise BadFieldError("line_items", "is missing")
    for index, item in enumerate(_items(raw)):
        try:
            line = _line(item, status, currency)
            if line.external_id in seen:
                raise BadFieldError("id", "stands on two lines")
        except BadFieldError as error:
            raise error.within(f"line_items[{index}]") from None
        seen.add(line.external_id)
        lines.append(line)
    return tuple(lines)


def _line(item: Json, status: OrderStatus | None, currency: str) -> ChannelOrderLine:
    quantity = reading.quantity(item, "quantity")
    if quantity is None:
        raise BadFieldError("quantity", "is missing")
    before, total = _gross(item, "subtotal", currency), _gross(item, "total", currency)
    if total < 0 or before < 0:
        raise BadFieldError("total", "is a negative amount")
    has_left = status in (OrderStatus.SHIPPED, OrderStatus.RETURNED)
    return ChannelOrderLine(
        external_id=reading.identifier(item, "id"),
        sku=text(item, "sku", reading.SKU),
        # Names come as they stand in a page: "Ring &ndash; size 7".
        title=reading.clean(
            html.unescape(text(item, "name", reading.TITLE * 2)), "name", reading.TITLE
        ),
        quantity=quantity,
        quantity_shipped=quantity if has_left else 0,
        quantity_cancelled=quantity if status is OrderStatus.CANCELLED else 0,
        quantity_returned=quantity if status is OrderStatus.RETURNED else 0,
        # Half up, of what one piece cost before discounts.
        unit_price_minor=(2 * before + quantity) // (2 * quantity) if quantity else None,
        tax_minor=_rounded(item, "total_tax", currency),
        discount_minor=max(0, before - total),
        total_minor=total,
    )


def _payment_status(raw: Json, word: str, total: int, currency: str) -> PaymentStatus:
    refunds = sections(raw, "refunds")
    refunded = sum(abs(_rounded(refund, "total", currency)) for refund in refunds)
    if word == "refunded" or (refunded and refunded >= total):
        return PaymentStatus.REFUNDED
    if refunded:
        return PaymentStatus.PARTIALLY_REFUNDED
    if _gmt(raw, "date_paid_gmt") is not None:
        return PaymentStatus.PAID
    return PaymentStatus.COD if _is_cod(raw) else PaymentStatus.UNPAID


def _buyer(raw: Json, billing: Json) -> ChannelBuyer:
    # 0 is a guest, known by e-mail only.
    account = text(raw, "customer_id", reading.WORD)
    email = reading.email(billing, "email")
    return ChannelBuyer(
        identity=f"user:{account}" if account not in ("", "0") else email,
        name=_name(billing),
        email=email,
        phone=text(billing, "phone", reading.PHONE),
    )


def _name(person: Json) -> str:
    parts = (text(person, key, reading.NAME) for key in ("first_name", "last_name"))
    return reading.clean(" ".join(filter(None, parts)), "first_name", reading.NAME)


def _address(billing: Json, shipping: Json) -> ChannelAddress:
    # A shop that ships to the billing address may leave the other one blank.
    place = shipping if any(shipping.get(key) for key in ("address_1", "city")) else billing
    phone = text(shipping, "phone", reading.PHONE) or text(billing, "phone", reading.PHONE)
    return ChannelAddress(
        name=_name(place),
        phone=phone,
        line1=text(place, "address_1", reading.STREET),
        line2=text(place, "address_2", reading.STREET),
        city=text(place, "city", reading.CITY),
        state=text(place, "state", reading.CITY),
        pincode=text(place, "postcode", reading.PINCODE),
        country=text(place, "country", reading.WORD),
    )


def _tracking(entries: Sequence[Json]) -> tuple[str, str]:
    """Carrier and tracking number. Values of other plugins' entries may be anything."""
    meta = {entry["key"]: entry.get("value") for entry in entries if _is_tracking(entry)}
    if isinstance(meta.get(NUMBER_KEY), str) and meta[NUMBER_KEY]:
        carrier = meta.get(CARRIER_KEY)
        name = carrier if isinstance(carrier, str) else ""
        return (
            reading.clean(name, CARRIER_KEY, reading.CARRIER),
            text(meta, NUMBER_KEY, reading.TRACKING),
        )
    parcels = meta.get(_EXTENSION_KEY)
    if not isinstance(parcels, list) or not parcels:
        return "", ""
    parcel = reading.as_object(cast(list[Any], parcels)[0])
    provider = text(parcel, "tracking_provider", reading.CARRIER)
    return (
        provider or text(parcel, "custom_tracking_provider", reading.CARRIER),
        text(parcel, "tracking_number", reading.TRACKING),
    )


def _is_tracking(entry: Json) -> bool:
    key = entry.get("key")
    return isinstance(key, str) and key in (CARRIER_KEY, NUMBER_KEY, _EXTENSION_KEY)
