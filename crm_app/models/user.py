"""People and their sessions."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.domain.permissions import Role
from crm_app.models.base import UTC_TIMESTAMP, enum_type, identity_key, set_at_insert, timestamp


class User(SQLModel, table=True):
    """A person who may sign in. E-mail addresses are kept in lower case."""

    __tablename__ = "users"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower"),)

    id: int = identity_key()
    email: str = Field(max_length=254, unique=True)
    name: str = Field(max_length=120)
    password_hash: str = Field(max_length=200)
    # Of the release before this one, which still serves while this one starts. Nobody reads it:
    # what a person may do is in `role_grants`.
    role: Role | None = Field(default=None, sa_type=enum_type(Role), nullable=True)
    is_active: bool = True
    created_at: datetime = set_at_insert()
    last_seen_at: datetime | None = timestamp()
    # A program that acts in its own name. It has no password and no sign-in; it is no colleague.
    is_service: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    # Sealed by the vault. Without `totp_since` no app has proved yet that it has it.
    totp_secret: bytes | None = None
    totp_since: datetime | None = timestamp()
    # The last 30-second step of which a code was taken: none is taken twice.
    totp_last_step: int = Field(default=0, sa_type=BigInteger)


class ServiceAccount(SQLModel, table=True):
    """What a program is for and who answers for it; its name and roles are those of its user."""

    __tablename__ = "service_accounts"  # pyright: ignore[reportAssignmentType]

    user_id: int = Field(
        primary_key=True,
        foreign_key="users.id",
        ondelete="CASCADE",
        sa_type=BigInteger,
        sa_column_kwargs={"autoincrement": False},
    )
    purpose: str = Field(max_length=300)
    owner_id: int = Field(foreign_key="users.id", sa_type=BigInteger)
    created_at: datetime = set_at_insert()


class RecoveryCode(SQLModel, table=True):
    """A code that stands in for the authenticator app once, known by its hash only."""

    __tablename__ = "recovery_codes"  # pyright: ignore[reportAssignmentType]

    id: int = identity_key()
    user_id: int = Field(foreign_key="users.id", ondelete="CASCADE", sa_type=BigInteger, index=True)
    code_hash: bytes
    used_at: datetime | None = timestamp()


class UserSession(SQLModel, table=True):
    """One signed-in browser or API client, known by the hash of its secret only."""

    __tablename__ = "user_sessions"  # pyright: ignore[reportAssignmentType]

    id: int = identity_key()
    token_hash: bytes = Field(unique=True)
    # What the browser keeps to be known again; API clients have none.
    device_hash: bytes | None = None
    is_new_device: bool = False
    # A provider of single sign-on asked for a second factor; ours was not.
    has_factor: bool = False
    user_id: int = Field(foreign_key="users.id", sa_type=BigInteger, index=True)
    kind: str = Field(max_length=16)  # "browser" or "api"
    address: str = Field(default="", max_length=64)
    device: str = Field(default="", max_length=300)
    created_at: datetime = set_at_insert()
    last_used_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    expires_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    revoked_at: datetime | None = timestamp()
    # When the person last gave their password or a code in it.
    confirmed_at: datetime | None = timestamp()
    # The role, and where, as which the person looks at the desk; None as themselves.
    viewing: dict[str, Any] | None = Field(default=None, sa_type=JSONB, nullable=True)


class RefreshToken(SQLModel, table=True):
    """What renews an API client's access token once, known by its hash only.

    Used ones stay as long as their session: one that comes back is in two hands.
    """

    __tablename__ = "refresh_tokens"  # pyright: ignore[reportAssignmentType]

    id: int = identity_key()
    session_id: int = Field(
        foreign_key="user_sessions.id", ondelete="CASCADE", sa_type=BigInteger, index=True
    )
    token_hash: bytes = Field(unique=True)
    created_at: datetime = set_at_insert()
    expires_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    used_at: datetime | None = timestamp()


class SignInFailure(SQLModel, table=True):
    """Wrong tries in a row of one e-mail from one address, or of one address at all.

    `subject` is a hash, so that the table holds no list of addresses that people typed.
    """

    __tablename__ = "sign_in_failures"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index(None, "last_failed_at"),)

    subject: str = Field(primary_key=True, sa_type=Text)
    failures: int = 0
    last_failed_at: datetime = Field(sa_type=UTC_TIMESTAMP)


class UserPreference(SQLModel, table=True):
    """One thing that a person set for themselves, such as the columns of their list."""

    __tablename__ = "user_preferences"  # pyright: ignore[reportAssignmentType]

    user_id: int = Field(
        primary_key=True, foreign_key="users.id", ondelete="CASCADE", sa_type=BigInteger
    )
    name: str = Field(primary_key=True, max_length=40)
    value: Any = Field(sa_type=JSONB)
    updated_at: datetime = set_at_insert()


class UserLink(SQLModel, table=True):
    """A link with which one person may set a password once, known by its hash only."""

    __tablename__ = "user_links"  # pyright: ignore[reportAssignmentType]

    id: int = identity_key()
    user_id: int = Field(foreign_key="users.id", ondelete="CASCADE", sa_type=BigInteger, index=True)
    token_hash: bytes = Field(unique=True)
    created_at: datetime = set_at_insert()
    expires_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    used_at: datetime | None = timestamp()


class ApiToken(SQLModel, table=True):
    """A secret with which a program acts for a person or as a service, known by its hash only."""

    __tablename__ = "api_tokens"  # pyright: ignore[reportAssignmentType]

    id: int = identity_key()
    user_id: int = Field(foreign_key="users.id", ondelete="CASCADE", sa_type=BigInteger, index=True)
    name: str = Field(max_length=80)
    token_hash: bytes = Field(unique=True)
    # Its last four characters, to know it again.
    hint: str = Field(max_length=8)
    scopes: list[str] = Field(default_factory=list, sa_type=JSONB)
    created_at: datetime = set_at_insert()
    expires_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    last_used_at: datetime | None = timestamp()
    last_address: str = Field(default="", max_length=64)
    revoked_at: datetime | None = timestamp()


class Letter(SQLModel, table=True):
    """A mail to one person, sealed until it is sent and empty afterwards.

    It waits while neither `sent_at` nor `failed_at` is set.
    """

    __tablename__ = "letters"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index(
            "ix_letters_due",
            "next_try_at",
            postgresql_where=text("sent_at IS NULL AND failed_at IS NULL"),
        ),
    )

    id: int = identity_key()
    user_id: int = Field(foreign_key="users.id", ondelete="CASCADE", sa_type=BigInteger, index=True)
    address: str = Field(max_length=254)
    kind: str = Field(max_length=16)
    content: bytes | None = None
    attempts: int = 0
    created_at: datetime = set_at_insert()
    next_try_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    # From then on it is worth nothing.
    expires_at: datetime = Field(sa_type=UTC_TIMESTAMP)
    sent_at: datetime | None = timestamp()
    failed_at: datetime | None = timestamp()
    answer: str = Field(default="", max_length=200)
