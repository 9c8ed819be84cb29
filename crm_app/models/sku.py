"""What an account calls the things that we sell, and what it calls things that we do not know."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from crm_app.models.base import UTC_TIMESTAMP


class ChannelSku(SQLModel, table=True):
    """One SKU of an account, and which of ours it is. An account with none keeps no list."""

    __tablename__ = "channel_skus"  # pyright: ignore[reportAssignmentType]

    account_id: int = Field(
        primary_key=True,
        foreign_key="channel_accounts.id",
        ondelete="CASCADE",
        sa_type=BigInteger,
    )
    channel_sku: str = Field(primary_key=True, max_length=120)
    sku: str = Field(max_length=120, index=True)
    title: str = Field(default="", max_length=300)
    changed_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    changed_by: str = Field(max_length=120)


class UnmappedSku(SQLModel, table=True):
    """A SKU that orders to ship carry and the account's list does not name, as last looked."""

    __tablename__ = "unmapped_skus"  # pyright: ignore[reportAssignmentType]

    account_id: int = Field(
        primary_key=True,
        foreign_key="channel_accounts.id",
        ondelete="CASCADE",
        sa_type=BigInteger,
    )
    channel_sku: str = Field(primary_key=True, max_length=120)
    title: str = Field(default="", max_length=300)
    orders: int = 0
    example_order_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    first_seen_at: datetime = Field(sa_type=UTC_TIMESTAMP)
