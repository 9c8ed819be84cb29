"""Orders, their lines, the raw payloads and the append-only history."""

from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import BigInteger, Index, UniqueConstraint, literal_column, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.domain.actor import ActorKind
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus, PaymentStatus, SyncStatus
from crm_app.domain.working import HoldReason, Priority
from crm_app.models.base import (
    UTC_TIMESTAMP,
    enum_type,
    identity_key,
    newest,
    set_at_insert,
    timestamp,
)

_OPEN = text("status IN ('confirmed', 'packed', 'ready_to_ship')")
_ATTENTION = text("sync_status IN ('rejected', 'conflict')")


class Order(SQLModel, table=True):
    """One purchase on one channel account. Times are UTC, money is minor units."""

    __tablename__ = "orders"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        # The channel's own id is the idempotency key of the import.
        UniqueConstraint("account_id", "external_id"),
        # Every list pages by (sort value, id). The columns after these are filtered on inside the
        # index: a walk that passes a thousand orders to fill a page reads none of them.
        Index(
            "ix_orders_placed",
            newest("placed_at"),
            newest("id"),
            "channel",
            "status",
            "account_id",
            "payment_status",
            "is_cod",
        ),
        Index("ix_orders_payment_placed", "payment_status", newest("placed_at"), newest("id")),
        Index("ix_orders_status_placed", "status", newest("placed_at"), newest("id"), "channel"),
        Index("ix_orders_channel_placed", "channel", newest("placed_at"), newest("id")),
        Index(
            "ix_orders_total", newest("total_minor"), newest("id"), "channel", "status", "placed_at"
        ),
        Index("ix_orders_ship_by", "ship_by", "id", "channel", "status", "placed_at"),
        Index("ix_orders_open_ship_by", "ship_by", "id", postgresql_where=_OPEN),
        Index(
            "ix_orders_customer_placed",
            "customer_id",
            newest("placed_at"),
            newest("id"),
            "channel",
            "status",
        ),
        # Prefix search; a plain index would not serve LIKE under a linguistic collation.
        Index(
            "ix_orders_number",
            "order_number",
            postgresql_ops={"order_number": "text_pattern_ops"},
        ),
        Index(
            "ix_orders_external",
            "external_id",
            postgresql_ops={"external_id": "text_pattern_ops"},
        ),
        # `city` beside its lower form: only then is counting by the latter done in the index.
        Index(
            "ix_orders_city_placed",
            cast(Any, literal_column("lower(city)").label("city_lower")),
            newest("placed_at"),
            newest("id"),
            postgresql_include=["city"],
            postgresql_where=text("city <> ''"),
        ),
        Index(
            "ix_orders_pincode",
            "pincode",
            newest("placed_at"),
            newest("id"),
            postgresql_ops={"pincode": "text_pattern_ops"},
            postgresql_where=text("pincode <> ''"),
        ),
        Index(
            "ix_orders_tracking",
            "tracking_number",
            postgresql_ops={"tracking_number": "text_pattern_ops"},
            postgresql_where=text("tracking_number <> ''"),
        ),
        *[
            Index(f"ix_orders_{name}", "placed_at", "id", postgresql_where=text(condition))
            for name, condition in (
                ("return_requested", "return_requested"),
                ("cod", "is_cod"),
                ("unmapped", "status_on_channel IS NULL"),
                ("in_flight", "sync_status IN ('queued', 'pushing')"),
            )
        ],
        Index("ix_orders_attention", "placed_at", "id", postgresql_where=_ATTENTION),
        Index(
            "ix_orders_cancel_requested",
            "placed_at",
            "id",
            postgresql_where=text("cancel_requested"),
        ),
        Index(
            "ix_orders_cod_pending",
            "placed_at",
            "id",
            postgresql_where=text("is_cod AND status = 'pending'"),
        ),
        # The desk's own data: each index holds only the orders that have any of it.
        Index(
            "ix_orders_assignee",
            "assignee_id",
            newest("placed_at"),
            newest("id"),
            "status",
            postgresql_where=text("assignee_id IS NOT NULL"),
        ),
        Index(
            "ix_orders_priority",
            "priority",
            newest("placed_at"),
            newest("id"),
            "status",
            postgresql_where=text("priority <> 'normal'"),
        ),
        Index(
            "ix_orders_on_hold",
            newest("placed_at"),
            newest("id"),
            "hold_reason",
            postgresql_where=text("on_hold"),
        ),
        Index(
            "ix_orders_held",
            "hold_reason",
            newest("placed_at"),
            newest("id"),
            postgresql_where=text("held_at IS NOT NULL"),
        ),
        Index(
            "ix_orders_held_until",
            "held_until",
            "id",
            postgresql_where=text("held_until IS NOT NULL"),
        ),
        Index(
            "ix_orders_archived",
            newest("placed_at"),
            newest("id"),
            postgresql_where=text("archived_at IS NOT NULL"),
        ),
    )

    id: int = identity_key()
    account_id: int = Field(foreign_key="channel_accounts.id", sa_type=BigInteger)
    channel: Channel = Field(sa_type=enum_type(Channel))
    external_id: str = Field(max_length=128)
    order_number: str = Field(max_length=128)

    status: OrderStatus = Field(sa_type=enum_type(OrderStatus))
    payment_status: PaymentStatus = Field(sa_type=enum_type(PaymentStatus))
    sync_status: SyncStatus = Field(default=SyncStatus.IN_SYNC, sa_type=enum_type(SyncStatus))
    # The channel's raw word, and our reading of it; None while the word is unknown to us.
    channel_status: str = Field(max_length=200)
    status_on_channel: OrderStatus | None = Field(default=None, sa_type=enum_type(OrderStatus))

    # Held by anybody: the channel, the desk, or both.
    on_hold: bool = False
    held_by_channel: bool = False
    cancel_requested: bool = False
    return_requested: bool = False
    is_cod: bool = False
    is_business: bool = False
    fulfilled_by_channel: bool = False

    # Both or neither: some channels price an order only once it is paid.
    currency: str | None = Field(default=None, max_length=3)
    total_minor: int | None = Field(default=None, sa_type=BigInteger)
    subtotal_minor: int | None = Field(default=None, sa_type=BigInteger)
    shipping_minor: int | None = Field(default=None, sa_type=BigInteger)
    tax_minor: int | None = Field(default=None, sa_type=BigInteger)
    discount_minor: int | None = Field(default=None, sa_type=BigInteger)

    customer_id: int | None = Field(
        default=None, foreign_key="customers.id", sa_type=BigInteger, nullable=True
    )
    # As it was on this order: a customer who moves does not change old parcels.
    customer_name: str = Field(default="", max_length=300)
    ship_to: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    city: str = Field(default="", max_length=120)
    pincode: str = Field(default="", max_length=20)
    note: str = Field(default="", max_length=2000)

    # What the list shows of the lines without reading them.
    first_title: str = Field(default="", max_length=300)
    line_count: int = 0
    unit_count: int = 0
    # Pieces that have left in packages: some of them, and the order is partly shipped.
    units_shipped: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})

    placed_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    # Day of `placed_at` in the business zone: the key of the rollups.
    placed_on: date
    # The channel's clock: an older version never overwrites a newer one.
    channel_updated_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    ship_by: datetime | None = timestamp()
    deliver_by: datetime | None = timestamp()
    shipped_at: datetime | None = timestamp()
    # Of the newest package: what lists show and searches find first.
    carrier: str = Field(default="", max_length=80)
    tracking_number: str = Field(default="", max_length=120)

    # The desk's own: no import touches them, and none of them counts as a new version.
    assignee_id: int | None = Field(
        default=None, foreign_key="users.id", sa_type=BigInteger, nullable=True
    )
    priority: Priority = Field(default=Priority.NORMAL, sa_type=enum_type(Priority))
    held_at: datetime | None = timestamp()
    held_until: datetime | None = timestamp()
    held_by: str = Field(default="", max_length=120)
    hold_reason: HoldReason | None = Field(default=None, sa_type=enum_type(HoldReason))
    hold_note: str = Field(default="", max_length=500)
    archived_at: datetime | None = timestamp()
    # When the person was taken out of it; the figures stay.
    anonymised_at: datetime | None = timestamp()

    # Counts our own and the channel's changes; a person's change names the one it saw.
    version: int = 1
    # Digest of the stored payload: the same version again changes nothing.
    payload_hash: bytes
    created_at: datetime = set_at_insert()
    updated_at: datetime = set_at_insert()


