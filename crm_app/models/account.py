"""Connected seller accounts and what is known of their sync."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.domain.channel import Channel
from crm_app.models.base import (
    UTC_TIMESTAMP,
    enum_type,
    identity_key,
    newest,
    set_at_insert,
    timestamp,
)


class AccountStatus(StrEnum):
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"  # the channel refused the credentials: a person must act
    PAUSED = "paused"  # switched off by a person


class ChannelAccount(SQLModel, table=True):
    """One seller account or shop on a channel. `cursor` moves only past stored orders.

    `watermark` is the time up to which the account is known to be complete.
    """

    __tablename__ = "channel_accounts"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("channel", "name"),)

    id: int = identity_key()
    channel: Channel = Field(sa_type=enum_type(Channel))
    name: str = Field(max_length=120)
    status: AccountStatus = Field(default=AccountStatus.CONNECTED, sa_type=enum_type(AccountStatus))
    base_url: str = Field(max_length=300)
    # Fernet token of a JSON object; the key comes from CRM_SECRET_KEYS.
    credentials: bytes
    options: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)

    cursor: str | None = None
    # How to go on with a sweep that was interrupted between two pages.
    resume: str | None = None
    watermark: datetime | None = timestamp()
    last_pull_at: datetime | None = timestamp()
    last_success_at: datetime | None = timestamp()
    last_error: str = Field(default="", max_length=500)
    last_error_at: datetime | None = timestamp()
    failures: int = 0  # pulls in a row that failed
    next_pull_at: datetime | None = timestamp()
    # While the channel is left alone: kind of call -> until when, after how many failures, why.
    # Redis decides (`channels/breaker.py`); this is what people are told.
    rests: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": "{}"}
    )
    # What the channel says of the webhooks that lead to us; empty where it cannot be asked.
    hooks: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": "{}"}
    )
    created_at: datetime = set_at_insert()


class Sweep(SQLModel, table=True):
    """One deep sweep: the channel's list of the last days compared with what is here.

    It is open while `finished_at` is empty, and an account has one open sweep at most. `missing`
    and `behind` count only what the account was already called complete for. Once the list has
    been read (`listed_at`), what is here and was not named is asked for: `unlisted` of it the
    channel still knows, `unknown` it does not.
    """

    __tablename__ = "sweeps"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_sweeps_account_id_id", "account_id", newest("id")),
        Index(
            "uq_sweeps_open",
            "account_id",
            unique=True,
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    id: int = identity_key()
    account_id: int = Field(foreign_key="channel_accounts.id", sa_type=BigInteger)
    since: datetime = Field(sa_type=UTC_TIMESTAMP)
    asked_by: str = Field(default="", max_length=120)  # a person; empty for the clock
    resume: str | None = None
    checked: int = 0
    missing: int = 0
    behind: int = 0
    # External ids of the first ones that were missing or behind.
    examples: list[str] = Field(default_factory=list, sa_type=JSONB)
    listed_at: datetime | None = timestamp()
    unlisted: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    unknown: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    # External ids of the first ones that the list did not name.
    absent: list[str] = Field(
        default_factory=list,
        sa_type=JSONB,
        sa_column_kwargs={"server_default": text("'[]'::jsonb")},
    )
    failures: int = 0
    error: str = Field(default="", max_length=500)
    started_at: datetime = set_at_insert()
    next_step_at: datetime | None = timestamp()
    finished_at: datetime | None = timestamp()


class SweepEntry(SQLModel, table=True):
    """What an open sweep knows of one order: that the list named it, or what became of it."""

    __tablename__ = "sweep_entries"  # pyright: ignore[reportAssignmentType]

    sweep_id: int = Field(primary_key=True, foreign_key="sweeps.id", sa_type=BigInteger)
    external_id: str = Field(primary_key=True, max_length=128)
    account_id: int = Field(foreign_key="channel_accounts.id", sa_type=BigInteger)
    fate: str = Field(max_length=20)


class UnmappedWord(SQLModel, table=True):
    """The mapping report: a raw word of a channel that our mapping did not know when it came.

    A row stays when the word is mapped: whether it is, the words in force say.
    """

    __tablename__ = "unmapped_words"  # pyright: ignore[reportAssignmentType]

    account_id: int = Field(primary_key=True, foreign_key="channel_accounts.id", sa_type=BigInteger)
    # Which of the channel's vocabularies it stands in.
    vocabulary: str = Field(
        default="order",
        primary_key=True,
        max_length=20,
        sa_column_kwargs={"server_default": "order"},
    )
    word: str = Field(primary_key=True, max_length=200)
    example_external_id: str = Field(max_length=128)
    first_seen_at: datetime = set_at_insert()
    last_seen_at: datetime = set_at_insert()
    times_seen: int = 1
