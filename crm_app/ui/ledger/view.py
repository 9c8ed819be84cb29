"""The proof and the rows of the ledger, ready to draw. Pure."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Self
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from crm_app.domain.channel import Channel
from crm_app.domain.intent import OPEN, IntentState
from crm_app.services.ledger import AccountProof, Change, Proof
from crm_app.services.ledger_query import LedgerQuery
from crm_app.ui.orders.rows import channel_name
from crm_app.ui.shared import times
from crm_app.ui.shared.choices import Chip, Option, presets, range_hint, range_text, toggled
from crm_app.ui.shared.links import order_path
from crm_app.ui.shared.tones import Pill, Stage, Tone

LEDGER: Final = "/ledger"

# Word, look, and what it means, in the order of the way to the channel.
STATES: Final[dict[IntentState, tuple[str, Tone, Stage, str]]] = {
    IntentState.QUEUED: ("Queued", "mute", "1", "Written; a worker takes it in a moment"),
    IntentState.BUDGET: ("Waiting for budget", "info", "1", "The channel's limit is used up"),
    IntentState.WAITING: ("Waiting", "warn", "1", "Waits for its next try; the reason says why"),
    IntentState.HELD: ("On hold", "warn", "1", "Its order is on hold here; it goes when released"),
    IntentState.SENDING: ("Sending", "info", "2", "The channel is being told now"),
    IntentState.SENT: ("Sent", "info", "4", "Accepted; not read back yet"),
    IntentState.CONFIRMED: ("Confirmed", "ok", "done", "Read back from the channel, and equal"),
    IntentState.SUPERSEDED: (
        "Superseded",
        "mute",
        "stop",
        "A later change took its place, or the channel was first",
    ),
    IntentState.UNDONE: ("Undone", "mute", "stop", "Taken back before it was sent"),
    IntentState.REJECTED: ("Rejected", "bad", "alert", "The channel refused it"),
    IntentState.NEEDS_PERSON: (
        "Needs a person",
        "bad",
        "alert",
        "Both sides changed it, or we gave up trying",
    ),
}


def ledger_path(query: LedgerQuery) -> str:
    """The address of the page that shows this query."""
    params = urlencode(query.params())
    return f"{LEDGER}?{params}" if params else LEDGER


@dataclass(frozen=True)
class Cell:
    """A number that leads to its changes; empty and without an address where it is zero."""

    key: str
    count: str = ""
    href: str = ""
    tone: Tone = "mute"
    class_name: str = "number-cell"


@dataclass(frozen=True)
class StateHead:
    """The head of a state's column."""

    text: str
    title: str
    class_name: str


@dataclass(frozen=True)
class ProofRow:
    """One account, or all of them together."""

    key: str
    name: str
    cells: list[Cell]
    total: str
    is_balanced: bool
    channel: str = ""
    mark: str = ""
    label: str = ""


@dataclass(frozen=True)
class ProofView:
    """Whether every change of the period is accounted for, and where each of them is."""

    tone: Tone = "mute"
    title: str = ""
    checked: str = ""
    checked_exact: str = ""
    heads: list[StateHead] = field(default_factory=list)
    rows: list[ProofRow] = field(default_factory=list)
    total: ProofRow = field(default_factory=lambda: ProofRow("all", "All", [], "0", True))

    @classmethod
    def of(cls, proof: Proof, query: LedgerQuery, now: datetime, zone: ZoneInfo) -> Self:
        checked = (
            f"Recounted {times.when(proof.last_check, now, zone)}: " if proof.last_check else ""
        )
        return cls(
            tone="ok" if proof.is_balanced else "bad",
            title=_title(proof),
            checked=(checked + _found(proof)) if checked else "Not recounted yet.",
            checked_exact=times.exact(proof.last_check, zone) if proof.last_check else "",
            heads=[
                StateHead(STATES[state][0], STATES[state][3], _class(state, proof))
                for state in STATES
            ],
            rows=[_account(account, query, proof) for account in proof.accounts],
            total=ProofRow(
                key="all",
                name="All",
                cells=_cells(proof.states, query, "all", proof),
                total=f"{proof.written:,}",
                is_balanced=sum(proof.states.values()) == proof.written,
            ),
        )


def state_pill(state: IntentState) -> Pill:
    word, tone, stage, meaning = STATES[state]
    return Pill(word, tone, stage, meaning)


def _title(proof: Proof) -> str:
    found = sum(proof.states.values())
    if found != proof.written:
        return (
            f"The sum does not balance: {proof.written:,} status changes were written, "
            f"{found:,} are accounted for."
        )
    if not proof.is_balanced:
        return "The sum does not balance. Tell whoever runs this desk: the log names the counts."
    if not proof.written:
        return "No status change was written in this time."
    open_now = sum(proof.states[state] for state in OPEN)
    people = proof.states[IntentState.REJECTED] + proof.states[IntentState.NEEDS_PERSON]
    parts = [f"All {proof.written:,} are accounted for" if proof.written > 1 else "It is here"]
    parts += [f"{open_now:,} on the way"] if open_now else []
    parts += [f"{people:,} for a person"] if people else []
    return "; ".join((parts[0], ", ".join(parts[1:]))) + "." if parts[1:] else parts[0] + "."


def _found(proof: Proof) -> str:
    if proof.last_check_differences:
        counts = "count is" if proof.last_check_differences == 1 else "counts are"
        return f"{proof.last_check_differences:,} {counts} wrong."
    return f"{proof.last_check_intents:,} in the whole ledger, no difference."


