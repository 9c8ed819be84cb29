"""Requests about the data of persons, what was erased, and how long data are kept."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
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


class RequestKind(StrEnum):
    EXPORT = "export"  # the person wants to know what is kept
    ERASE = "erase"


class RequestState(StrEnum):
    OPEN = "open"  # the data officer decides
    WORKING = "working"  # a worker does it
    WAITING = "waiting"  # something has to end first; tried again each day
    DONE = "done"
    REFUSED = "refused"


class Basis(StrEnum):
    """Why the data of an account's buyers may be kept at all."""

    CONTRACT = "contract"
    CONSENT = "consent"
    LEGAL = "legal"
    INTEREST = "interest"


class DataRequest(SQLModel, table=True):
    """One request of a person, or of a channel for one."""

    __tablename__ = "data_requests"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_data_requests_newest", newest("id")),)

    id: int = identity_key()
    kind: RequestKind = Field(sa_type=enum_type(RequestKind))
    state: RequestState = Field(default=RequestState.OPEN, sa_type=enum_type(RequestState))
    # "mail", "phone", or the channel's word for its webhook.
    source: str = Field(max_length=60)
    # How the person is known to who asks; emptied when an erasure is done.
    subject: str = Field(default="", max_length=300)
    account_id: int | None = Field(
        default=None, foreign_key="channel_accounts.id", sa_type=BigInteger, nullable=True
    )
    # Who and what was found when it was asked.
    customer_ids: list[int] = Field(default_factory=list, sa_type=ARRAY(BigInteger))  # pyright: ignore[reportArgumentType]
    order_ids: list[int] = Field(default_factory=list, sa_type=ARRAY(BigInteger))  # pyright: ignore[reportArgumentType]
    # The webhook that it came by.
    inbox_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True, unique=True)
    note: str = Field(default="", max_length=1000)
    received_at: datetime = set_at_insert()
    due_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    handled_by: str = Field(default="", max_length=120)
    handled_at: datetime | None = timestamp()
    # What was done, in numbers, and what was kept for which reason.
    outcome: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    # The file with the person's data, compressed with Zstandard; None before and after its time.
    file: bytes | None = None


class ErasedKey(SQLModel, table=True):
    """The keyed hash of an order or a person that was erased: a later import brings nothing back.

    Of a person only orders from before `at` are meant: who buys again is a customer again.
    """

    __tablename__ = "erased_keys"  # pyright: ignore[reportAssignmentType]

    key: bytes = Field(primary_key=True)
    at: datetime = Field(sa_type=UTC_TIMESTAMP)


class ErasureSecret(SQLModel, table=True):
    """The one row that holds the key of `ErasedKey`, encrypted like the credentials."""

    __tablename__ = "erasure_secret"  # pyright: ignore[reportAssignmentType]

    id: int = Field(default=1, primary_key=True)
    sealed: bytes


class RetentionRule(SQLModel, table=True):
    """How many days after the end of an order its data are kept; None: for as long as the order."""

    __tablename__ = "retention_rules"  # pyright: ignore[reportAssignmentType]

    channel: Channel = Field(primary_key=True, sa_type=enum_type(Channel))
    contact_days: int | None = None
    payload_days: int | None = None


class RetentionRun(SQLModel, table=True):
    """What the daily cleaning of one channel did."""

    __tablename__ = "retention_runs"  # pyright: ignore[reportAssignmentType]

    id: int = identity_key()
    channel: Channel = Field(sa_type=enum_type(Channel))
    at: datetime = set_at_insert()
    contacts: int = 0
    payloads: int = 0
    bodies: int = 0


class AccountBasis(SQLModel, table=True):
    """Why the data of an account's buyers are kept, as the data officer noted it."""

    __tablename__ = "account_bases"  # pyright: ignore[reportAssignmentType]

    account_id: int = Field(primary_key=True, foreign_key="channel_accounts.id", sa_type=BigInteger)
    basis: Basis = Field(sa_type=enum_type(Basis))
    note: str = Field(default="", max_length=500)
