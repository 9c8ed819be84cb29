"""What arrived, as people read it. Pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Self
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from crm_app.models import ChannelAccount, InboxState, RefusedWebhook
from crm_app.services.inbox_list import InboxQuery, InboxRow
from crm_app.ui.shared import times
from crm_app.ui.shared.links import OPEN, order_path
from crm_app.ui.shared.tones import Pill, Stage, Tone

PATH: Final = "/inbox"
REFUSED: Final = "refused"
_STATES: Final[dict[InboxState, tuple[str, Tone, Stage]]] = {
    InboxState.RECEIVED: ("To do", "info", "1"),
    InboxState.WAITING: ("Waiting", "warn", "2"),
    InboxState.SET_ASIDE: ("Set aside", "bad", "stop"),
    InboxState.PROCESSED: ("Done", "ok", "done"),
}
STATE_WORDS: Final = {state.value: words for state, (words, _, _) in _STATES.items()} | {
    REFUSED: "Refused"
}


@dataclass(frozen=True)
class Line:
    """One entry. `key` is empty for one that was refused: there is nothing behind it."""

    key: str = ""
    href: str = ""
    channel: str = ""
    mark: str = ""
    account: str = ""
    topic: str = ""
    order: str = ""
    order_href: str = ""
    state: Pill = field(default_factory=Pill)
    reason: str = ""
    at: str = ""
    at_exact: str = ""
    can_replay: bool = False
    is_open: bool = False

    @classmethod
    def of(cls, row: InboxRow, href: str, opened: str, now: datetime, zone: ZoneInfo) -> Self:
        words, tone, stage = _STATES[row.state]
        return cls(
            key=str(row.id),
            href=href,
            channel=row.channel.value,
            mark=row.channel.mark,
            account=row.account,
            topic=_topic(row),
            order=row.external_id,
            order_href=order_path(row.order_id) if row.order_id else "",
            state=Pill(words, tone, stage),
            reason=row.reason,
            at=times.when(row.received_at, now, zone),
            at_exact=times.exact(row.received_at, zone),
            can_replay=row.can_replay,
            is_open=str(row.id) == opened,
        )

    @classmethod
    def refused(
        cls, one: RefusedWebhook, account: ChannelAccount | None, now: datetime, zone: ZoneInfo
    ) -> Self:
        return cls(
            channel=account.channel.value if account else "",
            mark=account.channel.mark if account else "",
            account=account.name if account else f"no account: {one.path}",
            topic=one.topic or f"{one.size:,} bytes",
            order=f"from {one.address}",
            state=Pill("Refused", "bad", "stop"),
            reason=one.reason,
            at=times.when(one.at, now, zone),
            at_exact=times.exact(one.at, zone),
        )


@dataclass(frozen=True)
class Choice:
    """An account to choose."""

    key: str
    name: str


@dataclass(frozen=True)
class Fact:
    """A name and what it is."""

    name: str
    value: str


@dataclass(frozen=True)
class Opened:
    """The entry beside the list."""

    key: str = ""
    title: str = ""
    state: Pill = field(default_factory=Pill)
    account: str = ""
    reason: str = ""
    facts: list[Fact] = field(default_factory=list[Fact])
    body: str = ""
    can_replay: bool = False
    order_href: str = ""

    @classmethod
    def of(cls, row: InboxRow, masked: str, now: datetime, zone: ZoneInfo) -> Self:
        line = Line.of(row, "", "", now, zone)
        facts = [
            Fact("Arrived", times.exact(row.received_at, zone)),
            Fact("Seen", f"{row.times_seen} times" if row.times_seen != 1 else "once"),
            Fact("Tried", f"{row.attempts} times" if row.attempts != 1 else "once"),
        ]
        if row.next_try_at:
            facts.append(Fact("Next try", times.exact(row.next_try_at, zone)))
        if row.processed_at:
            facts.append(Fact("Done", times.exact(row.processed_at, zone)))
        return cls(
            key=line.key,
            title=" · ".join(part for part in (line.topic, row.external_id) if part),
            state=line.state,
            account=row.account,
            reason=row.reason,
            facts=facts,
            body=masked,
            can_replay=row.can_replay,
            order_href=line.order_href,
        )

    def clear(self, body: str) -> Self:
        return replace(self, body=body)


def path(query: InboxQuery, *, refused: bool = False, opened: str = "") -> str:
    """The address of the list."""
    found = {
        "account": str(query.account_id or ""),
        "topic": query.topic,
        "state": REFUSED if refused else query.state.value if query.state else "",
        "order": query.external_id,
        "day": query.day.isoformat() if query.day else "",
        "before": str(query.before or ""),
        OPEN: opened,
    }
    kept = {name: value for name, value in found.items() if value}
    return f"{PATH}?{urlencode(kept)}" if kept else PATH


def _topic(row: InboxRow) -> str:
    return row.topic or ("pulled order" if row.kind == "order" else row.kind)
