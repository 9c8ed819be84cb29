"""Bulk changes: the run, and its frozen set of orders."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.domain.bulk import Outcome, RunState
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.models.base import enum_type, identity_key, set_at_insert, timestamp


class BulkRun(SQLModel, table=True):
    """One thing that a person does to many orders."""

    __tablename__ = "bulk_runs"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        # The same press of the same person twice is one run.
        UniqueConstraint("actor_id", "key"),
        Index("ix_bulk_runs_active", "id", postgresql_where=text("state IN ('queued', 'running')")),
        # Their intents wait: every claim of a worker asks which runs that is.
        Index("ix_bulk_runs_halted", "id", postgresql_where=text("state IN ('paused', 'stopped')")),
        Index(None, "undo_of"),
    )

    id: int = identity_key()
    state: RunState = Field(default=RunState.DRAFT, sa_type=enum_type(RunState))
    # A name of `services.bulk_actions`, and what it needs; empty until the person decided.
    action: str = Field(default="", max_length=32)
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    # The filter in its address form, if the set was "all that match"; empty for picked rows.
    filter: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    key: str = Field(max_length=64)
    actor_id: int = Field(foreign_key="users.id", sa_type=BigInteger)
    actor_label: str = Field(max_length=120)
    # The API token that asked; what it may do, and whether it still may, holds for the work too.
    token_id: int | None = Field(
        default=None, foreign_key="api_tokens.id", sa_type=BigInteger, nullable=True
    )
    undo_of: int | None = Field(
        default=None, foreign_key="bulk_runs.id", sa_type=BigInteger, nullable=True
    )
    # The four outcomes, kept in the transaction of each batch; waiting is what is left.
    total: int = 0
    changed: int = 0
    refused: int = 0
    failed: int = 0
    reason: str = Field(default="", max_length=300)
    created_at: datetime = set_at_insert()
    started_at: datetime | None = timestamp()
    finished_at: datetime | None = timestamp()

    @property
    def done(self) -> int:
        return self.changed + self.refused + self.failed


class BulkRow(SQLModel, table=True):
    """One order of a run, as it was when the set was frozen, and what became of it."""

    __tablename__ = "bulk_rows"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index(
            "ix_bulk_rows_waiting",
            "run_id",
            "position",
            postgresql_where=text("outcome = 'waiting'"),
        ),
        Index(None, "order_id"),
    )

    run_id: int = Field(
        primary_key=True, foreign_key="bulk_runs.id", ondelete="CASCADE", sa_type=BigInteger
    )
    # By deadline: what must leave first is done first.
    position: int = Field(primary_key=True)
    order_id: int = Field(foreign_key="orders.id", ondelete="CASCADE", sa_type=BigInteger)
    # The order's own, kept here to count by; checked there.
    account_id: int = Field(sa_type=BigInteger)
    channel: Channel = Field(sa_type=enum_type(Channel))
    seen_version: int
    seen_status: OrderStatus = Field(sa_type=enum_type(OrderStatus))
    carrier: str = Field(default="", max_length=80)
    tracking_number: str = Field(default="", max_length=120)

    outcome: Outcome = Field(default=Outcome.WAITING, sa_type=enum_type(Outcome))
    # The sentence of a refusal, or what was done where that differs between orders.
    reason: str = Field(default="", max_length=300)
    # As it was found when its turn came: beside `seen_...` both versions of a change meanwhile.
    found_version: int | None = None
    from_status: OrderStatus | None = Field(default=None, sa_type=enum_type(OrderStatus))
    to_status: OrderStatus | None = Field(default=None, sa_type=enum_type(OrderStatus))
    # No foreign key: an intent is never deleted before its order, and then this row goes too.
    intent_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    done_at: datetime | None = timestamp()
