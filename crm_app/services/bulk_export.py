"""The bulk action that writes the chosen orders into a CSV file, a piece for each batch."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import zstandard
from sqlalchemy import select as columns
from sqlmodel import Session, col

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.bulk import Outcome
from crm_app.domain.money import exponent
from crm_app.domain.permissions import Permission
from crm_app.models import BulkPart, BulkRow, BulkRun, Order
from crm_app.services import sheets
from crm_app.services.bulk_action import EXAMPLES, Example, Item, Preview, Result
from crm_app.services.personal_data import WITHHELD

HEADINGS: Final = (
    "Channel",
    "Order number",
    "Channel's id",
    "Placed",
    "Status",
    "Payment",
    "Sync",
    "Ship by",
    "Customer",
    "City",
    "Pincode",
    "First item",
    "Lines",
    "Units",
    "Currency",
    "Total",
    "COD",
    "Carrier",
    "Tracking number",
)


class ExportAction:
    """No settings: the columns are those of the list and the parcel."""

    name = "export"
    permission = Permission.VIEW_ORDERS
    can_be_undone = False

    def check(self, settings: dict[str, Any]) -> dict[str, Any]:
        """See `Action`."""
        del settings
        return {}

    def title(self, settings: dict[str, Any]) -> str:
        """See `Action`."""
        del settings
        return "Export to CSV"

    def preview(self, session: Session, actor: Actor, run: BulkRun) -> Preview:
        """See `Action`. Every order can be written."""
        sees = actor.may(Permission.SEE_PERSONAL_DATA)
        sentence = "One line each in the file" + ("" if sees else ", names and pincodes left out")
        preview = Preview()
        few = session.execute(
            columns(col(Order.id), col(Order.order_number))
            .join(BulkRow, col(BulkRow.order_id) == col(Order.id))
            .where(col(BulkRow.run_id) == run.id)
            .order_by(col(BulkRow.position))
            .limit(EXAMPLES)
        )
        preview.add(sentence, run.total, [Example(*row) for row in few], changes=True)
        return preview

    def apply(
        self, session: Session, actor: Actor, run: BulkRun, items: Sequence[Item]
    ) -> list[Result]:
        """See `Action`."""
        zone, sees = get_settings().zone, actor.may(Permission.SEE_PERSONAL_DATA)
        text = sheets.lines(_line(item.order, zone, sees_people=sees) for item in items)
        first = items[0].row.position
        body = zstandard.compress(text.encode())
        session.add(BulkPart(run_id=run.id, position=first, body=body))
        return [
            Result(
                item.row.position,
                Outcome.CHANGED,
                found_version=item.order.version,
                from_status=item.order.status,
            )
            for item in items
        ]


def _line(order: Order, zone: ZoneInfo, *, sees_people: bool) -> list[object]:
    name, pincode = order.customer_name, order.pincode
    if not sees_people:
        name, pincode = (WITHHELD if name else ""), ""
    return [
        order.channel.label,
        order.order_number,
        order.external_id,
        _time(order.placed_at, zone),
        order.status.label,
        order.payment_status.label,
        order.sync_status.label,
        _time(order.ship_by, zone),
        name,
        order.city,
        pincode,
        order.first_title,
        order.line_count,
        order.unit_count,
        order.currency,
        _amount(order),
        "yes" if order.is_cod else "no",
        order.carrier,
        order.tracking_number,
    ]


def _time(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else ""


def _amount(order: Order) -> Decimal | None:
    if order.total_minor is None or order.currency is None:
        return None
    return Decimal(order.total_minor).scaleb(-exponent(order.currency))
