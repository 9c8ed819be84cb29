"""A replay as staff see it: how far it is, what would change, what was changed. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from crm_app.domain.order_status import OrderStatus
from crm_app.models import Replay, ReplayState
from crm_app.services.remapping import Fate
from crm_app.ui.shared import times
from crm_app.ui.shared.links import order_path
from crm_app.ui.shared.tones import Pill, status_pill

# In the order in which they are told.
_SAID: Final[dict[Fate, str]] = {
    Fate.REFRESHED: "keep their status and get other details, such as amounts or dates",
    Fate.TRAVELLING: "held back: a status change is on its way to the channel",
    Fate.DISPUTED: "held back: the channel refused a change of ours, or disagrees with it",
    Fate.PERSON: "held back: a person set their status",
    Fate.UNKNOWN: "still carry a word without a meaning",
    Fate.GONE: "cannot be read again: what the channel sent is no longer kept",
    Fate.UNREADABLE: "cannot be read again: what the channel sent makes no sense",
}
_EXAMPLES_OF: Final = (Fate.TRAVELLING, Fate.DISPUTED, Fate.PERSON, Fate.UNKNOWN, Fate.UNREADABLE)


@dataclass(frozen=True)
class Move:
    """So many orders from one status to another."""

    key: str
    before: Pill
    after: Pill
    count: str


@dataclass(frozen=True)
class Example:
    """One order that a replay met."""

    key: str
    number: str
    href: str
    before: Pill
    after: Pill
    why: str


@dataclass(frozen=True)
class Group:
    """Orders of one fate that is not a change, with a few of them."""

    key: str
    count: str
    said: str
    examples: list[Example] = field(default_factory=list)


@dataclass(frozen=True)
class ReplayView:
    """The newest replay of a channel; nothing is drawn while `is_shown` is false."""

    is_shown: bool = False
    id: int = 0
    is_open: bool = False
    is_checked: bool = False
    title: str = ""
    sentence: str = ""
    seen: int = 0
    expected: int = 1
    progress: str = ""
    moves: list[Move] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    can_apply: bool = False
    apply_label: str = ""
    look: str = ""

    @classmethod
    def of(cls, replay: Replay | None, now: datetime, zone: ZoneInfo) -> Self:
        if replay is None:
            return cls()
        is_dry = replay.state in (ReplayState.CHECKING, ReplayState.CHECKED)
        tally: dict[str, Any] = replay.found if is_dry else replay.done
        seen = int(tally.get("seen", 0))
        changed, refreshed = _count(tally, Fate.CHANGED), _count(tally, Fate.REFRESHED)
        is_open = replay.state in (ReplayState.CHECKING, ReplayState.APPLYING)
        return cls(
            is_shown=True,
            id=replay.id,
            is_open=is_open,
            is_checked=replay.state is ReplayState.CHECKED,
            title=_title(replay.state, changed + refreshed),
            sentence=_sentence(replay, seen, changed, now, zone),
            seen=seen,
            expected=max(replay.expected, seen, 1),
            progress=f"{seen:,} of {max(replay.expected, seen):,} orders read",
            moves=_moves(tally),
            groups=_groups(tally),
            examples=_examples(tally, Fate.CHANGED),
            can_apply=replay.state is ReplayState.CHECKED and changed + refreshed > 0,
            apply_label=f"Apply to {_orders(changed + refreshed)}",
            look=replay.state.value,
        )


_TITLES: Final[dict[ReplayState, str]] = {
    ReplayState.CHECKING: "Looking at stored orders",
    ReplayState.CHECKED: "What would change",
    ReplayState.APPLYING: "Applying the words to stored orders",
    ReplayState.DONE: "Stored orders were read again",
    ReplayState.STOPPED: "Reading again was stopped",
}


def _title(state: ReplayState, differing: int) -> str:
    is_idle = state is ReplayState.CHECKED and not differing
    return "Nothing would change" if is_idle else _TITLES[state]


def _sentence(replay: Replay, seen: int, changed: int, now: datetime, zone: ZoneInfo) -> str:
    which = f"that carried {replay.word}" if replay.word else f"of {replay.channel.label}"
    at = times.when(replay.updated_at, now, zone)
    match replay.state:
        case ReplayState.CHECKING:
            return f"Orders {which} are looked at with the words as they are now. None is changed."
        case ReplayState.CHECKED:
            verb = "would change their status" if changed else "No status would change"
            said = f"{_orders(changed)} {verb}" if changed else verb
            return f"{_orders(seen)} {which} looked at, {at}. {said}; nothing is written yet."
        case ReplayState.APPLYING:
            return f"{replay.asked_by} applies it. You may leave this page."
        case ReplayState.DONE:
            return f"{_orders(changed)} changed their status: {replay.asked_by}, {at}."
        case _:
            return f"{replay.reason} {_orders(changed)} had changed by then."


def _count(tally: dict[str, Any], fate: Fate) -> int:
    return int(tally.get("fates", {}).get(fate.value, 0))


def _moves(tally: dict[str, Any]) -> list[Move]:
    found: dict[str, int] = tally.get("moves", {})
    return [
        Move(key, *_pills(key), f"{count:,}")
        for key, count in sorted(found.items(), key=lambda item: -item[1])
    ]


def _pills(move: str) -> tuple[Pill, Pill]:
    before, _, after = move.partition(">")
    return _pill(before), _pill(after)


def _pill(word: str) -> Pill:
    return status_pill(OrderStatus(word)) if word else Pill()


def _groups(tally: dict[str, Any]) -> list[Group]:
    return [
        Group(
            key=fate.value,
            count=_orders(_count(tally, fate)),
            said=said,
            examples=_examples(tally, fate) if fate in _EXAMPLES_OF else [],
        )
        for fate, said in _SAID.items()
        if _count(tally, fate)
    ]


def _examples(tally: dict[str, Any], fate: Fate) -> list[Example]:
    found: list[list[Any]] = tally.get("examples", {}).get(fate.value, [])
    return [
        Example(str(order_id), str(number), order_path(order_id), *_pills(move), str(why))
        for order_id, number, move, why in found
    ]


def _orders(count: int) -> str:
    return f"{count:,} {'order' if count == 1 else 'orders'}"
