"""Accounts as their admins read them: rows of the list and the words they share. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from crm_app.channels.forms import FORMS
from crm_app.models import AccountStatus, Sweep
from crm_app.services.account_view import AccountView
from crm_app.ui.shared import times
from crm_app.ui.shared.links import account_path
from crm_app.ui.shared.tones import Pill


@dataclass(frozen=True)
class Moment:
    """A time in words, and exactly. Empty where there is none."""

    text: str = ""
    exact: str = ""


@dataclass(frozen=True)
class AccountRow:
    """One account in the list."""

    id: int
    href: str
    channel: str
    mark: str
    label: str
    name: str
    tags: list[str]
    state: Pill
    sentence: str
    level: str
    complete: Moment
    lag: str
    waiting: str
    oldest: str
    next_pull: Moment
    sweep: Moment
    found: str
    found_any: bool

    @classmethod
    def of(cls, account: AccountView, now: datetime, zone: ZoneInfo) -> Self:
        count = account.waiting.count
        return cls(
            id=account.id,
            href=account_path(account.id),
            channel=account.channel.value,
            mark=account.channel.mark,
            label=account.channel.label,
            name=account.name,
            tags=tags(account),
            state=state_pill(account),
            sentence=sentence(account, now),
            level=account.level,
            complete=complete_to(account, now, zone),
            lag=lag_text(account) if account.pulls else heard(account, now),
            waiting=f"{count:,}" if count else "",
            oldest=oldest_text(account, now),
            next_pull=next_pull(account, now, zone),
            sweep=ended(account.sweep, now, zone) if account.pulls else Moment("has no list"),
            found=found_text(account.sweep),
            found_any=found_any(account.sweep),
        )


def tags(account: AccountView) -> list[str]:
    """Short facts beside the name."""
    return ["contract inferred"] if account.is_inferred else []


def state_pill(account: AccountView) -> Pill:
    """One word for how an account stands; the sentence beside it says why."""
    if account.status is AccountStatus.DISCONNECTED:
        return Pill("Disconnected", "bad", "alert")
    if account.status is AccountStatus.PAUSED:
        return Pill("Paused", "mute", "stop")
    if account.channel not in FORMS:
        return Pill("File source", "mute", "done")
    if account.left_alone is not None:
        return Pill("Left alone", "warn", "stop")
    if account.level == "bad":
        return Pill("Failing", "bad", "alert")
    if account.level == "warn":
        return Pill("Look at it", "warn", "3")
    return Pill("Current" if account.pulls else "Listening", "ok", "done")


def sentence(account: AccountView, now: datetime) -> str:
    """Why the account stands as it does; where all is well, the proof of it."""
    if account.level != "ok" or not account.pulls or account.last_success_at is None:
        return account.sentence
    return f"Last complete pull {times.ago(account.last_success_at, now)}."


def heard(account: AccountView, now: datetime) -> str:
    """When a channel that only sends was heard last."""
    at = account.hooks.last_at
    if account.channel not in FORMS:
        return ""
    return f"last webhook {times.ago(at, now)}" if at else "no webhook yet"


def complete_to(account: AccountView, now: datetime, zone: ZoneInfo) -> Moment:
    """`today 10:42:10`, `12 Oct 18:02` before: up to then every change is here."""
    at = account.watermark
    if at is None:
        return Moment("not yet" if account.pulls else "as sent")
    local = at.astimezone(zone)
    is_today = local.date() == now.astimezone(zone).date()
    return Moment(
        f"today {local:%H:%M:%S}" if is_today else times.when(at, now, zone), times.exact(at, zone)
    )


def lag_text(account: AccountView) -> str:
    """How far behind now that is."""
    return "" if account.lag is None else f"{length(account.lag)} behind"


def oldest_text(account: AccountView, now: datetime) -> str:
    at = account.waiting.oldest_at
    return "" if at is None else f"oldest {length(now - at)}"


def next_pull(account: AccountView, now: datetime, zone: ZoneInfo) -> Moment:
    """`in 8 s`, `now`; empty where nothing is asked."""
    at = account.next_pull_at
    if at is None:
        return Moment()
    text = "now" if at <= now else f"in {length(at - now)}"
    return Moment(text, times.exact(at, zone))


def ended(sweep: Sweep | None, now: datetime, zone: ZoneInfo) -> Moment:
    """When the newest sweep ended."""
    if sweep is None:
        return Moment("none yet")
    if sweep.finished_at is None:
        return Moment("running", times.exact(sweep.started_at, zone))
    return Moment(times.ago(sweep.finished_at, now), times.exact(sweep.finished_at, zone))


def found_text(sweep: Sweep | None) -> str:
    """What it found, in a few words."""
    if sweep is None:
        return ""
    found = sweep.missing + sweep.behind
    if found:
        return f"{found:,} found"
    if sweep.finished_at is None:
        return f"{sweep.checked:,} compared"
    return "given up" if sweep.error else "nothing missing"


def found_any(sweep: Sweep | None) -> bool:
    return sweep is not None and (sweep.missing + sweep.behind > 0 or bool(sweep.error))


def length(span: timedelta) -> str:
    """`8 s`, `6 min`, `1 h 02 min`."""
    seconds = max(0, int(span.total_seconds()))
    return f"{seconds} s" if seconds < 60 else times.span(span)


def count_text(rows: list[AccountRow]) -> str:
    """`6 accounts`, `6 accounts, 2 need you`."""
    if not rows:
        return ""
    noun = "account" if len(rows) == 1 else "accounts"
    bad = sum(row.level == "bad" for row in rows)
    need = f", {bad} {'needs' if bad == 1 else 'need'} you" if bad else ""
    return f"{len(rows)} {noun}{need}"
