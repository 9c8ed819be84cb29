"""Alerts, choices and messages as texts ready to draw. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

from crm_app.domain.alert import AlertKind, AlertLevel, AlertMoment
from crm_app.models import Alert, AlertMessage
from crm_app.services.alerts.leads import Lead
from crm_app.services.alerts.settings import HookView
from crm_app.services.alerts.telling import WEBHOOK, Choice
from crm_app.ui.shared import times
from crm_app.ui.shared.tones import Pill

_MOMENTS: Final = {
    AlertMoment.OPENED: "An alert began",
    AlertMoment.ESCALATED: "An alert got worse",
    AlertMoment.OVER: "An alert is over",
    AlertMoment.TEST: "A test",
}


@dataclass(frozen=True)
class AlertRow:
    """One alert; `lasted` is empty while it is open."""

    id: int
    kind: str
    label: str
    level: str
    sentence: str
    href: str
    since: str
    since_exact: str
    lasted: str

    @classmethod
    def of(cls, alert: Alert, moment: datetime, zone: ZoneInfo) -> Self:
        lasted = alert.closed_at - alert.opened_at if alert.closed_at else None
        return cls(
            id=alert.id,
            kind=alert.kind.value,
            label=alert.kind.label,
            level=alert.level.value,
            sentence=alert.sentence,
            href=alert.href,
            since=times.when(alert.opened_at, moment, zone),
            since_exact=times.exact(alert.opened_at, zone),
            lasted=times.span(lasted) if lasted is not None else "",
        )


@dataclass(frozen=True)
class ChoiceRow:
    """How the person on this page is told of one kind."""

    kind: str
    label: str
    meaning: str
    in_app: bool
    by_mail: bool


@dataclass(frozen=True)
class PersonRow:
    """What one person is told of; each text names the kinds, or is empty."""

    key: str
    name: str
    in_app: str
    by_mail: str


@dataclass(frozen=True)
class HookLine:
    """Where alerts are posted; an empty URL means nowhere."""

    url: str = ""
    since: str = ""
    since_exact: str = ""

    @classmethod
    def of(cls, hook: HookView | None, moment: datetime, zone: ZoneInfo) -> Self:
        if hook is None:
            return cls()
        said = f"Set {times.when(hook.changed_at, moment, zone)} by {hook.changed_by}"
        return cls(hook.url, said, times.exact(hook.changed_at, zone))


@dataclass(frozen=True)
class MessageRow:
    """One message to the outside and what became of it."""

    id: int
    what: str
    target: str
    at: str
    exact: str
    state: Pill
    answer: str
    is_failed: bool

    @classmethod
    def of(cls, message: AlertMessage, moment: datetime, zone: ZoneInfo) -> Self:
        by = "webhook" if message.way == WEBHOOK else "mail"
        return cls(
            id=message.id,
            what=f"{_MOMENTS[message.moment]}, by {by}",
            target=message.target,
            at=times.when(message.at, moment, zone),
            exact=times.exact(message.at, zone),
            state=_state(message, moment, zone),
            answer=message.answer,
            is_failed=message.failed_at is not None,
        )


def _state(message: AlertMessage, moment: datetime, zone: ZoneInfo) -> Pill:
    if message.sent_at is not None:
        return Pill("Arrived", "ok", "done", times.exact(message.sent_at, zone))
    if message.failed_at is not None:
        return Pill("Given up", "bad", "alert", times.exact(message.failed_at, zone))
    if not message.attempts:
        return Pill("Waiting", "mute", "0")
    again = times.when(message.next_try_at, moment, zone)
    return Pill(f"Tried {message.attempts}×, again {again}", "warn", "2")


def choice_rows(choices: Iterable[Choice]) -> list[ChoiceRow]:
    return [
        ChoiceRow(one.kind.value, one.kind.label, one.kind.meaning, one.in_app, one.by_mail)
        for one in choices
    ]


def person_rows(choices: Iterable[Choice]) -> list[PersonRow]:
    """Everybody who is told of something, and of what."""
    by_person: dict[int, list[Choice]] = {}
    for one in choices:
        by_person.setdefault(one.user.id, []).append(one)
    rows = [
        PersonRow(
            key=str(user_id),
            name=own[0].user.name,
            in_app=_kinds([one for one in own if one.in_app]),
            by_mail=_kinds([one for one in own if one.by_mail]),
        )
        for user_id, own in by_person.items()
    ]
    return [row for row in rows if row.in_app or row.by_mail]


def _kinds(choices: list[Choice]) -> str:
    if len(choices) == len(AlertKind):
        return "everything"
    return ", ".join(one.kind.label.lower() for one in choices)


def count_text(alerts: Sequence[Alert]) -> str:
    """`none open`, `1 open`, `3 open, 2 of them pressing`."""
    if not alerts:
        return "none open"
    bad = sum(alert.level is AlertLevel.BAD for alert in alerts)
    return f"{len(alerts)} open" + (f", {bad} pressing" if bad else "")


@dataclass(frozen=True)
class LeadRow:
    """An account and how early its deadline alert fires; minutes as text."""

    key: str
    channel: str
    mark: str
    label: str
    name: str
    minutes: str

    @classmethod
    def of(cls, one: Lead) -> Self:
        channel = one.channel
        key, minutes = str(one.account_id), str(one.minutes)
        return cls(key, channel.value, channel.mark, channel.label, one.name, minutes)


def lead_words(minutes: int) -> str:
    """`30 min before`, `2 h before`."""
    return f"{minutes} min before" if minutes < 60 else f"{minutes // 60} h before"
