"""What arrived from outside and could not, or not yet, become an order."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from crm_app.models.base import enum_type, identity_key, newest, set_at_insert, timestamp


class InboxState(StrEnum):
    RECEIVED = "received"  # stored and acknowledged; a job has it next
    WAITING = "waiting"  # not possible yet: `reason` says why, `next_try_at` until when
    SET_ASIDE = "set_aside"  # a person has to look; `reason` says why
    PROCESSED = "processed"


class InboxEntry(SQLModel, table=True):
    """One document as received, compressed with Zstandard; kept once per `dedupe_key`.

    A webhook that speaks of several orders makes one entry for each.
    """

    __tablename__ = "inbox"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("account_id", "dedupe_key"),
        Index(
            "ix_inbox_open",
            "account_id",
            "id",
            postgresql_where=text("state <> 'processed'"),
        ),
        # The newest webhook of an account.
        Index(
            "ix_inbox_hooks",
            "account_id",
            newest("id"),
            postgresql_where=text("kind LIKE 'hook:%'"),
        ),
        Index(
            "ix_inbox_due",
            "account_id",
            "id",
            postgresql_where=text("state IN ('received', 'waiting')"),
        ),
        # What the exceptions page walks: as long as what waits, however much was processed.
        Index("ix_inbox_aside", "received_at", "id", postgresql_where=text("state = 'set_aside'")),
        Index(
            "ix_inbox_since",
            "received_at",
            "id",
            postgresql_where=text("state IN ('received', 'waiting')"),
        ),
        # The list of an account, and of an order.
        Index("ix_inbox_account_newest", "account_id", newest("id")),
        Index("ix_inbox_order", "external_id", newest("id")),
        # Retention.
        Index("ix_inbox_processed", "processed_at", postgresql_where=text("state = 'processed'")),
    )

    id: int = identity_key()
    account_id: int = Field(foreign_key="channel_accounts.id", sa_type=BigInteger)
    # "order": one element of a pulled page; "hook:store", "hook:read", ...: a webhook and what
    # is to be done with it.
    kind: str = Field(max_length=40)
    topic: str = Field(default="", max_length=60)  # the channel's own word for the event
    dedupe_key: str = Field(max_length=200)
    external_id: str = Field(default="", max_length=128)
    state: InboxState = Field(default=InboxState.RECEIVED, sa_type=enum_type(InboxState))
    reason: str = Field(default="", max_length=500)
    body: bytes
    attempts: int = 0
    # When a job may take it (again); set while it is received or waiting.
    next_try_at: datetime | None = timestamp()
    times_seen: int = 1
    received_at: datetime = set_at_insert()
    last_seen_at: datetime = set_at_insert()
    processed_at: datetime | None = timestamp()
