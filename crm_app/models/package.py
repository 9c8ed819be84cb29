"""Packages: what left of an order together, under one tracking number."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.models.base import identity_key, set_at_insert, timestamp


class OrderPackage(SQLModel, table=True):
    """One package of an order, told by a person here or by its channel."""

    __tablename__ = "order_packages"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_order_packages_order", "order_id", "id"),
        Index(
            "uq_order_packages_external",
            "order_id",
            "external_id",
            unique=True,
            postgresql_where=text("external_id <> ''"),
        ),
        Index(
            "ix_order_packages_tracking",
            "tracking_number",
            postgresql_ops={"tracking_number": "text_pattern_ops"},
            postgresql_where=text("tracking_number <> ''"),
        ),
    )

    id: int = identity_key()
    order_id: int = Field(foreign_key="orders.id", ondelete="CASCADE", sa_type=BigInteger)
    # The channel's own name for it; empty until the channel shows it, or where it shows none.
    external_id: str = Field(default="", max_length=128)
    carrier: str = Field(default="", max_length=80)
    tracking_number: str = Field(default="", max_length=120)
    # The channel's raw word for how far it is.
    channel_status: str = Field(default="", max_length=200)
    # Pieces by the line's external id: lines are replaced by each newer version of their order.
    lines: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    shipped_at: datetime | None = timestamp()
    # The channel knows of it: it shows it, or accepted it where it shows nothing.
    is_told: bool = False
    # The newest change that tells the channel of it; no foreign key, as it goes with its order.
    intent_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    # Who sent it: a person, or the channel.
    actor_label: str = Field(default="", max_length=120)
    created_at: datetime = set_at_insert()
