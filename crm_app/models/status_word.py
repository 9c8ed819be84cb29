"""What admins decided about the channels' words, which orders carry unknown ones, and replays."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.models.base import enum_type, identity_key, set_at_insert

WORD_LENGTH = 200


class StatusWord(SQLModel, table=True):
    """An admin's decision: what a channel's word means, on all its accounts or on one."""

    __tablename__ = "status_words"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        # One for all accounts is one too: NULL counts as a value here.
        UniqueConstraint(
            "channel", "account_id", "vocabulary", "word", postgresql_nulls_not_distinct=True
        ),
    )

    id: int = identity_key()
    channel: Channel = Field(sa_type=enum_type(Channel))
    account_id: int | None = Field(
        default=None, foreign_key="channel_accounts.id", sa_type=BigInteger, nullable=True
    )
    vocabulary: str = Field(max_length=20)
    word: str = Field(max_length=WORD_LENGTH)
    status: OrderStatus = Field(sa_type=enum_type(OrderStatus))
    set_by_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    set_by: str = Field(max_length=120)
    set_at: datetime = set_at_insert()


class OrderWord(SQLModel, table=True):
    """An order whose stored version carries a word that nobody had mapped when it was read."""

    __tablename__ = "order_unknown_words"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_order_unknown_words_word", "account_id", "vocabulary", "word", "order_id"),
    )

    order_id: int = Field(
        primary_key=True, foreign_key="orders.id", ondelete="CASCADE", sa_type=BigInteger
    )
    vocabulary: str = Field(primary_key=True, max_length=20)
    word: str = Field(primary_key=True, max_length=WORD_LENGTH)
    account_id: int = Field(foreign_key="channel_accounts.id", sa_type=BigInteger)


class ReplayState(StrEnum):
    CHECKING = "checking"  # a dry run: nothing is written to orders
    CHECKED = "checked"  # a person decides now
    APPLYING = "applying"
    DONE = "done"
    STOPPED = "stopped"  # by a person, or because the words changed meanwhile; `reason` says which


class Replay(SQLModel, table=True):
    """Stored payloads read again with the words in force: first looked at, then applied.

    `cursor_account` and `cursor_key` say up to which order it has come; an empty `word` means all
    orders of the channel (or of the one account).
    """

    __tablename__ = "replays"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_replays_channel", "channel", "id"),)

    id: int = identity_key()
    channel: Channel = Field(sa_type=enum_type(Channel))
    account_id: int | None = Field(
        default=None, foreign_key="channel_accounts.id", sa_type=BigInteger, nullable=True
    )
    vocabulary: str = Field(default="", max_length=20)
    word: str = Field(default="", max_length=WORD_LENGTH)
    state: ReplayState = Field(default=ReplayState.CHECKING, sa_type=enum_type(ReplayState))
    reason: str = Field(default="", max_length=300)
    # Of the words it was begun with: what was looked at must be what is applied.
    words_digest: bytes
    cursor_account: int = Field(default=0, sa_type=BigInteger)
    cursor_key: str = Field(default="", max_length=128)
    expected: int = Field(default=0, sa_type=BigInteger)
    # What the dry run found, and what was done: see `services.replaying.Tally`.
    found: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    done: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    asked_by_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    asked_by: str = Field(max_length=120)
    # The API token that asked; what it may do, and whether it still may, holds for the work too.
    token_id: int | None = Field(
        default=None, foreign_key="api_tokens.id", sa_type=BigInteger, nullable=True
    )
    created_at: datetime = set_at_insert()
    updated_at: datetime = set_at_insert()