def _account(account: AccountProof, query: LedgerQuery, proof: Proof) -> ProofRow:
    only = dataclasses.replace(query, channels=(account.channel,))
    return ProofRow(
        key=str(account.account_id),
        name=account.name,
        cells=_cells(account.states, only, str(account.account_id), proof),
        total=f"{account.written:,}",
        is_balanced=account.is_balanced,
        channel=account.channel.value,
        mark=account.channel.mark,
        label=channel_name(account.channel),
    )


def _class(state: IntentState, proof: Proof) -> str:
    """A column that is zero all the way down may give way on a phone."""
    return "number-cell" if proof.states[state] else "number-cell nothing"


def _cells(
    states: Mapping[IntentState, int], query: LedgerQuery, key: str, proof: Proof
) -> list[Cell]:
    base = dataclasses.replace(query, before=None, after=None)
    return [
        Cell(
            key=f"{key}-{state.value}",
            count=f"{states[state]:,}" if states[state] else "",
            href=ledger_path(dataclasses.replace(base, states=(state,))) if states[state] else "",
            tone=look[1],
            class_name=_class(state, proof),
        )
        for state, look in STATES.items()
    ]


@dataclass(frozen=True)
class ChangeRow:
    """One status change as a line of the ledger."""

    id: int
    href: str
    channel: str
    mark: str
    label: str
    number: str
    before: str
    after: str
    who: str
    state: Pill
    note: str
    at: str
    at_exact: str
    took: str

    @classmethod
    def of(cls, change: Change, now: datetime, zone: ZoneInfo) -> Self:
        return cls(
            id=change.id,
            href=order_path(change.order_id),
            channel=change.channel.value,
            mark=change.channel.mark,
            label=channel_name(change.channel),
            number=change.order_number,
            before=change.from_status.label,
            after=change.to_status.label,
            who=change.actor_label,
            state=state_pill(change.state),
            note=_note(change, now, zone),
            at=times.when(change.created_at, now, zone),
            at_exact=times.exact(change.created_at, zone),
            took=took(change),
        )


def _note(change: Change, now: datetime, zone: ZoneInfo) -> str:
    if change.state in (IntentState.WAITING, IntentState.BUDGET):
        return f"Next try {times.when(change.next_try_at, now, zone)}. {change.reason}".strip()
    return change.reason


def took(change: Change) -> str:
    """From the click to the end: `1.4 s`, `12 s`, `6 min`; empty while it travels."""
    if change.settled_at is None:
        return ""
    length = change.settled_at - change.created_at
    seconds = length.total_seconds()
    if seconds < 10:
        return f"{max(seconds, 0.1):.1f} s"
    return f"{seconds:.0f} s" if seconds < 60 else times.span(length)


@dataclass(frozen=True)
class LedgerMenus:
    """What the filter bar offers for one query."""

    dates: list[Option] = field(default_factory=list)
    channels: list[Option] = field(default_factory=list)
    states: list[Option] = field(default_factory=list)
    chips: list[Chip] = field(default_factory=list)
    first: str = ""
    last: str = ""

    @classmethod
    def of(cls, query: LedgerQuery, today: date) -> Self:
        base = dataclasses.replace(query, before=None, after=None)
        return cls(
            dates=[_preset(base, *preset) for preset in presets(today)],
            channels=[_channel(base, channel) for channel in Channel],
            states=[_state(base, state) for state in STATES],
            chips=_chips(base, today),
            first=base.first.isoformat() if base.first else "",
            last=base.last.isoformat() if base.last else "",
        )


def _preset(query: LedgerQuery, key: str, label: str, first: date, last: date) -> Option:
    is_on = (query.first, query.last) == (first, last)
    days = (None, None) if is_on else (first, last)
    href = ledger_path(dataclasses.replace(query, first=days[0], last=days[1]))
    return Option(key, label, href, is_on, hint=range_hint(first, last))


def _channel(query: LedgerQuery, channel: Channel) -> Option:
    is_on = channel in query.channels
    href = ledger_path(dataclasses.replace(query, channels=toggled(query.channels, channel)))
    return Option(channel.value, channel.label, href, is_on, mark=channel.mark)


def _state(query: LedgerQuery, state: IntentState) -> Option:
    is_on = state in query.states
    href = ledger_path(dataclasses.replace(query, states=toggled(query.states, state)))
    return Option(state.value, STATES[state][0], href, is_on, pill=state_pill(state))


def _chips(query: LedgerQuery, today: date) -> list[Chip]:
    found: list[Chip] = []
    if query.first or query.last:
        without = dataclasses.replace(query, first=None, last=None)
        value = range_text(query.first, query.last, today)
        found.append(Chip("days", "Written", value, ledger_path(without)))
    if query.channels:
        without = dataclasses.replace(query, channels=())
        value = ", ".join(channel.label for channel in query.channels)
        found.append(Chip("channel", "Channel", value, ledger_path(without)))
    if query.states:
        without = dataclasses.replace(query, states=())
        value = ", ".join(STATES[state][0].lower() for state in query.states)
        found.append(Chip("state", "State", value, ledger_path(without)))
    if query.search:
        without = dataclasses.replace(query, search="")
        found.append(Chip("q", "Order or person", query.search, ledger_path(without)))
    return found


def export_query(query: LedgerQuery) -> str:
    """The filters in the names of the REST API, with the question mark; empty without any."""
    params = query.params()
    names = {"from": "date_from", "to": "date_to"}
    asked = {names.get(key, key): value for key, value in params.items()}
    for name in ("cursor", "limit"):
        asked.pop(name, None)
    return f"?{urlencode(asked)}" if asked else ""
