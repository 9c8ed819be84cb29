"""Whose word stays where an account and the desk disagree, and what was decided."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.domain.rules import Field as RuledField
from crm_app.domain.rules import Rule
from crm_app.models.base import UTC_TIMESTAMP, enum_type, timestamp


class FieldRule(SQLModel, table=True):
    """What an admin decided for a field of an account; without a row, the default holds."""

    __tablename__ = "field_rules"  # pyright: ignore[reportAssignmentType]

    account_id: int = Field(
        primary_key=True, foreign_key="channel_accounts.id", ondelete="CASCADE", sa_type=BigInteger
    )
    field: RuledField = Field(primary_key=True, sa_type=enum_type(RuledField))
    rule: Rule = Field(sa_type=enum_type(Rule))
    changed_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    changed_by: str = Field(max_length=120)


class FieldDispute(SQLModel, table=True):
    """A field of an order where both sides have a word of their own: the channel's is kept here.

    Open while `decided_at` is empty. Decided for ours it stays, so that the same word of the
    channel, told again, changes nothing.
    """

    __tablename__ = "field_disputes"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index(
            "ix_field_disputes_open",
            "order_id",
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    order_id: int = Field(
        primary_key=True, foreign_key="orders.id", ondelete="CASCADE", sa_type=BigInteger
    )
    field: RuledField = Field(primary_key=True, sa_type=enum_type(RuledField))
    theirs: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    told_at: datetime = Field(sa_type=UTC_TIMESTAMP)  # by the channel's clock
    opened_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    decided_at: datetime | None = timestamp()
    decided_by: str = Field(default="", max_length=120)
