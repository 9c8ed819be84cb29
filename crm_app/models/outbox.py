"""Status intents (the outbox) and the receipts of every attempt to send one."""

from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Index, literal_column, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.config import get_settings
from crm_app.domain.intent import OPEN, IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.time import business_day, now
from crm_app.models.base import UTC_TIMESTAMP, enum_type, identity_key, set_at_insert, timestamp


def business_today() -> date:
    """The day that it is now where the business is."""
    return business_day(now(), get_settings().zone)


def in_a_day() -> datetime:
    """By when a change without a deadline should be out."""
    return now() + timedelta(days=1)


_WORDS: Final = ", ".join(f"'{state.value}'" for state in OPEN)
_OPEN: Final = text(f"state IN ({_WORDS})")
# The same for statements, word for word: a parameter in its place could not use those indexes.
IS_OPEN: Final = literal_column(f"status_intents.state IN ({_WORDS})", Boolean)


_EMPTY: Final = {"server_default": text("''")}


class StatusIntent(SQLModel, table=True):
    """One person's wish that a channel be told a status. Its id is the channel reference."""

    __tablename__ = "status_intents"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index(
            "ix_status_intents_due",
            "account_id",
            "is_patient",
            "send_by",
            text("late_cost DESC"),
            "id",
            # Looked at inside the index: what waits for its next try is passed without its row.
            "next_try_at",
            # And what a paused bulk change holds back.
            "run_id",
            postgresql_where=_OPEN,
        ),
        Index("ix_status_intents_order", "order_id", "id"),
        Index("ix_status_intents_ledger", "account_id", "state", "made_on", "id"),
        Index(
            "ix_status_intents_run",
            "run_id",
            postgresql_where=text(f"run_id IS NOT NULL AND state IN ({_WORDS})"),
        ),
        Index("ix_status_intents_day", "made_on", "id"),
        # Those that are open for too long, without a look at those that are not.
        Index("ix_status_intents_since", "created_at", "id", postgresql_where=_OPEN),
        # One person's changes, newest first.
        Index("ix_status_intents_person", "actor_label", "made_on", "id"),
    )

    id: int = identity_key()
    order_id: int = Field(foreign_key="orders.id", ondelete="CASCADE", sa_type=BigInteger)
    account_id: int = Field(foreign_key="channel_accounts.id", sa_type=BigInteger)
    state: IntentState = Field(default=IntentState.QUEUED, sa_type=enum_type(IntentState))
    from_status: OrderStatus = Field(sa_type=enum_type(OrderStatus))
    to_status: OrderStatus = Field(sa_type=enum_type(OrderStatus))
    carrier: str = Field(default="", max_length=80)
    tracking_number: str = Field(default="", max_length=120)
    # Of a cancellation: the channel's own code for why; empty where it has none.
    cancel_reason: str = Field(default="", max_length=64, sa_column_kwargs=_EMPTY)
    happened_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    # The channel's own name of the call that tells it; empty for changes of earlier releases.
    operation: str = Field(default="", max_length=60, sa_column_kwargs=_EMPTY)
    # The order's version that this change led to.
    order_version: int
    # The version that the person saw when they decided; None where nobody looked at one.
    seen_version: int | None = None
    actor_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    actor_label: str = Field(max_length=120)
    # Why: a person's own note, or the rule that decided. A bulk change is named by its run.
    why: str = Field(default="", max_length=200, sa_column_kwargs=_EMPTY)
    # No foreign key: a run is never deleted once it started.
    run_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)

    # Of a bulk change, and with time until its deadline: a single person's click goes first.
    is_patient: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    # Which goes first when the channel's budget is scarce: see `services/urgency.py`.
    send_by: datetime = Field(
        default_factory=in_a_day,
        sa_type=UTC_TIMESTAMP,
        sa_column_kwargs={"server_default": text("clock_timestamp() + interval '1 day'")},
    )
    late_cost: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    # Takes an earlier word back: the channel is to go a step backward.
    takes_back: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})

    # Tells of one package while others are still to leave: the status stays as it is.
    is_part: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    # Of one that is sent again: the first one's id, so that the channel edits and never doubles.
    reference: int | None = Field(default=None, sa_type=BigInteger, nullable=True)

    attempts: int = 0
    # When it may be tried (or read back) again; due at once when it is written.
    next_try_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    # Since when a worker holds it; a crash leaves it behind and the clock finds it again.
    claimed_at: datetime | None = timestamp()
    # True from just before a call until its answer is recorded: after a crash, read first.
    outcome_unknown: bool = False
    reason: str = Field(default="", max_length=500)
    created_at: datetime = set_at_insert()
    # The business day of writing it: the ledger is read by days.
    made_on: date = Field(default_factory=business_today)
    sent_at: datetime | None = timestamp()
    settled_at: datetime | None = timestamp()


class IntentAttempt(SQLModel, table=True):
    """The receipt of one call: what was asked, what was answered (redacted), how long it took."""

    __tablename__ = "intent_attempts"  # pyright: ignore[reportAssignmentType]
    # How often the channel accepts lately, without a look at the years before.
    __table_args__ = (Index("ix_intent_attempts_at", "at"),)

    id: int = identity_key()
    intent_id: int = Field(
        foreign_key="status_intents.id", ondelete="CASCADE", sa_type=BigInteger, index=True
    )
    at: datetime = set_at_insert()
    operation: str = Field(max_length=60)
    # Asked what the channel has; it told it nothing.
    is_read: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    outcome: str = Field(max_length=40)
    http_status: int | None = None
    request_id: str = Field(default="", max_length=120)
    asked: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    answer: str = Field(default="", max_length=500)
    duration_ms: int = 0
