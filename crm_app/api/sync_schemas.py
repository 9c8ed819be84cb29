"""What the REST API gives of the ledger of status changes."""

from datetime import datetime

from pydantic import BaseModel

from crm_app.api.schemas import IntentOut, Out
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus


class AccountProofOut(Out):
    account_id: int
    channel: Channel
    name: str
    written: int
    states: dict[IntentState, int]
    is_balanced: bool


class ProofOut(Out):
    """The states add up to `written`; `is_balanced` says whether they do, everywhere."""

    written: int
    states: dict[IntentState, int]
    is_balanced: bool
    accounts: list[AccountProofOut]
    last_check: datetime | None
    last_check_intents: int
    last_check_differences: int


class ChangeOut(Out):
    id: int
    order_id: int
    order_number: str
    channel: Channel
    state: IntentState
    from_status: OrderStatus
    to_status: OrderStatus
    actor_label: str
    attempts: int
    reason: str
    created_at: datetime
    settled_at: datetime | None
    next_try_at: datetime
    operation: str
    why: str
    run_id: int | None


class ChangeDetailOut(Out):
    """One change in full."""

    order_id: int
    order_number: str
    channel: Channel
    account_name: str
    intent: IntentOut


class ChangesOut(BaseModel):
    changes: list[ChangeOut]
    next_cursor: str | None
