"""An order of the Swiggy relay (UrbanPiper shape) in our words; pure. The contract is inferred.

The relay cannot be asked for an order, so what we keep of one is a document of our own:

    {"order": the newest order as sent, "first_at": when the first arrived,
     "state": the furthest word heard, "rider": the newest rider event}

Rules beyond those of `channels.reading`:

- The relay repeats, and tells things in any order: a state never goes back, and nothing follows a
  cancellation.
- An order that Swiggy changed comes under a new id; the old one names it (`modified_to`), or the
  new one names the old (`modified_from`). The old one is cancelled here.
- Amounts are rupees as JSON floats, rounded to the paisa. What Swiggy itself gives as a discount is
  not told.
- Times are epoch milliseconds. The rider comes at the expected pick-up time: that is our deadline.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from crm_app.channels import reading
from crm_app.channels.base import ChannelAddress, ChannelBuyer, ChannelOrder, ChannelOrderLine
from crm_app.channels.inbound import Told
from crm_app.channels.reading import BadFieldError, Json, as_object, section, sections, text
from crm_app.channels.swiggy import statuses
from crm_app.channels.words import Lexicon, Word
from crm_app.domain.order_status import OrderStatus, PaymentStatus

PLACED: Final = "order_placed"
STATUS: Final = "order_status"
RIDER: Final = "rider_status"
REPLACED: Final = "order_replaced"

_WAY: Final = ("Placed", "Acknowledged", "Food Ready", "Dispatched", "Completed")
INR: Final = "INR"


def to_order(told: Told) -> ChannelOrder | None:
    """The order after what was told; None while the order itself has not arrived.

    Raises:
        BadFieldError: A field is missing or makes no sense; the event is to be set aside.
    """
    words = told.words or statuses.WORDS
    known = _fold(told, words)
    return None if known is None else read(known, told.at, words)


def _fold(told: Told, words: Lexicon) -> Json | None:
    known = told.known
    if told.topic == PLACED:
        before = known or {"first_at": told.at.isoformat(), "state": ""}
        details = section(section(told.body, "order"), "details")
        folded = {
            **before,
            "order": dict(told.body),
            "state": _further(before, _state(details), words),
        }
        return {**folded, "state": statuses.MODIFIED} if modified_to(details) else folded
    if known is None:
        return None
    match told.topic:
        case "order_status":
            word = reading.identifier(told.body, "new_state", reading.WORD)
            return {**known, "state": _further(known, word, words)}
        case "rider_status":
            return {**known, "rider": dict(section(told.body, "delivery_info"))}
        case _:
            return {**known, "state": _further(known, statuses.MODIFIED, words)}


def _state(details: Json) -> str:
    word = text(details, "order_state", reading.WORD) or text(details, "state", reading.WORD)
    return word or "Placed"


def _further(known: Json, word: str, words: Lexicon) -> str:
    """The word that lies further on: a late or repeated event takes nothing back."""
    before = text(known, "state", reading.WORD)
    if (
        not before
        or words.read("order", before) is not OrderStatus.CANCELLED
        and _place(word) >= _place(before)
    ):
        return word
    return before


def _place(word: str) -> int:
    """How far along; a word that is no place on the way counts as the furthest."""
    return _WAY.index(word) if word in _WAY else len(_WAY)


def modified_to(details: Json) -> str:
    """The id of the order that took this one's place; "" if none did."""
    return text(details, "modified_to", reading.ID)


def modified_from(details: Json) -> str:
    """The id of the order whose place this one takes; "" for a new one."""
    return text(details, "modified_from", reading.ID)


def read(known: Json, at: datetime, words: Lexicon = statuses.WORDS) -> ChannelOrder:
    """Map the kept document; `at` is when it last changed."""
    body = section(known, "order")
    order, customer = section(body, "order"), section(body, "customer")
    details = section(order, "details")
    external_id = reading.identifier(details, "id")
    word = reading.identifier(known, "state", reading.WORD)
    status = words.read("order", word)
    rider = _rider(known)
    if status is OrderStatus.SHIPPED:
        status = words.read("rider", rider) or status
    platform = _platform(details)
    is_open = status in (OrderStatus.PENDING, OrderStatus.CONFIRMED, OrderStatus.PACKED)
    return ChannelOrder(
        external_id=external_id,
        # What people of Swiggy read out on the phone.
        order_number=text(platform, "id", reading.ID) or external_id,
        channel_status=word,
        unknown_words=words.unknown((Word("order", word), Word("rider", rider))),
        status=status,
        payment_status=PaymentStatus.COD if _is_cash(order, platform) else PaymentStatus.PAID,
        placed_at=_epoch(details, "created") or reading.required_moment(known, "first_at"),
        updated_at=at,
        currency=INR,
        total_minor=_total(details),
        lines=_lines(order, status),
        subtotal_minor=_rupees(details, "order_subtotal"),
        shipping_minor=_rupees(details, "total_charges"),
        tax_minor=_rupees(details, "total_taxes"),
        discount_minor=_rupees(details, "discount"),
        is_cod=_is_cash(order, platform),
        ship_by=_epoch(details, "expected_pickup_time") if is_open else None,
        deliver_by=_epoch(details, "delivery_datetime"),
        buyer=_buyer(customer),
        address=_address(customer),
        note=text(details, "instructions", reading.NOTE),
        raw=known,
    )


