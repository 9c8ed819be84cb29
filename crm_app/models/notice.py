"""What the desk tells one person: the entries behind the bell."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from crm_app.models.base import UTC_TIMESTAMP, identity_key, newest, timestamp

UNREAD = text("read_at IS NULL")


class Notice(SQLModel, table=True):
    """One sentence for one person, and where it leads. `key` names what it is about."""

    __tablename__ = "notices"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        # Told twice of the same thing, a person who has not read the first learns nothing new.
        Index("uq_notices_unread", "user_id", "key", unique=True, postgresql_where=UNREAD),
        Index("ix_notices_user", "user_id", newest("id")),
        Index("ix_notices_at", "at"),
    )

    id: int = identity_key()
    user_id: int = Field(foreign_key="users.id", ondelete="CASCADE", sa_type=BigInteger)
    kind: str = Field(max_length=32)  # "mention", "watch", "alert", ...: its icon and its filter
    sentence: str = Field(max_length=300)
    href: str = Field(max_length=300)
    key: str = Field(max_length=120)
    at: datetime = Field(sa_type=UTC_TIMESTAMP)
    read_at: datetime | None = timestamp()