class OrderLine(SQLModel, table=True):
    """One line of an order, as the channel keeps it, with its own quantities."""

    __tablename__ = "order_lines"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("order_id", "external_id"),
        Index(
            "ix_order_lines_sku_order",
            "sku",
            "order_id",
            postgresql_ops={"sku": "text_pattern_ops"},
        ),
    )

    id: int = identity_key()
    order_id: int = Field(foreign_key="orders.id", ondelete="CASCADE", sa_type=BigInteger)
    position: int
    external_id: str = Field(max_length=128)
    sku: str = Field(default="", max_length=120)
    title: str = Field(default="", max_length=500)
    quantity: int
    quantity_shipped: int = 0
    quantity_cancelled: int = 0
    quantity_returned: int = 0
    unit_price_minor: int | None = Field(default=None, sa_type=BigInteger)
    tax_minor: int | None = Field(default=None, sa_type=BigInteger)
    discount_minor: int | None = Field(default=None, sa_type=BigInteger)
    total_minor: int | None = Field(default=None, sa_type=BigInteger)


class OrderPayload(SQLModel, table=True):
    """The channel's JSON of one version of an order, compressed with Zstandard."""

    __tablename__ = "order_payloads"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index(None, "received_at"),)

    order_id: int = Field(
        primary_key=True, foreign_key="orders.id", ondelete="CASCADE", sa_type=BigInteger
    )
    payload_hash: bytes = Field(primary_key=True)
    channel_updated_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    received_at: datetime = set_at_insert()
    body: bytes


