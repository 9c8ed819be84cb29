"""What the REST API takes and gives of the desk's own data on orders."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from crm_app.api.schemas import In, Out, Text
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.working import HoldReason, Priority, TagColour
from crm_app.services.working.comments import LONGEST

_UserId = Annotated[int, Field(gt=0, lt=2**63)]


class ColleagueOut(Out):
    id: int
    name: str


class TagOut(Out):
    id: int
    name: str
    colour: TagColour


class TagIn(In):
    name: Text
    colour: TagColour = TagColour.GRAY


class TagChangeIn(In):
    """What is null stays as it is."""

    name: Text | None = None
    colour: TagColour | None = None
    is_retired: bool | None = None


class AssigneeIn(In):
    """Null takes the order from whoever has it."""

    assignee_id: _UserId | None


class PriorityIn(In):
    priority: Priority


class HoldIn(In):
    """`until` null: until somebody releases it."""

    reason: HoldReason
    until: AwareDatetime | None = None
    note: Text = ""


class HoldOut(Out):
    """`reason` is null where only the channel holds the order."""

    reason: HoldReason | None
    note: str
    by: str
    since: datetime | None
    until: datetime | None
    is_channels: bool


class CommentIn(In):
    """`@Name` names a colleague, who is told."""

    text: Annotated[str, StringConstraints(max_length=LONGEST, pattern=r"^[^\x00]*$")]


class CommentOut(Out):
    """`text` is withheld from those who may not see personal data."""

    id: int
    author_id: int
    author: str
    text: str
    is_mine: bool
    created_at: datetime
    edited_at: datetime | None


class OtherOrderOut(Out):
    id: int
    order_number: str
    channel: Channel
    status: OrderStatus
    total_minor: int | None
    currency: str | None
    placed_at: datetime


class WorkOut(Out):
    """What the desk keeps on an order; `others` are the customer's newest other orders."""

    tags: list[TagOut]
    assignee: ColleagueOut | None
    priority: Priority
    hold: HoldOut | None
    archived_at: datetime | None
    watchers: list[ColleagueOut]
    is_watched: bool
    comments: list[CommentOut]
    others: list[OtherOrderOut]


class PastFieldOut(Out):
    """In words, as a person reads them."""

    name: str
    label: str
    then: str
    now: str


class PastOut(Out):
    """An order at a moment; `changed_since` names personal fields whose old values are not kept."""

    at: datetime
    came_in: datetime
    exists: bool
    fields: list[PastFieldOut]
    changed_since: list[str]


class VersionOut(Out):
    key: str
    channel_updated_at: datetime
    received_at: datetime
    is_present: bool


class PayloadOut(Out):
    """`text` is indented JSON, cut after 200,000 characters."""

    key: str
    text: str
