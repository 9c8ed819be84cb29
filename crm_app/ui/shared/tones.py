"""How statuses and other facts look: a tone, and for statuses how far along an order is. Pure."""

from dataclasses import dataclass
from typing import Final, Literal

from crm_app.domain.order_status import OrderStatus, PaymentStatus, SyncStatus

Tone = Literal["mute", "info", "go", "ok", "warn", "bad"]
# The filling of the small ring in a pill, so that a status is never only a colour.
Stage = Literal["0", "1", "2", "3", "4", "5", "done", "stop", "alert"]


@dataclass(frozen=True)
class Pill:
    """A short word in a tone. An empty text draws nothing."""

    text: str = ""
    tone: Tone = "mute"
    stage: Stage = "0"
    title: str = ""


_STATUS: Final[dict[OrderStatus, tuple[Tone, Stage]]] = {
    OrderStatus.PENDING: ("mute", "0"),
    OrderStatus.CONFIRMED: ("info", "1"),
    OrderStatus.PACKED: ("info", "2"),
    OrderStatus.READY_TO_SHIP: ("go", "3"),
    OrderStatus.SHIPPED: ("ok", "4"),
    OrderStatus.OUT_FOR_DELIVERY: ("ok", "5"),
    OrderStatus.DELIVERED: ("ok", "done"),
    OrderStatus.CANCELLED: ("mute", "stop"),
    OrderStatus.RETURNED: ("warn", "stop"),
    OrderStatus.FAILED: ("bad", "alert"),
}

_SYNC: Final[dict[SyncStatus, tuple[Tone, Stage]]] = {
    SyncStatus.IN_SYNC: ("ok", "done"),
    SyncStatus.QUEUED: ("mute", "1"),
    SyncStatus.PUSHING: ("info", "3"),
    SyncStatus.REJECTED: ("bad", "alert"),
    SyncStatus.CONFLICT: ("bad", "alert"),
}

_PAYMENT: Final[dict[PaymentStatus, tuple[Tone, Stage]]] = {
    PaymentStatus.UNPAID: ("warn", "0"),
    PaymentStatus.COD: ("mute", "1"),
    PaymentStatus.AUTHORIZED: ("info", "2"),
    PaymentStatus.PAID: ("ok", "done"),
    PaymentStatus.PARTIALLY_REFUNDED: ("warn", "3"),
    PaymentStatus.REFUNDED: ("mute", "stop"),
}


def status_pill(status: OrderStatus) -> Pill:
    tone, stage = _STATUS[status]
    return Pill(status.label, tone, stage)


def partly_pill(status: OrderStatus, shipped: int, units: int) -> Pill:
    """Of an order of which some pieces have left: the words of the status are on hover."""
    _, stage = _STATUS[status]
    return Pill(f"Partly shipped {shipped} of {units}", "go", stage, f"Rest: {status.label}")


def sync_pill(sync: SyncStatus) -> Pill:
    tone, stage = _SYNC[sync]
    return Pill(sync.label, tone, stage)


def payment_pill(payment: PaymentStatus) -> Pill:
    tone, stage = _PAYMENT[payment]
    return Pill(payment.label, tone, stage)
