"""What stands on papers: the seller, and the numbers of invoices."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.models.base import identity_key, set_at_insert


class BusinessDetails(SQLModel, table=True):
    """Who sells: one row for all accounts (without an account), and one for each that differs."""

    __tablename__ = "business_details"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("account_id"),
        # A second row for all accounts would leave it open which one counts.
        Index(
            "uq_business_details_default",
            text("(account_id IS NULL)"),
            unique=True,
            postgresql_where=text("account_id IS NULL"),
        ),
        # Two sellers that count the same series would give one number twice.
        UniqueConstraint("series"),
    )

    id: int = identity_key()
    account_id: int | None = Field(
        default=None, foreign_key="channel_accounts.id", ondelete="CASCADE", sa_type=BigInteger
    )
    legal_name: str = Field(max_length=200)
    address: str = Field(default="", max_length=500)
    state: str = Field(default="", max_length=2)  # the two digits of GST
    gstin: str = Field(default="", max_length=15)
    phone: str = Field(default="", max_length=40)
    email: str = Field(default="", max_length=254)
    hsn: str = Field(default="", max_length=8)
    # Begins every invoice number.
    series: str = Field(max_length=4)
    footer: str = Field(default="", max_length=300)
    version: int = 1
    updated_at: datetime = set_at_insert()


class InvoiceSeries(SQLModel, table=True):
    """The last number that was given in a series and financial year; its row is the lock."""

    __tablename__ = "invoice_series"  # pyright: ignore[reportAssignmentType]

    series: str = Field(primary_key=True, max_length=4)
    # The calendar year in which the financial year begins.
    year: int = Field(primary_key=True)
    last: int = 0


class Invoice(SQLModel, table=True):
    """One issued invoice. A reprint shows what was issued, whatever became of the order."""

    __tablename__ = "invoices"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("order_id"),
        UniqueConstraint("number"),
        UniqueConstraint("series", "year", "serial"),
    )

    id: int = identity_key()
    order_id: int = Field(foreign_key="orders.id", sa_type=BigInteger)
    number: str = Field(max_length=16)
    series: str = Field(max_length=4)
    year: int
    serial: int
    issued_on: date
    issued_at: datetime = set_at_insert()
    issued_by: str = Field(max_length=120)
    # `services.papers.facts.Facts` as it was issued.
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
