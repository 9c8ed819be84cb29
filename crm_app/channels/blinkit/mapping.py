"""A Blinkit purchase order in our words; pure. The contract is inferred: none is public.

Blinkit cannot be asked for a purchase order, so what we keep of one is a document of our own:

    {"po": the newest PO_CREATION, "first_at": when the first arrived, "events": all that followed}

Rules beyond those of `channels.reading`:

- A purchase order is pending until we accept it, and cancelled by a PO_CANCEL, which Blinkit never
  takes back. It tells nothing of goods received: delivered does not exist here.
- Prices are rupees before tax, as JSON numbers; a line's total includes its tax percentages. The
  header's `total_amount` is the order's total, whatever the lines add up to.
- Days carry no zone: they are days in India. The goods are due in the warehouse on the delivery
  day, so they have to leave before it begins.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from crm_app.channels import reading
from crm_app.channels.base import ChannelAddress, ChannelBuyer, ChannelOrder, ChannelOrderLine
from crm_app.channels.blinkit import statuses
from crm_app.channels.blinkit.statuses import AMENDMENT, CANCEL, CREATION
from crm_app.channels.inbound import Told
from crm_app.channels.reading import BadFieldError, Json, section, sections, text
from crm_app.channels.words import Lexicon, Word
from crm_app.domain.order_status import OrderStatus

INR: Final = "INR"
INDIA: Final = ZoneInfo("Asia/Kolkata")
_TAXES: Final = ("igst_percentage", "cgst_percentage", "sgst_percentage", "cess_percentage")
_MOST_NOTED: Final = 20


def to_order(told: Told) -> ChannelOrder | None:
    """The purchase order after what was told; None while its creation has not arrived.

    Raises:
        BadFieldError: A field is missing or makes no sense; the event is to be set aside.
    """
    known = _fold(told)
    return None if known is None else read(known, told.at, told.words or statuses.WORDS)


def _fold(told: Told) -> Json | None:
    if told.topic == CREATION:
        before = told.known or {"first_at": told.at.isoformat(), "events": []}
        return {**before, "po": dict(told.body)}
    if told.known is None:
        return None
    event = {"type": told.topic, "body": _part(told), "at": told.at.isoformat()}
    return {**told.known, "events": [*told.known.get("events", []), event]}


def _part(told: Told) -> Any:
    """Of an amendment only what names this purchase order: it may speak of many."""
    if told.topic != AMENDMENT:
        return dict(told.body)
    return [
        {"item_id": text(item, "item_id", reading.ID), **_amended(variant)}
        for item, variant in amended(told.body)
        if told.external_id in order_numbers(variant)
    ]


def amended(body: Json) -> list[tuple[Json, Json]]:
    """Every item of an amendment with each of its variants."""
    return [
        (item, variant)
        for item in sections(body, "request_data")
        for variant in sections(item, "variants")
    ]


def order_numbers(variant: Json) -> list[str]:
    """The purchase orders that an amended variant stands in."""
    found = variant.get("po_numbers")
    if not isinstance(found, list):
        raise BadFieldError("po_numbers", "is not a list")
    numbers = cast(list[Any], found)
    return [reading.identifier({"po_numbers": number}, "po_numbers") for number in numbers]


def _amended(variant: Json) -> dict[str, Any]:
    return {key: variant[key] for key in ("upc", "mrp", "uom") if variant.get(key) is not None}


def read(known: Json, at: datetime, words: Lexicon = statuses.WORDS) -> ChannelOrder:
    """Map the kept document; `at` is when it last changed."""
    po = section(known, "po")
    details = section(po, "details")
    number = reading.identifier(po, "po_number")
    word = CANCEL if _is_cancelled(known) else CREATION
    status = words.read("order", word)
    lines = _lines(details, status)
    due = _day(details, "delivery_date")
    starts = datetime(due.year, due.month, due.day, tzinfo=INDIA) if due else None
    return ChannelOrder(
        external_id=number,
        order_number=number,
        channel_status=word,
        unknown_words=words.unknown((Word("order", word),)),
        status=status,
        payment_status=None,
        placed_at=_placed_at(known, details),
        updated_at=at,
        currency=INR,
        total_minor=_total(details, lines),
        lines=lines,
        tax_minor=sum(line.tax_minor or 0 for line in lines),
        is_business=True,
        ship_by=starts.astimezone(UTC) if starts and status is OrderStatus.PENDING else None,
        deliver_by=(starts + timedelta(days=1)).astimezone(UTC) if starts else None,
        buyer=_buyer(details),
        address=_address(section(details, "buyer_details")),
        note=_note(known),
        raw=known,
    )


def _is_cancelled(known: Json) -> bool:
    return any(event.get("type") == CANCEL for event in sections(known, "events"))


def _total(details: Json, lines: tuple[ChannelOrderLine, ...]) -> int:
    told = reading.signed_amount(details, "total_amount", INR, is_rounded=True)
    if told is not None and told < 0:
        raise BadFieldError("total_amount", "is a negative amount")
    return sum(line.total_minor or 0 for line in lines) if told is None else told


def _lines(details: Json, status: OrderStatus | None) -> tuple[ChannelOrderLine, ...]:
    items = sections(details, "item_data")
    if not items:
        raise BadFieldError("item_data", "is missing")
    lines: dict[str, ChannelOrderLine] = {}
    for index, item in enumerate(items):
        try:
            line = _line(item, status)
            if line.external_id in lines:
                raise BadFieldError("item_id", "stands on two lines")
        except BadFieldError as error:
            raise error.within(f"item_data[{index}]") from None
        lines[line.external_id] = line
    return tuple(lines.values())


def _line(item: Json, status: OrderStatus | None) -> ChannelOrderLine:
    quantity = reading.quantity(item, "units_ordered")
    if quantity is None:
        raise BadFieldError("units_ordered", "is missing")
    price = reading.signed_amount(item, "basic_price", INR, is_rounded=True)
    if price is None or price < 0:
        raise BadFieldError("basic_price", "is missing" if price is None else "is negative")
    net = price * quantity
    tax = share(net, tax_percentage(item))
    return ChannelOrderLine(
        external_id=reading.identifier(item, "item_id"),
        sku=text(item, "sku_code", reading.SKU),
        title=text(item, "name", reading.TITLE),
        quantity=quantity,
        quantity_cancelled=quantity if status is OrderStatus.CANCELLED else 0,
        unit_price_minor=price,
        tax_minor=tax,
        total_minor=net + tax,
    )


def tax_percentage(item: Json) -> Decimal:
    """The sum of an item's tax percentages."""
    taxes = section(item, "tax_details")
    return sum((percentage(taxes, name) for name in _TAXES), Decimal(0))


