"""How many status changes are in which state: kept by the database itself, and checked."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.models.base import identity_key, set_at_insert

# Beside the states: how many intents were written at all. The states have to add up to it.
WRITTEN = "written"


class IntentCount(SQLModel, table=True):
    """Intents of a business day and account in one state (or `written`), without open moves."""

    __tablename__ = "intent_counts"  # pyright: ignore[reportAssignmentType]

    day: date = Field(primary_key=True)
    account_id: int = Field(primary_key=True, foreign_key="channel_accounts.id", sa_type=BigInteger)
    state: str = Field(primary_key=True, max_length=32)
    intents: int = Field(default=0, sa_type=BigInteger)


class IntentMove(SQLModel, table=True):
    """One step of the counts that was not added up yet.

    Triggers on `status_intents` write them, so no code path can forget one; they are rows of
    their own, so two workers never wait for one another's count. A job adds them up.
    """

    __tablename__ = "intent_moves"  # pyright: ignore[reportAssignmentType]

    id: int = identity_key()
    day: date
    account_id: int = Field(sa_type=BigInteger)
    state: str = Field(max_length=32)
    intents: int


class LedgerCheck(SQLModel, table=True):
    """One recount of the whole ledger; no difference is what it should find."""

    __tablename__ = "ledger_checks"  # pyright: ignore[reportAssignmentType]

    id: int = identity_key()
    at: datetime = set_at_insert()
    intents: int = Field(sa_type=BigInteger)
    # Each `{day, account_id, state, kept, counted}`, or `{order_id, says, on_its_way}` of an order
    # that is at odds with its changes; the first hundred.
    differences: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    difference_count: int = 0
