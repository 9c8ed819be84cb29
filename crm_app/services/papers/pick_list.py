"""The pick list: what to fetch from the shelves for some orders, product by product."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from crm_app.services.papers.facts import Facts
from crm_app.services.papers.sheet import MARGIN, MUTED, Cell, Sheet

_HEADS: Final = (
    Cell("", 9),
    Cell("Qty", 15, "R"),
    Cell("Product", 70),
    Cell("For orders", 42),
    Cell("SKU", 46, "C"),
)
_MOST_ORDERS: Final = 6


@dataclass(slots=True)
class _Pick:
    sku: str
    title: str
    quantity: int = 0
    orders: list[str] = field(default_factory=list[str])


def draw(found: Sequence[Facts], *, printed: str) -> Sheet:
    """Products in the order of their SKU, each with its quantity over all orders."""
    picks = _picks(found)
    sheet = Sheet("Pick list", [pick.title + pick.sku for pick in picks])
    sheet.add_page()
    sheet.look(18, strong=True)
    sheet.say("Pick list", 100, 9)
    sheet.ln(9)
    sheet.look(9, tone=MUTED)
    units = sum(pick.quantity for pick in picks)
    sheet.say(
        f"{_count(len(found), 'order')} · {_count(units, 'unit')} of "
        f"{_count(len(picks), 'product')} · {printed}"
    )
    sheet.ln(8)
    sheet.heads(_HEADS)
    for pick in picks:
        orders = ", ".join(pick.orders[:_MOST_ORDERS])
        more = len(pick.orders) - _MOST_ORDERS
        top = sheet.row(
            (
                Cell("", _HEADS[0].width),
                Cell(str(pick.quantity), _HEADS[1].width, "R", is_strong=True),
                Cell(pick.title or pick.sku, _HEADS[2].width, is_strong=True),
                Cell("", _HEADS[3].width, sub=orders + (f" and {more} more" if more > 0 else "")),
                Cell("", _HEADS[4].width),
            ),
            _HEADS,
            least=13 if pick.sku else 0,
        )
        end = sheet.get_y()
        sheet.box(MARGIN + 1.5, top + 2)
        if pick.sku:
            sheet.barcode(pick.sku, MARGIN + 136, top + 1.8, 44, 8)
        sheet.set_xy(MARGIN, end)
    return sheet


def _picks(found: Sequence[Facts]) -> list[_Pick]:
    picks: dict[tuple[str, str], _Pick] = {}
    for order in found:
        for line in order.lines:
            # Without a SKU only its name tells it from another.
            key = (line.sku, "" if line.sku else line.title)
            pick = picks.setdefault(key, _Pick(line.sku, line.title))
            pick.quantity += line.quantity
            if order.number not in pick.orders:
                pick.orders.append(order.number)
    return [picks[key] for key in sorted(picks)]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