class OrderEvent(SQLModel, table=True):
    """What happened to an order, who did it, and what it changed. Append-only."""

    __tablename__ = "order_events"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index(None, "order_id", "id"),)

    id: int = identity_key()
    order_id: int = Field(foreign_key="orders.id", ondelete="CASCADE", sa_type=BigInteger)
    # "order:imported", "order:status:changed", "intent:confirmed", ...
    kind: str = Field(max_length=40)
    at: datetime = set_at_insert()
    actor_kind: ActorKind = Field(sa_type=enum_type(ActorKind))
    actor_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    actor_label: str = Field(max_length=120)
    # The order's version that this led to; empty on events of releases that did not note it.
    version: int | None = Field(default=None, nullable=True)
    # Changed fields only, each `[before, after]`, or what else explains the event.
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)


class OrderRollup(SQLModel, table=True):
    """Orders and money per day, account, status and currency, exact at every commit."""

    __tablename__ = "order_rollups"  # pyright: ignore[reportAssignmentType]

    day: date = Field(primary_key=True)
    account_id: int = Field(primary_key=True, foreign_key="channel_accounts.id", sa_type=BigInteger)
    status: OrderStatus = Field(primary_key=True, sa_type=enum_type(OrderStatus))
    # Empty where the channel named no currency (and therefore no amount).
    currency: str = Field(primary_key=True, max_length=3)
    channel: Channel = Field(sa_type=enum_type(Channel))
    orders: int = Field(default=0, sa_type=BigInteger)
    total_minor: int = Field(default=0, sa_type=BigInteger)


class OrderCount(SQLModel, table=True):
    """Orders per account and status over all days: the total of a list without dates."""

    __tablename__ = "order_counts"  # pyright: ignore[reportAssignmentType]

    account_id: int = Field(primary_key=True, foreign_key="channel_accounts.id", sa_type=BigInteger)
    status: OrderStatus = Field(primary_key=True, sa_type=enum_type(OrderStatus))
    channel: Channel = Field(sa_type=enum_type(Channel))
    orders: int = Field(default=0, sa_type=BigInteger)
