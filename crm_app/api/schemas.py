"""What the REST API takes and gives."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, PaymentStatus, SyncStatus
from crm_app.domain.rules import Field as Field_


class Out(BaseModel):
    """Read from service results by attribute."""

    model_config = ConfigDict(from_attributes=True)


class In(BaseModel):
    """An unknown field is a mistake of the caller, and is said."""

    model_config = ConfigDict(extra="forbid")


# Refused before any work is done with it; a NUL cannot be stored.
Text = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]


class ErrorOut(BaseModel):
    """The body of every error."""

    error: str
    message: str
    details: dict[str, Any] = {}


class LoginIn(In):
    """`code` is the second factor's, where one is on."""

    email: Text
    password: Text
    code: Text = ""


class RefreshIn(In):
    refresh_token: Text


class TokenOut(BaseModel):
    """`expires_in` is seconds. `refresh_token` is exchanged once, at `/auth/refresh`."""

    access_token: str
    refresh_token: str
    token_type: str = "bearer"  # noqa: S105 - a kind, not a token
    expires_in: int


class OrderOut(Out):
    """Money is whole minor units (paise) of `currency`."""

    id: int
    channel: Channel
    account_id: int
    external_id: str
    order_number: str
    status: OrderStatus
    channel_status: str
    status_on_channel: OrderStatus | None
    payment_status: PaymentStatus
    sync_status: SyncStatus
    customer_name: str
    city: str
    pincode: str
    first_title: str
    line_count: int
    unit_count: int
    units_shipped: int
    currency: str | None
    total_minor: int | None
    cancel_requested: bool
    return_requested: bool
    on_hold: bool
    is_cod: bool
    is_business: bool
    placed_at: datetime
    ship_by: datetime | None


class LineOut(Out):
    external_id: str
    title: str
    sku: str
    quantity: int
    quantity_shipped: int
    quantity_cancelled: int
    quantity_returned: int
    unit_price_minor: int | None
    discount_minor: int | None
    tax_minor: int | None
    total_minor: int | None


class EventOut(Out):
    id: int
    kind: str
    at: datetime
    actor_kind: str
    actor_label: str
    sentence: str


class AttemptOut(Out):
    """One call about a change: `asked` and `answer` hold neither keys nor personal data."""

    at: datetime
    operation: str
    is_read: bool
    outcome: str
    http_status: int | None
    request_id: str
    asked: dict[str, Any]
    answer: str
    duration_ms: int


class IntentOut(Out):
    """`seen_version` is the order's version that the person saw, `order_version` the one that the
    change led to; `why` a person's note or the rule that decided, `run_id` its bulk change."""

    id: int
    state: IntentState
    from_status: OrderStatus
    to_status: OrderStatus
    carrier: str
    tracking_number: str
    actor_label: str
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    next_try_at: datetime
    attempts: int
    reason: str
    operation: str
    why: str
    run_id: int | None
    seen_version: int | None
    order_version: int
    can_be_withdrawn: bool
    receipts: list[AttemptOut]


class ChoiceOut(Out):
    """A next status; `why_not` is empty where it may be set now."""

    status: OrderStatus
    is_pushed: bool
    needs_tracking: bool
    why_not: str


class AddressOut(Out):
    name: str
    line1: str
    line2: str
    city: str
    state: str
    pincode: str
    country: str


class DisputeOut(Out):
    """A field where the channel says something else than we do: a person decides."""

    field: Field_
    ours: str
    theirs: str
    told_at: datetime
    opened_at: datetime


class PackageOut(Out):
    """`lines` are pieces by the line's `external_id`; `state` that of the change that tells it."""

    id: int
    carrier: str
    tracking_number: str
    channel_status: str
    shipped_at: datetime | None
    is_told: bool
    lines: dict[str, int]
    state: IntentState | None


class OrderDetailOut(OrderOut):
    """`address` is null for those who may not see personal data."""

    account_name: str
    version: int
    unknown_words: list[str]
    subtotal_minor: int | None
    shipping_minor: int | None
    tax_minor: int | None
    discount_minor: int | None
    carrier: str
    tracking_number: str
    shipped_at: datetime | None
    deliver_by: datetime | None
    fulfilled_by_channel: bool
    contract_is_inferred: bool
    address: AddressOut | None
    lines: list[LineOut]
    packages: list[PackageOut]
    why_whole: str
    events: list[EventOut]
    intents: list[IntentOut]
    choices: list[ChoiceOut]
    disputes: list[DisputeOut]


class PaginationOut(BaseModel):
    """`total` counts to 10,000 at most where `total_is_exact` is false."""

    limit: int
    next_cursor: str | None
    total: int
    total_is_exact: bool


class OrdersOut(BaseModel):
    orders: list[OrderOut]
    pagination: PaginationOut


class PieceIn(In):
    line: Text = Field(description="The line's `external_id`.")
    quantity: int = Field(ge=0, le=1_000_000)


class PackageIn(In):
    """Lines that are not named stay behind. `version`, if given, must be the one last seen."""

    lines: list[PieceIn] = Field(min_length=1, max_length=500)
    carrier: Text = ""
    tracking_number: Text = ""
    version: int | None = Field(default=None, ge=1)


class StatusIn(In):
    """`version`, if given, must be the one last seen; else 409."""

    status: OrderStatus
    carrier: Text = ""
    tracking_number: Text = ""
    cancel_reason: Text = Field(
        default="", description="Of a cancellation: the channel's own code for why."
    )
    why: Text = Field(default="", description="A note of one's own: kept, and told nobody.")
    version: int | None = Field(default=None, ge=1)


class RateOut(Out):
    """Calls that sent a change; `share` is accepted of tried, null where nothing was tried."""

    tried: int
    accepted: int
    share: float | None


class AccountHealthOut(Out):
    """`waiting` are changes that the channel was not told yet, `lag_s` how far the account is
    behind in seconds."""

    account_id: int
    channel: Channel
    name: str
    level: str
    sentence: str
    last_success_at: datetime | None
    watermark: datetime | None
    waiting: int
    oldest_at: datetime | None
    lag_s: float | None
    last_hour: RateOut
    last_day: RateOut


class ReadyOut(BaseModel):
    """`ok` only if database, Redis and a worker answer.

    `levels` counts the accounts by how they stand, for everybody; `accounts` names them and is
    empty for whoever is not signed in or may not see orders.
    """

    status: str
    database: bool
    redis: bool
    worker: bool
    clock: bool
    levels: dict[str, int]
    waiting: int
    accounts: list[AccountHealthOut]
