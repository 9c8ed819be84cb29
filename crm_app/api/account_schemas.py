"""What the API tells and takes of channel accounts. No field of an answer holds a secret."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from crm_app.api.schemas import In, Out, Text
from crm_app.channels.limits import Budget
from crm_app.domain.channel import Channel
from crm_app.models import AccountStatus, Sweep
from crm_app.services.account_view import AccountView

Key = Annotated[str, StringConstraints(max_length=4_000, pattern=r"^[^\x00]*$")]


class SweepOut(Out):
    """A deep sweep; `finished_at` is null while it runs.

    `absent` names the first orders that are here and not in the channel's list: `unlisted` of them
    the channel still knows, `unknown` it does not.
    """

    id: int
    since: datetime
    checked: int
    missing: int
    behind: int
    examples: list[str]
    unlisted: int
    unknown: int
    absent: list[str]
    error: str
    started_at: datetime
    finished_at: datetime | None


class WaitingOut(Out):
    count: int
    oldest_at: datetime | None
    next_try_at: datetime | None


class LeftAloneOut(Out):
    until: datetime
    failures: int
    why: str


class HooksOut(Out):
    """`active` and `disabled` are null where the channel cannot be asked."""

    address: str
    last_at: datetime | None
    has_secret: bool
    active: int | None
    disabled: int | None


class ChosenOut(Out):
    """What holds; `is_chosen` is false where it is the usual value."""

    name: str
    value: str | float | bool
    is_chosen: bool


class AccountOut(Out):
    """`lag_s` is how far `watermark` is behind now; `kept` names the credentials that are set."""

    id: int
    channel: Channel
    name: str
    status: AccountStatus
    level: str
    sentence: str
    contract_is_inferred: bool
    base_url: str
    kept: list[str]
    watermark: datetime | None
    lag_s: float | None
    last_success_at: datetime | None
    last_error: str
    last_error_at: datetime | None
    next_pull_at: datetime | None
    left_alone: LeftAloneOut | None
    waiting: WaitingOut
    hooks: HooksOut
    sweep: SweepOut | None
    options: list[ChosenOut]

    @classmethod
    def of(cls, view: AccountView) -> Self:
        same = {name: getattr(view, name) for name in cls.model_fields if hasattr(view, name)}
        return cls.model_validate(
            {
                **same,
                "contract_is_inferred": view.is_inferred,
                "options": [
                    ChosenOut(name=one.option.name, value=one.value, is_chosen=one.is_chosen)
                    for one in view.options
                ],
                "lag_s": view.lag.total_seconds() if view.lag is not None else None,
            },
            from_attributes=True,
        )


class BudgetOut(Out):
    operation: str
    tokens: float
    burst: int
    rate_per_s: float
    shut_s: float


class AccountDetailOut(AccountOut):
    """`budgets` is empty while Redis is away."""

    budgets: list[BudgetOut]

    @classmethod
    def detail(cls, view: AccountView, budgets: list[Budget]) -> Self:
        fields = AccountOut.of(view).model_dump()
        return cls(**fields, budgets=[BudgetOut.model_validate(one) for one in budgets])


class AccountsOut(BaseModel):
    accounts: list[AccountOut]


class ConnectIn(In):
    """`values` are those of the channel's form; `GET /api/v1/accounts/forms` tells them."""

    channel: Channel
    name: Text
    base_url: Text
    values: dict[Text, Key] = {}


class ConnectionIn(In):
    """A key that is left out stays, unless an address leads to another host."""

    base_url: Text
    values: dict[Text, Key] = {}


class OptionsIn(In):
    """By name, as `GET /api/v1/accounts/forms` tells them; null goes back to the usual value."""

    values: dict[Text, bool | float | Key | None]


class FieldOut(Out):
    name: str
    label: str
    help: str
    is_needed: bool


class OptionOut(Out):
    """`low` and `high` are of a number; `choices` are words with their labels.

    One that `is_address` is changed together with the keys only.
    """

    name: str
    label: str
    help: str
    kind: str
    default: str | float | bool
    unit: str
    choices: list[tuple[str, str]]
    low: float
    high: float
    is_asked: bool
    is_address: bool


class FormOut(BaseModel):
    channel: Channel
    address: str
    address_help: str
    fields: list[FieldOut]
    options: list[OptionOut]


class FormsOut(BaseModel):
    forms: list[FormOut]


class SweepIn(In):
    """Without `days` as many as the setting says."""

    days: float | None = Field(default=None, gt=0, le=365)


class ReplayIn(In):
    """`since` carries its zone."""

    since: AwareDatetime


class FetchIn(In):
    external_id: Text


class FetchedOut(Out):
    order_id: int
    order_number: str
    is_new: bool
    is_changed: bool


def sweep_out(sweep: Sweep) -> SweepOut:
    return SweepOut.model_validate(sweep)
