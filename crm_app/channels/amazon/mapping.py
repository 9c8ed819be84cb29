"""Amazon's order (Orders API 2026-01-01) in our words; pure.

Rules beyond those of `channels.reading`:

- Without a grand total (PENDING orders, and some cancelled ones) the order has no currency and no
  amount at all, also not on its lines: Amazon prices an order once it is paid.
- Amounts in a second currency set the order aside; money of two currencies is never added.
- Amazon signs discounts as it likes (-10 or 10): ours are positive.
- Cash on delivery is paid once the order is delivered; until then it is "cod". A prepaid order is
  unpaid while it is pending and paid afterwards; of a cancelled one Amazon does not say.
- A buyer's wish to cancel counts until the parcel left or the wish was carried out.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from crm_app.channels import reading
from crm_app.channels.amazon import statuses
from crm_app.channels.base import (
    ChannelAddress,
    ChannelBuyer,
    ChannelOrder,
    ChannelOrderLine,
    ChannelPackage,
)
from crm_app.channels.reading import BadFieldError, Json, section, sections, text
from crm_app.channels.words import Lexicon
from crm_app.domain.order_status import TO_SHIP, OrderStatus, PaymentStatus

_COD_METHODS: Final = frozenset({"cod", "cashondelivery"})
_OPEN: Final = (OrderStatus.PENDING, *TO_SHIP)


def to_order(raw: Json, lexicon: Lexicon = statuses.WORDS) -> ChannelOrder:
    """Map one element of `orders`; `lexicon` is the account's words.

    Raises:
        BadFieldError: A field is missing or makes no sense; the order is to be set aside.
    """
    order_id = reading.identifier(raw, "orderId")
    fulfillment = section(raw, "fulfillment")
    packages = _packages(sections(raw, "packages"))
    newest = next((one for one in reversed(packages) if one.tracking_number), ChannelPackage(""))
    state = statuses.read(_word(fulfillment), sections(raw, "packages"), lexicon)
    money = _amounts(section(raw, "proceeds"))
    items = _items(raw)
    is_cod = _is_cod(raw)
    address = _address(section(section(raw, "recipient"), "deliveryAddress"))
    return ChannelOrder(
        external_id=order_id,
        order_number=order_id,
        channel_status=state.words,
        unknown_words=state.unknown,
        status=state.status,
        payment_status=_payment_status(state.status, is_cod),
        placed_at=reading.required_moment(raw, "createdTime"),
        updated_at=reading.required_moment(raw, "lastUpdatedTime"),
        currency=money.currency,
        total_minor=money.total,
        lines=_lines(items, state.status, money.currency),
        subtotal_minor=money.parts.get("ITEM"),
        shipping_minor=money.parts.get("SHIPPING"),
        tax_minor=money.parts.get("TAX"),
        discount_minor=_positive(money.parts.get("DISCOUNT")),
        is_cod=is_cod,
        is_business=_is_business(raw),
        cancel_requested=state.status in _OPEN and _wants_to_cancel(items),
        return_requested=state.return_requested,
        fulfilled_by_channel=fulfillment.get("fulfilledBy") == "AMAZON",
        ship_by=_latest(fulfillment, "shipByWindow"),
        deliver_by=_latest(fulfillment, "deliverByWindow"),
        shipped_at=max((one.shipped_at for one in packages if one.shipped_at), default=None),
        carrier=newest.carrier,
        tracking_number=newest.tracking_number,
        packages=packages,
        buyer=_buyer(section(raw, "buyer"), address.phone),
        address=address,
        note=_note(section(section(raw, "recipient"), "deliveryPreference")),
        raw=raw,
    )


class _Amounts(NamedTuple):
    """Both or neither of currency and total; `parts` in minor units by category."""

    currency: str | None
    total: int | None
    parts: dict[str, int]


def _amounts(proceeds: Json) -> _Amounts:
    grand_total = section(proceeds, "grandTotal")
    if not grand_total:
        return _Amounts(None, None, {})
    try:
        currency = reading.currency(grand_total, "currencyCode")
        total = reading.amount(grand_total, "amount", currency)
        if total is None:
            raise BadFieldError("amount", "is missing")
    except BadFieldError as error:
        raise error.within("proceeds.grandTotal") from None
    return _Amounts(currency, total, _breakdown(proceeds, currency))


def _word(fulfillment: Json) -> str:
    try:
        return reading.identifier(fulfillment, "fulfillmentStatus", reading.WORD)
    except BadFieldError as error:
        raise error.within("fulfillment") from None


def _latest(fulfillment: Json, window: str) -> datetime | None:
    try:
        return reading.moment(section(fulfillment, window), "latestDateTime")
    except BadFieldError as error:
        raise error.within(f"fulfillment.{window}") from None


def _money(record: Json, key: str, currency: str | None) -> int | None:
    """A Money in minor units, of either sign; None without one, or in an unpriced order."""
    money = section(record, key)
    if currency is None or not money:
        return None
    try:
        if reading.currency(money, "currencyCode") != currency:
            raise BadFieldError("currencyCode", "is not the currency of the order")
        return reading.signed_amount(money, "amount", currency)
    except BadFieldError as error:
        raise error.within(key) from None


def _amount(record: Json, key: str, currency: str | None) -> int | None:
    minor = _money(record, key, currency)
    if minor is not None and minor < 0:
        raise BadFieldError(f"{key}.amount", "is a negative amount")
    return minor


def _positive(minor: int | None) -> int | None:
    return None if minor is None else abs(minor)


def _breakdown(proceeds: Json, currency: str | None) -> dict[str, int]:
    """Minor units by category: ITEM, SHIPPING, TAX, DISCOUNT and others."""
    if currency is None:
        return {}
    parts: dict[str, int] = {}
    for index, part in enumerate(sections(proceeds, "breakdowns")):
        try:
            category = text(part, "type", reading.WORD)
            minor = _money(part, "subtotal", currency)
        except BadFieldError as error:
            raise error.within(f"proceeds.breakdowns[{index}]") from None
        if minor is not None:
            parts[category] = parts.get(category, 0) + minor
    return parts


def _items(raw: Json) -> list[Json]:
    if raw.get("orderItems") is None:
        raise BadFieldError("orderItems", "is missing")
    return sections(raw, "orderItems")


def _lines(
    items: Sequence[Json], status: OrderStatus | None, currency: str | None
) -> tuple[ChannelOrderLine, ...]:
    lines: list[ChannelOrderLine] = []
    seen: set[str] = set()
    for index, item in enumerate(items):
        try:
            line = _line(item, status, currency)
            if line.external_id in seen:
                raise BadFieldError("orderItemId", "stands on two lines")
        except BadFieldError as error:
            raise error.within(f"orderItems[{index}]") from None
        seen.add(line.external_id)
        lines.append(line)
    return tuple(lines)


def _line(item: Json, status: OrderStatus | None, currency: str | None) -> ChannelOrderLine:
    product = section(item, "product")
    proceeds = section(item, "proceeds")
    ordered = reading.quantity(item, "quantityOrdered")
    if ordered is None:
        raise BadFieldError("quantityOrdered", "is missing")
    # Amazon's two numbers can disagree for a while; more than was ordered never ships.
    done = reading.quantity(section(item, "fulfillment"), "quantityFulfilled") or 0
    shipped = min(done, ordered)
    is_cancelled = status is OrderStatus.CANCELLED or _is_cancelled(item)
    parts = _breakdown(proceeds, currency)
    return ChannelOrderLine(
        external_id=reading.identifier(item, "orderItemId"),
        sku=text(product, "sellerSku", reading.SKU),
        title=text(product, "title", reading.TITLE),
        quantity=ordered,
        quantity_shipped=shipped,
        quantity_cancelled=ordered - shipped if is_cancelled else 0,
        quantity_returned=shipped if status is OrderStatus.RETURNED else 0,
        unit_price_minor=_amount(section(product, "price"), "unitPrice", currency),
        tax_minor=parts.get("TAX"),
        discount_minor=_positive(parts.get("DISCOUNT")),
        total_minor=_amount(proceeds, "proceedsTotal", currency),
    )


def _is_cancelled(item: Json) -> bool:
    return bool(section(section(item, "cancellation"), "cancellationExecution"))


def _wants_to_cancel(items: Sequence[Json]) -> bool:
    return any(
        section(section(item, "cancellation"), "cancellationRequest") and not _is_cancelled(item)
        for item in items
    )


def _is_cod(raw: Json) -> bool:
    executions = sections(section(raw, "payment"), "paymentExecutions")
    methods = (text(execution, "paymentMethod", reading.WORD) for execution in executions)
    return any(method.lower() in _COD_METHODS for method in methods)


def _payment_status(status: OrderStatus | None, is_cod: bool) -> PaymentStatus | None:
    if is_cod:
        return PaymentStatus.PAID if status is OrderStatus.DELIVERED else PaymentStatus.COD
    if status is None or status is OrderStatus.CANCELLED:
        return None
    return PaymentStatus.UNPAID if status is OrderStatus.PENDING else PaymentStatus.PAID


def _is_business(raw: Json) -> bool:
    programs = raw.get("programs")
    return bool(section(raw, "buyer").get("buyerCompanyName")) or (
        isinstance(programs, list) and "AMAZON_BUSINESS" in programs
    )


def _buyer(buyer: Json, phone: str) -> ChannelBuyer:
    # Amazon gives each buyer one anonymous address; a role without personal data gets none.
    email = reading.email(buyer, "buyerEmail")
    name = text(buyer, "buyerName", reading.NAME)
    return ChannelBuyer(identity=email, name=name, email=email, phone=phone)


def _address(raw: Json) -> ChannelAddress:
    if not raw:
        return ChannelAddress()
    second = (text(raw, key, reading.STREET) for key in ("addressLine2", "addressLine3"))
    return ChannelAddress(
        name=text(raw, "name", reading.NAME),
        phone=text(raw, "phone", reading.PHONE),
        line1=text(raw, "addressLine1", reading.STREET),
        line2=", ".join(filter(None, second)),
        city=text(raw, "city", reading.CITY),
        state=text(raw, "stateOrRegion", reading.CITY),
        pincode=text(raw, "postalCode", reading.PINCODE),
        country=text(raw, "countryCode", reading.WORD),
    )


def _note(preference: Json) -> str:
    if not preference:
        return ""
    places = (text(preference, key, 900) for key in ("dropOffLocation", "addressInstruction"))
    return ". ".join(filter(None, places))


def _packages(packages: Sequence[Json]) -> tuple[ChannelPackage, ...]:
    """Those that left or are to leave; one that was taken back is none."""
    found: dict[str, ChannelPackage] = {}
    for index, package in enumerate(packages):
        try:
            one = _package(package, index)
        except BadFieldError as error:
            raise error.within(f"packages[{index}]") from None
        # The same reference again edits the package.
        if one.status not in statuses.TAKEN_BACK:
            found[one.external_id] = one
    return tuple(found.values())


def _package(package: Json, index: int) -> ChannelPackage:
    status = section(package, "packageStatus")
    word = text(status, "status", reading.WORD)
    return ChannelPackage(
        external_id=text(package, "packageReferenceId", reading.ID) or f"#{index + 1}",
        carrier=text(package, "carrier", reading.CARRIER),
        tracking_number=text(package, "trackingNumber", reading.TRACKING),
        status=text(status, "detailedStatus", reading.WORD) or word,
        shipped_at=reading.moment(package, "shipTime"),
        lines=tuple(
            (reading.identifier(item, "orderItemId"), quantity)
            for item in sections(package, "packageItems")
            if (quantity := reading.quantity(item, "quantity"))
        ),
    )
