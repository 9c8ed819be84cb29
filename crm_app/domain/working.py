"""The desk's own words on an order: how urgent, why held, and the colours of tags."""

from enum import StrEnum
from typing import Final

from crm_app.domain.order_status import OrderStatus


class Priority(StrEnum):
    """How urgent the desk finds an order; channels know nothing of it."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def label(self) -> str:
        return self.value.capitalize()


class HoldReason(StrEnum):
    """Why the desk does not go on with an order for now."""

    ADDRESS = "address"
    PAYMENT = "payment"
    STOCK = "stock"
    BUYER = "buyer"
    FRAUD = "fraud"
    OTHER = "other"

    @property
    def label(self) -> str:
        return _REASONS[self]


_REASONS: Final[dict[HoldReason, str]] = {
    HoldReason.ADDRESS: "Address to be checked",
    HoldReason.PAYMENT: "Payment to be checked",
    HoldReason.STOCK: "Out of stock",
    HoldReason.BUYER: "Waiting for the buyer",
    HoldReason.FRAUD: "Looks like fraud",
    HoldReason.OTHER: "Other reason",
}

# Before the parcel leaves there is something to hold; an order that is over is released.
HOLDABLE: Final = (
    OrderStatus.PENDING,
    OrderStatus.CONFIRMED,
    OrderStatus.PACKED,
    OrderStatus.READY_TO_SHIP,
)
# Work waits in these: such an order is not put away.
TO_SHIP: Final = (OrderStatus.CONFIRMED, OrderStatus.PACKED, OrderStatus.READY_TO_SHIP)


class TagColour(StrEnum):
    """A tag's colour; the sheet of the pages says what each looks like, light and dark."""

    GRAY = "gray"
    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    TEAL = "teal"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"
