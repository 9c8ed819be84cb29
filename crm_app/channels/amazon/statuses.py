"""What Amazon's words for orders and parcels mean in ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from crm_app.channels.reading import WORD, Json, section, text
from crm_app.domain.order_status import OrderStatus

# fulfillmentStatus of an order (Orders API 2026-01-01).
ORDER: Final[Mapping[str, OrderStatus]] = {
    "PENDING_AVAILABILITY": OrderStatus.PENDING,
    "PENDING": OrderStatus.PENDING,
    "UNSHIPPED": OrderStatus.CONFIRMED,
    "PARTIALLY_SHIPPED": OrderStatus.CONFIRMED,
    "SHIPPED": OrderStatus.SHIPPED,
    "CANCELLED": OrderStatus.CANCELLED,
    "UNFULFILLABLE": OrderStatus.FAILED,
}

# packageStatus.status of a parcel, where its detailedStatus says nothing that we know.
_PARCEL: Final[Mapping[str, OrderStatus]] = {
    "PENDING": OrderStatus.PACKED,
    "IN_TRANSIT": OrderStatus.SHIPPED,
    "SHIPPED": OrderStatus.SHIPPED,
    "DELIVERED": OrderStatus.DELIVERED,
    "CANCELLED": OrderStatus.CANCELLED,
    "UNDELIVERABLE": OrderStatus.FAILED,
}

# packageStatus.detailedStatus: the model's words, then those of Amazon.in's seller report.
_DETAIL: Final[Mapping[str, OrderStatus]] = {
    "PENDING_SCHEDULE": OrderStatus.PACKED,
    "PENDING_PICK_UP": OrderStatus.READY_TO_SHIP,
    "PENDING_DROP_OFF": OrderStatus.READY_TO_SHIP,
    "LABEL_CANCELLED": OrderStatus.CANCELLED,
    "PICKED_UP": OrderStatus.SHIPPED,
    "DROPPED_OFF": OrderStatus.SHIPPED,
    "AT_ORIGIN_FC": OrderStatus.SHIPPED,
    "AT_DESTINATION_FC": OrderStatus.SHIPPED,
    "OUT_FOR_DELIVERY": OrderStatus.OUT_FOR_DELIVERY,
    "DELIVERED": OrderStatus.DELIVERED,
    "REJECTED_BY_BUYER": OrderStatus.SHIPPED,
    "RETURNING_TO_SELLER": OrderStatus.SHIPPED,
    "RETURNED_TO_SELLER": OrderStatus.RETURNED,
    "UNDELIVERABLE": OrderStatus.FAILED,
    "LOST": OrderStatus.FAILED,
    "DAMAGED": OrderStatus.FAILED,
    "Pending": OrderStatus.CONFIRMED,
    "Pending - Waiting for Pick Up": OrderStatus.READY_TO_SHIP,
    "Shipping": OrderStatus.SHIPPED,
    "Shipped": OrderStatus.SHIPPED,
    "Shipped - Picked Up": OrderStatus.SHIPPED,
    "Shipped - Out for Delivery": OrderStatus.OUT_FOR_DELIVERY,
    "Shipped - Delivered to Buyer": OrderStatus.DELIVERED,
    "Shipped - Rejected by Buyer": OrderStatus.SHIPPED,
    "Shipped - Returning to Seller": OrderStatus.SHIPPED,
    "Shipped - Returned to Seller": OrderStatus.RETURNED,
    "Shipped - Lost in Transit": OrderStatus.FAILED,
    "Shipped - Damaged": OrderStatus.FAILED,
    "Cancelled": OrderStatus.CANCELLED,
}
_COMING_BACK: Final = frozenset(
    {
        "REJECTED_BY_BUYER",
        "RETURNING_TO_SELLER",
        "Shipped - Rejected by Buyer",
        "Shipped - Returning to Seller",
    }
)

# How far a parcel has come; an order is only as far as its last parcel.
_BEFORE_SHIPPING: Final = (OrderStatus.CONFIRMED, OrderStatus.PACKED, OrderStatus.READY_TO_SHIP)
_ON_THE_WAY: Final = (OrderStatus.SHIPPED, OrderStatus.OUT_FOR_DELIVERY)
# Of parcels that have all arrived somewhere, the one that needs a person most speaks first.
_ARRIVED: Final = (OrderStatus.FAILED, OrderStatus.DELIVERED, OrderStatus.RETURNED)


@dataclass(frozen=True, slots=True)
class Reading:
    """An order's words in ours. `status` is None for a fulfillmentStatus that we do not know."""

    words: str
    status: OrderStatus | None
    return_requested: bool


def read(word: str, packages: Sequence[Json]) -> Reading:
    """Read an order's fulfillmentStatus and refine it by its parcels.

    Parcels only refine what the order says: an UNSHIPPED order can be packed or ready to ship,
    a SHIPPED one out for delivery, delivered, returned or failed. Any other word stands alone.

    Raises:
        BadFieldError: A parcel's status is not text.
    """
    coarse = ORDER.get(word)
    if not packages:
        return Reading(word, coarse, return_requested=False)
    details: list[str] = []
    states: list[OrderStatus] = []
    for package in packages:
        detail, state = _parcel(package)
        if detail and detail != word and detail not in details:
            details.append(detail)
        if state is not None and state is not OrderStatus.CANCELLED:
            states.append(state)
    words = f"{word} / {', '.join(details)}" if details else word
    is_coming_back = not _COMING_BACK.isdisjoint(details)
    status = _refine(word, coarse, states)
    is_partly_returned = status is OrderStatus.DELIVERED and OrderStatus.RETURNED in states
    return Reading(words[:200], status, is_coming_back or is_partly_returned)


def _parcel(package: Json) -> tuple[str, OrderStatus | None]:
    """The parcel's finest word, and what it means; None if both words are unknown."""
    status = section(package, "packageStatus")
    word, detail = text(status, "status", WORD), text(status, "detailedStatus", WORD)
    return detail or word, _DETAIL.get(detail) or _PARCEL.get(word)


def _refine(word: str, coarse: OrderStatus | None, states: list[OrderStatus]) -> OrderStatus | None:
    if word == "UNSHIPPED" and states and all(state in _BEFORE_SHIPPING for state in states):
        return min(states, key=_BEFORE_SHIPPING.index)
    if word != "SHIPPED" or any(state in _BEFORE_SHIPPING for state in states):
        return coarse
    moving = [state for state in states if state in _ON_THE_WAY]
    if moving:
        return min(moving, key=_ON_THE_WAY.index)
    return next((state for state in _ARRIVED if state in states), coarse)
