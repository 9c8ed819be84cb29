"""Orders of Flipkart, Shopify, Swiggy and Blinkit: their rows, locks and serial numbers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Row, func, not_, select, update
from sqlalchemy.dialects.postgresql import insert

from crm_app.sandbox.json_edge import as_object
from crm_app.sandbox.store import (
    channel_orders,
    dump,
    hidden_orders,
    later,
    read_fact,
    write_fact,
)

Body = dict[str, Any]
ExtraChannel = Literal["flipkart", "shopify", "swiggy", "blinkit"]
EXTRA_CHANNELS: Final[tuple[ExtraChannel, ...]] = get_args(ExtraChannel)
# Shopify shows whole seconds, so two changes may share one.
_WHOLE_SECONDS: Final = {"shopify"}


@dataclass(slots=True)
class ChannelOrder:
    """One order (on Flipkart: shipment). `body` is what is served, `notes` what is not."""

    channel: ExtraChannel
    external_id: str
    group_id: str
    created_at: datetime
    updated_at: datetime
    status: str
    body: Body
    notes: Body = field(default_factory=dict[str, Any])
    due_at: datetime | None = None


def row_of(order: ChannelOrder) -> dict[str, Any]:
    """The row of an order."""
    return {
        "channel": order.channel,
        "external_id": order.external_id,
        "group_id": order.group_id,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
        "status": order.status,
        "is_raw": False,
        "due_at": order.due_at,
        "body": dump(order.body),
        "notes": dump(order.notes),
    }


def insert_rows(connection: Connection, orders: Sequence[ChannelOrder]) -> None:
    """Store new orders."""
    if orders:
        connection.execute(channel_orders.insert(), [row_of(order) for order in orders])


def load(connection: Connection, channel: str, external_id: str) -> ChannelOrder | None:
    """Read and lock an order; None if there is none.

    Raises:
        ValueError: its body is one that somebody broke on purpose.
    """
    table = channel_orders
    key = (table.c.channel == channel, table.c.external_id == external_id.replace("\x00", ""))
    row = connection.execute(select(table).where(*key).with_for_update()).one_or_none()
    return None if row is None else from_row(row)


def from_row(row: Row[*tuple[Any, ...]]) -> ChannelOrder:
    """Rebuild the order from its row. Raises ValueError for a broken one."""
    body = as_object(json.loads(row.body))
    if body is None or row.is_raw:
        raise ValueError("the stored body is no complete order")
    return ChannelOrder(
        channel=row.channel,
        external_id=row.external_id,
        group_id=row.group_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        status=row.status,
        body=body,
        notes=json.loads(row.notes),
        due_at=row.due_at,
    )


def moved_on(order: ChannelOrder, at: datetime) -> datetime:
    """When an order that changes at `at` was last changed: always forward."""
    if order.channel in _WHOLE_SECONDS:
        return max(at.replace(microsecond=0), order.updated_at)
    return later(at, order.updated_at)


def save(connection: Connection, order: ChannelOrder) -> None:
    """Write a changed order; `updated_at` is the caller's to move."""
    table = channel_orders
    key = (table.c.channel == order.channel, table.c.external_id == order.external_id)
    connection.execute(update(table).where(*key).values(row_of(order)))


def put_raw(
    connection: Connection, channel: str, external_id: str, status: str, text: str, at: datetime
) -> None:
    """Serve this text, whatever it is, as an order."""
    row = {
        "channel": channel,
        "external_id": external_id,
        "group_id": external_id,
        "created_at": at,
        "updated_at": at,
        "status": status,
        "is_raw": True,
        "due_at": None,
        "body": text,
        "notes": "{}",
    }
    statement = insert(channel_orders).values(row)
    keys = ["channel", "external_id"]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=row))


def next_serial(connection: Connection, channel: str) -> int:
    """A number that no order of the channel had yet, from 1; others wait until this commits."""
    connection.execute(select(func.pg_advisory_xact_lock(7_302)))
    key = f"last serial of {channel}"
    serial = int(read_fact(connection, key) or 0) + 1
    write_fact(connection, key, str(serial))
    return serial


def is_listed(channel: str, external_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether lists show the order of this id."""
    forgotten = select(hidden_orders.c.external_id).where(hidden_orders.c.channel == channel)
    return not_(external_id.in_(forgotten))
