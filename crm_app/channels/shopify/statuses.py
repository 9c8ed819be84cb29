"""What Shopify's words for an order's fulfilment and its parcels mean in ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from crm_app.domain.order_status import OrderStatus

# displayFulfillmentStatus of an order.
ORDER: Final[Mapping[str, OrderStatus]] = {
    "UNFULFILLED": OrderStatus.CONFIRMED,
    "OPEN": OrderStatus.CONFIRMED,
    "IN_PROGRESS": OrderStatus.CONFIRMED,
    "PENDING_FULFILLMENT": OrderStatus.CONFIRMED,
    # The fulfilment service said no: it is ours again.
    "REQUEST_DECLINED": OrderStatus.CONFIRMED,
    # A hold is a fact of its own beside the status.
    "ON_HOLD": OrderStatus.CONFIRMED,
    # What is left is ours to pack; the lines say how much has gone.
    "PARTIALLY_FULFILLED": OrderStatus.CONFIRMED,
    "SCHEDULED": OrderStatus.PENDING,
    "FULFILLED": OrderStatus.SHIPPED,
    # Nothing of it is ever sent.
    "FULFILLMENT_NOT_REQUIRED": OrderStatus.DELIVERED,
    "RESTOCKED": OrderStatus.CANCELLED,
}
HELD: Final = "ON_HOLD"

# displayStatus of a parcel.
PARCEL: Final[Mapping[str, OrderStatus]] = {
    "LABEL_PURCHASED": OrderStatus.READY_TO_SHIP,
    "LABEL_PRINTED": OrderStatus.READY_TO_SHIP,
    "READY_FOR_PICKUP": OrderStatus.READY_TO_SHIP,
    "LABEL_VOIDED": OrderStatus.READY_TO_SHIP,
    "SUBMITTED": OrderStatus.SHIPPED,
    "CONFIRMED": OrderStatus.SHIPPED,
    "FULFILLED": OrderStatus.SHIPPED,
    "MARKED_AS_FULFILLED": OrderStatus.SHIPPED,
    "CARRIER_PICKED_UP": OrderStatus.SHIPPED,
    "IN_TRANSIT": OrderStatus.SHIPPED,
    "DELAYED": OrderStatus.SHIPPED,
    "OUT_FOR_DELIVERY": OrderStatus.OUT_FOR_DELIVERY,
    "ATTEMPTED_DELIVERY": OrderStatus.OUT_FOR_DELIVERY,
    "DELIVERED": OrderStatus.DELIVERED,
    # By the buyer, at our counter.
    "PICKED_UP": OrderStatus.DELIVERED,
    "NOT_DELIVERED": OrderStatus.FAILED,
    "FAILURE": OrderStatus.FAILED,
}
# A parcel that was taken back is none.
VOID: Final = frozenset({"CANCELED", "CANCELLED"})

# An order is only as far as its last parcel; of those that have ended, failure speaks first.
_WAY: Final = (
    OrderStatus.READY_TO_SHIP,
    OrderStatus.SHIPPED,
    OrderStatus.OUT_FOR_DELIVERY,
    OrderStatus.FAILED,
    OrderStatus.DELIVERED,
)
_UNPAID: Final = frozenset({"PENDING", "AUTHORIZED", "EXPIRED"})
_MONEY_BACK: Final = frozenset({"VOIDED", "REFUNDED"})
_CAME_BACK: Final = frozenset({"RETURNED", "INSPECTION_COMPLETE"})
_COMING_BACK: Final = frozenset({"RETURN_REQUESTED", "IN_PROGRESS"})


@dataclass(frozen=True, slots=True)
class Facts:
    """Shopify's words about one order; `parcels` are those of the live ones."""

    fulfilment: str
    payment: str
    returning: str
    parcels: Sequence[str]
    is_cancelled: bool
    is_cod: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """The words that decided, and ours. `status` is None if the fulfilment word is unknown."""

    words: str
    status: OrderStatus | None
    return_requested: bool


def read(facts: Facts) -> Reading:
    """Read an order by its fulfilment, refined by its parcels, its payment and its return.

    Before anything was sent, money decides too: an order that is not paid yet (and not to be paid
    at the door) is pending, one whose money went back is cancelled.
    """
    word = facts.fulfilment
    coarse = ORDER.get(word)
    if facts.is_cancelled:
        return Reading(f"{word} / cancelled", OrderStatus.CANCELLED, return_requested=False)
    if coarse is OrderStatus.CONFIRMED and not facts.parcels:
        if facts.payment in _MONEY_BACK:
            return Reading(f"{word} / payment {facts.payment}", OrderStatus.CANCELLED, False)
        if facts.payment in _UNPAID and not facts.is_cod:
            return Reading(f"{word} / payment {facts.payment}", OrderStatus.PENDING, False)
    if coarse is not OrderStatus.SHIPPED:
        return Reading(word, coarse, return_requested=facts.returning in _COMING_BACK)
    return _sent(facts, word)


def _sent(facts: Facts, word: str) -> Reading:
    words = [word, *dict.fromkeys(one for one in facts.parcels if one and one != word)]
    if facts.returning in _CAME_BACK | _COMING_BACK:
        words.append(f"return {facts.returning}")
    told = " / ".join(words)[:200]
    if facts.returning in _CAME_BACK:
        return Reading(told, OrderStatus.RETURNED, return_requested=False)
    known = [PARCEL[one] for one in facts.parcels if one in PARCEL]
    status = min(known, key=_WAY.index) if known else OrderStatus.SHIPPED
    return Reading(told, status, return_requested=facts.returning in _COMING_BACK)
