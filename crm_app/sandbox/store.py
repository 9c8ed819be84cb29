"""The sandbox's own tables. Nothing of the CRM lives here and the CRM never reads them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    DateTime,
    Engine,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert

from crm_app.sandbox import times

METADATA: Final = MetaData()
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
MOMENT: Final = DateTime(timezone=True)

amazon_orders: Final = Table(
    "amazon_orders",
    METADATA,
    Column("seller", Text, primary_key=True),
    Column("order_id", Text, primary_key=True),
    Column("created_at", MOMENT, nullable=False),
    Column("updated_at", MOMENT, nullable=False),
    Column("status", Text, nullable=False),
    Column("fulfilled_by", Text, nullable=False),
    # Bits of the optional datasets inside `body`, so that a page needs no parsing when the
    # caller asked for all of them anyway.
    Column("datasets", Integer, nullable=False),
    Column("is_raw", Boolean, nullable=False, default=False),
    # A parcel of it is on its way.
    Column("is_moving", Boolean, nullable=False, default=False),
    # The reply, rendered when the order changes and not when it is read.
    Column("body", Text, nullable=False),
    # The whole order while a PENDING one shows neither money nor buyer.
    Column("withheld", Text),
    Index("amazon_orders_by_update", "seller", "updated_at", "order_id"),
    Index("amazon_orders_by_creation", "seller", "created_at", "order_id"),
    Index("amazon_orders_by_status", "seller", "status", "updated_at"),
    Index(
        "amazon_orders_moving",
        "seller",
        "updated_at",
        postgresql_where=text("is_moving"),
    ),
)

woo_orders: Final = Table(
    "woo_orders",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("created_at", MOMENT, nullable=False),
    Column("modified_at", MOMENT, nullable=False),
    Column("status", Text, nullable=False),
    Column("is_raw", Boolean, nullable=False, default=False),
    Column("body", Text, nullable=False),
    Index("woo_orders_by_creation", "created_at", "id"),
    Index("woo_orders_by_change", "modified_at", "id"),
    Index("woo_orders_by_status", "status", "modified_at"),
)

# Orders of the channels that came later: Flipkart's shipments, Shopify's and Swiggy's orders,
# Blinkit's purchase orders.
channel_orders: Final = Table(
    "channel_orders",
    METADATA,
    Column("channel", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    # What several rows may share: the order of a Flipkart shipment.
    Column("group_id", Text, nullable=False),
    Column("created_at", MOMENT, nullable=False),
    Column("updated_at", MOMENT, nullable=False),
    Column("status", Text, nullable=False),
    Column("is_raw", Boolean, nullable=False, default=False),
    # When something the channel does by itself is done.
    Column("due_at", MOMENT),
    Column("body", Text, nullable=False),
    # What the channel knows and does not show, as a JSON object.
    Column("notes", Text, nullable=False),
    Index("channel_orders_by_change", "channel", "updated_at", "external_id"),
    Index("channel_orders_by_creation", "channel", "created_at", "external_id"),
    Index("channel_orders_by_group", "channel", "group_id"),
    Index("channel_orders_by_status", "channel", "status", "updated_at"),
)

# Orders that every list forgets, of any channel; asked for by id they are there.
hidden_orders: Final = Table(
    "hidden_orders",
    METADATA,
    Column("channel", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
)

hook_targets: Final = Table(
    "hook_targets",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    # Topics, comma separated; empty: all.
    Column("topics", Text, nullable=False),
    # active, disabled (by WooCommerce), deleted (by Shopify)
    Column("status", Text, nullable=False),
    Column("failures", Integer, nullable=False, default=0),
    Column("paused_until", MOMENT),
)

hook_deliveries: Final = Table(
    "hook_deliveries",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("target_id", BigInteger, nullable=False),
    Column("channel", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    # Deliveries of one group keep their order where the channel promises that.
    Column("group_key", Text, nullable=False),
    # The same for every attempt, as receivers deduplicate by it.
    Column("key", Text, nullable=False),
    # Empty: rendered when it is sent, from the order as it then is.
    Column("body", Text, nullable=False),
    Column("made_at", MOMENT, nullable=False),
    Column("due_at", MOMENT, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    # waiting, delivered, failed, dropped
    Column("state", Text, nullable=False),
    Column("last_status", Integer),
    Column("last_reply", Text),
    Index("hook_deliveries_due", "state", "due_at", "id"),
    Index("hook_deliveries_by_order", "channel", "external_id", "id"),
)

tokens: Final = Table(
    "tokens",
    METADATA,
    Column("token", Text, primary_key=True),
    # NULL: a grantless token, good for no order.
    Column("seller", Text),
    Column("expires_at", MOMENT, nullable=False),
)

api_calls: Final = Table(
    "api_calls",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("at", MOMENT, nullable=False),
    Column("channel", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("status_code", Integer, nullable=False),
    Column("request", Text, nullable=False),
    Index("api_calls_by_order", "channel", "external_id", "id"),
)

facts: Final = Table(
    "facts",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One request that touched one order, as the truth page shows it."""

    channel: str
    external_id: str
    operation: str
    status_code: int
    request: str


def open_store(url: str) -> Engine:
    """Connect and create the tables that are missing. `url` is a SQLAlchemy URL."""
    engine = create_engine(url, pool_size=10, max_overflow=30, pool_pre_ping=True)
    METADATA.create_all(engine)
    return engine


def dump(body: Mapping[str, Any]) -> str:
    """Render a reply body, compact. NUL and lone surrogates stay escapes: no text column holds
    them as they are."""
    rendered = _ENCODER.encode(body)
    try:
        rendered.encode()
    except UnicodeEncodeError:
        return json.dumps(body, separators=(",", ":"))
    return rendered


def record_call(connection: Connection, call: ApiCall) -> None:
    """Remember a request for the history of its order."""
    # A NUL or a lone surrogate would be refused by the database; the history shows an escape.
    request = call.request.replace("\x00", "\\u0000").encode("utf-8", "backslashreplace").decode()
    connection.execute(
        api_calls.insert().values(
            at=times.now(),
            channel=call.channel,
            external_id=call.external_id.replace("\x00", ""),
            operation=call.operation,
            status_code=call.status_code,
            request=request[:10_000],
        )
    )


def read_fact(connection: Connection, key: str) -> str | None:
    """A remembered value, or None."""
    return connection.scalar(select(facts.c.value).where(facts.c.key == key))


def write_fact(connection: Connection, key: str, value: str) -> None:
    """Remember a value under a key."""
    statement = insert(facts).values(key=key, value=value)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["key"], set_={"value": value})
    )


def later(moment: datetime, than: datetime) -> datetime:
    """`moment`, or one step after `than`: an order's last change only ever moves forward."""
    return moment if moment > than else than + times.STEP
