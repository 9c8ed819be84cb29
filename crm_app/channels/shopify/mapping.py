"""A Shopify order (GraphQL Admin API) in our words; pure.

Rules beyond those of `channels.reading`:

- The id is the number alone (`legacyResourceId`), as webhooks and the shop's own pages write it.
- Amounts are those in the shop's own currency; one in another sets the order aside. The total is
  what was ordered, tax included; refunds show in the payment.
- Customer, address and whatever else is protected may be withheld: they are null then, and an
  order without a person is an order all the same.
- Cash on delivery is known by the name of the payment method.
- An order that is ours to send is due when Shopify says (`fulfillBy`), else `handling_hours` after
  it was placed.
- Pieces that were taken off a line were cancelled, or came back if the order has a return and had
  been sent.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, cast

from crm_app.channels import reading
from crm_app.channels.base import (
    ChannelAddress,
    ChannelBuyer,
    ChannelOrder,
    ChannelOrderLine,
    ChannelPackage,
)
from crm_app.channels.reading import BadFieldError, Json, section, sections, text
from crm_app.channels.shopify import statuses
from crm_app.channels.words import Lexicon
from crm_app.domain.order_status import TO_SHIP, OrderStatus, PaymentStatus

ORDER_GID: Final = "gid://shopify/Order/"
PAYMENT: Final[dict[str, PaymentStatus]] = {
    "PENDING": PaymentStatus.UNPAID,
    "AUTHORIZED": PaymentStatus.AUTHORIZED,
    "PARTIALLY_PAID": PaymentStatus.UNPAID,
    "PAID": PaymentStatus.PAID,
    "PARTIALLY_REFUNDED": PaymentStatus.PARTIALLY_REFUNDED,
    "REFUNDED": PaymentStatus.REFUNDED,
    "VOIDED": PaymentStatus.UNPAID,
    "EXPIRED": PaymentStatus.UNPAID,
}
# "Cash on Delivery (COD)" is Shopify's own; apps write theirs.
_COD: Final = re.compile(r"cash[ _-]on[ _-]delivery|\bcod\b", re.IGNORECASE)
_NONE: Final[Json] = {}
_NO_RETURN: Final = ("", "NO_RETURN")
_OPEN: Final = frozenset({"OPEN", "IN_PROGRESS", "ON_HOLD", "SCHEDULED"})


def to_order(raw: Json, handling_hours: float, lexicon: Lexicon = statuses.WORDS) -> ChannelOrder:
    """Map one node of `orders`, all its lines included.

    Args:
        raw: The node.
        handling_hours: Hours from placement to the deadline of an order that is ours to send.
        lexicon: The account's words.

    Raises:
        BadFieldError: A field is missing or makes no sense; the order is to be set aside.
    """
    external_id = reading.identifier(raw, "legacyResourceId")
    currency = reading.currency(raw, "currencyCode")
    total = _amount(raw, "totalPriceSet", currency)
    if total is None:
        raise BadFieldError("totalPriceSet", "is missing")
    packages = _packages(raw)
    newest = next((one for one in reversed(packages) if one.tracking_number), ChannelPackage(""))
    facts = _facts(raw, tuple(one.status for one in packages))
    state = statuses.read(facts, lexicon)
    placed_at = reading.required_moment(raw, "createdAt")
    lines = _lines(raw, facts, state.status, currency)
    address = _address(section(raw, "shippingAddress"))
    return ChannelOrder(
        external_id=external_id,
        order_number=text(raw, "name", reading.ID) or external_id,
        channel_status=state.words,
        unknown_words=statuses.unknown_words(facts, lexicon),
        status=state.status,
        payment_status=_payment_status(facts),
        placed_at=placed_at,
        updated_at=reading.required_moment(raw, "updatedAt"),
        currency=currency,
        total_minor=total,
        lines=lines,
        subtotal_minor=_amount(raw, "subtotalPriceSet", currency),
        shipping_minor=_amount(raw, "totalShippingPriceSet", currency),
        tax_minor=_amount(raw, "totalTaxSet", currency),
        discount_minor=_amount(raw, "totalDiscountsSet", currency),
        is_cod=facts.is_cod,
        return_requested=state.return_requested,
        on_hold=_is_held(raw, facts),
        ship_by=_ship_by(raw, state.status, placed_at, handling_hours),
        shipped_at=max((one.shipped_at for one in packages if one.shipped_at), default=None),
        carrier=newest.carrier,
        tracking_number=newest.tracking_number,
        packages=_with_pieces(packages, lines),
        buyer=_buyer(section(raw, "customer"), address),
        address=address,
        note=text(raw, "note", reading.NOTE),
        raw=raw,
    )


def _facts(raw: Json, parcels: Sequence[str]) -> statuses.Facts:
    return statuses.Facts(
        fulfilment=reading.identifier(raw, "displayFulfillmentStatus", reading.WORD),
        payment=text(raw, "displayFinancialStatus", reading.WORD),
        returning=text(raw, "returnStatus", reading.WORD),
        parcels=parcels,
        is_cancelled=reading.moment(raw, "cancelledAt") is not None,
        is_cod=_is_cod(raw),
    )


def _is_cod(raw: Json) -> bool:
    names = raw.get("paymentGatewayNames")
    if not isinstance(names, list):
        return False
    told = (name for name in cast(list[Any], names) if isinstance(name, str))
    return any(_COD.search(name) for name in told)


def _payment_status(facts: statuses.Facts) -> PaymentStatus | None:
    if facts.is_cod and facts.payment == "PENDING":
        return PaymentStatus.COD
    return PAYMENT.get(facts.payment)


def _amount(record: Json, key: str, currency: str) -> int | None:
    money = section(section(record, key), "shopMoney")
    if not money:
        return None
    try:
        if reading.currency(money, "currencyCode") != currency:
            raise BadFieldError("currencyCode", "is not the currency of the order")
        return reading.amount(money, "amount", currency)
    except BadFieldError as error:
        raise error.within(f"{key}.shopMoney") from None


def _packages(raw: Json) -> tuple[ChannelPackage, ...]:
    """The parcels that were not taken back, as Shopify orders them: oldest first."""
    found: list[ChannelPackage] = []
    for index, parcel in enumerate(sections(raw, "fulfillments")):
        try:
            word = text(parcel, "displayStatus", reading.WORD)
            if text(parcel, "status", reading.WORD) in statuses.VOID or word in statuses.VOID:
                continue
            tracking = next(iter(sections(parcel, "trackingInfo")), _NONE)
            number = _number(text(parcel, "id", reading.ID))
            found.append(
                ChannelPackage(
                    external_id=number or f"#{index + 1}",
                    carrier=text(tracking, "company", reading.CARRIER),
                    tracking_number=text(tracking, "number", reading.TRACKING),
                    status=word,
                    shipped_at=reading.moment(parcel, "createdAt"),
                    lines=_pieces(parcel),
                )
            )
        except BadFieldError as error:
            raise error.within(f"fulfillments[{index}]") from None
    return tuple(found)


def _pieces(parcel: Json) -> tuple[tuple[str, int], ...]:
    """What is in a parcel, where Shopify was asked for it: only of several the order needs it."""
    return tuple(
        (_number(reading.identifier(section(item, "lineItem"), "id")), count)
        for item in sections(section(parcel, "fulfillmentLineItems"), "nodes")
        if (count := reading.quantity(item, "quantity"))
    )


def _with_pieces(
    packages: tuple[ChannelPackage, ...], lines: tuple[ChannelOrderLine, ...]
) -> tuple[ChannelPackage, ...]:
    """A parcel that is alone holds all that has left."""
    if len(packages) != 1 or packages[0].lines:
        return packages
    gone = tuple((line.external_id, count) for line in lines if (count := line.quantity_shipped))
    return (replace(packages[0], lines=gone),)


def _open_orders(raw: Json) -> list[Json]:
    """What is still to be sent, as Shopify divides it."""
    found = sections(section(raw, "fulfillmentOrders"), "nodes")
    return [one for one in found if text(one, "status", reading.WORD) in _OPEN]


def _is_held(raw: Json, facts: statuses.Facts) -> bool:
    if facts.is_cancelled:
        return False
    return facts.fulfilment == statuses.HELD or any(
        text(one, "status", reading.WORD) == statuses.HELD for one in _open_orders(raw)
    )


def _ship_by(
    raw: Json, status: OrderStatus | None, placed_at: datetime, handling_hours: float
) -> datetime | None:
    told = [reading.moment(one, "fulfillBy") for one in _open_orders(raw)]
    if status not in TO_SHIP:
        return None
    return min(filter(None, told), default=placed_at + timedelta(hours=handling_hours))


def _lines(
    raw: Json, facts: statuses.Facts, status: OrderStatus | None, currency: str
) -> tuple[ChannelOrderLine, ...]:
    connection = section(raw, "lineItems")
    if connection.get("nodes") is None:
        raise BadFieldError("lineItems", "is missing")
    if "pageInfo" in connection and section(connection, "pageInfo").get("hasNextPage") is not False:
        raise BadFieldError("lineItems", "does not hold all lines")
    lines: list[ChannelOrderLine] = []
    seen: set[str] = set()
    for index, item in enumerate(sections(connection, "nodes")):
        try:
            line = _line(item, facts, status, currency)
            if line.external_id in seen:
                raise BadFieldError("id", "stands on two lines")
        except BadFieldError as error:
            raise error.within(f"lineItems[{index}]") from None
        seen.add(line.external_id)
        lines.append(line)
    return tuple(lines)


def _line(
    item: Json, facts: statuses.Facts, status: OrderStatus | None, currency: str
) -> ChannelOrderLine:
    ordered = reading.quantity(item, "quantity")
    if ordered is None:
        raise BadFieldError("quantity", "is missing")
    shipped, cancelled, returned = _counts(item, facts, status, ordered)
    before = _amount(item, "originalUnitPriceSet", currency)
    total = _amount(item, "discountedTotalSet", currency)
    return ChannelOrderLine(
        external_id=_number(reading.identifier(item, "id")),
        sku=text(item, "sku", reading.SKU),
        title=text(item, "title", reading.TITLE),
        quantity=ordered,
        quantity_shipped=shipped,
        quantity_cancelled=cancelled,
        quantity_returned=returned,
        unit_price_minor=before,
        discount_minor=(
            max(0, before * ordered - total) if before is not None and total is not None else None
        ),
        total_minor=total,
    )


def _counts(
    item: Json, facts: statuses.Facts, status: OrderStatus | None, ordered: int
) -> tuple[int, int, int]:
    """How many pieces were shipped, cancelled and returned."""
    if status is OrderStatus.CANCELLED and not facts.parcels:
        return 0, ordered, 0
    current = reading.quantity(item, "currentQuantity")
    kept = min(ordered, ordered if current is None else current)
    unsent = min(ordered, reading.quantity(item, "unfulfilledQuantity") or 0)
    removed = ordered - kept
    if facts.parcels and facts.returning not in _NO_RETURN:
        sent = ordered - unsent
        returned = sent if status is OrderStatus.RETURNED and not removed else min(removed, sent)
        return sent, 0, returned
    sent = max(0, kept - unsent) if facts.parcels else 0
    cancelled = ordered - sent if status is OrderStatus.CANCELLED else removed
    return sent, cancelled, 0


def _number(gid: str) -> str:
    """The number at the end of a global id: gid://shopify/LineItem/11 -> 11."""
    return gid.rpartition("/")[2] or gid


def _buyer(customer: Json, address: ChannelAddress) -> ChannelBuyer:
    parts = (text(customer, key, reading.NAME) for key in ("firstName", "lastName"))
    phone = text(section(customer, "defaultPhoneNumber"), "phoneNumber", reading.PHONE)
    identity = text(customer, "id", reading.ID)
    return ChannelBuyer(
        identity=f"customer:{_number(identity)}" if identity else "",
        name=reading.clean(" ".join(filter(None, parts)), "firstName", reading.NAME),
        email=reading.email(section(customer, "defaultEmailAddress"), "emailAddress"),
        phone=phone or address.phone,
    )


def _address(raw: Json) -> ChannelAddress:
    return ChannelAddress(
        name=text(raw, "name", reading.NAME),
        phone=text(raw, "phone", reading.PHONE),
        line1=text(raw, "address1", reading.STREET),
        line2=text(raw, "address2", reading.STREET),
        city=text(raw, "city", reading.CITY),
        state=text(raw, "province", reading.CITY),
        pincode=text(raw, "zip", reading.PINCODE),
        country=text(raw, "countryCodeV2", reading.WORD),
    )
