"""Alerts, what people chose to be told of them, and what was sent out."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.domain.alert import AlertKind, AlertLevel, AlertMoment
from crm_app.models.base import UTC_TIMESTAMP, enum_type, identity_key, newest, timestamp


class Alert(SQLModel, table=True):
    """Something that should not be. A subject has one open alert at most.

    `clear_since` is set while its reason is gone and it waits whether that lasts.
    """

    __tablename__ = "alerts"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("uq_alerts_open", "subject", unique=True, postgresql_where=text("closed_at IS NULL")),
        Index("ix_alerts_opened", newest("opened_at"), newest("id")),
    )

    id: int = identity_key()
    kind: AlertKind = Field(sa_type=enum_type(AlertKind))
    subject: str = Field(max_length=80)
    account_id: int | None = Field(
        default=None,
        foreign_key="channel_accounts.id",
        ondelete="CASCADE",
        sa_type=BigInteger,
        nullable=True,
    )
    level: AlertLevel = Field(sa_type=enum_type(AlertLevel))
    sentence: str = Field(max_length=300)
    href: str = Field(max_length=300)
    opened_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    changed_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    escalated_at: datetime | None = timestamp()
    clear_since: datetime | None = timestamp()
    closed_at: datetime | None = timestamp()


class AlertChoice(SQLModel, table=True):
    """What a person chose for a kind of alert; without a row, what their role suggests."""

    __tablename__ = "alert_choices"  # pyright: ignore[reportAssignmentType]

    user_id: int = Field(
        primary_key=True, foreign_key="users.id", ondelete="CASCADE", sa_type=BigInteger
    )
    kind: AlertKind = Field(primary_key=True, sa_type=enum_type(AlertKind))
    in_app: bool
    by_mail: bool


class AlertHook(SQLModel, table=True):
    """Where alerts are posted to. One row at most; the secret that signs them is sealed."""

    __tablename__ = "alert_hooks"  # pyright: ignore[reportAssignmentType]

    id: int = Field(default=1, primary_key=True)
    url: str = Field(max_length=300)
    secret: bytes
    is_on: bool = True
    changed_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    changed_by: str = Field(max_length=120)


class AlertMessage(SQLModel, table=True):
    """One message to the outside, written with the alert's change and sent by the worker.

    It waits while neither `sent_at` nor `failed_at` is set.
    """

    __tablename__ = "alert_messages"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index(
            "ix_alert_messages_due",
            "next_try_at",
            "id",
            postgresql_where=text("sent_at IS NULL AND failed_at IS NULL"),
        ),
        Index("ix_alert_messages_at", "at"),
    )

    id: int = identity_key()
    alert_id: int | None = Field(
        default=None, foreign_key="alerts.id", ondelete="CASCADE", sa_type=BigInteger, nullable=True
    )
    moment: AlertMoment = Field(sa_type=enum_type(AlertMoment))
    way: str = Field(max_length=16)  # "mail" or "webhook"
    target: str = Field(max_length=300)  # an e-mail address, or the URL
    body: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    at: datetime = Field(sa_type=UTC_TIMESTAMP)
    attempts: int = 0
    next_try_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    sent_at: datetime | None = timestamp()
    failed_at: datetime | None = timestamp()
    answer: str = Field(default="", max_length=300)
