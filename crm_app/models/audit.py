"""Who did what to anything: append-only and hash-chained."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.domain.actor import ActorKind
from crm_app.models.base import UTC_TIMESTAMP, enum_type


class AuditEntry(SQLModel, table=True):
    """One deed. `hash` covers the entry and its predecessor's hash (`services.audit`)."""

    __tablename__ = "audit_entries"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index(None, "subject_type", "subject_id"), Index(None, "at"))

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
    previous_hash: bytes
    hash: bytes
