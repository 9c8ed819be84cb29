"""The advance shipping note of a purchase order: what leaves, on which invoice; pure.

Blinkit's server is strict about kinds: item ids are texts, quantities whole numbers, prices of the
header and of one piece texts, and all of an item's tax percentages must stand there, also as 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from crm_app.channels import reading
from crm_app.channels.base import StatusUpdate
from crm_app.channels.blinkit import mapping
from crm_app.channels.reading import Json, section, sections, text
from crm_app.errors import RejectedError

# Required, and a purchase order tells none: what we sell is counted.
_ONE_PIECE: Final[Json] = {"unit": "pcs", "value": 1}
_TAXES: Final = ("cgst", "sgst", "igst", "ugst", "cess")


@dataclass(frozen=True, slots=True)
class Supplier:
    """Who ships: from the account's options.

    Attributes:
        gstin: Required by Blinkit on every note.
        address: `address_line_1`, `address_line_2`, `city`, `state`, `postal_code`, `country`.
        invoice_prefix: Before our reference it makes the invoice number: the same one on each
            repeat, so that a note that arrived twice is known as such.
    """

    name: str = ""
    gstin: str = ""
    address: Mapping[str, str] | None = None
    invoice_prefix: str = "PCRM-"


@dataclass(frozen=True, slots=True)
class _Item:
    raw: Json
    quantity: int
    ordered: int
    price: int  # of one piece before tax, in paise

    @property
    def net(self) -> int:
        return self.price * self.quantity


def invoice_number(update: StatusUpdate, supplier: Supplier) -> str:
    """The invoice that this shipment travels on."""
    return f"{supplier.invoice_prefix}{update.reference}"


def build(update: StatusUpdate, supplier: Supplier) -> dict[str, Any]:
    """The note's body.

    Raises:
        RejectedError: It cannot be written: nothing is left to ship, the purchase order that we
            keep cannot be read, or the account's options do not say who ships.
    """
    if not supplier.gstin:
        raise RejectedError("This account does not say the GSTIN of the supplier.")
    details = section(section(update.known, "po"), "details")
    try:
        items = _items(update, details)
        return _note(update, supplier, details, items)
    except reading.BadFieldError as error:
        raise RejectedError(f"The purchase order that we keep cannot be read: {error}.") from error


def _items(update: StatusUpdate, details: Json) -> list[_Item]:
    leaving = dict(update.lines)
    changed = {text(change, "item_id", reading.ID): change for change in _changes(update)}
    items: list[_Item] = []
    for raw in sections(details, "item_data"):
        key = reading.identifier(raw, "item_id")
        quantity = leaving.get(key, 0)
        if quantity:
            price = reading.signed_amount(raw, "basic_price", mapping.INR, is_rounded=True) or 0
            ordered = reading.quantity(raw, "units_ordered") or 0
            items.append(_Item({**raw, **changed.get(key, {})}, quantity, ordered, price))
    if not items:
        raise RejectedError("Nothing of this purchase order is left to ship.")
    return items


def _changes(update: StatusUpdate) -> list[Json]:
    return mapping.amendments(update.known)


def _note(
    update: StatusUpdate, supplier: Supplier, details: Json, items: list[_Item]
) -> dict[str, Any]:
    day = update.happened_at.astimezone(mapping.INDIA).date()
    net = sum(item.net for item in items)
    tax = sum(mapping.share(item.net, mapping.tax_percentage(item.raw)) for item in items)
    ordered = len(sections(details, "item_data"))
    is_whole = len(items) == ordered and all(item.quantity >= item.ordered for item in items)
    return {
        "po_number": update.external_id,
        "invoice_number": invoice_number(update, supplier),
        "invoice_date": day.isoformat(),
        "delivery_date": text(details, "delivery_date", reading.WORD)[:10] or day.isoformat(),
        "total_additional_cess_value": 0,
        "tax_distribution": _taxes_of_note(items),
        "basic_price": _rupees(net),
        "landing_price": _rupees(net + tax),
        "quantity": f"{sum(item.quantity for item in items)}.00",
        "item_count": str(len(items)),
        "po_status": "PO_FULFILLED" if is_whole else "PARTIALLY_FULFILLED",
        "supplier_details": {
            "name": supplier.name,
            "gstin": supplier.gstin,
            "supplier_address": dict(supplier.address or {}),
        },
        "buyer_details": {"gstin": text(section(details, "buyer_details"), "gstin", reading.WORD)},
        "shipment_details": _shipment(update),
        "items": [_line(item) for item in items],
    }


def _shipment(update: StatusUpdate) -> dict[str, str]:
    """A courier must be named with its number; else it is our own vehicle."""
    if update.carrier and update.tracking_number:
        return {
            "delivery_type": "COURIER",
            "delivery_partner": update.carrier,
            "delivery_tracking_code": update.tracking_number,
        }
    return {"delivery_type": "SELF"}


def _line(item: _Item) -> dict[str, Any]:
    raw = item.raw
    taxes = section(raw, "tax_details")
    one = item.price + mapping.share(item.price, mapping.tax_percentage(raw))
    uom = section(raw, "uom") or _ONE_PIECE
    return {
        "item_id": reading.identifier(raw, "item_id"),
        "sku_code": text(raw, "sku_code", reading.SKU),
        "sku_description": text(raw, "name", reading.TITLE),
        "upc": text(raw, "upc", reading.ID),
        "quantity": item.quantity,
        "mrp": raw.get("mrp", 0),
        "hsn_code": text(raw, "hsn_code", reading.WORD),
        "total_additional_cess_value": 0,
        "tax_distribution": {
            **{f"{name}_percentage": _percent(taxes, name) for name in _TAXES},
            "additional_cess_value": "0.00",
        },
        "unit_basic_price": _rupees(item.price),
        "unit_landing_price": _rupees(one),
        "uom": {key: uom[key] for key in ("unit", "value") if key in uom},
    }


def _taxes_of_note(items: list[_Item]) -> list[dict[str, Any]]:
    sums: dict[tuple[str, Decimal], int] = {}
    for item in items:
        taxes = section(item.raw, "tax_details")
        for name in _TAXES:
            percent = mapping.percentage(taxes, f"{name}_percentage")
            if percent:
                key = (name.upper(), percent)
                sums[key] = sums.get(key, 0) + item.net
    return [
        {
            "gst_type": name,
            "gst_percentage": float(percent),
            "gst_total": float(Decimal(mapping.share(net, percent)) / 100),
            "taxable_value": _rupees(net),
        }
        for (name, percent), net in sums.items()
    ]


def _percent(taxes: Json, name: str) -> str:
    return f"{mapping.percentage(taxes, f'{name}_percentage'):.2f}"


def _rupees(minor: int) -> str:
    return f"{Decimal(minor) / 100:.2f}"
