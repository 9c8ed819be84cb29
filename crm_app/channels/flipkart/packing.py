"""What Flipkart is told of a parcel when labels are asked for: goods, invoice, parcel; pure.

All of it is said by the account, and what the account does not say is not told: Flipkart then
takes what the listing says, or refuses the shipment in its own words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from crm_app.channels import reading
from crm_app.channels.base import StatusUpdate
from crm_app.channels.flipkart import statuses
from crm_app.channels.reading import Json, sections
from crm_app.errors import RejectedError

# More serial numbers than this in one shipment are a mistake.
_MOST_PIECES: Final = 500


@dataclass(frozen=True, slots=True)
class Packing:
    """From the account's options; 0 and empty are not told.

    Attributes:
        tax_percent: The rate of tax on the goods.
        invoice_prefix: Before our reference it makes the invoice's number: the same one on each
            repeat, so that no shipment is invoiced twice.
        serial_prefix: Before our reference and the piece's place it makes each piece's serial
            number, for goods that Flipkart packs with one only.
        ignore_warning: Pack although Flipkart warns.
    """

    length_cm: float = 0.0
    breadth_cm: float = 0.0
    height_cm: float = 0.0
    weight_kg: float = 0.0
    tax_percent: float = 0.0
    invoice_prefix: str = ""
    serial_prefix: str = ""
    ignore_warning: bool = False

    def asked(self, raw: Json, update: StatusUpdate) -> dict[str, Any]:
        """A shipment's entry in the call that asks for labels.

        Raises:
            RejectedError: The shipment has more pieces than can be given serial numbers.
        """
        items = [
            item for item in sections(raw, "orderItems") if item.get("status") in statuses.TO_PACK
        ]
        asked: dict[str, Any] = {
            "shipmentId": raw["shipmentId"],
            **place(raw),
            "invoices": self._invoices(items, update),
        }
        if self.tax_percent:
            asked["taxItems"] = [self._tax(item) for item in items]
        if self.serial_prefix:
            asked["serialNumbers"] = self._serials(items, update)
        if dimensions := self._dimensions():
            asked["subShipments"] = [
                {"subShipmentId": part.get("subShipmentId"), "dimensions": dimensions}
                for part in sections(raw, "subShipments")
            ]
        if self.ignore_warning:
            asked["ignoreWarning"] = True
        return asked

    def _invoices(self, items: Sequence[Json], update: StatusUpdate) -> list[dict[str, str]]:
        """One for each of the buyer's orders that have goods in the shipment."""
        date = update.happened_at.astimezone(UTC).isoformat(timespec="milliseconds")
        orders = dict.fromkeys(str(item.get("orderId")) for item in items)
        invoices = [{"orderId": order, "invoiceDate": date} for order in orders]
        if self.invoice_prefix:
            number = f"{self.invoice_prefix}{update.reference}"
            for at, invoice in enumerate(invoices):
                invoice["invoiceNumber"] = number if at == 0 else f"{number}-{at + 1}"
        return invoices

    def _tax(self, item: Json) -> dict[str, Any]:
        told = {"orderItemId": item.get("orderItemId"), "taxRate": self.tax_percent}
        quantity = reading.quantity(item, "quantity")
        return told | ({"quantity": quantity} if quantity else {})

    def _serials(self, items: Sequence[Json], update: StatusUpdate) -> list[dict[str, Any]]:
        """A number for each piece, running through the whole shipment."""
        counts = [reading.quantity(item, "quantity") or 0 for item in items]
        if sum(counts) > _MOST_PIECES:
            raise RejectedError(f"Serial numbers are given to at most {_MOST_PIECES} pieces.")
        told: list[dict[str, Any]] = []
        given = 0
        for item, count in zip(items, counts, strict=True):
            numbers = range(given + 1, given + count + 1)
            serials = [[f"{self.serial_prefix}{update.reference}-{at}"] for at in numbers]
            told.append({"orderItemId": item.get("orderItemId"), "serialNumbers": serials})
            given += count
        return told

    def _dimensions(self) -> dict[str, float]:
        told = {
            "length": self.length_cm,
            "breadth": self.breadth_cm,
            "height": self.height_cm,
            "weight": self.weight_kg,
        }
        return {name: value for name, value in told.items() if value}


def place(raw: Json) -> dict[str, Any]:
    """The location of a shipment, where it has one."""
    return {"locationId": raw["locationId"]} if raw.get("locationId") else {}
