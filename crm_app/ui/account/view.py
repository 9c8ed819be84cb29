"""One account as its page shows it. Pure: text in, no secret anywhere."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from crm_app.channels import capabilities
from crm_app.channels.capabilities import Telling
from crm_app.channels.forms import FORMS
from crm_app.channels.limits import Budget
from crm_app.domain.order_status import OrderStatus
from crm_app.models import AccountStatus, Sweep
from crm_app.services.account_options import Chosen
from crm_app.services.account_view import AccountView, Hooks
from crm_app.ui.account.fields import value_text
from crm_app.ui.accounts.view import (
    Moment,
    complete_to,
    lag_text,
    length,
    next_pull,
    oldest_text,
    sentence,
    state_pill,
    tags,
)
from crm_app.ui.shared import times
from crm_app.ui.shared.tones import Pill

_SECRET_WORDS = {"webhook_secret": "webhook secret"}


@dataclass(frozen=True)
class Fact:
    """A name and a sentence."""

    name: str
    value: str


@dataclass(frozen=True)
class OptionLine:
    """An option with what holds; `mark` tells a choice from the usual value."""

    name: str
    value: str
    mark: str

    @classmethod
    def of(cls, chosen: Chosen) -> Self:
        text = value_text(chosen.option, chosen.value)
        unit = f" {chosen.option.unit}" if chosen.option.unit and text else ""
        return cls(
            name=chosen.option.label,
            value=f"{text}{unit}" or "not set",
            mark="chosen" if chosen.is_chosen else "",
        )


@dataclass(frozen=True)
class HooksView:
    """The card of the webhooks. `trouble` is empty while all are switched on."""

    address: str = ""
    help: str = ""
    last: Moment = Moment()
    secret: str = ""
    is_ours: bool = False
    has_secret: bool = False
    state: str = ""
    trouble: str = ""
    proof: str = ""
    can_place: bool = False
    can_revive: bool = False


@dataclass(frozen=True)
class AccountPage:
    """Everything on the page but limits and sweeps."""

    id: int = 0
    name: str = ""
    channel: str = ""
    mark: str = ""
    label: str = ""
    tags: tuple[str, ...] = ()
    state: Pill = Pill()
    level: str = ""
    sentence: str = ""
    takes: str = ""
    refuses: list[Fact] = field(default_factory=list[Fact])
    pulls: bool = False
    reads_one: bool = False
    has_form: bool = False
    is_connected: bool = False
    is_paused: bool = False
    is_left_alone: bool = False
    complete: Moment = Moment()
    lag: str = ""
    success: Moment = Moment()
    next_pull: Moment = Moment()
    next_sweep: Moment = Moment()
    error: str = ""
    error_at: Moment = Moment()
    error_is_over: bool = False
    waiting: str = ""
    oldest: str = ""
    next_try: Moment = Moment()
    exceptions_href: str = ""
    address: str = ""
    kept: str = ""
    since: Moment = Moment()
    id_help: str = ""
    hooks: HooksView = HooksView()
    options: list[OptionLine] = field(default_factory=list[OptionLine])

    @classmethod
    def of(cls, account: AccountView, now: datetime, zone: ZoneInfo) -> Self:
        form = FORMS.get(account.channel)
        count = account.waiting.count
        return cls(
            id=account.id,
            name=account.name,
            channel=account.channel.value,
            mark=account.channel.mark,
            label=account.channel.label,
            tags=tuple(tags(account)),
            state=state_pill(account),
            level=account.level,
            sentence=sentence(account, now),
            takes=takes_text(account),
            refuses=refusals(account),
            pulls=account.pulls,
            reads_one=account.reads_one,
            has_form=form is not None,
            is_connected=account.status is AccountStatus.CONNECTED,
            is_paused=account.status is AccountStatus.PAUSED,
            is_left_alone=account.left_alone is not None,
            complete=complete_to(account, now, zone),
            lag=lag_text(account),
            success=ago(account.last_success_at, now, zone),
            next_pull=next_pull(account, now, zone),
            next_sweep=ahead(account.next_sweep_at, now, zone),
            error=account.last_error,
            error_at=when(account.last_error_at, now, zone),
            error_is_over=account.error_is_over,
            waiting=f"{count:,}" if count else "none",
            oldest=oldest_text(account, now),
            next_try=ahead(account.waiting.next_try_at, now, zone),
            exceptions_href=f"/exceptions?account={account.id}",
            address=account.base_url,
            kept=", ".join(_SECRET_WORDS.get(name, name).replace("_", " ") for name in account.kept)
            or "none that can be read",
            since=when(account.created_at, now, zone),
            id_help=form.id_help if form else "",
            hooks=hooks_view(account, account.hooks, now, zone),
            options=[OptionLine.of(one) for one in account.options],
        )


def takes_text(account: AccountView) -> str:
    """The statuses that the channel is told, in the order of an order's way."""
    rules = capabilities.of(account.channel).statuses
    told = [
        f"{status.label} (with tracking)" if rules[status].needs_tracking else status.label
        for status in OrderStatus
        if status in rules and rules[status].telling is Telling.PUSH
    ]
    batch = capabilities.of(account.channel).batch_size
    at_once = f". Up to {batch} orders in one call" if batch > 1 else ""
    return (", ".join(told) or "none") + at_once


