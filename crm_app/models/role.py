"""Roles, and who has which of them on which accounts."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from crm_app.domain.permissions import Role
from crm_app.domain.reach import ReachKind
from crm_app.models.base import enum_type, identity_key, set_at_insert


class StaffRole(SQLModel, table=True):
    """A role that people can be given: a built-in one, or one that was made on screen."""

    __tablename__ = "roles"  # pyright: ignore[reportAssignmentType]

    id: int = identity_key()
    # Which of the built-in ones it is. The verbs of those are the release's, not the row's.
    key: Role | None = Field(default=None, sa_type=enum_type(Role), nullable=True, unique=True)
    name: str = Field(max_length=60, unique=True)
    description: str = Field(default="", max_length=300)
    # Words of permissions; one that no release knows any more lets nobody do anything.
    verbs: list[str] = Field(default_factory=list, sa_type=JSONB)
    needs_two_factor: bool = False
    created_at: datetime = set_at_insert()


class RoleGrant(SQLModel, table=True):
    """A role of a person, on all accounts, on those of some channels, or on some accounts."""

    __tablename__ = "role_grants"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("user_id", "role_id"),
        CheckConstraint(
            "CASE reach WHEN 'all' THEN cardinality(channels) + cardinality(account_ids) = 0"
            " WHEN 'channels' THEN cardinality(channels) > 0 AND cardinality(account_ids) = 0"
            " WHEN 'accounts' THEN cardinality(account_ids) > 0 AND cardinality(channels) = 0"
            " ELSE false END",
            name="reach",
        ),
    )

    id: int = identity_key()
    user_id: int = Field(foreign_key="users.id", ondelete="CASCADE", sa_type=BigInteger)
    role_id: int = Field(foreign_key="roles.id", sa_type=BigInteger, index=True)
    reach: ReachKind = Field(default=ReachKind.ALL, sa_type=enum_type(ReachKind))
    channels: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    account_ids: list[int] = Field(default_factory=list, sa_type=ARRAY(BigInteger))
    created_at: datetime = set_at_insert()
