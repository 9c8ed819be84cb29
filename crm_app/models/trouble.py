"""What people noted on exceptions, and how many webhooks were refused."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.domain.trouble import Cause
from crm_app.models.base import UTC_TIMESTAMP, enum_type, identity_key, set_at_insert, timestamp


class ExceptionMark(SQLModel, table=True):
    """What people did about one exception. The exception itself is read from its source.

    `key` names the source and the occurrence, so a mark never outlives what it was made for.
    """

    __tablename__ = "exception_marks"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_exception_marks_resolved", "resolved_at", "key"),
        Index("ix_exception_marks_changed", "changed_at"),
    )

    key: str = Field(primary_key=True, max_length=80)
    # As they were when the mark was made: what is gone from its source is still told apart.
    cause: Cause = Field(sa_type=enum_type(Cause))
    # None for what is no account's: bulk changes, files, messages.
    account_id: int | None = Field(
        default=None, foreign_key="channel_accounts.id", sa_type=BigInteger, nullable=True
    )
    order_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    title: str = Field(default="", max_length=200)
    since: datetime = Field(sa_type=UTC_TIMESTAMP)

    assignee_id: int | None = Field(
        default=None, foreign_key="users.id", sa_type=BigInteger, nullable=True, index=True
    )
    snoozed_until: datetime | None = timestamp()
    resolved_at: datetime | None = timestamp()
    note: str = Field(default="", max_length=500)
    changed_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    changed_by: str = Field(default="", max_length=120)


class ExceptionSighting(SQLModel, table=True):
    """An exception that was on the desk when the clock last looked; kept a while when it is gone.

    The exception itself is read from its source: this only remembers that it was there.
    """

    __tablename__ = "exception_sightings"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_exception_sightings_healed", "healed_at", "key"),
        Index("ix_exception_sightings_there", "key", postgresql_where=text("healed_at IS NULL")),
    )

    key: str = Field(primary_key=True, max_length=80)
    cause: Cause = Field(sa_type=enum_type(Cause))
    account_id: int | None = Field(
        default=None, foreign_key="channel_accounts.id", sa_type=BigInteger, nullable=True
    )
    order_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    title: str = Field(default="", max_length=200)
    said: str = Field(default="", max_length=500)
    since: datetime = Field(sa_type=UTC_TIMESTAMP)
    # When the clock found it gone.
    healed_at: datetime | None = timestamp()


class DeskRetry(SQLModel, table=True):
    """A whole cause that somebody wants tried again; a worker goes through it page by page."""

    __tablename__ = "desk_retries"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_desk_retries_open", "id", postgresql_where=text("finished_at IS NULL")),
    )

    id: int = identity_key()
    actor_id: int = Field(foreign_key="users.id", sa_type=BigInteger, index=True)
    # In the address form; where the next page begins.
    filter: dict[str, str] = Field(default_factory=dict, sa_type=JSONB)
    cursor: str = Field(default="", max_length=300)
    done: int = 0
    refused: int = 0
    gone: int = 0
    # Why, and how often.
    reasons: dict[str, int] = Field(default_factory=dict, sa_type=JSONB)
    created_at: datetime = set_at_insert()
    finished_at: datetime | None = timestamp()


class WebhookRefusal(SQLModel, table=True):
    """Webhooks without a valid proof, counted by hour: a stranger adds to a number, never a row.

    `account_id` is 0 for addresses that name no account of ours.
    """

    __tablename__ = "webhook_refusals"  # pyright: ignore[reportAssignmentType]

    hour: datetime = Field(primary_key=True, sa_type=UTC_TIMESTAMP)
    account_id: int = Field(primary_key=True, sa_type=BigInteger)
    refused: int = 0
    last_at: datetime = Field(sa_type=UTC_TIMESTAMP)


class RefusedWebhook(SQLModel, table=True):
    """One webhook without a valid proof: who sent what to where. Of each account and hour only the
    first ones are kept, so what strangers send stays small; the counts are of all of them.

    `account_id` is 0 for addresses that name no account of ours; then `path` is what they named.
    """

    __tablename__ = "refused_webhooks"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_refused_webhooks_at", "account_id", "at"),)

    id: int = identity_key()
    at: datetime = Field(sa_type=UTC_TIMESTAMP)
    account_id: int = Field(sa_type=BigInteger)
    path: str = Field(default="", max_length=80)
    address: str = Field(max_length=64)
    topic: str = Field(default="", max_length=60)
    size: int = 0
    reason: str = Field(max_length=120)