def refusals(account: AccountView) -> list[Fact]:
    """The statuses that it does not take from us, each with the reason."""
    rules = capabilities.of(account.channel).statuses
    return [
        Fact(status.label, rules[status].why)
        for status in OrderStatus
        if status in rules and rules[status].telling is Telling.REFUSED
    ]


def hooks_view(account: AccountView, hooks: Hooks, now: datetime, zone: ZoneInfo) -> HooksView:
    """The webhooks in words."""
    form = FORMS.get(account.channel)
    if form is None:
        return HooksView()
    last = ago(hooks.last_at, now, zone) if hooks.last_at else Moment("none yet")
    rules = capabilities.of(account.channel)
    return HooksView(
        address=hooks.address,
        help=form.hook_help,
        last=last,
        secret="Set; never shown again" if hooks.has_secret else "None: no webhook is taken",
        is_ours=form.hook_maker == "ours",
        has_secret=hooks.has_secret,
        state=_switched(hooks),
        trouble=_trouble(hooks),
        proof=rules.proof.value if rules.proof else "",
        can_place=rules.registers_hooks and (not hooks.active or bool(hooks.lost)),
        can_revive=bool(hooks.disabled),
    )


def _switched(hooks: Hooks) -> str:
    if hooks.active is None:
        return ""
    if not hooks.active and not hooks.disabled:
        return "None of the shop's webhooks leads here"
    return f"{hooks.active} switched on"


def _trouble(hooks: Hooks) -> str:
    if hooks.lost:
        gone = "1 webhook is" if hooks.lost == 1 else f"{hooks.lost} webhooks are"
        return f"{gone} no longer there: the shop has deleted what led here. Orders still arrive."
    if not hooks.disabled:
        return ""
    count = "1 webhook" if hooks.disabled == 1 else f"{hooks.disabled} webhooks"
    return (
        f"The shop has switched off {count} after failed deliveries. Orders still arrive by asking."
    )


@dataclass(frozen=True)
class BudgetRow:
    """What is left of one operation."""

    operation: str
    left: str
    rate: str
    percent: str
    tone: str

    @classmethod
    def of(cls, budget: Budget) -> Self:
        share = max(0.0, min(1.0, budget.tokens / budget.burst))
        shut = f"told to wait {budget.shut_s:.0f} s" if budget.shut_s else ""
        return cls(
            operation=budget.operation,
            left=shut or f"{int(budget.tokens):,} of {budget.burst:,} left",
            rate=rate_text(budget.rate_per_s),
            percent=f"{share * 100:.0f}%",
            tone="warn" if shut or share < 0.2 else "ok",
        )


def rate_text(rate_per_s: float) -> str:
    """`5 a second`, `30 a minute`, `20 an hour`."""
    for per_s, words in ((1, "a second"), (60, "a minute")):
        if rate_per_s * per_s >= 1:
            return f"{_number(rate_per_s * per_s)} {words}"
    return f"{_number(rate_per_s * 3600)} an hour"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


@dataclass(frozen=True)
class SweepRow:
    """One deep sweep."""

    id: int
    at: Moment
    who: str
    since: Moment
    checked: str
    result: str
    tone: str
    examples: list[str]
    absence: str
    absent: list[str]

    @classmethod
    def of(cls, sweep: Sweep, now: datetime, zone: ZoneInfo) -> Self:
        return cls(
            id=sweep.id,
            at=when(sweep.started_at, now, zone),
            who=sweep.asked_by or "by the clock",
            since=when(sweep.since, now, zone),
            checked=f"{sweep.checked:,}",
            result=result_text(sweep),
            tone=_tone(sweep),
            examples=list(sweep.examples),
            absence=absence_text(sweep),
            absent=list(sweep.absent),
        )


def result_text(sweep: Sweep) -> str:
    """`nothing missing`, `2 missing, 1 behind: here now`, `running`, `given up: ...`."""
    parts = [
        f"{count:,} {word}"
        for count, word in ((sweep.missing, "missing"), (sweep.behind, "behind"))
        if count
    ]
    found = f"{', '.join(parts)}: here now" if parts else ""
    if sweep.finished_at is None:
        waits = f"waits: {sweep.error}" if sweep.error else "running"
        return f"{found}; {waits}" if found else waits
    if sweep.error:
        return f"given up: {sweep.error}"
    return found or "nothing missing"


def absence_text(sweep: Sweep) -> str:
    """`1 here and not in the list, 2 here that the channel knows no more: kept`; empty if none."""
    parts = [
        f"{count:,} {words}"
        for count, words in (
            (sweep.unlisted, "here and not in its list"),
            (sweep.unknown, "here that it knows no more"),
        )
        if count
    ]
    return f"{', '.join(parts)}: kept" if parts else ""


def _tone(sweep: Sweep) -> str:
    if sweep.error or sweep.missing or sweep.behind or sweep.unlisted or sweep.unknown:
        return "warn"
    return "ok" if sweep.finished_at else "quiet"


def ago(at: datetime | None, now: datetime, zone: ZoneInfo) -> Moment:
    return Moment(times.ago(at, now), times.exact(at, zone)) if at else Moment("never")


def when(at: datetime | None, now: datetime, zone: ZoneInfo) -> Moment:
    return Moment(times.when(at, now, zone), times.exact(at, zone)) if at else Moment()


def ahead(at: datetime | None, now: datetime, zone: ZoneInfo) -> Moment:
    """`in 4 min`, `now`."""
    if at is None:
        return Moment()
    text = "now" if at <= now else f"in {length(at - now)}"
    return Moment(text, times.exact(at, zone))
