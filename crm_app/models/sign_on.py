"""Providers of single sign-on, and whom they know as whom."""

from datetime import datetime

from sqlalchemy import BigInteger, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from crm_app.models.base import UTC_TIMESTAMP, identity_key, set_at_insert, timestamp


class IdentityProvider(SQLModel, table=True):
    """A server that says who somebody is (OpenID Connect)."""

    __tablename__ = "identity_providers"  # pyright: ignore[reportAssignmentType]

    id: int = identity_key()
    name: str = Field(max_length=60, unique=True)
    # As the provider itself writes it: a token's issuer has to be this, letter by letter.
    issuer: str = Field(max_length=300, unique=True)
    client_id: str = Field(max_length=300)
    # Sealed by the vault; a public client has none.
    client_secret: bytes | None = None
    # Of e-mail addresses whose owners the provider may vouch for; none: only linked people.
    domains: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    # What a newcomer is given, on all accounts; none: nobody is added.
    role_ids: list[int] = Field(default_factory=list, sa_type=ARRAY(BigInteger))
    # It asks for a second factor itself, so ours is not asked for.
    has_factor: bool = False
    is_on: bool = True
    created_at: datetime = set_at_insert()


class UserIdentity(SQLModel, table=True):
    """A person as a provider knows them."""

    __tablename__ = "user_identities"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("provider_id", "subject"),
        UniqueConstraint("user_id", "provider_id"),
    )

    id: int = identity_key()
    user_id: int = Field(foreign_key="users.id", ondelete="CASCADE", sa_type=BigInteger)
    provider_id: int = Field(
        foreign_key="identity_providers.id", ondelete="CASCADE", sa_type=BigInteger
    )
    subject: str = Field(max_length=255)
    # What the provider called them when they were linked, to know the link again.
    email: str = Field(default="", max_length=254)
    created_at: datetime = set_at_insert()
    last_used_at: datetime | None = timestamp()


class UsedSignOn(SQLModel, table=True):
    """A way to a provider and back that was gone already: none opens two sessions."""

    __tablename__ = "used_sign_ons"  # pyright: ignore[reportAssignmentType]

    state_hash: bytes = Field(primary_key=True)
    expires_at: datetime = Field(sa_type=UTC_TIMESTAMP, index=True)
