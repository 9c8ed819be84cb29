"""The four axes of an order, and the moves that people may make on the first."""

from enum import StrEnum
from typing import Final

from crm_app.errors import InvalidTransitionError


class OrderStatus(StrEnum):
    """Our lifecycle words. Each channel's own words are translated in its `mapping.py`."""

    PENDING = "pending"  # placed, not ours to pack yet: payment or the channel's check is open
    CONFIRMED = "confirmed"  # ours to pack
    PACKED = "packed"
    READY_TO_SHIP = "ready_to_ship"
    SHIPPED = "shipped"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    FAILED = "failed"  # lost, damaged, undeliverable, or refused by the channel

    @property
    def label(self) -> str:
        """The word on the screen: `Ready to ship`."""
        return self.value.replace("_", " ").capitalize()


class PaymentStatus(StrEnum):
    UNPAID = "unpaid"
    COD = "cod"  # cash on delivery, not collected yet
    AUTHORIZED = "authorized"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"

    @property
    def label(self) -> str:
        if self is PaymentStatus.COD:
            return "Cash on delivery"
        return self.value.replace("_", " ").capitalize()


class SyncStatus(StrEnum):
    """How our status of an order stands to the channel's."""

    IN_SYNC = "in_sync"
    QUEUED = "queued"  # a change of ours waits to be sent
    PUSHING = "pushing"  # sent, not read back yet
    REJECTED = "rejected"  # the channel refused our change
    CONFLICT = "conflict"  # both sides changed it; a person decides

    @property
    def label(self) -> str:
        return SYNC_LABELS[self]


SYNC_LABELS: Final[dict[SyncStatus, str]] = {
    SyncStatus.IN_SYNC: "In sync",
    SyncStatus.QUEUED: "Queued",
    SyncStatus.PUSHING: "Sending",
    SyncStatus.REJECTED: "Rejected by channel",
    SyncStatus.CONFLICT: "Conflict",
}

# The parcel is still in the house.
IN_HOUSE: Final = frozenset(
    {
        OrderStatus.PENDING,
        OrderStatus.CONFIRMED,
        OrderStatus.PACKED,
        OrderStatus.READY_TO_SHIP,
    }
)

NEXT: Final[dict[OrderStatus, frozenset[OrderStatus]]] = {
    OrderStatus.PENDING: frozenset({OrderStatus.CONFIRMED, OrderStatus.CANCELLED}),
    OrderStatus.CONFIRMED: frozenset(
        {
            OrderStatus.PACKED,
            OrderStatus.READY_TO_SHIP,
            OrderStatus.SHIPPED,
            OrderStatus.CANCELLED,
        }
    ),
    OrderStatus.PACKED: frozenset(
        {OrderStatus.READY_TO_SHIP, OrderStatus.SHIPPED, OrderStatus.CANCELLED}
    ),
    OrderStatus.READY_TO_SHIP: frozenset({OrderStatus.SHIPPED, OrderStatus.CANCELLED}),
    OrderStatus.SHIPPED: frozenset(
        {
            OrderStatus.OUT_FOR_DELIVERY,
            OrderStatus.DELIVERED,
            OrderStatus.RETURNED,
            OrderStatus.FAILED,
        }
    ),
    OrderStatus.OUT_FOR_DELIVERY: frozenset(
        {OrderStatus.DELIVERED, OrderStatus.RETURNED, OrderStatus.FAILED}
    ),
    OrderStatus.DELIVERED: frozenset({OrderStatus.RETURNED}),
    OrderStatus.CANCELLED: frozenset(),
    OrderStatus.RETURNED: frozenset(),
    OrderStatus.FAILED: frozenset({OrderStatus.RETURNED}),
}

# Work is still to be done before the parcel leaves: what deadlines and "needs a person" look at.
TO_SHIP: Final = (OrderStatus.CONFIRMED, OrderStatus.PACKED, OrderStatus.READY_TO_SHIP)

# Orders that earned nothing: left out of revenue and of the average order value.
WITHOUT_REVENUE: Final = (OrderStatus.CANCELLED, OrderStatus.RETURNED, OrderStatus.FAILED)

# A finer word of ours that is still true while the channel says the coarser one.
REFINES: Final[dict[OrderStatus, OrderStatus]] = {
    OrderStatus.PACKED: OrderStatus.CONFIRMED,
    OrderStatus.READY_TO_SHIP: OrderStatus.CONFIRMED,
    OrderStatus.OUT_FOR_DELIVERY: OrderStatus.SHIPPED,
    OrderStatus.DELIVERED: OrderStatus.SHIPPED,
}


def check_transition(current: OrderStatus, new: OrderStatus) -> None:
    """Raise InvalidTransitionError unless people may move an order from `current` to `new`."""
    if new not in NEXT[current]:
        raise InvalidTransitionError(
            f"An order that is {current.label.lower()} cannot become {new.label.lower()}.",
            details={"from": current.value, "to": new.value},
        )
