"""The same report read as an uploaded file, against what the sandbox's API brought."""

import dataclasses
import gzip
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import select

from crm_app import db
from crm_app.channels.base import ChannelOrder
from crm_app.config import get_settings
from crm_app.domain.order_status import PaymentStatus
from crm_app.models import Order, OrderLine
from crm_app.services import order_rows
from crm_app.services.documents import mapping, orders, reading, values
from crm_app.services.documents.fields import Field
from crm_app.services.documents.table import Line
from crm_app.services.documents.words import Meaning

# What one side cannot know, and why.
NOT_IN_BOTH = {
    "placed_at": "the file tells the day only; the sandbox spreads a day's orders over it",
    "channel_updated_at": "the file tells none; the upload's own time stands for it",
    "channel_status": "the API's word stands before the report's there",
    "first_title": "the sandbox makes a product up from the size",
    "customer_id": "our own key",
}
LINE_FIELDS = (
    "position",
    "quantity",
    "quantity_shipped",
    "quantity_cancelled",
    "quantity_returned",
    "unit_price_minor",
    "tax_minor",
    "discount_minor",
    "total_minor",
)  # not its id, SKU and title: the file has none, and the sandbox makes them up


def read_as_file(report: Path) -> dict[str, ChannelOrder]:
    """The orders of the report, with two decisions that a person makes on the screen."""
    file = io.BytesIO(gzip.decompress(report.read_bytes()))
    layout = reading.look(file)
    lines = list(reading.lines(file, layout))
    guessed = mapping.guess(layout.header)

    def column(key: Field) -> list[str]:
        place = layout.header.index(guessed.columns[key])
        return sorted({line.cells[place] for line in lines})

    decided = dataclasses.replace(
        mapping.with_words(guessed, column(Field.STATUS)),
        date_order=values.date_evidence(column(Field.PLACED_AT)).guess,
        payment=PaymentStatus.PAID,
    )
    # The report's pending orders are paid and to be packed: its own word says less.
    decided = dataclasses.replace(
        decided, statuses={**decided.statuses, "Pending": Meaning.CONFIRMED}
    )
    place = layout.header.index(decided.columns[Field.ORDER_ID])
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.cells[place], []).append(line)
    reader = orders.Reader(decided, layout.header, get_settings().zone, datetime.now(UTC))
    verdicts = [reader.read(key, found) for key, found in groups.items()]
    assert [verdict.refused for verdict in verdicts if verdict.order is None] == []
    return {verdict.external_id: verdict.order for verdict in verdicts if verdict.order}


def assert_file_equals_what_came(report: Path) -> int:
    """Compare order by order, field by field; how many orders."""
    told = read_as_file(report)
    with db.transaction() as session:
        ids = {order.id: order.external_id for order in session.exec(select(Order))}
        came = {order.external_id: order for order in session.exec(select(Order))}
        lines: dict[str, list[tuple[Any, ...]]] = {}
        for line in session.exec(select(OrderLine).order_by("order_id", "position")):
            row = tuple(getattr(line, name) for name in LINE_FIELDS)
            lines.setdefault(ids[line.order_id], []).append(row)
    assert told.keys() == came.keys()
    zone = get_settings().zone
    different: dict[str, Any] = {}
    for key, order in told.items():
        expected = {
            "status": order.status,
            **order_rows.order_values(order, None, zone),
            "lines": [
                tuple(row[name] for name in LINE_FIELDS)
                for row in order_rows.line_rows(0, order.lines)
            ],
        }
        found = {name: getattr(came[key], name, None) for name in expected}
        found["lines"] = lines[key]
        for name in expected.keys() - NOT_IN_BOTH.keys():
            if expected[name] != found[name]:
                different.setdefault(name, (key, expected[name], found[name]))
    assert different == {}
    return len(told)
