"""The manifest: what a carrier takes along, parcel by parcel, signed by both sides."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from crm_app.domain.money import to_text
from crm_app.services.papers.facts import Facts
from crm_app.services.papers.sheet import MARGIN, MUTED, RULE, Cell, Sheet

_HEADS: Final = (
    Cell("#", 9),
    Cell("Order", 45),
    Cell("Goes to", 43),
    Cell("Units", 12, "R"),
    Cell("To collect", 21, "R"),
    Cell("Tracking number", 52, "C"),
)
_WITHOUT: Final = "No carrier yet"


def draw(found: Sequence[Facts], *, printed: str) -> Sheet:
    """One list for each carrier, each beginning on a page of its own."""
    carriers: defaultdict[str, list[Facts]] = defaultdict(list)
    for order in found:
        carriers[order.carrier or _WITHOUT].append(order)
    sheet = Sheet("Manifest", [text for order in found for text in (order.name, *order.address)])
    for carrier in sorted(carriers, key=lambda name: (name == _WITHOUT, name.lower())):
        sheet.add_page()
        _list(sheet, carrier, carriers[carrier], printed)
    return sheet


def _list(sheet: Sheet, carrier: str, orders: Sequence[Facts], printed: str) -> None:
    sheet.look(18, strong=True)
    sheet.say(f"Manifest: {carrier}", sheet.epw, 9)
    sheet.ln(9)
    sheet.look(9, tone=MUTED)
    count = f"{len(orders):,} {'parcel' if len(orders) == 1 else 'parcels'}"
    sheet.say(f"{count} · {orders[0].seller.legal_name} · {printed}", sheet.epw)
    sheet.ln(8)
    sheet.heads(_HEADS)
    for number, order in enumerate(orders, start=1):
        cash = to_text(order.total_minor, order.currency) if order.is_cod else "—"
        top = sheet.row(
            (
                Cell(str(number), _HEADS[0].width),
                Cell(order.number, _HEADS[1].width, is_strong=True, sub=order.channel),
                Cell(order.name or "No name", _HEADS[2].width, sub=_town(order)),
                Cell(str(order.units), _HEADS[3].width, "R"),
                Cell(cash, _HEADS[4].width, "R", is_strong=order.is_cod),
                Cell("" if order.tracking else "none yet", _HEADS[5].width, "C"),
            ),
            _HEADS,
            least=12.5,
        )
        end = sheet.get_y()
        if order.tracking:
            sheet.barcode(order.tracking, MARGIN + 131, top + 1.8, 50, 8)
        sheet.set_xy(MARGIN, end)
    _signatures(sheet)


def _town(order: Facts) -> str:
    # Street and house are the label's business; the state stands last, where it is known.
    lines = order.address[:-1] if order.state else order.address
    return lines[-1] if lines else order.state


def _signatures(sheet: Sheet) -> None:
    if sheet.will_page_break(40):
        sheet.add_page()
    sheet.set_y(sheet.get_y() + 22)
    sheet.set_draw_color(RULE)
    for column, said in enumerate(("Handed over by", "Taken along by")):
        x = MARGIN + column * 94
        sheet.line(x, sheet.get_y(), x + 84, sheet.get_y())
        sheet.set_xy(x, sheet.get_y() + 1)
        sheet.look(7.5, tone=MUTED)
        sheet.say(f"{said}: name, signature, date and time", 84, 4)
        sheet.set_xy(MARGIN, sheet.get_y() - 1)
