"""People and companies that bought, known by their channel first."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import BigInteger, Computed, Index, UniqueConstraint, literal_column, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field, SQLModel

from crm_app.models.base import identity_key, set_at_insert


class Customer(SQLModel, table=True):
    """One buyer on one account. `identity` is the channel's key, or one made of what it tells."""

    __tablename__ = "customers"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("account_id", "identity"),
        Index("ix_customers_search", "search", postgresql_using="gin"),
        Index("ix_customers_email", "email", postgresql_ops={"email": "text_pattern_ops"}),
        # Staff are given the last digits of a phone number: a suffix is a prefix of the reverse.
        Index(
            "ix_customers_phone_reversed",
            cast(Any, literal_column("reverse(phone_digits)").label("reversed")),
            postgresql_ops={"reversed": "text_pattern_ops"},
            postgresql_where=text("phone_digits <> ''"),
        ),
    )

    id: int = identity_key()
    account_id: int = Field(foreign_key="channel_accounts.id", sa_type=BigInteger)
    identity: str = Field(max_length=300)
    name: str = Field(default="", max_length=300)
    email: str = Field(default="", max_length=254)  # lower case
    phone: str = Field(default="", max_length=40)
    phone_digits: str = Field(default="", max_length=40)
    city: str = Field(default="", max_length=120)
    state: str = Field(default="", max_length=120)
    pincode: str = Field(default="", max_length=20)
    search: str | None = Field(
        default=None,
        sa_type=TSVECTOR,
        sa_column_args=(Computed("to_tsvector('simple', name)", persisted=True),),
    )
    created_at: datetime = set_at_insert()