def percentage(record: Json, key: str) -> Decimal:
    """A percentage as a JSON number or text; 0 if it is missing."""
    value = record.get(key)
    if value is None or value == "":
        return Decimal(0)
    try:
        found = Decimal(str(value))
    except ArithmeticError:
        raise BadFieldError(key, "is not a percentage") from None
    if isinstance(value, bool) or not found.is_finite() or not 0 <= found <= 100:
        raise BadFieldError(key, "is not a percentage")
    return found


def share(minor: int, percent: Decimal) -> int:
    """So many per cent of an amount, half up."""
    return int((minor * percent / 100).quantize(Decimal(1), ROUND_HALF_UP))


def _day(record: Json, key: str) -> date | None:
    """A day, or the Indian day of a time; None if it is missing."""
    word = text(record, key, reading.WORD)
    if not word:
        return None
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        raise BadFieldError(key, "is not a day") from None
    if not 2000 <= found.year < 2100:
        raise BadFieldError(key, "is an absurd day")
    return (found.astimezone(INDIA) if found.tzinfo else found).date()


def _placed_at(known: Json, details: Json) -> datetime:
    """The issue day tells no hour: of a purchase order that came the same day we know it."""
    first = reading.required_moment(known, "first_at")
    issued = _day(details, "issue_date")
    if issued is None or issued == first.astimezone(INDIA).date():
        return first
    return datetime(issued.year, issued.month, issued.day, tzinfo=INDIA).astimezone(UTC)


def _buyer(details: Json) -> ChannelBuyer:
    outlet = text(details, "outlet_id", reading.ID)
    name = text(section(details, "buyer_details"), "name", reading.NAME)
    return ChannelBuyer(identity=f"outlet:{outlet}" if outlet else "", name=name)


def _address(buyer: Json) -> ChannelAddress:
    place = section(buyer, "destination_address")
    return ChannelAddress(
        name=text(buyer, "name", reading.NAME),
        line1=_first(place, "line1", "address_line_1", "addressLine1"),
        line2=_first(place, "line2", "address_line_2", "addressLine2"),
        city=text(place, "city", reading.CITY),
        state=text(place, "state", reading.CITY),
        pincode=text(place, "postal_code", reading.PINCODE),
        country="IN",
    )


def _first(record: Mapping[str, Any], *keys: str) -> str:
    """The examples of the field spell this key in three ways."""
    found = (text(record, key, reading.STREET) for key in keys)
    return next(filter(None, found), "")


def _note(known: Json) -> str:
    """What Blinkit amended, for the people who pack: no column of ours holds it."""
    parts = [
        f"Item {text(change, 'item_id', reading.ID)}: "
        + ", ".join(
            f"{key} {_short(change[key])}" for key in ("upc", "mrp", "uom") if key in change
        )
        for change in amendments(known)[-_MOST_NOTED:]
    ]
    said = "Amended by Blinkit. " + "; ".join(parts) if parts else ""
    return reading.clean(said, "request_data", reading.NOTE)


def amendments(known: Json) -> list[Json]:
    """Every amended item that is kept, oldest first: `item_id` with `upc`, `mrp`, `uom`."""
    events = [event for event in sections(known, "events") if event.get("type") == AMENDMENT]
    return [change for event in events for change in sections(event, "body")]


def _short(value: Any) -> str:
    if isinstance(value, dict):
        unit = reading.as_object(cast(Any, value))
        return f"{unit.get('value', '')} {unit.get('unit', '')}".strip()[:40]
    return str(value)[:40]
