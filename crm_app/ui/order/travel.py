"""The way of a status change to its channel, as steps and one sentence. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Self
from zoneinfo import ZoneInfo

from crm_app.channels import capabilities
from crm_app.domain.intent import OPEN, UNSENT, IntentState
from crm_app.domain.order_status import TO_SHIP, OrderStatus, SyncStatus
from crm_app.services.order_view import IntentView, OrderDetail
from crm_app.ui.order.differences import words_of
from crm_app.ui.shared import times
from crm_app.ui.shared.words import Word

_BEFORE_LEAVING: Final = (OrderStatus.PENDING, *TO_SHIP)
_UNDECIDED: Final = (SyncStatus.REJECTED, SyncStatus.CONFLICT)
StepLook = Literal["done", "now", "todo", "bad", "off"]


@dataclass(frozen=True)
class Step:
    """One stop on the way; `look` is how it is drawn."""

    name: str
    look: StepLook
    at: str = ""
    exact: str = ""


@dataclass(frozen=True)
class Travel:
    """The newest change of ours. `is_open`: it still moves. `needs_decision`: a person chooses."""

    is_shown: bool = False
    is_open: bool = False
    needs_decision: bool = False
    title: str = ""
    steps: list[Step] = field(default_factory=list)
    sentence: str = ""
    quote: str = ""
    channel_word: str = ""
    ours: str = ""
    channel_label: str = ""
    testid: str = ""
    may_decide: bool = False
    # The change that can still be taken back as if it had never been; 0: none.
    withdraws: int = 0
    our_word: Word = field(default_factory=Word)
    their_word: Word = field(default_factory=Word)

    @classmethod
    def of(cls, detail: OrderDetail, now: datetime, zone: ZoneInfo) -> Self:
        order = detail.order
        needs_decision = order.sync_status in _UNDECIDED
        newest = detail.intents[0] if detail.intents else None
        if newest is None and not needs_decision:
            return cls(may_decide=detail.may_change)
        ours, theirs = words_of(detail, now, zone) if needs_decision else (Word(), Word())
        word = detail.order.status_on_channel
        return cls(
            is_shown=True,
            is_open=newest is not None and newest.state in OPEN,
            needs_decision=needs_decision and detail.may_change,
            title=_title(newest, order.channel.label),
            steps=steps(newest, now, zone, is_decided=is_decided(detail, newest)) if newest else [],
            sentence=_sentence(detail, newest, now, zone),
            quote=newest.reason if newest and newest.state is IntentState.REJECTED else "",
            channel_word=word.label if word else "",
            ours="the package"
            if newest and newest.is_part
            else (newest.to_status if newest else order.status).label,
            channel_label=order.channel.label,
            may_decide=detail.may_change,
            withdraws=_withdraws(detail, newest),
            our_word=ours,
            their_word=theirs,
            testid=f"intent-{newest.state.value}" if newest else "intent-none",
        )


def _withdraws(detail: OrderDetail, newest: IntentView | None) -> int:
    is_possible = newest is not None and newest.can_be_withdrawn and detail.may_change
    return newest.id if newest is not None and is_possible else 0


# How far each state got: which of the three stops are behind, and how the present one looks.
_LOOKS: Final[dict[IntentState, tuple[StepLook, StepLook, StepLook]]] = {
    IntentState.QUEUED: ("now", "todo", "todo"),
    IntentState.BUDGET: ("now", "todo", "todo"),
    IntentState.WAITING: ("now", "todo", "todo"),
    IntentState.HELD: ("bad", "todo", "todo"),
    IntentState.SENDING: ("done", "now", "todo"),
    IntentState.SENT: ("done", "done", "now"),
    IntentState.CONFIRMED: ("done", "done", "done"),
    IntentState.REJECTED: ("done", "bad", "off"),
    IntentState.NEEDS_PERSON: ("done", "done", "bad"),
    IntentState.SUPERSEDED: ("off", "off", "off"),
    IntentState.UNDONE: ("off", "off", "off"),
}
_NAMES: Final = {
    IntentState.BUDGET: ("Waiting", "Sent", "Confirmed"),
    IntentState.WAITING: ("Waiting", "Sent", "Confirmed"),
    IntentState.HELD: ("On hold", "Sent", "Confirmed"),
    IntentState.SENDING: ("Queued", "Sending", "Confirmed"),
    IntentState.REJECTED: ("Queued", "Refused", "Confirmed"),
    IntentState.NEEDS_PERSON: ("Queued", "Sent", "Disagrees"),
}


def is_decided(detail: OrderDetail, intent: IntentView) -> bool:
    """That it once needed a person, and no longer does."""
    is_newest = intent.id == detail.intents[0].id
    is_waiting = is_newest and detail.order.sync_status in _UNDECIDED
    return intent.state is IntentState.NEEDS_PERSON and not is_waiting


def steps(
    intent: IntentView, now: datetime, zone: ZoneInfo, *, is_decided: bool = False
) -> list[Step]:
    """Queued, sent, confirmed: with the time of each that is known."""
    names = _NAMES.get(intent.state, ("Queued", "Sent", "Confirmed"))
    looks: tuple[StepLook, StepLook, StepLook] = _LOOKS[intent.state]
    if intent.state is IntentState.NEEDS_PERSON and intent.sent_at is None:
        # The channel was faster than our call: nothing was sent, and nothing may look so.
        names = ("Queued", "Not sent", "Disagrees")
        looks = ("done", "off", "bad")
    if is_decided:
        names = (names[0], names[1], "Decided")
        looks = (looks[0], looks[1], "off")
    settled = intent.settled_at if intent.state is IntentState.CONFIRMED else None
    moments = (intent.created_at, intent.sent_at, settled)
    return [
        Step(
            name,
            look,
            times.when(at, now, zone) if at and look == "done" else "",
            times.exact(at, zone) if at else "",
        )
        for name, look, at in zip(names, looks, moments, strict=True)
    ]


def _title(intent: IntentView | None, channel: str) -> str:
    if intent is None:
        return f"Order on {channel}"
    was_told = intent.sent_at is not None or intent.state is IntentState.REJECTED
    verb = "Telling" if intent.state in OPEN else "Told" if was_told else "Not told"
    what = "a part is shipped" if intent.is_part else intent.to_status.label
    return f"{verb} {channel}: {what}"


def _sentence(detail: OrderDetail, intent: IntentView | None, now: datetime, zone: ZoneInfo) -> str:
    channel = detail.order.channel.label
    word = detail.order.status_on_channel
    theirs = word.label if word else detail.order.channel_status or "something else"
    if detail.order.sync_status is SyncStatus.CONFLICT:
        return (
            f"Both sides changed this order: ours says {detail.order.status.label}, "
            f"{channel} says {theirs}. Decide whose word stays."
        )
    if intent is None:
        return f"{channel} says {theirs}."
    if is_decided(detail, intent):
        return f"{channel} changed the order meanwhile. Both sides agree now."
    if intent.state is IntentState.NEEDS_PERSON and detail.order.sync_status is SyncStatus.REJECTED:
        return f"{intent.reason} Send it again, or take {channel}'s word."
    sentence = _SENTENCES[intent.state].format(
        channel=channel,
        status="the package" if intent.is_part else intent.to_status.label,
        who=intent.actor_label,
        next=times.when(intent.next_try_at, now, zone),
        tries="1 try" if intent.attempts == 1 else f"{intent.attempts} tries",
        because=f" {intent.reason}" if intent.reason else "",
        reason=intent.reason or "A later change took its place before it was sent.",
        shown=_shown(detail, intent),
    )
    return sentence + urgency(detail.order.ship_by, intent, now, zone)


def _shown(detail: OrderDetail, intent: IntentView) -> str:
    """What proves a confirmed change: reading it back, or the one call that can be made."""
    if capabilities.of(detail.order.channel).reads_back:
        return f"shows {intent.to_status.label}: read back and equal."
    return f"accepted {intent.to_status.label}; it cannot be asked, so that is the proof."


def urgency(ship_by: datetime | None, intent: IntentView, now: datetime, zone: ZoneInfo) -> str:
    """Why it goes before others: only where a deadline of the order says so."""
    if intent.state not in UNSENT or intent.from_status not in _BEFORE_LEAVING:
        return ""
    if ship_by is None or intent.send_by is None or intent.send_by > ship_by:
        return ""
    deadline = times.when(ship_by, now, zone)
    if ship_by <= now:
        return f" It goes before others: ship-by was {deadline}."
    wish = times.when(intent.send_by, now, zone)
    return f" It should be out before {wish}, because ship-by is {deadline}."


_SENTENCES: Final[dict[IntentState, str]] = {
    IntentState.QUEUED: "{who} set it; a worker takes it in a moment.",
    IntentState.BUDGET: "It waits for the limit that {channel} sets.{because}",
    IntentState.WAITING: "Next try {next}, after {tries}.{because}",
    IntentState.HELD: "{reason}",
    IntentState.SENDING: "{channel} is being told now.",
    IntentState.SENT: "{channel} accepted it. It is read back until it shows.",
    IntentState.CONFIRMED: "{channel} {shown}",
    IntentState.REJECTED: "{channel} refused it and still has its own status.",
    IntentState.NEEDS_PERSON: "{channel} changed the order meanwhile. Decide whose word stays.",
    IntentState.SUPERSEDED: "{reason}",
    IntentState.UNDONE: "It was taken back before it was sent.",
}
