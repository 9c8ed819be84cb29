"""What the endpoints of status words take and give."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from crm_app.api.schemas import In, Out
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.models import ReplayState

_Account = Annotated[int, Field(gt=0, lt=2**63)]
_Key = Annotated[str, StringConstraints(max_length=20, pattern=r"^[^\x00]*$")]
_Text = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]


class StatusWordIn(In):
    """Without `account_id` for all accounts of the channel."""

    channel: Channel
    account_id: _Account | None = None
    vocabulary: _Key
    word: _Text
    status: OrderStatus


class StatusWordOut(Out):
    id: int
    channel: Channel
    account_id: int | None
    vocabulary: str
    word: str
    status: OrderStatus
    set_by: str
    set_at: datetime


class UnmappedOut(Out):
    """`orders` carry the word now; where that is not exact there are at least so many."""

    channel: Channel
    account_id: int
    vocabulary: str
    word: str
    orders: int
    orders_is_exact: bool
    first_seen_at: datetime
    last_seen_at: datetime


class StatusWordsOut(BaseModel):
    decided: list[StatusWordOut]
    unmapped: list[UnmappedOut]


class ReplayIn(In):
    """With `word`, only orders that carried it while nobody had mapped it."""

    channel: Channel
    account_id: _Account | None = None
    vocabulary: _Key = ""
    word: _Text = ""
    dry_run: bool = True


class ReplayOut(Out):
    """`found` is what the dry run saw, `done` what was written."""

    id: int
    channel: Channel
    account_id: int | None
    vocabulary: str
    word: str
    state: ReplayState
    reason: str
    expected: int
    found: dict[str, Any]
    done: dict[str, Any]
    created_at: datetime
    updated_at: datetime
