"""A bulk change as a person reads it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

from crm_app.domain.bulk import ACTIVE, ENDED, GOING, HALTED, Outcome, RunState
from crm_app.domain.intent import UNSENT, IntentState
from crm_app.models import BulkRun
from crm_app.services import bulk_actions
from crm_app.services.bulk_export import MAKES_FILE
from crm_app.services.bulk_results import TRAVEL, AccountProgress, RowResult
from crm_app.services.bulk_status import CHANGED_MEANWHILE
from crm_app.ui.bulk.ahead import Link, about, orders_text
from crm_app.ui.orders.rows import channel_name
from crm_app.ui.shared import times
from crm_app.ui.shared.links import DOWNLOADS, bulk_path, order_path
from crm_app.ui.shared.tones import Pill, Stage, Tone, status_pill

_STATES: Final[dict[RunState, tuple[Tone, Stage]]] = {
    RunState.DRAFT: ("mute", "0"),
    RunState.QUEUED: ("info", "1"),
    RunState.RUNNING: ("info", "3"),
    RunState.TELLING: ("info", "4"),
    RunState.PAUSED: ("warn", "stop"),
    RunState.STOPPED: ("mute", "stop"),
    RunState.DONE: ("ok", "done"),
}
_OUTCOMES: Final[dict[Outcome, tuple[str, Tone, Stage]]] = {
    Outcome.WAITING: ("To do", "mute", "0"),
    Outcome.CHANGED: ("Changed", "ok", "done"),
    Outcome.REFUSED: ("Not changed", "warn", "stop"),
    Outcome.FAILED: ("Failed", "bad", "alert"),
}
# Told and still on the way; told and over.
_ON_THE_WAY: Final = (*UNSENT, IntentState.SENDING)
_TROUBLE: Final = (IntentState.REJECTED, IntentState.NEEDS_PERSON)


@dataclass(frozen=True)
class RunView:
    """The head of a run: what, how far, and what can be done with it now."""

    id: int = 0
    title: str = ""
    about: str = ""
    about_exact: str = ""
    state: Pill = field(default_factory=Pill)
    is_draft: bool = False
    is_mine: bool = False
    is_active: bool = False
    is_telling: bool = False
    reason: str = ""
    progress: str = ""
    percent: int = 0
    changed: str = "0"
    refused: str = "0"
    failed: str = "0"
    waiting: str = "0"
    shares: list[str] = field(default_factory=list[str])
    # What can be pressed, by verb.
    verbs: list[str] = field(default_factory=list[str])
    file_href: str = ""
    results_href: str = ""
    undoes: Link = field(default_factory=Link)
    undone_by: Link = field(default_factory=Link)

    @classmethod
    def of(
        cls,
        run: BulkRun,
        *,
        me: int | None,
        undone_by: BulkRun | None,
        undo_left: int,
        held: int,
        at: datetime,
        zone: ZoneInfo,
    ) -> Self:
        moment = run.started_at or run.created_at
        api = f"/api/v1{bulk_path(run.id)}"
        parts = (run.changed, run.refused, run.failed)
        waiting = max(0, run.total - run.done)
        return cls(
            id=run.id,
            title=title(run),
            about=_about(run, times.when(moment, at, zone)),
            about_exact=times.exact(moment, zone),
            state=state_pill(run.state),
            is_draft=run.state is RunState.DRAFT,
            is_mine=run.actor_id == me,
            is_active=run.state in ACTIVE,
            is_telling=run.state is RunState.TELLING,
            reason=run.reason,
            progress=f"{run.done:,} of {run.total:,}",
            percent=100 * run.done // run.total if run.total else 0,
            changed=f"{run.changed:,}",
            refused=f"{run.refused:,}",
            failed=f"{run.failed:,}",
            waiting=f"{waiting:,}",
            shares=[f"{100 * part / run.total:.2f}%" if run.total else "0" for part in parts],
            verbs=_verbs(run, undo_left, held),
            file_href=DOWNLOADS if run.action in MAKES_FILE and run.changed else "",
            results_href=f"{api}/results.csv",
            undoes=_link(run.undo_of),
            undone_by=_link(undone_by.id if undone_by else None),
        )


def _about(run: BulkRun, when: str) -> str:
    if run.state is RunState.DRAFT and run.undo_of is None:
        return f"chosen by {run.actor_label}, {when}"  # the title says how many
    return f"{orders_text(run.total)} · {run.actor_label} · {when}"


def _verbs(run: BulkRun, undo_left: int, held: int) -> list[str]:
    found: list[str] = []
    if run.state in GOING:
        found += ["pause", "stop"]
    if run.state is RunState.PAUSED:
        found += ["resume", "stop"]
    if run.state is RunState.STOPPED and held:
        found.append("tell")
    can_undo = bool(run.action) and bulk_actions.of(run.action).can_be_undone
    if can_undo and undo_left and run.state not in (RunState.DRAFT, *ACTIVE):
        found.append("undo")
    return found


def left_words(state: RunState, seconds: Sequence[float], held: int) -> str:
    """`about 3 min 26 s until all channels are told`, or how many changes are held back."""
    if state in HALTED and held:
        return f"{held:,} {'change is' if held == 1 else 'changes are'} held back, not told"
    return f"{about(max(seconds))} until all channels are told" if seconds else ""


def title(run: BulkRun) -> str:
    """`Status to packed`, `Undo of change 12`, or what a draft asks."""
    if run.undo_of is not None:
        return f"Undo of bulk change {run.undo_of}"
    if not run.action or run.state is RunState.DRAFT:
        return f"Change {orders_text(run.total)}"
    return bulk_actions.of(run.action).title(run.settings)


def state_pill(state: RunState) -> Pill:
    tone, stage = _STATES[state]
    return Pill(state.label, tone, stage)


def _link(run_id: int | None) -> Link:
    if run_id is None:
        return Link()
    return Link(str(run_id), f"bulk change {run_id}", bulk_path(run_id))


@dataclass(frozen=True)
class AccountRow:
    """How far the run is on one account, here and at the channel."""

    key: str
    channel: str
    mark: str
    label: str
    name: str
    here: str
    told: str
    told_percent: int
    trouble: str
    left: str

    @classmethod
    def of(cls, one: AccountProgress, left_s: float | None) -> Self:
        changed = one.outcomes.get(Outcome.CHANGED, 0)
        travel = one.travel
        open_ones = sum(travel.get(state, 0) for state in _ON_THE_WAY)
        told = sum(travel.values()) - travel.get(IntentState.UNDONE, 0)
        arrived = told - open_ones
        trouble = [f"{travel[state]:,} {TRAVEL[state]}" for state in _TROUBLE if travel.get(state)]
        return cls(
            key=str(one.account_id),
            channel=one.channel.value,
            mark=one.channel.mark,
            label=channel_name(one.channel),
            name=one.name,
            here=f"{changed:,} of {one.total:,}",
            told=_told(told, arrived, travel) if changed else "",
            told_percent=100 * arrived // told if told else 0,
            trouble=", ".join(trouble),
            left=f"{about(left_s)} left" if left_s is not None else "",
        )


def _told(told: int, arrived: int, travel: dict[IntentState, int]) -> str:
    if not told:
        return "withdrawn" if travel.get(IntentState.UNDONE) else "nothing to tell"
    confirmed = travel.get(IntentState.CONFIRMED, 0)
    words = f"{arrived:,} of {told:,}"
    return f"{words}, {confirmed:,} confirmed" if confirmed else words


@dataclass(frozen=True)
class ReasonRow:
    key: str
    count: str
    sentence: str
    tone: Tone


def reason_rows(found: Sequence[tuple[Outcome, str, int]]) -> list[ReasonRow]:
    """Why orders stayed as they were, and what was done where that differs."""
    return [
        ReasonRow(f"{outcome}{reason}", f"{count:,}", reason, _OUTCOMES[outcome][1])
        for outcome, reason, count in found
        if reason
    ]


def again_words(run: BulkRun, found: Sequence[tuple[Outcome, str, int]]) -> str:
    """The offer to try what another change or a mistake of ours kept from being done."""
    if run.state not in (*ENDED, RunState.TELLING) or run.undo_of is not None:
        return ""
    count = sum(
        number
        for outcome, reason, number in found
        if outcome is Outcome.FAILED or reason == CHANGED_MEANWHILE
    )
    return f"Try {orders_text(count)} again…" if count else ""


@dataclass(frozen=True)
class ResultRow:
    """One order's line."""

    key: str
    href: str
    number: str
    channel: str
    mark: str
    label: str
    outcome: Pill
    origin: Pill
    target: Pill
    words: str
    travel: str

    @classmethod
    def of(cls, row: RowResult) -> Self:
        word, tone, stage = _OUTCOMES[row.outcome]
        return cls(
            key=str(row.position),
            href=order_path(row.order_id),
            number=row.number,
            channel=row.channel.value,
            mark=row.channel.mark,
            label=channel_name(row.channel),
            outcome=Pill(word, tone, stage),
            origin=status_pill(row.from_status or row.seen_status),
            target=status_pill(row.to_status) if row.to_status else Pill(),
            words=row.explanation,
            travel=_travel(row),
        )


