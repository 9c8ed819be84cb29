"""What the desk keeps on an order beside the channel's data: tags, comments, watchers."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from crm_app.domain.working import TagColour
from crm_app.models.base import (
    UTC_TIMESTAMP,
    enum_type,
    identity_key,
    newest,
    set_at_insert,
    timestamp,
)


class Tag(SQLModel, table=True):
    """A word that the desk sticks on orders; unique whatever its case."""

    __tablename__ = "tags"  # pyright: ignore[reportAssignmentType]

    id: int = identity_key()
    name: str = Field(max_length=40)
    colour: TagColour = Field(default=TagColour.GRAY, sa_type=enum_type(TagColour))
    # Not offered any more; orders that carry it keep it.
    is_retired: bool = False
    created_at: datetime = set_at_insert()


Index("uq_tags_name", func.lower(Tag.name), unique=True)


class OrderTag(SQLModel, table=True):
    """A tag on an order."""

    __tablename__ = "order_tags"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        # A list of one tag pages by this alone, newest first.
        Index("ix_order_tags_tag_placed", "tag_id", newest("placed_at"), newest("order_id")),
    )

    order_id: int = Field(
        primary_key=True, foreign_key="orders.id", ondelete="CASCADE", sa_type=BigInteger
    )
    tag_id: int = Field(primary_key=True, foreign_key="tags.id", sa_type=BigInteger)
    # The order's own; a trigger follows it.
    placed_at: datetime = Field(sa_type=UTC_TIMESTAMP)


class OrderWatcher(SQLModel, table=True):
    """A person who wants to hear what happens to an order."""

    __tablename__ = "order_watchers"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index(None, "user_id", "order_id"),)

    order_id: int = Field(
        primary_key=True, foreign_key="orders.id", ondelete="CASCADE", sa_type=BigInteger
    )
    user_id: int = Field(primary_key=True, foreign_key="users.id", sa_type=BigInteger)
    since: datetime = set_at_insert()


class OrderComment(SQLModel, table=True):
    """What a person wrote on an order. Its text as it stands; the history tells of each change."""

    __tablename__ = "order_comments"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index(None, "order_id", "id"),)

    id: int = identity_key()
    order_id: int = Field(foreign_key="orders.id", ondelete="CASCADE", sa_type=BigInteger)
    author_id: int = Field(foreign_key="users.id", sa_type=BigInteger)
    # Empty once it is deleted.
    text: str = Field(default="", max_length=4000)
    # Ids of the people whom the text names.
    mentions: list[int] = Field(default_factory=list, sa_type=ARRAY(BigInteger))  # pyright: ignore[reportArgumentType]
    created_at: datetime = set_at_insert()
    edited_at: datetime | None = timestamp()
    deleted_at: datetime | None = timestamp()
