"""What a person may do next with an order: buttons, and the question some of them ask. Pure."""

from dataclasses import dataclass, field
from typing import Final, Self

from crm_app.domain.order_status import OrderStatus
from crm_app.services.order_view import OrderDetail
from crm_app.services.orders import StatusChoice

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
    """One button, or one reason why there is none. `asks`: it opens a question first."""

    status: str
    label: str
    look: str
    asks: bool
    hint: str
    why_not: str = ""


def choices(detail: OrderDetail) -> list[Choice]:
    """What is allowed first, the natural step leading; then what is refused, with its reason."""
    allowed = [choice for choice in detail.choices if not choice.why_not]
    refused = [choice for choice in detail.choices if choice.why_not]
    natural = next((s for s in _NATURAL if any(c.status is s for c in allowed)), None)
    allowed.sort(key=lambda choice: choice.status is not natural)
    channel = detail.order.channel.label
    return [_choice(choice, natural, channel) for choice in (*allowed, *refused)]


def _choice(choice: StatusChoice, natural: OrderStatus | None, channel: str) -> Choice:
    is_grave = choice.status in _GRAVE
    return Choice(
        status=choice.status.value,
        label=_VERBS.get(choice.status, choice.status.label),
        look=_look(choice.status, natural),
        asks=is_grave or choice.needs_tracking or choice.status is OrderStatus.SHIPPED,
        hint=_hint(choice, channel),
        why_not=choice.why_not,
    )


def _look(status: OrderStatus, natural: OrderStatus | None) -> str:
    if status is natural:
        return "btn primary"
    # Beside a natural step a grave one steps back; alone it is the row's only button.
    return "btn quiet" if status in _GRAVE and natural else "btn"


def _hint(choice: StatusChoice, channel: str) -> str:
    return f"{channel} is told" if choice.is_pushed else f"Only here; {channel} is not told"


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
    failure: str = ""
    mistakes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, choice: StatusChoice, channel: str, number: str) -> Self:
        verb = _VERBS.get(choice.status, choice.status.label)
        is_parcel = choice.needs_tracking or choice.status is OrderStatus.SHIPPED
        return cls(
            is_open=True,
            status=choice.status.value,
            title=f"{verb} {number}" if is_parcel else f"{verb}: {number}",
            explanation=_explanation(choice, channel),
            verb=verb,
            look="btn danger" if choice.status in _GRAVE else "btn primary",
            asks_parcel=is_parcel,
            is_required=choice.needs_tracking,
        )


def _explanation(choice: StatusChoice, channel: str) -> str:
    if choice.needs_tracking:
        return f"{channel} asks for the carrier and the tracking number, and is told at once."
    if choice.is_pushed:
        return f"{channel} is told at once, and may tell the buyer."
    return f"This is noted here only; {channel} is not told."
