"""What an account usually does, hour by hour, and how it does now."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from crm_app.models.base import UTC_TIMESTAMP, timestamp


class AccountHour(SQLModel, table=True):
    """One full hour (UTC) of an account: orders placed in it, and the most that waited to go out.

    Written with the orders, so that a rhythm is learned from some hundred rows.
    """

    __tablename__ = "account_hours"  # pyright: ignore[reportAssignmentType]

    account_id: int = Field(
        primary_key=True, foreign_key="channel_accounts.id", ondelete="CASCADE", sa_type=BigInteger
    )
    hour: datetime = Field(primary_key=True, sa_type=UTC_TIMESTAMP)
    orders: int = 0
    last_order_at: datetime | None = timestamp()
    most_waiting: int = 0


class AccountPulse(SQLModel, table=True):
    """Calls that sent a change, of the last hour and day, and how many the channel accepted.

    `usual_wait_s` is the time within which nineteen of twenty changes are sent; None until known.
    """

    __tablename__ = "account_pulses"  # pyright: ignore[reportAssignmentType]

    account_id: int = Field(
        primary_key=True, foreign_key="channel_accounts.id", ondelete="CASCADE", sa_type=BigInteger
    )
    at: datetime = Field(sa_type=UTC_TIMESTAMP)
    tried_hour: int = 0
    accepted_hour: int = 0
    tried_day: int = 0
    accepted_day: int = 0
    usual_wait_s: float | None = None
    learned_at: datetime | None = timestamp()
