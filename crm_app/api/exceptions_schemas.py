"""What the exceptions API takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, model_validator

from crm_app.api.dependencies import Id
from crm_app.api.schemas import In, Out, Text
from crm_app.domain.channel import Channel
from crm_app.domain.trouble import Cause, Source, Way
from crm_app.services.exceptions.deeds import MOST_AT_ONCE
from crm_app.services.orders import Keep


def _in_time(moment: datetime) -> datetime:
    # Far off and near the year one the arithmetic with zones ends.
    if not 2000 <= moment.year <= 2200:
        raise ValueError("Not a time of this century.")
    return moment


Key = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00]*$")]
Moment = Annotated[AwareDatetime, AfterValidator(_in_time)]


class ExceptionOut(Out):
    """`ways` says what may be done about it; work of our own has no account and no channel."""

    key: str
    source: Source
    cause: Cause
    channel: Channel | None
    account_id: int | None
    account_name: str
    order_id: int | None
    title: str
    summary: str
    said: str
    since: datetime
    ways: list[Way]
    assignee_id: int | None
    assignee: str
    snoozed_until: datetime | None
    closed_at: datetime | None
    healed_at: datetime | None
    note: str
    changed_by: str


class ExceptionsOut(Out):
    """`counts` keeps to the filters, but for the cause."""

    exceptions: list[ExceptionOut]
    counts: dict[str, int]
    counts_are_exact: bool
    next_cursor: str | None


class WordOut(Out):
    status: str
    raw: str
    at: datetime
    who: str


class AttemptOut(Out):
    """One call; `asked` is what went out, without personal data."""

    at: datetime
    operation: str
    is_read: bool
    outcome: str
    http_status: int | None
    request_id: str
    asked: dict[str, Any]
    answer: str
    duration_ms: int


class FactOut(Out):
    name: str
    value: str
    at: datetime | None


class DeedOut(Out):
    at: datetime
    who: str
    sentence: str


class ExceptionDetailOut(Out):
    """`shape` is what arrived, with every value masked."""

    row: ExceptionOut
    advice: str
    ours: WordOut | None
    theirs: WordOut | None
    attempts: list[AttemptOut]
    facts: list[FactOut]
    deeds: list[DeedOut]
    shape: str


class TargetIn(In):
    """Either keys, or a cause (of one account, if named)."""

    keys: list[Key] = Field(default=[], max_length=MOST_AT_ONCE)
    cause: Cause | None = None
    account: Id | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.keys) == (self.cause is not None):
            raise ValueError("Name either keys or a cause.")
        return self


class DecideIn(TargetIn):
    keep: Keep


class AssignIn(TargetIn):
    person: Id | None = None


class SnoozeIn(TargetIn):
    until: Moment | None = None


class ResolveIn(TargetIn):
    note: Text


class ResultOut(Out):
    """Each key is in exactly one of the three; `refused` maps it to the reason."""

    done: list[str]
    refused: dict[str, str]
    gone: list[str]
