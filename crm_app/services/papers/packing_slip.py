"""The packing slip: what lies in a parcel and where it goes, a page for each order."""

from collections.abc import Sequence
from typing import Final

from crm_app.domain.money import to_text
from crm_app.services.papers.facts import Facts, day_text
from crm_app.services.papers.sheet import MARGIN, MUTED, Cell, Sheet

_HEADS: Final = (
    Cell("", 9),
    Cell("Qty", 15, "R"),
    Cell("Product", 108),
    Cell("SKU", 50),
)
_HALF: Final = 88.0


def draw(found: Sequence[Facts]) -> Sheet:
    """One slip after the other."""
    sheet = Sheet("Packing slips" if len(found) > 1 else "Packing slip", _texts(found))
    for order in found:
        sheet.add_page()
        _slip(sheet, order)
    return sheet


def _slip(sheet: Sheet, order: Facts) -> None:
    sheet.look(12, strong=True)
    sheet.say(order.seller.legal_name, 100, 6)
    sheet.barcode(order.number, MARGIN + 106, MARGIN, 76, 12)
    sheet.set_xy(MARGIN, MARGIN + 8)
    sheet.look(18, strong=True)
    sheet.say("Packing slip", 100, 9)
    sheet.set_y(MARGIN + 19)
    sheet.rule(1)
    top = sheet.get_y() + 2
    goes_to = [order.name or "No name", *order.address, order.phone and f"Phone {order.phone}"]
    left = sheet.block("Ship to", goes_to, MARGIN, top, _HALF)
    right = sheet.block("Order", _about(order), MARGIN + _HALF + 6, top, _HALF)
    sheet.set_xy(MARGIN, max(left, right) + 4)
    if order.is_cod:
        _cash(sheet, order)
    sheet.heads(_HEADS)
    for line in order.lines:
        y = sheet.row(
            (
                Cell("", _HEADS[0].width),
                Cell(str(line.quantity), _HEADS[1].width, "R", is_strong=True),
                Cell(line.title or "Without a name", _HEADS[2].width),
                Cell(line.sku or "—", _HEADS[3].width),
            ),
            _HEADS,
        )
        end = sheet.get_y()
        sheet.box(MARGIN + 1.5, y + 2)
        sheet.set_xy(MARGIN, end)
    sheet.set_y(sheet.get_y() + 3)
    sheet.look(9, strong=True)
    sheet.say(f"{order.units} {'unit' if order.units == 1 else 'units'} in all")
    sheet.ln(8)
    if order.note:
        sheet.block("The buyer's note", [order.note], MARGIN, sheet.get_y(), sheet.epw)
    if order.seller.footer:
        sheet.set_y(-24)
        sheet.look(8, tone=MUTED)
        sheet.say(order.seller.footer, sheet.epw, 4, "C")


def _cash(sheet: Sheet, order: Facts) -> None:
    """What the driver must not forget."""
    sheet.set_fill_color(30)
    sheet.set_font("NotoSans", "B", 11)
    sheet.set_text_color(255)
    amount = to_text(order.total_minor, order.currency)
    sheet.cell(sheet.epw, 9, f"  Cash on delivery: collect {amount}", fill=True)
    sheet.ln(13)


def _about(order: Facts) -> list[str]:
    return [
        order.number,
        f"{order.channel}, {order.account}",
        f"Placed {day_text(order.placed_on)}",
        order.ship_by and f"Ship by {order.ship_by}",
        order.carrier and f"{order.carrier} {order.tracking}".strip(),
        "" if order.is_cod else order.payment,
    ]


def _texts(found: Sequence[Facts]) -> list[str]:
    return [
        text
        for order in found
        for text in (
            order.name,
            *order.address,
            order.note,
            order.seller.legal_name,
            order.seller.footer,
            *(line.title for line in order.lines),
        )
    ]