def _travel(row: RowResult) -> str:
    if row.travel is None:
        return ""
    words = TRAVEL[row.travel]
    return f"{words}: {row.channel_says}" if row.channel_says else words


@dataclass(frozen=True)
class RunRow:
    """One line in the list of runs."""

    key: str
    href: str
    title: str
    person: str
    when: str
    exact: str
    orders: str
    result: str
    state: Pill
    percent: int
    is_active: bool

    @classmethod
    def of(cls, run: BulkRun, at: datetime, zone: ZoneInfo) -> Self:
        moment = run.started_at or run.created_at
        return cls(
            key=str(run.id),
            href=bulk_path(run.id),
            title=title(run),
            person=run.actor_label,
            when=times.when(moment, at, zone),
            exact=times.exact(moment, zone),
            orders=f"{run.total:,}",
            result=result_words(run),
            state=state_pill(run.state),
            percent=100 * run.done // run.total if run.total else 0,
            is_active=run.state in ACTIVE,
        )


def result_words(run: BulkRun) -> str:
    """`374 changed, 38 not`."""
    if run.state is RunState.DRAFT:
        return ""
    done = "written" if run.action == "export" else "changed"
    parts = [f"{run.changed:,} {done}"]
    if run.refused:
        parts.append(f"{run.refused:,} not")
    if run.failed:
        parts.append(f"{run.failed:,} failed")
    return ", ".join(parts)
