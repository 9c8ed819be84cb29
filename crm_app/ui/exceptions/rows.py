"""One exception as a line of the list, ready to draw. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

from crm_app.domain.trouble import Cause, Source, Way
from crm_app.services.exceptions.rows import ExceptionRow
from crm_app.ui.orders.rows import channel_name
from crm_app.ui.shared import times
from crm_app.ui.shared.tones import Pill, Stage, Tone

_LOOKS: Final[dict[Cause, tuple[Tone, Stage]]] = {
    Cause.CREDENTIALS: ("bad", "alert"),
    Cause.CONFLICT: ("bad", "alert"),
    Cause.TRANSITION: ("bad", "stop"),
    Cause.POISON: ("warn", "stop"),
    Cause.REMOTE: ("warn", "alert"),
    Cause.NOT_READY: ("info", "1"),
    Cause.QUOTA: ("info", "2"),
    Cause.MAPPING: ("info", "0"),
    Cause.SKU: ("warn", "0"),
    Cause.WORK: ("warn", "stop"),
    Cause.WAITING: ("warn", "1"),
}

# Their titles are names, of accounts or of our own work.
NAMED: Final = (
    Source.ACCOUNT,
    Source.FAILING,
    Source.PAUSED,
    Source.SWEEP,
    Source.HOOKS,
    Source.QUEUE,
    Source.RUN,
    Source.ROWS,
    Source.DOWNLOAD,
    Source.DOCUMENT,
    Source.MESSAGE,
)
# What no channel has to do with.
OURS: Final = ("us", "desk", "This desk")


@dataclass(frozen=True)
class Line:
    """Display texts only."""

    key: str
    href: str
    cause: Pill
    channel: str
    mark: str
    channel_label: str
    account: str
    title: str
    summary: str
    said: str
    assignee: str
    initials: str
    since: str
    since_exact: str
    # "until tomorrow 09:00", or when it was closed; empty for what is simply open.
    ends: str = ""
    can_retry: bool = False
    is_name: bool = False
    is_open: bool = False
    # It healed, or somebody saw to it, while the page is on the screen.
    is_gone: bool = False

    @classmethod
    def of(cls, row: ExceptionRow, href: str, opened: str, now: datetime, zone: ZoneInfo) -> Self:
        mark, channel, label = marked(row)
        return cls(
            key=row.key,
            href=href,
            cause=cause_pill(row.cause),
            channel=channel,
            mark=mark,
            channel_label=label,
            account=row.account_name,
            title=row.title or "No number",
            summary=row.summary,
            said=row.said,
            assignee=row.assignee,
            initials=initials(row.assignee),
            since=length(now - row.since),
            since_exact=times.exact(row.since, zone),
            ends=_ends(row, now, zone),
            can_retry=Way.RETRY in row.ways,
            is_name=row.source in NAMED,
            is_open=row.key == opened,
        )

    def gone(self) -> Self:
        return self if self.is_gone else replace(self, is_gone=True, can_retry=False)


def marked(row: ExceptionRow) -> tuple[str, str, str]:
    """Letters, word and name of its channel; a house for work of our own."""
    if row.channel is None:
        return OURS
    return row.channel.mark, row.channel.value, channel_name(row.channel)


def cause_pill(cause: Cause) -> Pill:
    tone, stage = _LOOKS[cause]
    return Pill(cause.label, tone, stage)


def initials(name: str) -> str:
    return "".join(part[0] for part in name.split()[:2]).upper()


def length(time: timedelta) -> str:
    """`now`, `6 min`, `3 h`, `12 days`: how long it has been there, short enough for a column."""
    minutes = int(time.total_seconds() // 60)
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 48:
        return f"{hours} h"
    return f"{hours // 24} days"


def _ends(row: ExceptionRow, now: datetime, zone: ZoneInfo) -> str:
    if row.healed_at:
        return f"gone {times.when(row.healed_at, now, zone)}"
    if row.closed_at:
        return f"closed {times.when(row.closed_at, now, zone)}"
    if row.snoozed_until and row.snoozed_until > now:
        return f"until {times.when(row.snoozed_until, now, zone)}"
    return ""
