"""What a person may do next with an order: buttons, and the question some of them ask. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from crm_app.channels import capabilities
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.errors import CrmError, InvalidInputError
from crm_app.services.order_view import OrderDetail
from crm_app.services.orders import StatusChoice
from crm_app.ui.order.differences import Changed, changed_of

_FIELDS: Final = ("carrier", "tracking_number", "lines", "why")
_VERBS: Final[dict[OrderStatus, str]] = {
    OrderStatus.CONFIRMED: "Confirm",
    OrderStatus.PACKED: "Mark packed",
    OrderStatus.READY_TO_SHIP: "Ready to ship",
    OrderStatus.SHIPPED: "Ship",
    OrderStatus.OUT_FOR_DELIVERY: "Out for delivery",
    OrderStatus.DELIVERED: "Mark delivered",
    OrderStatus.CANCELLED: "Cancel order",
    OrderStatus.RETURNED: "Mark returned",
    OrderStatus.FAILED: "Mark failed",
}
# The step that most orders take next is the first of these that is allowed.
_NATURAL: Final = (
    OrderStatus.CONFIRMED,
    OrderStatus.PACKED,
    OrderStatus.READY_TO_SHIP,
    OrderStatus.SHIPPED,
    OrderStatus.OUT_FOR_DELIVERY,
    OrderStatus.DELIVERED,
)
# Hard to take back: asked once more.
_GRAVE: Final = (OrderStatus.CANCELLED, OrderStatus.FAILED, OrderStatus.RETURNED)


@dataclass(frozen=True)
class Choice:
    """One button; three dots at the end of its label announce a question."""

    status: str
    label: str
    look: str
    hint: str


@dataclass(frozen=True)
class Refusal:
    """Steps that are not possible now, and the one reason of them all."""

    labels: str
    why: str


@dataclass(frozen=True)
class Steps:
    """What can be done with an order, and what not."""

    allowed: list[Choice] = field(default_factory=list[Choice])
    refused: list[Refusal] = field(default_factory=list[Refusal])
    carriers: list[str] = field(default_factory=list[str])

    @classmethod
    def of(cls, detail: OrderDetail) -> Self:
        """The natural step leads; refused ones follow with their reasons."""
        allowed = [choice for choice in detail.choices if not choice.why_not]
        natural = next((s for s in _NATURAL if any(c.status is s for c in allowed)), None)
        # Where the two sides disagree that is decided first: no other step leads.
        if detail.order.sync_status in (SyncStatus.REJECTED, SyncStatus.CONFLICT):
            natural = None
        allowed.sort(key=lambda choice: choice.status is not natural)
        channel = detail.order.channel.label
        return cls(
            allowed=[_choice(choice, natural, channel) for choice in allowed],
            refused=_refusals(detail.choices),
            carriers=list(detail.carriers),
        )


def _refusals(choices: tuple[StatusChoice, ...]) -> list[Refusal]:
    labels: dict[str, list[str]] = {}
    for choice in choices:
        if choice.why_not:
            labels.setdefault(choice.why_not, []).append(_verb(choice.status))
    return [Refusal(", ".join(words), why) for why, words in labels.items()]


def asks(choice: StatusChoice) -> bool:
    """Whether the step needs details of the parcel, or a second thought."""
    is_parcel = choice.needs_tracking or choice.status is OrderStatus.SHIPPED
    return is_parcel or choice.status in _GRAVE


def _verb(status: OrderStatus) -> str:
    return _VERBS.get(status, status.label)


def _choice(choice: StatusChoice, natural: OrderStatus | None, channel: str) -> Choice:
    return Choice(
        status=choice.status.value,
        label=_verb(choice.status) + ("…" if asks(choice) else ""),
        look=_look(choice.status, natural),
        hint=_hint(choice, channel),
    )


def _look(status: OrderStatus, natural: OrderStatus | None) -> str:
    if status is natural:
        return "btn primary"
    # Beside a natural step a grave one steps back; alone it is the row's only button.
    return "btn quiet" if status in _GRAVE and natural else "btn"


def _hint(choice: StatusChoice, channel: str) -> str:
    return f"{channel} is told" if choice.is_pushed else f"Only here; {channel} is not told"


@dataclass(frozen=True)
class Reason:
    """Why an order is cancelled: the channel's code, and in words."""

    code: str
    words: str


