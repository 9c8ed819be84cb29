"""The invoice: the channel's money as it told it, with what GST wants to see."""

from collections.abc import Sequence
from typing import Final

from crm_app.domain import gst
from crm_app.domain.money import to_text
from crm_app.services.papers.facts import Facts, day_text
from crm_app.services.papers.invoicing import Issued
from crm_app.services.papers.sheet import BAND, MARGIN, MUTED, Cell, Sheet

_HEADS: Final = (
    Cell("#", 8),
    Cell("Product", 66),
    Cell("HSN", 17),
    Cell("Qty", 11, "R"),
    Cell("Price", 22, "R"),
    Cell("Discount", 18, "R"),
    Cell("Tax", 18, "R"),
    Cell("Amount", 22, "R"),
)
_HALF: Final = 88.0
_UNKNOWN: Final = "not told"


def draw(invoices: Sequence[Issued]) -> Sheet:
    """One invoice after the other, each on a page of its own."""
    texts = [text for one in invoices for text in _texts(one.facts)]
    title = f"Invoice {invoices[0].number}" if len(invoices) == 1 else "Invoices"
    sheet = Sheet(title, texts)
    for one in invoices:
        sheet.add_page()
        _head(sheet, one)
        _parties(sheet, one.facts)
        _lines(sheet, one.facts)
        _sums(sheet, one.facts)
        _end(sheet, one.facts)
    return sheet


def is_tax_invoice(order: Facts) -> bool:
    """Whether seller and tax are known: only then it may call itself so."""
    return bool(order.seller.gstin) and order.tax_minor is not None


def _head(sheet: Sheet, one: Issued) -> None:
    sheet.look(18, strong=True)
    sheet.say("Tax invoice" if is_tax_invoice(one.facts) else "Invoice", 100, 9)
    sheet.barcode(one.facts.number, MARGIN + 106, MARGIN, 76, 10)
    sheet.set_xy(MARGIN, MARGIN + 9.5)
    sheet.look(10)
    sheet.say(f"{one.number} of {day_text(one.issued_on)}", 100, 5)
    sheet.set_y(MARGIN + 17)
    sheet.rule(1)


def _parties(sheet: Sheet, order: Facts) -> None:
    seller, top = order.seller, sheet.get_y() + 2
    left = sheet.block(
        "Sold by",
        [
            seller.legal_name,
            *seller.address.splitlines(),
            gst.STATES.get(seller.state, ""),
            f"GSTIN {seller.gstin}" if seller.gstin else "",
            " · ".join(filter(None, (seller.phone, seller.email))),
        ],
        MARGIN,
        top,
        _HALF,
    )
    right = sheet.block(
        "Billed and shipped to",
        [order.name or "No name", *order.address, order.phone and f"Phone {order.phone}"],
        MARGIN + _HALF + 6,
        top,
        _HALF,
    )
    sheet.set_y(max(left, right) + 3)
    place = order.place_of_supply
    facts = (
        ("Order", order.number),
        ("Placed", day_text(order.placed_on)),
        ("Sold on", order.channel),
        ("Payment", "Cash on delivery" if order.is_cod else order.payment),
        ("Place of supply", f"{gst.STATES[place]} ({place})" if place else "unknown"),
    )
    width = sheet.epw / len(facts)
    sheet.set_fill_color(BAND)
    y = sheet.get_y()
    sheet.rect(MARGIN, y, sheet.epw, 12, style="F")
    for column, (name, value) in enumerate(facts):
        sheet.set_xy(MARGIN + column * width, y + 1.6)
        sheet.look(7, tone=MUTED)
        sheet.say(name, width, 4)
        sheet.set_xy(MARGIN + column * width, y + 5.6)
        sheet.look(8.5, strong=True)
        sheet.say(value, width, 4.6)
    sheet.set_y(y + 16)


def _lines(sheet: Sheet, order: Facts) -> None:
    sheet.heads(_HEADS)
    for number, line in enumerate(order.lines, start=1):
        told = (line.unit_price_minor, line.discount_minor, line.tax_minor, line.total_minor)
        sheet.row(
            (
                Cell(str(number), _HEADS[0].width),
                Cell(line.title or "Without a name", _HEADS[1].width, sub=line.sku),
                Cell(order.seller.hsn or "—", _HEADS[2].width),
                Cell(str(line.quantity), _HEADS[3].width, "R"),
                *[
                    Cell(to_text(minor, order.currency), head.width, "R")
                    for minor, head in zip(told, _HEADS[4:], strict=True)
                ],
            ),
            _HEADS,
        )


def _sums(sheet: Sheet, order: Facts) -> None:
    rows = [
        ("Subtotal", order.subtotal_minor),
        ("Shipping", order.shipping_minor),
        ("Discount", order.discount_minor),
    ]
    said = [(name, to_text(minor, order.currency)) for name, minor in rows if minor is not None]
    if order.tax_minor is None:
        said.append(("Tax", _UNKNOWN))
    else:
        said.append(("Tax", to_text(order.tax_minor, order.currency)))
        said += [(f"of it {one.name}", to_text(one.minor, order.currency)) for one in order.shares]
    height = 5.4 * len(said) + 12
    if sheet.will_page_break(height):
        sheet.add_page()
    sheet.set_y(sheet.get_y() + 3)
    for name, amount in said:
        sheet.set_x(MARGIN + 112)
        sheet.look(9, tone=MUTED)
        sheet.say(name, 36, 5.4)
        sheet.look(9)
        sheet.say(amount, 34, 5.4, "R")
        sheet.ln(5.4)
    sheet.set_x(MARGIN + 112)
    sheet.set_fill_color(BAND)
    sheet.look(11, strong=True)
    sheet.cell(36, 8, "Total", fill=True)
    sheet.cell(34, 8, to_text(order.total_minor, order.currency), align="R", fill=True)
    sheet.ln(13)


def _end(sheet: Sheet, order: Facts) -> None:
    notes = [f"Amounts are as {order.channel} gave them; none was worked out here."]
    notes += [f"Unknown: {', '.join(missing)}." for missing in [_missing(order)] if missing]
    if order.seller.footer:
        notes.append(order.seller.footer)
    if sheet.will_page_break(30):
        sheet.add_page()
    y = sheet.get_y()
    for note in notes:
        sheet.look(7.5, tone=MUTED)
        for line in sheet.wrap(note, 104, 3):
            sheet.set_x(MARGIN)
            sheet.say(line, 104, 4)
            sheet.ln(4)
    sheet.set_xy(MARGIN + 112, y)
    sheet.look(8.5)
    sheet.say(f"For {order.seller.legal_name}", 70, 4.4, "R")
    sheet.set_xy(MARGIN + 112, y + 16)
    sheet.look(7.5, tone=MUTED)
    sheet.say("Authorised signatory", 70, 4, "R")


def _missing(order: Facts) -> list[str]:
    """What GST wants and nobody told."""
    shares_lack = order.tax_minor is not None and not order.shares
    named = {
        "the seller's GSTIN": not order.seller.gstin,
        "the tax": order.tax_minor is None,
        "the state that it goes to": not order.place_of_supply,
        "the seller's state": not order.seller.state,
        "the split of the tax": shares_lack,
        "the HSN code of the goods": not order.seller.hsn,
    }
    return [name for name, is_missing in named.items() if is_missing]


def _texts(order: Facts) -> list[str]:
    seller = order.seller
    return [
        order.name,
        *order.address,
        seller.legal_name,
        seller.address,
        seller.footer,
        *(line.title for line in order.lines),
    ]
