"""What each of our statuses means for a channel, and what a channel can do: the types.

Each channel's folder declares its own `Capabilities` in `statuses.py`; `capabilities.py` collects
them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from crm_app.channels.words import Vocabulary, Word
from crm_app.domain.order_status import OrderStatus


class Telling(StrEnum):
    """What a move to a status means for the channel."""

    PUSH = "push"  # the channel is told
    LOCAL = "local"  # our desk's own step; the channel has no word for it
    REFUSED = "refused"  # only the channel itself may say this


@dataclass(frozen=True, slots=True)
class StatusRule:
    """How one of our statuses travels to one channel.

    Attributes:
        why: Shown where it may not travel.
        shows: The word that the channel shows once it took the status; None if no word does.
        operation: The channel's own name of the call that tells it, the key of its limit.
        not_from: Words of the channel's first vocabulary from which it never takes the status.
    """

    telling: Telling
    needs_tracking: bool = False
    why: str = ""
    shows: Word | None = None
    operation: str = ""
    not_from: frozenset[str] = frozenset()


class Proof(StrEnum):
    """How a channel proves that a webhook is its own; in words for people."""

    BODY = "The body is signed: what it says is used."
    CALLER = "The caller is proved, the body is not: each one is only a hint, and is read again."
    KEY = "A fixed key comes with it; nothing is signed."


class GapKind(StrEnum):
    """What can be wrong with a channel's table."""

    UNMAPPED = "unmapped word"  # published, and we have no meaning for it
    UNREACHABLE = "unreachable"  # a status of ours that no order of the channel can have
    MERGED = "words merged"  # several words, one status: the difference is lost
    TOLD_ALIKE = "told alike"  # several statuses, one word: reading back cannot tell which
    UNCONFIRMED = "unconfirmed"  # told, and no word of the channel ever says it
    STRAY = "stray word"  # a rule names a word that is in no vocabulary


class Gap(NamedTuple):
    """One finding: its kind, and what it is about."""

    kind: GapKind
    about: str


def unreachable(status: OrderStatus) -> Gap:
    """No order of the channel ever has this status."""
    return Gap(GapKind.UNREACHABLE, status.value)


def merged(vocabulary: str, status: OrderStatus) -> Gap:
    """Several words of a vocabulary mean this one status."""
    return Gap(GapKind.MERGED, f"{vocabulary}: {status.value}")


def unconfirmed(status: OrderStatus) -> Gap:
    """No word that the channel shows says this status, though it takes it."""
    return Gap(GapKind.UNCONFIRMED, status.value)


def told_alike(statuses: Iterable[OrderStatus]) -> Gap:
    """The channel shows one word for all of these."""
    return Gap(GapKind.TOLD_ALIKE, ", ".join(sorted(status.value for status in statuses)))


@dataclass(frozen=True, slots=True)
class Lateness:
    """What a channel makes of an order that it is told of too late.

    Attributes:
        weight: The loss, as a multiple of the order's value; 1 where no contract says more.
        why: What the contract says; shown to whoever asks why one goes before another.
    """

    weight: float = 1.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One channel's rules.

    Attributes:
        statuses: What each target status means; one that is missing is refused.
        carriers: Carriers this channel knows by name, for the form; others are allowed.
        accepts_channel_fulfilled: Whether orders the channel ships itself take our statuses.
        takes_parts: Whether it can be told of one package while others are still to leave.
        why_whole: Why not; shown to whoever wants to ship a part.
        pulls: Whether it lists its orders; one that does not sends them by webhook only.
        reads_back: Whether one order can be read. If not, an accepted call is all the proof of a
            push, and a call without an answer is repeated.
        takes_back: Statuses that a person may take back after the channel was told.
        no_way_back: Why it takes back no other; shown where somebody tries to undo.
        lateness: What a change that comes after its deadline costs there.
        cancel_reasons: Its codes for why a seller cancels, each in words; empty where it asks none.
        batch_size: Orders that it is told of in one call; each has its own answer.
        reads_at_once: Orders that it shows in one call when they are asked for by their ids.
        proof: What its webhooks are proved by; None if it sends none.
        registers_hooks: Whether it can be asked for its webhooks, and told of new ones.
        is_inferred: Its contract is known from others' work, not from the channel.
        vocabularies: Its words for a status, the one of the order itself first.
        by_fact: Statuses that a fact of the order says and no word: each with that fact.
        accepted: What the check finds and we accept, each with the reason.
    """

    statuses: Mapping[OrderStatus, StatusRule]
    carriers: tuple[str, ...] = ()
    accepts_channel_fulfilled: bool = True
    takes_parts: bool = False
    why_whole: str = "This channel takes an order as a whole."
    pulls: bool = True
    reads_back: bool = True
    takes_back: frozenset[OrderStatus] = frozenset()
    no_way_back: str = "This channel takes no status back."
    lateness: Lateness = Lateness()
    cancel_reasons: Mapping[str, str] = field(default_factory=dict[str, str])
    batch_size: int = 1
    reads_at_once: int = 1
    proof: Proof | None = None
    registers_hooks: bool = False
    is_inferred: bool = False
    vocabularies: tuple[Vocabulary, ...] = ()
    by_fact: Mapping[OrderStatus, str] = field(default_factory=dict[OrderStatus, str])
    accepted: Mapping[Gap, str] = field(default_factory=dict[Gap, str])

    def rule(self, status: OrderStatus) -> StatusRule:
        return self.statuses.get(status, _REFUSED)

    def vocabulary(self, key: str) -> Vocabulary | None:
        return next((one for one in self.vocabularies if one.key == key), None)

    @property
    def local(self) -> frozenset[OrderStatus]:
        """The steps that this channel has no word for."""
        return frozenset(
            status for status, rule in self.statuses.items() if rule.telling is Telling.LOCAL
        )


_REFUSED: Final = StatusRule(Telling.REFUSED, why="This channel reports that status itself.")
LOCAL: Final = StatusRule(Telling.LOCAL)

# What the desk does on its own wherever a channel has no word for it.
OWN_STEPS: Final[Mapping[OrderStatus, StatusRule]] = {
    OrderStatus.PACKED: LOCAL,
    OrderStatus.READY_TO_SHIP: LOCAL,
    OrderStatus.RETURNED: LOCAL,
    OrderStatus.FAILED: LOCAL,
}

INDIAN_CARRIERS: Final = (
    "BlueDart",
    "Delhivery",
    "DTDC",
    "Ecom Express",
    "Ekart",
    "India Post",
    "Shadowfax",
    "XpressBees",
)


def push(
    vocabulary: str = "",
    word: str = "",
    *,
    by: str = "",
    needs_tracking: bool = False,
    not_from: Iterable[str] = (),
) -> StatusRule:
    """A status that the channel is told by a call, with the word that it shows afterwards."""
    shows = Word(vocabulary, word) if vocabulary else None
    return StatusRule(
        Telling.PUSH, needs_tracking, shows=shows, operation=by, not_from=frozenset(not_from)
    )


def refused(why: str) -> StatusRule:
    """A status that only the channel itself may say; `why` is shown to whoever asks for it."""
    return StatusRule(Telling.REFUSED, why=why)
