"""What Flipkart's words for the items of a shipment mean in ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from crm_app.domain.order_status import OrderStatus

ITEM: Final[Mapping[str, OrderStatus]] = {
    "APPROVED": OrderStatus.CONFIRMED,
    # The labels are still being made, and that can fail: packed is what Flipkart calls so.
    "PACKING_IN_PROGRESS": OrderStatus.CONFIRMED,
    "FORM_FAILED": OrderStatus.FAILED,
    "PACKED": OrderStatus.PACKED,
    "READY_TO_DISPATCH": OrderStatus.READY_TO_SHIP,
    "PICKUP_COMPLETE": OrderStatus.SHIPPED,
    "SHIPPED": OrderStatus.SHIPPED,
    "DELIVERED": OrderStatus.DELIVERED,
    "COMPLETED": OrderStatus.DELIVERED,
    # On its way back to us: `RETURN_COMING` tells it beside the status.
    "RETURN_REQUESTED": OrderStatus.DELIVERED,
    "RETURNED": OrderStatus.RETURNED,
    "CANCELLED": OrderStatus.CANCELLED,
}
RETURN_COMING: Final = "RETURN_REQUESTED"
CANCELLED: Final = "CANCELLED"
# Flipkart still cancels these.
CANCELLABLE: Final = frozenset({"APPROVED", "PACKING_IN_PROGRESS", "FORM_FAILED"})

# A shipment is only as far as its last item; one that needs a person speaks first.
_ORDER: Final = (
    OrderStatus.FAILED,
    OrderStatus.CONFIRMED,
    OrderStatus.PACKED,
    OrderStatus.READY_TO_SHIP,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
    OrderStatus.RETURNED,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A shipment's words in ours. `status` is None if one of them is unknown."""

    words: str
    status: OrderStatus | None
    return_requested: bool


def item_status(word: str, *, is_courier_return: bool) -> OrderStatus | None:
    """One item's status; a parcel that the courier brings back never arrived."""
    if word == RETURN_COMING and is_courier_return:
        return OrderStatus.SHIPPED
    return ITEM.get(word)


def read(items: Sequence[tuple[str, OrderStatus | None]]) -> Reading:
    """Read a shipment by its items, each as Flipkart's word and ours.

    Cancelled items do not count unless all are cancelled.
    """
    words = list(dict.fromkeys(word for word, _ in items))
    live = [(word, status) for word, status in items if word != CANCELLED]
    states = [status for _, status in live]
    status: OrderStatus | None = None
    if not live:
        status = OrderStatus.CANCELLED
    elif None not in states:
        status = min((found for found in states if found), key=_ORDER.index)
    is_partly_back = status is OrderStatus.DELIVERED and OrderStatus.RETURNED in states
    return Reading(", ".join(words)[:200], status, RETURN_COMING in words or is_partly_back)