def _rider(known: Json) -> str:
    """The rider's state; whatever is no text says nothing."""
    state = as_object(known.get("rider")).get("current_state")
    return state[: reading.WORD] if isinstance(state, str) else ""


def _platform(details: Json) -> Json:
    found = sections(details, "ext_platforms")
    return found[0] if found else reading.EMPTY


def _is_cash(order: Json, platform: Json) -> bool:
    extras = as_object(platform.get("extras"))
    if _rupees(extras, "cash_to_be_collected"):
        return True
    options = (text(payment, "option", reading.WORD) for payment in sections(order, "payment"))
    return any(option.lower() in ("cash", "cod") for option in options)


def _rupees(record: Json, key: str) -> int | None:
    found = reading.signed_amount(record, key, INR, is_rounded=True)
    if found is not None and found < 0:
        raise BadFieldError(key, "is a negative amount")
    return found


def _total(details: Json) -> int:
    found = _rupees(details, "order_total")
    if found is None:
        raise BadFieldError("order_total", "is missing")
    return found


def _lines(order: Json, status: OrderStatus | None) -> tuple[ChannelOrderLine, ...]:
    items = sections(order, "items")
    if not items:
        raise BadFieldError("items", "is missing")
    seen: dict[str, int] = {}
    lines: list[ChannelOrderLine] = []
    for index, item in enumerate(items):
        try:
            key = reading.identifier(item, "id")
            # One dish with two sets of options stands twice under one id.
            seen[key] = seen.get(key, 0) + 1
            name = key if seen[key] == 1 else f"{key}#{seen[key]}"
            lines.append(_line(item, name, status))
        except BadFieldError as error:
            raise error.within(f"items[{index}]") from None
    return tuple(lines)


def _line(item: Json, key: str, status: OrderStatus | None) -> ChannelOrderLine:
    quantity = reading.quantity(item, "quantity")
    if quantity is None:
        raise BadFieldError("quantity", "is missing")
    options = [text(extra, "title", reading.TITLE) for extra in sections(item, "options_to_add")]
    title = " + ".join(filter(None, [text(item, "title", reading.TITLE), *options]))
    total = _rupees(item, "total_with_tax")
    before_tax = _rupees(item, "total")
    has_left = status in (
        OrderStatus.SHIPPED,
        OrderStatus.OUT_FOR_DELIVERY,
        OrderStatus.DELIVERED,
    )
    return ChannelOrderLine(
        external_id=key,
        sku=text(item, "merchant_id", reading.SKU),
        title=reading.clean(title, "title", reading.TITLE),
        quantity=quantity,
        quantity_shipped=quantity if has_left else 0,
        quantity_cancelled=quantity if status is OrderStatus.CANCELLED else 0,
        unit_price_minor=_rupees(item, "price"),
        tax_minor=None if total is None or before_tax is None else max(0, total - before_tax),
        discount_minor=_rupees(item, "discount"),
        total_minor=before_tax if total is None else total,
    )


def _epoch(record: Json, key: str) -> datetime | None:
    """An optional time in epoch milliseconds, aware."""
    value = record.get(key)
    if value is None:
        return None
    if type(value) is not int and not (type(value) is float and value.is_integer()):
        raise BadFieldError(key, "is not a time")
    # 2000 to 2100.
    if not 946_684_800_000 <= value < 4_102_444_800_000:
        raise BadFieldError(key, "is an absurd time")
    return datetime.fromtimestamp(value / 1_000, UTC)


def _buyer(customer: Mapping[str, Any]) -> ChannelBuyer:
    return ChannelBuyer(
        name=text(customer, "name", reading.NAME),
        email=reading.email(customer, "email"),
        phone=text(customer, "phone", reading.PHONE),
    )


def _address(customer: Json) -> ChannelAddress:
    place = section(customer, "address")
    lines = [text(place, key, reading.STREET) for key in ("line_1", "line_2")]
    near = [text(place, key, reading.STREET) for key in ("sub_locality", "landmark")]
    return ChannelAddress(
        name=text(customer, "name", reading.NAME),
        phone=text(customer, "phone", reading.PHONE),
        line1=", ".join(filter(None, lines))[: reading.STREET],
        line2=", ".join(filter(None, near))[: reading.STREET],
        city=text(place, "city", reading.CITY),
        pincode=text(place, "pin", reading.PINCODE),
        country="IN",
    )
