"""What the REST API takes and gives of bulk changes."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from crm_app.api.schemas import In, Out, Text
from crm_app.domain.bulk import Outcome, RunState
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.services.bulk_choice import MAX_ORDERS

_Id = Annotated[int, Field(gt=0, lt=2**63)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]


class ParcelIn(In):
    order_number: Text
    carrier: Text
    tracking_number: Text


class BulkIn(In):
    """`key` names this request: sent again, it gives the same run.

    Either `order_ids`, or `filter` with the parameters of `GET /api/v1/orders` and, where some
    are to be left out, `without`. The run is started only with `start`.
    """

    key: Key
    order_ids: Annotated[list[_Id], Field(max_length=MAX_ORDERS)] = []
    filter: dict[Text, Text] | None = None
    without: Annotated[list[_Id], Field(max_length=MAX_ORDERS)] = []
    action: Text
    settings: dict[Text, Text] = {}
    parcels: Annotated[list[ParcelIn], Field(max_length=10_000)] = []
    start: bool = False


class ExampleOut(Out):
    order_id: int
    number: str


class GroupOut(Out):
    sentence: str
    changes: bool
    count: int
    examples: list[ExampleOut]


class TellingOut(Out):
    """`seconds` at the limits that the channel publishes, behind the `ahead` that wait already."""

    account_id: int
    channel: Channel
    name: str
    count: int
    seconds: float
    ahead: int


class PreviewOut(Out):
    changes: int
    refuses: int
    groups: list[GroupOut]
    tellings: list[TellingOut] = []


class AccountProgressOut(Out):
    """`travel` counts what the channel was told, by where that stands; `left_s` is about how long
    it takes to tell the rest, null where nothing is left or all of it is held back."""

    account_id: int
    channel: Channel
    name: str
    outcomes: dict[Outcome, int]
    travel: dict[IntentState, int]
    left_s: float | None = None


class RunOut(Out):
    id: int
    state: RunState
    action: str
    settings: dict[str, str]
    filter: dict[str, str]
    actor_label: str
    undo_of: int | None
    total: int
    changed: int
    refused: int
    failed: int
    reason: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class RunDetailOut(RunOut):
    """`preview` until the run is started, `accounts` from then on."""

    preview: PreviewOut | None = None
    accounts: list[AccountProgressOut] = []


class RunsOut(Out):
    runs: list[RunOut]


class RowOut(Out):
    """`position` of the last one is the `after` of the next page."""

    position: int
    order_id: int
    number: str
    channel: Channel
    outcome: Outcome
    explanation: str
    seen_version: int
    found_version: int | None
    from_status: OrderStatus | None
    to_status: OrderStatus | None
    travel: IntentState | None
    channel_says: str
    done_at: datetime | None


class RowsOut(Out):
    rows: list[RowOut]
