"""What the words of a file mean in ours: a guess that people see and may change. Pure."""

from enum import StrEnum
from typing import Final

from crm_app.domain.order_status import OrderStatus, PaymentStatus
from crm_app.services.documents import fields


class Meaning(StrEnum):
    """What a status word of a file does to its order."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    PACKED = "packed"
    READY_TO_SHIP = "ready_to_ship"
    SHIPPED = "shipped"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    COMING_BACK = "coming_back"  # shipped, and on its way back to us
    RETURNED = "returned"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LEAVE_OUT = "leave_out"  # such orders are not imported

    @property
    def label(self) -> str:
        if self is Meaning.COMING_BACK:
            return "Shipped, coming back"
        if self is Meaning.LEAVE_OUT:
            return "Leave such orders out"
        return OrderStatus(self.value).label

    @property
    def status(self) -> OrderStatus:
        """The status; of an order that is left out nothing is asked."""
        return OrderStatus.SHIPPED if self is Meaning.COMING_BACK else OrderStatus(self.value)


# Parts of a word, in the order in which they are looked for: the special before the general.
_PARTS: Final[tuple[tuple[str, Meaning], ...]] = (
    ("partially", Meaning.CONFIRMED),
    ("lost", Meaning.FAILED),
    ("damaged", Meaning.FAILED),
    ("undeliver", Meaning.FAILED),
    ("not delivered", Meaning.FAILED),
    ("rto delivered", Meaning.RETURNED),
    ("returned", Meaning.RETURNED),
    ("refunded", Meaning.RETURNED),
    ("return", Meaning.COMING_BACK),
    ("rto", Meaning.COMING_BACK),
    ("rejected by buyer", Meaning.COMING_BACK),
    ("cancel", Meaning.CANCELLED),
    ("void", Meaning.CANCELLED),
    ("failed", Meaning.FAILED),
    ("out for delivery", Meaning.OUT_FOR_DELIVERY),
    ("delivered", Meaning.DELIVERED),
    ("complete", Meaning.DELIVERED),
    ("waiting for pick", Meaning.READY_TO_SHIP),
    ("ready", Meaning.READY_TO_SHIP),
    ("manifest", Meaning.READY_TO_SHIP),
    ("unshipped", Meaning.CONFIRMED),
    ("not shipped", Meaning.CONFIRMED),
    ("unfulfilled", Meaning.CONFIRMED),
    ("shipped", Meaning.SHIPPED),
    ("shipping", Meaning.SHIPPED),
    ("dispatched", Meaning.SHIPPED),
    ("transit", Meaning.SHIPPED),
    ("picked up", Meaning.SHIPPED),
    ("fulfilled", Meaning.SHIPPED),
    ("packed", Meaning.PACKED),
    ("unpaid", Meaning.PENDING),
    ("payment pending", Meaning.PENDING),
    ("awaiting", Meaning.PENDING),
    ("hold", Meaning.PENDING),
    ("pending", Meaning.PENDING),
    ("draft", Meaning.LEAVE_OUT),
    ("confirm", Meaning.CONFIRMED),
    ("processing", Meaning.CONFIRMED),
    ("approved", Meaning.CONFIRMED),
    ("accepted", Meaning.CONFIRMED),
)
_WHOLE: Final = {
    "new": Meaning.CONFIRMED,
    "open": Meaning.CONFIRMED,
    "paid": Meaning.CONFIRMED,
    "placed": Meaning.CONFIRMED,
    "done": Meaning.DELIVERED,
    "sold": Meaning.DELIVERED,
    "closed": Meaning.DELIVERED,
}

_PAYMENTS: Final[tuple[tuple[str, PaymentStatus], ...]] = (
    ("cash on delivery", PaymentStatus.COD),
    ("cod", PaymentStatus.COD),
    ("partially refunded", PaymentStatus.PARTIALLY_REFUNDED),
    ("partial refund", PaymentStatus.PARTIALLY_REFUNDED),
    ("refund", PaymentStatus.REFUNDED),
    ("unpaid", PaymentStatus.UNPAID),
    ("pending", PaymentStatus.UNPAID),
    ("due", PaymentStatus.UNPAID),
    ("credit note", PaymentStatus.REFUNDED),
    ("authori", PaymentStatus.AUTHORIZED),
    ("paid", PaymentStatus.PAID),
    ("captured", PaymentStatus.PAID),
    ("upi", PaymentStatus.PAID),
    ("card", PaymentStatus.PAID),
    ("cash", PaymentStatus.PAID),
    ("net banking", PaymentStatus.PAID),
    ("wallet", PaymentStatus.PAID),
    ("bank transfer", PaymentStatus.PAID),
    ("neft", PaymentStatus.PAID),
    ("razorpay", PaymentStatus.PAID),
    ("paytm", PaymentStatus.PAID),
    ("gpay", PaymentStatus.PAID),
    ("true", PaymentStatus.PAID),
    ("yes", PaymentStatus.PAID),
    ("no", PaymentStatus.UNPAID),
    ("false", PaymentStatus.UNPAID),
)


def guess_status(word: str) -> Meaning | None:
    """What a status word most likely means; None: a person has to say."""
    plain = fields.words(word)
    if plain in _WHOLE:
        return _WHOLE[plain]
    return next((meaning for part, meaning in _PARTS if part in plain), None)


def payment_of(word: str) -> PaymentStatus | None:
    """What a word for payment means; None where it tells nothing that we know."""
    plain = fields.words(word)
    return next(
        (
            payment
            for part, payment in _PAYMENTS
            if part in plain.split() or (len(part) > 4 and part in plain)
        ),
        None,
    )
