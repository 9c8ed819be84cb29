"""Lines of a file into an order, or into a reason for each line why not. Pure.

- Lines with one order id are one order, wherever they stand. What belongs to the order is taken
  from its first line that tells it; currencies may not differ.
- A line that cannot be read refuses its whole order: one with a line missing has a wrong total.
- A line that repeats another of its order in everything but a running number is left out.
- The total is the file's, else the sum of its lines and the shipping charge; without any amount
  the order has none, and no currency.
- A parcel that left has shipped all its units; the units of a cancelled order are cancelled.
"""

from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from crm_app.channels import reading
from crm_app.channels.base import ChannelAddress, ChannelBuyer, ChannelOrder, ChannelOrderLine
from crm_app.domain.order_status import OrderStatus, PaymentStatus
from crm_app.services.documents import fields, values, words
from crm_app.services.documents.cells import CellError, Cells, First
from crm_app.services.documents.fields import Field
from crm_app.services.documents.mapping import Mapping
from crm_app.services.documents.table import Line
from crm_app.services.documents.words import Meaning

_LEFT: Final = frozenset(
    {
        OrderStatus.SHIPPED,
        OrderStatus.OUT_FOR_DELIVERY,
        OrderStatus.DELIVERED,
        OrderStatus.RETURNED,
        OrderStatus.FAILED,
    }
)
_CHANNEL_SHIPS: Final = ("amazon", "fba", "channel", "marketplace", "flipkart", "afn")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the lines of one order id.

    Attributes:
        external_id: The order id; empty where a line has none.
        order: The order; None if it is refused or left out.
        refused: Why, by line number; every line has its reason.
        repeats: Lines that are left out, with the line that each repeats.
        left_out: Why the order is not wanted, as a sentence.
    """

    external_id: str
    order: ChannelOrder | None = None
    refused: Map[int, str] = field(default_factory=dict[int, str])
    repeats: Map[int, int] = field(default_factory=dict[int, int])
    left_out: str = ""


class Reader:
    """Reads the orders of one file.

    Args:
        mapping: What its columns mean; complete.
        header: The columns, in the order of the cells.
        zone: Of times without one.
        uploaded_at: The version of orders whose lines tell no time of their last change.
    """

    def __init__(
        self, mapping: Mapping, header: Sequence[str], zone: ZoneInfo, uploaded_at: datetime
    ) -> None:
        place_of = {name: index for index, name in enumerate(header)}
        self._mapping = mapping
        self._header = header
        self._zone = zone
        self._uploaded_at = uploaded_at
        self._places = {
            key: place_of[name] for key, name in mapping.columns.items() if name in place_of
        }
        self._fingerprint = mapping.fingerprint
        mapped = set(self._places.values())
        self._counters = [
            index
            for index, name in enumerate(header)
            if fields.is_counter(name) and index not in mapped
        ]

    def read(self, external_id: str, lines: Sequence[Line]) -> Verdict:
        """The order that these lines make.

        Args:
            external_id: The order id that all of them carry.
            lines: In the file's order; at least one.
        """
        refused = {line.number: line.slipped for line in lines if line.slipped}
        kept, repeats = self._without_repeats(lines)
        rows = [Cells(line, self._places, self._mapping.columns) for line in kept]
        if not external_id:
            return Verdict("", refused={line.number: _no_id(line) for line in lines})
        meaning, word = self._meaning(rows, refused)
        if meaning is Meaning.LEAVE_OUT:
            said = f"Left out: orders that are “{word}” are not wanted." if word else "Left out."
            return Verdict(external_id, left_out=said)
        order = self._order(external_id, rows, meaning, word, refused)
        if order is None:
            return Verdict(external_id, refused=_each(lines, refused), repeats={})
        return Verdict(external_id, order, repeats=repeats)

    def _without_repeats(self, lines: Sequence[Line]) -> tuple[list[Line], dict[int, int]]:
        if self._mapping.keep_repeats or len(lines) == 1:
            return list(lines), {}
        seen: dict[tuple[str, ...], int] = {}
        kept: list[Line] = []
        repeats: dict[int, int] = {}
        for line in lines:
            cells = list(line.cells)
            for index in self._counters:
                cells[index] = ""
            first = seen.setdefault(tuple(cells), line.number)
            if first == line.number:
                kept.append(line)
            else:
                repeats[line.number] = first
        return kept, repeats

    def _meaning(self, rows: Sequence[Cells], refused: dict[int, str]) -> tuple[Meaning, str]:
        if Field.STATUS not in self._places:
            return self._mapping.status, ""
        for row in rows:
            try:
                word = row.text(Field.STATUS)
                if word and word not in self._mapping.statuses:
                    raise CellError(f"The status “{word[:60]}” has no meaning chosen for it.")
            except CellError as error:
                refused.setdefault(row.line.number, str(error))
                continue
            if word:
                return self._mapping.statuses[word], word
        return self._mapping.status, ""

    def _order(
        self,
        external_id: str,
        rows: Sequence[Cells],
        meaning: Meaning,
        word: str,
        refused: dict[int, str],
    ) -> ChannelOrder | None:
        code = self._currency(rows, refused)
        lines: list[ChannelOrderLine] = []
        for position, row in enumerate(rows, 1):
            try:
                lines.append(_line(row, position, code, meaning))
            except CellError as error:
                refused.setdefault(row.line.number, str(error))
        if refused:
            return None
        first = First(rows, refused)
        order = self._facts(external_id, first, code, lines, meaning, word)
        return None if refused or order is None else order

    def _facts(
        self,
        external_id: str,
        first: First,
        code: str,
        lines: Sequence[ChannelOrderLine],
        meaning: Meaning,
        word: str,
    ) -> ChannelOrder | None:
        dates = (values.moment, self._mapping.date_order, self._zone)
        placed_at = first.read(Field.PLACED_AT, *dates)
        if placed_at is None:
            first.refuse("The order has no date.")
            return None
        address = _address(first)
        is_cod, payment = self._payment(first, meaning.status)
        parts = {
            key: first.read(key, values.amount, code)
            for key in (Field.SHIPPING_CHARGE, Field.TAX, Field.DISCOUNT, Field.TOTAL)
        }
        total = parts[Field.TOTAL]
        if total is None:
            total = _sum(lines, parts[Field.SHIPPING_CHARGE], parts[Field.DISCOUNT])
        return ChannelOrder(
            external_id=external_id,
            order_number=first.text(Field.ORDER_NUMBER, reading.ID) or external_id,
            channel_status=word[:200],
            status=meaning.status,
            payment_status=payment,
            placed_at=placed_at,
            updated_at=first.read(Field.UPDATED_AT, *dates) or self._uploaded_at,
            currency=None if total is None else code,
            total_minor=total,
            lines=tuple(lines),
            shipping_minor=parts[Field.SHIPPING_CHARGE],
            tax_minor=parts[Field.TAX],
            discount_minor=parts[Field.DISCOUNT],
            is_cod=is_cod,
            is_business=values.is_yes(first.text(Field.IS_BUSINESS)),
            return_requested=meaning is Meaning.COMING_BACK,
            fulfilled_by_channel=_is_by_channel(first.text(Field.FULFILLED_BY)),
            ship_by=first.read(Field.SHIP_BY, *dates),
            deliver_by=first.read(Field.DELIVER_BY, *dates),
            shipped_at=first.read(Field.SHIPPED_AT, *dates),
            carrier=first.text(Field.CARRIER, reading.CARRIER),
            tracking_number=first.text(Field.TRACKING_NUMBER, reading.TRACKING),
            buyer=_buyer(first, address),
            address=address,
            note=first.text(Field.NOTE, reading.NOTE),
            raw=self._raw(first.rows),
        )

    def _currency(self, rows: Sequence[Cells], refused: dict[int, str]) -> str:
        code = ""
        for row in rows:
            try:
                told = row.read(Field.CURRENCY, values.currency) or ""
                if told and code and told != code:
                    raise CellError(f"Another line of the order is in {code}, this one in {told}.")
            except CellError as error:
                refused.setdefault(row.line.number, str(error))
                continue
            code = code or told
        return code or self._mapping.currency

    def _payment(self, first: First, status: OrderStatus) -> tuple[bool, PaymentStatus | None]:
        word = first.text(Field.PAYMENT)
        told = words.payment_of(word) if word else None
        if told is PaymentStatus.COD:
            return True, PaymentStatus.PAID if status is OrderStatus.DELIVERED else told
        if word or status is OrderStatus.CANCELLED:
            # Of a cancelled order a general word says nothing.
            return False, told
        general = self._mapping.payment
        if general is PaymentStatus.PAID and status is OrderStatus.PENDING:
            return False, PaymentStatus.UNPAID
        return general is PaymentStatus.COD, general

    def _raw(self, rows: Sequence[Cells]) -> dict[str, Any]:
        skipped = set(self._counters)
        return {
            # Another mapping reads another order out of the same lines: a version of its own.
            "mapping": self._fingerprint,
            "lines": [
                {
                    name: cell
                    for index, (name, cell) in enumerate(
                        zip(self._header, row.line.cells, strict=True)
                    )
                    if cell and index not in skipped
                }
                for row in rows
            ],
        }


def _line(row: Cells, position: int, code: str, meaning: Meaning) -> ChannelOrderLine:
    status = meaning.status
    quantity = row.read(Field.QUANTITY, values.quantity)
    quantity = 1 if quantity is None else quantity
    price = row.read(Field.UNIT_PRICE, values.amount, code)
    total = row.read(Field.LINE_TOTAL, values.amount, code)
    if total is None and price is not None:
        total = price * quantity
    left = quantity if status in _LEFT else 0
    return ChannelOrderLine(
        external_id=row.read(Field.LINE_ID, values.identifier) or str(position),
        sku=row.text(Field.SKU, reading.SKU),
        title=_title(row),
        quantity=quantity,
        quantity_shipped=left,
        quantity_cancelled=quantity if status is OrderStatus.CANCELLED else 0,
        quantity_returned=left if status is OrderStatus.RETURNED else 0,
        unit_price_minor=price,
        tax_minor=row.read(Field.LINE_TAX, values.amount, code),
        discount_minor=row.read(Field.LINE_DISCOUNT, values.amount, code),
        total_minor=total,
    )


def _title(row: Cells) -> str:
    title, variant = row.text(Field.TITLE), row.text(Field.VARIANT)
    return ", ".join(part for part in (title, variant) if part)[: reading.TITLE]


def _sum(
    lines: Sequence[ChannelOrderLine], shipping: int | None, discount: int | None
) -> int | None:
    priced = [line.total_minor for line in lines if line.total_minor is not None]
    return sum(priced) + (shipping or 0) - (discount or 0) if priced else None


def _address(first: First) -> ChannelAddress:
    return ChannelAddress(
        name=first.text(Field.SHIP_NAME, reading.NAME)
        or first.text(Field.BUYER_NAME, reading.NAME),
        phone=first.text(Field.SHIP_PHONE, reading.PHONE),
        line1=first.text(Field.LINE1, reading.STREET),
        line2=first.text(Field.LINE2, reading.STREET),
        city=first.text(Field.CITY, reading.CITY),
        state=first.text(Field.STATE, reading.CITY),
        pincode=first.text(Field.PINCODE, reading.PINCODE),
        country=first.text(Field.COUNTRY, reading.WORD),
    )


def _buyer(first: First, address: ChannelAddress) -> ChannelBuyer:
    return ChannelBuyer(
        identity=first.text(Field.BUYER_ID, reading.ID),
        name=first.text(Field.BUYER_NAME, reading.NAME) or address.name,
        email=first.text(Field.BUYER_EMAIL, reading.EMAIL),
        phone=first.text(Field.BUYER_PHONE, reading.PHONE) or address.phone,
    )


def _is_by_channel(word: str) -> bool:
    return word.lower().startswith(_CHANNEL_SHIPS)


def _no_id(line: Line) -> str:
    first = next((cell for cell in line.cells if cell), "")
    return "The line has no order id" + (f" (it begins with “{first[:40]}”)." if first else ".")


def _each(lines: Sequence[Line], refused: dict[int, str]) -> dict[int, str]:
    """A reason for every line: of the others, which one of the order it is that cannot be read."""
    bad = min(refused, default=lines[0].number)
    return {
        line.number: refused.get(line.number, f"Line {bad:,} of the same order cannot be read.")
        for line in lines
    }


def order_id(line: Line, place: int) -> tuple[str, str]:
    """The order id of a line, and why it cannot be used; one of the two is empty."""
    return order_id_of(line.cells[place], line.problems.get(place, ""))


def order_id_of(cell: str, problem: str) -> tuple[str, str]:
    """The same, from the cell and from why it cannot be believed."""
    if problem:
        return "", f"The order id {problem}."
    try:
        return values.identifier(cell, reading.ID), ""
    except ValueError as error:
        return "", f"The order id {error}."
