"""A Flipkart shipment (Marketplace Seller API v3) in our words; pure.

Rules beyond those of `channels.reading`:

- The shipment is the order: it is what is packed, shipped and cancelled. Its number is the buyer's
  order, which several shipments may share.
- Flipkart tells nothing of the buyer, not even a name: there is no customer and no address.
- All amounts are rupees and of the whole line, not of one piece. The total is what the seller is
  owed (`totalPrice`): a discount that Flipkart gives lies between it and the buyer. Cancelled
  items count only in a shipment that is cancelled as a whole. Without a total on every item that
  counts, the order has no amount at all.
- A return that is known beside the shipment says that something comes back, and how many pieces
  have arrived; see `flipkart.returns`.
- Cash on delivery is paid once the parcel was delivered; of a cancelled prepaid shipment Flipkart
  does not say.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from crm_app.channels import reading
from crm_app.channels.base import ChannelOrder, ChannelOrderLine
from crm_app.channels.flipkart import returns, statuses
from crm_app.channels.reading import BadFieldError, Json, section, sections, text
from crm_app.channels.words import Lexicon, Word
from crm_app.domain.order_status import OrderStatus, PaymentStatus

CURRENCY: Final = "INR"
_LEFT: Final = (OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.RETURNED)
# Warehouses that Flipkart runs; the seller never sees the goods.
_FLIPKARTS_OWN: Final = frozenset({"FBF", "Flipkart_Fulfilment"})


class _Item(NamedTuple):
    raw: Json
    word: str
    status: OrderStatus | None


def to_order(raw: Json, lexicon: Lexicon = statuses.WORDS) -> ChannelOrder:
    """Map one element of `shipments`; `lexicon` is the account's words.

    Raises:
        BadFieldError: A field is missing or makes no sense; the shipment is to be set aside.
    """
    external_id = reading.identifier(raw, "shipmentId")
    items = _items(raw, lexicon)
    state = statuses.read([(item.word, item.status) for item in items], lexicon)
    lines = _lines(raw, items, lexicon)
    known_returns = returns.of(raw)
    strange = lexicon.unknown(Word("return", returns.word(one)) for one in known_returns)
    counted = [
        (item.raw, line)
        for item, line in zip(items, lines, strict=True)
        if item.word != statuses.CANCELLED or state.status is OrderStatus.CANCELLED
    ]
    total = _sum([line.total_minor for _, line in counted])
    is_cod = any(text(item.raw, "paymentType", reading.WORD) == "COD" for item in items)
    has_price = total is not None
    return ChannelOrder(
        external_id=external_id,
        order_number=_first(items, "orderId"),
        channel_status=state.words,
        unknown_words=(*state.unknown, *strange),
        status=state.status,
        payment_status=_payment_status(state, is_cod),
        placed_at=min(_at(items, "orderDate")),
        updated_at=returns.newest(raw, reading.required_moment(raw, "updatedAt")),
        currency=CURRENCY if has_price else None,
        total_minor=total,
        lines=lines,
        subtotal_minor=_part(counted, "sellingPrice") if has_price else None,
        shipping_minor=_part(counted, "shippingCharge") if has_price else None,
        is_cod=is_cod,
        return_requested=state.return_requested or returns.is_coming(known_returns),
        on_hold=is_held(raw),
        fulfilled_by_channel=any(_is_flipkarts(item.raw) for item in items),
        ship_by=reading.moment(raw, "dispatchByDate"),
        raw=raw,
    )


def is_held(raw: Json) -> bool:
    """Whether Flipkart forbids to go on with the shipment for now."""
    return raw.get("hold") is True


def _items(raw: Json, lexicon: Lexicon) -> list[_Item]:
    found = sections(raw, "orderItems")
    if not found:
        raise BadFieldError("orderItems", "is missing")
    items: list[_Item] = []
    for index, item in enumerate(found):
        try:
            word = reading.identifier(item, "status", reading.WORD)
        except BadFieldError as error:
            raise error.within(f"orderItems[{index}]") from None
        is_back = item.get("courierReturn") is True
        status = statuses.item_status(word, is_courier_return=is_back, lexicon=lexicon)
        items.append(_Item(item, word, status))
    return items


def _first(items: Sequence[_Item], key: str) -> str:
    try:
        return reading.identifier(items[0].raw, key)
    except BadFieldError as error:
        raise error.within("orderItems[0]") from None


def _at(items: Sequence[_Item], key: str) -> Iterator[datetime]:
    for index, item in enumerate(items):
        try:
            yield reading.required_moment(item.raw, key)
        except BadFieldError as error:
            raise error.within(f"orderItems[{index}]") from None


def _is_flipkarts(item: Json) -> bool:
    return text(item, "serviceProfile", reading.WORD) in _FLIPKARTS_OWN


def _lines(raw: Json, items: Sequence[_Item], lexicon: Lexicon) -> tuple[ChannelOrderLine, ...]:
    lines: list[ChannelOrderLine] = []
    seen: set[str] = set()
    for index, item in enumerate(items):
        try:
            line = _line(item, raw, lexicon)
            if line.external_id in seen:
                raise BadFieldError("orderItemId", "stands on two lines")
        except BadFieldError as error:
            raise error.within(f"orderItems[{index}]") from None
        seen.add(line.external_id)
        lines.append(line)
    return tuple(lines)


def _line(item: _Item, shipment: Json, lexicon: Lexicon) -> ChannelOrderLine:
    raw = item.raw
    quantity = reading.quantity(raw, "quantity")
    if quantity is None:
        raise BadFieldError("quantity", "is missing")
    price = _price(raw, "sellingPrice")
    is_cancelled = item.word == statuses.CANCELLED
    item_id = reading.identifier(raw, "orderItemId")
    return ChannelOrderLine(
        external_id=item_id,
        sku=text(raw, "sku", reading.SKU),
        title=text(raw, "title", reading.TITLE),
        quantity=quantity,
        quantity_shipped=quantity if item.status in _LEFT else 0,
        quantity_cancelled=quantity if is_cancelled else 0,
        quantity_returned=_returned(item, quantity, returns.of_item(shipment, item_id), lexicon),
        # Half up, of what one piece cost.
        unit_price_minor=(
            (2 * price + quantity) // (2 * quantity) if price is not None and quantity else None
        ),
        total_minor=_price(raw, "totalPrice"),
    )


def _returned(
    item: _Item, quantity: int, its_returns: Sequence[Json], lexicon: Lexicon
) -> int | None:
    """The pieces that are back; None where this version does not say."""
    back = returns.pieces_back(its_returns, lambda word: lexicon.read("return", word))
    if back and item.status in _LEFT:
        return min(back, quantity)
    if item.status is OrderStatus.RETURNED:
        return quantity
    return None if item.status is OrderStatus.DELIVERED else 0


def _price(item: Json, key: str) -> int | None:
    try:
        return reading.amount(section(item, "priceComponents"), key, CURRENCY)
    except BadFieldError as error:
        raise error.within("priceComponents") from None


def _part(counted: Sequence[tuple[Json, ChannelOrderLine]], key: str) -> int | None:
    return _sum([_price(item, key) for item, _ in counted])


def _sum(amounts: Sequence[int | None]) -> int | None:
    """None as soon as one is not told: a sum that leaves something out is wrong."""
    told = [amount for amount in amounts if amount is not None]
    return sum(told) if len(told) == len(amounts) else None


def _payment_status(state: statuses.Reading, is_cod: bool) -> PaymentStatus | None:
    if is_cod:
        is_paid = state.status is OrderStatus.DELIVERED
        return PaymentStatus.PAID if is_paid else PaymentStatus.COD
    if state.status is None or state.status is OrderStatus.CANCELLED:
        return None
    return PaymentStatus.PAID
