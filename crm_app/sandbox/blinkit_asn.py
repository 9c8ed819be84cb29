"""Reads a shipment note (ASN) the way Blinkit's server does: typed strictly, judged by item.

A body of the wrong types is a 400. Everything else is answered in the 2xx range, refusals too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from crm_app.sandbox.blinkit_order import ENDED, units_left
from crm_app.sandbox.channel_store import ChannelOrder
from crm_app.sandbox.credentials import BlinkitVendor
from crm_app.sandbox.json_edge import as_list, as_object, field_of

Body = dict[str, Any]
_HEADER_TEXTS: Final = ("po_number", "invoice_number", "invoice_date", "delivery_date")
_HEADER_MONEY: Final = ("basic_price", "landing_price", "quantity", "item_count")
_ITEM_TAXES: Final = (
    "cgst_percentage",
    "sgst_percentage",
    "igst_percentage",
    "ugst_percentage",
    "cess_percentage",
    "additional_cess_value",
)
PO_STATES: Final = ("PO_FULFILLED", "PARTIALLY_FULFILLED")


class AsnTypeError(Exception):
    """The body does not have the types that the server's structures have."""


@dataclass(slots=True)
class Verdict:
    """What is wrong with a note, and what is accepted of it (units by item_id)."""

    errors: list[Body] = field(default_factory=list[Body])
    warnings: list[Body] = field(default_factory=list[Body])
    accepted: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def status(self) -> str:
        """asn_sync_status. One error of level asn refuses the whole note."""
        if any(one["level"] == "asn" for one in self.errors) or not self.accepted:
            return "REJECTED"
        return "PARTIALLY_ACCEPTED" if self.errors else "ACCEPTED"


def check_types(note: Mapping[str, Any]) -> None:
    """Raise AsnTypeError for the first field that is missing or of another type."""
    for name in (*_HEADER_TEXTS, *_HEADER_MONEY):
        _text(note, name)
    if note.get("po_status") not in PO_STATES:
        raise AsnTypeError(f"po_status must be one of {', '.join(PO_STATES)}")
    supplier = as_object(note.get("supplier_details"))
    buyer = as_object(note.get("buyer_details"))
    shipment = as_object(note.get("shipment_details"))
    if supplier is None or buyer is None or shipment is None:
        raise AsnTypeError("supplier_details, buyer_details and shipment_details are required")
    if shipment.get("delivery_type") not in ("COURIER", "SELF"):
        raise AsnTypeError("delivery_type must be COURIER or SELF")
    if shipment["delivery_type"] == "COURIER":
        for name in ("delivery_partner", "delivery_tracking_code"):
            if not shipment.get(name):
                raise AsnTypeError(f"{name} is mandatory for COURIER")
    for name in ("invoice_date", "delivery_date"):
        try:
            date.fromisoformat(note[name])
        except ValueError as error:
            raise AsnTypeError(f"{name} is not a date") from error
    items = as_list(note.get("items"))
    if not items:
        raise AsnTypeError("items is required")
    for item in items:
        _check_item(as_object(item) or {})


def _check_item(item: Mapping[str, Any]) -> None:
    _text(item, "item_id")
    quantity = item.get("quantity")
    # 360.0 is no integer to the server that reads this.
    if not isinstance(quantity, int) or isinstance(quantity, bool):
        raise AsnTypeError("items.quantity must be an integer")
    # Two suppliers' code disagree on the type of the unit price; both are let in.
    if not isinstance(item.get("unit_basic_price"), str | int | float):
        raise AsnTypeError("items.unit_basic_price is required")
    taxes = as_object(item.get("tax_distribution")) or {}
    missing = [name for name in _ITEM_TAXES if taxes.get(name) is None]
    if missing:
        raise AsnTypeError(f"items.tax_distribution.{missing[0]} is required, also when zero")
    uom = as_object(item.get("uom"))
    if uom is None or "unit" not in uom or "value" not in uom:
        raise AsnTypeError("items.uom must be an object of unit and value")


def _text(fields: Mapping[str, Any], name: str) -> None:
    if not isinstance(fields.get(name), str) or not fields[name]:
        raise AsnTypeError(f"{name} must be a string")


def judge(
    note: Mapping[str, Any], order: ChannelOrder | None, vendor: BlinkitVendor, is_known: bool
) -> Verdict:
    """Compare a well-formed note with its order. `is_known`: the invoice came before."""
    verdict = Verdict()
    if is_known:
        verdict.errors.append(_whole("E107", "Invoice number already exists"))
    if order is None or order.status in ENDED:
        verdict.errors.append(_whole("E106", "PO already processed"))
        return verdict
    details = order.body["details"]
    if note["invoice_date"] < details["issue_date"]:
        verdict.errors.append(_whole("E108", "Invoice date is before the PO date"))
    if field_of(note["supplier_details"], "gstin") != vendor.supplier_gstin:
        verdict.errors.append(_whole("E109", "Supplier GSTIN does not match"))
    if field_of(note["buyer_details"], "gstin") != details["buyer_details"]["gstin"]:
        verdict.errors.append(_whole("E110", "Buyer GSTIN does not match"))
    _judge_items(note, order, verdict)
    return verdict


def _judge_items(note: Mapping[str, Any], order: ChannelOrder, verdict: Verdict) -> None:
    left = units_left(order)
    upcs = {item["item_id"]: item["upc"] for item in order.body["details"]["item_data"]}
    for item in note["items"]:
        item_id, quantity = item["item_id"], item["quantity"]
        if item_id not in left:
            verdict.errors.append(_item("E112", "Item ID incorrect", item_id))
        elif not 0 < quantity <= left[item_id] - verdict.accepted.get(item_id, 0):
            verdict.errors.append(_item("E100", "Quantity is more than was ordered", item_id))
        else:
            verdict.accepted[item_id] = verdict.accepted.get(item_id, 0) + quantity
            if item.get("upc") not in (None, upcs[item_id]):
                verdict.warnings.append(_item("W103", "Variant not found", item_id))


def _whole(code: str, message: str) -> Body:
    return {"level": "asn", "code": code, "message": message}


def _item(code: str, message: str, item_id: str) -> Body:
    return {"level": "item", "code": code, "message": message, "item_id": item_id}
