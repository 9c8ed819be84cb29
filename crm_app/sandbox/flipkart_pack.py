"""The body that asks for labels, held against what Flipkart says of it.

What is malformed refuses the whole call; what does not fit the shipment refuses that one.
"""

from collections.abc import Iterator
from typing import Any, Final

from crm_app.sandbox.channel_store import Body
from crm_app.sandbox.flipkart_auth import FlipkartError, read_moment
from crm_app.sandbox.json_edge import as_list, as_object

_SIDES: Final = ("length", "breadth", "height", "weight")


def check_entry(entry: Body) -> None:
    """Raise FlipkartError unless every part of it has the shape that is published."""
    if "invoices" in entry and not as_list(entry["invoices"]):
        raise _bad("invoices must hold at least one.")
    for invoice in _parts(entry, "invoices"):
        if not invoice.get("orderId") or not invoice.get("invoiceDate"):
            raise _bad("An invoice needs orderId and invoiceDate.")
        read_moment(invoice["invoiceDate"], "invoiceDate")
        if not isinstance(invoice.get("invoiceNumber", ""), str):
            raise _bad("invoiceNumber must be text.")
    for tax in _parts(entry, "taxItems"):
        if not _is_number(tax.get("taxRate")):
            raise _bad("A tax item needs taxRate.")
        quantity = tax.get("quantity", 1)
        if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
            raise _bad("quantity must be at least 1.")
    for serials in _parts(entry, "serialNumbers"):
        _check_serials(serials)
    for part in _parts(entry, "subShipments"):
        dimensions = as_object(part.get("dimensions"))
        if not part.get("subShipmentId") or dimensions is None:
            raise _bad("A sub-shipment needs subShipmentId and dimensions.")
        if not all(_is_number(dimensions[side]) for side in _SIDES if side in dimensions):
            raise _bad("dimensions must be numbers.")
    if not isinstance(entry.get("ignoreWarning", False), bool):
        raise _bad("ignoreWarning must be true or false.")


def _check_serials(serials: Body) -> None:
    pieces = [as_list(piece) for piece in as_list(serials.get("serialNumbers")) or []]
    if not pieces or not all(
        piece and all(isinstance(one, str) and one for one in piece) for piece in pieces
    ):
        raise _bad("serialNumbers must hold a list of texts for each piece.")


def misfit(entry: Body, shipment: Body) -> str:
    """Why the body does not fit its shipment; empty if it does."""
    items = {item["orderItemId"]: item for item in shipment["orderItems"]}
    orders = {item["orderId"] for item in items.values()}
    parts = {part["subShipmentId"] for part in shipment["subShipments"]}
    for invoice in _parts(entry, "invoices"):
        if invoice["orderId"] not in orders:
            return "An invoice names an order that is not in the shipment"
    for name in ("taxItems", "serialNumbers"):
        for part in _parts(entry, name):
            item = items.get(str(part.get("orderItemId")))
            if item is None:
                return f"{name} names an item that is not in the shipment"
            told = part.get("quantity", item["quantity"])
            if name == "serialNumbers":
                told = len(part["serialNumbers"])
            if told != item["quantity"]:
                return f"{name} tells another quantity than the item has"
    for part in _parts(entry, "subShipments"):
        if part["subShipmentId"] not in parts:
            return "A sub-shipment is not of the shipment"
    return ""


def _parts(entry: Body, name: str) -> Iterator[Body]:
    parts = as_list(entry.get(name, []))
    if parts is None:
        raise _bad(f"{name} must be a list.")
    for part in parts:
        fields = as_object(part)
        if fields is None:
            raise _bad(f"{name} must hold objects.")
        yield dict(fields)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _bad(message: str) -> FlipkartError:
    return FlipkartError(400, "BAD_REQUEST", message)
