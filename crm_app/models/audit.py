"""Who did what to anything: append-only, also for the database's own user, and hash-chained."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.domain.actor import ActorKind
from crm_app.models.base import (
    UTC_TIMESTAMP,
    enum_type,
    identity_key,
    set_at_insert,
    timestamp,
)


class AuditEntry(SQLModel, table=True):
    """One deed. `hash` covers the entry and its predecessor's hash (`domain.chain`)."""

    __tablename__ = "audit_entries"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index(None, "subject_type", "subject_id"),
        Index(None, "at"),
        Index("ix_audit_entries_actor", "actor_id", "id"),
        Index("ix_audit_entries_action", "action", "id"),
    )

    # Given by the service under the chain's lock, so that ids and hashes have one order.
    id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UTC_TIMESTAMP)
    action: str = Field(max_length=60)
    subject_type: str = Field(max_length=40)
    subject_id: str = Field(max_length=64)
    actor_kind: ActorKind = Field(sa_type=enum_type(ActorKind))
    actor_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    actor_label: str = Field(max_length=120)
    before: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    after: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    # Which fields the hash covers: 1 none of the two below, 2 all.
    form: int = Field(default=1, sa_type=SmallInteger, sa_column_kwargs={"server_default": "1"})
    # Where the actor was, and the API token they used.
    address: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": ""})
    token_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    previous_hash: bytes
    hash: bytes


class CheckState(StrEnum):
    RUNNING = "running"
    WHOLE = "whole"
    BROKEN = "broken"


class AuditCheck(SQLModel, table=True):
    """One walk over the whole trail: how far it is, and what it found."""

    __tablename__ = "audit_checks"  # pyright: ignore[reportAssignmentType]

    id: int = identity_key()
    state: CheckState = Field(default=CheckState.RUNNING, sa_type=enum_type(CheckState))
    asked_by: str = Field(max_length=120)
    # The newest entry that was believed, and its hash: a worker goes on from here.
    reached: int = Field(default=0, sa_type=BigInteger)
    reached_hash: bytes
    # The newest entry when the walk began.
    total: int = Field(default=0, sa_type=BigInteger)
    broken_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    reason: str = Field(default="", max_length=300)
    created_at: datetime = set_at_insert()
    finished_at: datetime | None = timestamp()