@dataclass(frozen=True)
class Piece:
    """Pieces of a line that are still to leave; `name` is its field in the form."""

    name: str
    key: str
    title: str
    sku: str
    left: int
    of: str


@dataclass(frozen=True)
class Question:
    """What is asked before a step: parcel details, or a plain yes."""

    is_open: bool = False
    status: str = ""
    title: str = ""
    explanation: str = ""
    verb: str = ""
    look: str = "btn primary"
    asks_parcel: bool = False
    is_required: bool = False
    # What the channel lets a seller say of a cancellation.
    reasons: list[Reason] = field(default_factory=list[Reason])
    # What is left to ship, where less than all of it may leave.
    pieces: list[Piece] = field(default_factory=list[Piece])
    failure: str = ""
    mistakes: dict[str, str] = field(default_factory=dict)
    # The order's version that the person saw when the question was asked, or was told since.
    version: int = 0
    # What somebody else changed since then.
    changes: list[Changed] = field(default_factory=list[Changed])

    @classmethod
    def of(cls, choice: StatusChoice, detail: OrderDetail, version: int) -> Self:
        order = detail.order
        channel, number = order.channel.label, order.order_number
        reasons = capabilities.of(order.channel).cancel_reasons
        is_cancel = choice.status is OrderStatus.CANCELLED
        verb = _verb(choice.status)
        is_parcel = choice.needs_tracking or choice.status is OrderStatus.SHIPPED
        return cls(
            is_open=True,
            status=choice.status.value,
            title=f"{verb} {number}" if is_parcel else f"{verb}: {number}",
            explanation=_explanation(choice, channel, detail),
            pieces=_pieces(detail) if choice.status is OrderStatus.SHIPPED else [],
            verb=verb,
            look="btn danger" if choice.status in _GRAVE else "btn primary",
            asks_parcel=is_parcel,
            is_required=choice.needs_tracking,
            version=version,
            reasons=[Reason(*one) for one in reasons.items()] if is_cancel else [],
        )

    def after(self, error: CrmError, now: datetime, zone: ZoneInfo) -> Self:
        """The same question after a save that failed: what was typed stays, and why it failed."""
        if changes := changed_of(error, now, zone):
            # Told what changed, the person may go on: from here on that is what they saw.
            version = int(error.details["version"])
            return replace(
                self, failure="", mistakes={}, changes=changes, version=version, verb=self.anyway
            )
        mistakes = {name: str(error.details[name]) for name in _FIELDS if name in error.details}
        # Under its field where it has one, else above the buttons.
        return replace(self, failure="" if mistakes else str(error), mistakes=mistakes)

    @property
    def anyway(self) -> str:
        """The button once somebody else changed the order."""
        return self.verb if self.changes else f"{self.verb} all the same"


def _pieces(detail: OrderDetail) -> list[Piece]:
    """To choose from: nothing where the channel takes a whole only, or one piece is left."""
    left = [line for line in detail.lines if line.left]
    if detail.why_whole or sum(line.left for line in left) < 2:
        return []
    return [
        Piece(
            name=f"piece-{at}",
            key=line.external_id,
            title=line.title or "No title",
            sku=line.sku,
            left=line.left,
            of=f"of {line.left}",
        )
        for at, line in enumerate(left)
    ]


def pieces_of(question: Question, form: Mapping[str, Any]) -> dict[str, int]:
    """What was chosen, by the line's external id.

    Raises:
        InvalidInputError: If a number is none.
    """
    found: dict[str, int] = {}
    for piece in question.pieces:
        typed = str(form.get(piece.name, "")).strip() or "0"
        if not (typed.isascii() and typed.isdecimal() and len(typed) < 7):
            said = f"How many of {piece.title}? Write a whole number."
            raise InvalidInputError(said, details={"lines": said})
        found[piece.key] = int(typed)
    return found


def _explanation(choice: StatusChoice, channel: str, detail: OrderDetail) -> str:
    said = _told(choice, channel)
    is_several = sum(line.left for line in detail.lines) > 1
    if choice.status is OrderStatus.SHIPPED and detail.why_whole and is_several:
        return f"{said} {detail.why_whole}"
    return said


def _told(choice: StatusChoice, channel: str) -> str:
    if choice.needs_tracking:
        return f"{channel} asks for the carrier and the tracking number, and is told at once."
    if choice.is_pushed:
        return f"{channel} is told at once, and may tell the buyer."
    return f"This is noted here only; {channel} is not told."
