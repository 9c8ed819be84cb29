"""Which status change goes first when a channel's budget is scarce: by deadline, then by cost.

Written with the change and indexed, so that a worker finds the next one among a hundred thousand
without looking at the others. Three keys, in this order:

1. A person who waits for one order goes before the many of a bulk change that can wait.
2. `send_by`, in steps of a quarter of an hour: the moment from which on it costs something that
   the channel does not know. A change without a deadline gets one a day after it was made, so it
   comes forward with time and is never passed over for good.
3. `late_cost`, higher first: the order's value, times what the channel makes of a late one
   (`Capabilities.lateness`).
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from crm_app.channels import capabilities
from crm_app.domain.order_status import TO_SHIP, OrderStatus
from crm_app.models import Order

# Changes of one quarter of an hour are equally pressing; among them the cost decides.
STEP: Final = timedelta(minutes=15)
# What nobody set a deadline for should be known to its channel within a day.
_WITHIN: Final = timedelta(days=1)
# How long before the deadline the channel should know: a failed try can still be repeated.
_AHEAD: Final = timedelta(minutes=30)
# Rupees and cents alike: the index holds a small number, and a scale is all that is needed.
_MINOR_PER_POINT: Final = 10_000
_MOST_POINTS: Final = 32_000
_BEFORE_LEAVING: Final = (OrderStatus.PENDING, *TO_SHIP)
# An order whose total is not known yet is no cheap one.
_UNKNOWN_POINTS: Final = 10


def send_by(ship_by: datetime | None, origin: OrderStatus, made_at: datetime) -> datetime:
    """The moment by which the channel should know, rounded down to a quarter of an hour.

    Steps towards the parcel's leaving have to be known before ship-by, and a cancellation too, for
    a late one is late twice. What follows the shipment has no deadline of ours.

    Args:
        ship_by: The order's deadline, if its channel sets one.
        origin: The status that the order had.
        made_at: When the change was made.
    """
    latest = made_at + _WITHIN
    has_deadline = ship_by is not None and origin in _BEFORE_LEAVING
    moment = min(ship_by - _AHEAD, latest) if ship_by and has_deadline else latest
    seconds = STEP.total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)


def read_back_by(sent_at: datetime) -> datetime:
    """The same for one of many that was sent: it can wait until the others are told."""
    return send_by(None, OrderStatus.SHIPPED, sent_at) + STEP


def late_cost(order: Order) -> int:
    """What is lost if it comes too late, on a scale of 0 to 32,000: hundreds of the currency."""
    weight = capabilities.of(order.channel).lateness.weight
    if order.total_minor is None:
        return round(_UNKNOWN_POINTS * weight)
    return max(0, min(_MOST_POINTS, round(order.total_minor / _MINOR_PER_POINT * weight)))
