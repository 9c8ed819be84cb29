"""Requests about personal data, as the data officer reads them. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from crm_app.domain.channel import Channel
from crm_app.models import (
    AccountBasis,
    Basis,
    ChannelAccount,
    DataRequest,
    RequestKind,
    RequestState,
    RetentionRun,
)
from crm_app.services.privacy.retention import Rule
from crm_app.ui.shared import times
from crm_app.ui.shared.tones import Pill, Stage, Tone

_STATES: Final[dict[RequestState, tuple[str, Tone, Stage]]] = {
    RequestState.OPEN: ("To decide", "warn", "0"),
    RequestState.WORKING: ("In work", "info", "3"),
    RequestState.WAITING: ("Waits", "info", "2"),
    RequestState.DONE: ("Done", "ok", "done"),
    RequestState.REFUSED: ("Refused", "mute", "stop"),
}
KINDS: Final = {RequestKind.EXPORT: "Hand out", RequestKind.ERASE: "Erase"}
BASES: Final = {
    Basis.CONTRACT: "To carry out the order",
    Basis.CONSENT: "The person agreed",
    Basis.LEGAL: "The law asks for it",
    Basis.INTEREST: "A legitimate interest",
}
_ENDED: Final = (RequestState.DONE, RequestState.REFUSED)


@dataclass(frozen=True)
class RequestRow:
    """One request; `file_href` is empty while there is no file."""

    id: int = 0
    kind: str = ""
    state: Pill = field(default_factory=Pill)
    who: str = ""
    source: str = ""
    orders: str = ""
    received: str = ""
    received_exact: str = ""
    due: str = ""
    due_exact: str = ""
    is_late: bool = False
    is_open: bool = False
    is_erasure: bool = False
    did: str = ""
    by: str = ""
    file_href: str = ""

    @classmethod
    def of(cls, one: DataRequest, now: datetime, zone: ZoneInfo) -> Self:
        words, tone, stage = _STATES[one.state]
        has_ended = one.state in _ENDED
        return cls(
            id=one.id,
            kind=KINDS[one.kind],
            state=Pill(words, tone, stage),
            who=one.subject or "no longer kept",
            source=one.source,
            orders=f"{len(one.order_ids):,}",
            received=times.when(one.received_at, now, zone),
            received_exact=times.exact(one.received_at, zone),
            due="" if has_ended else times.when(one.due_at, now, zone),
            due_exact=times.exact(one.due_at, zone),
            is_late=not has_ended and one.due_at < now,
            is_open=one.state is RequestState.OPEN,
            is_erasure=one.kind is RequestKind.ERASE,
            did=outcome_text(one.outcome) or one.note,
            by=one.handled_by,
            file_href=f"/api/v1/privacy/requests/{one.id}/file" if one.file else "",
        )


def outcome_text(outcome: dict[str, Any]) -> str:
    """`2 orders, 1 customer erased. Kept 1: ...`."""
    if "bytes" in outcome:
        return f"A file of {outcome['orders']:,} orders was made."
    done: dict[str, int] = outcome.get("done", {})
    kept: dict[str, int] = outcome.get("kept", {})
    parts = [", ".join(f"{count:,} {what}" for what, count in done.items())] if done else []
    said = [f"Erased: {parts[0]}."] if parts else []
    said += [f"Kept {count:,}: {why}" for why, count in kept.items()]
    return " ".join(said)


@dataclass(frozen=True)
class RuleRow:
    """How long a channel's data are kept; empty: for as long as the order."""

    channel: str
    mark: str
    label: str
    contact: str
    payload: str
    last: str

    @classmethod
    def of(cls, rule: Rule, run: RetentionRun | None, now: datetime, zone: ZoneInfo) -> Self:
        said = (
            f"{times.when(run.at, now, zone)}: {run.contacts:,} orders without their person, "
            f"{run.payloads:,} payloads deleted"
            if run
            else "nothing to do yet"
        )
        return cls(
            channel=rule.channel.value,
            mark=rule.channel.mark,
            label=rule.channel.label,
            contact=str(rule.contact_days or ""),
            payload=str(rule.payload_days or ""),
            last=said,
        )


@dataclass(frozen=True)
class BasisRow:
    """Why the data of an account's buyers are kept."""

    account_id: int
    channel: str
    mark: str
    account: str
    basis: str
    note: str

    @classmethod
    def of(cls, account: ChannelAccount, noted: AccountBasis | None) -> Self:
        channel: Channel = account.channel
        return cls(
            account_id=account.id,
            channel=channel.value,
            mark=channel.mark,
            account=account.name,
            basis=noted.basis.value if noted else "",
            note=noted.note if noted else "",
        )
