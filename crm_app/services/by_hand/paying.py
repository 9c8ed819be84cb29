"""Money that comes in later for an order that people wrote."""

from typing import Final

from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import WITHOUT_REVENUE, PaymentStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ConflictError
from crm_app.models import Order, OrderEvent
from crm_app.services import audit, orders, reach
from crm_app.services.events import event_row

_OPEN: Final = (PaymentStatus.UNPAID, PaymentStatus.COD, PaymentStatus.AUTHORIZED)


def can_be_paid(order: Order) -> bool:
    """Whether its money is still to come, and ours to note."""
    return (
        order.channel is Channel.MANUAL
        and order.payment_status in _OPEN
        and order.status not in WITHOUT_REVENUE
    )


def mark_paid(session: Session, actor: Actor, order_id: int) -> Order:
    """Note that an order by hand is paid, wherever its parcel is. Again does nothing.

    Raises:
        PermissionDeniedError: Without `orders.create`.
        NotFoundError: If there is no such order.
        ConflictError: If the order is a channel's, or was cancelled, lost or sent back.
    """
    reach.require(session, actor, Permission.CREATE_ORDERS)
    order = orders.locked(session, order_id)
    if order.channel is Channel.MANUAL and order.payment_status is PaymentStatus.PAID:
        return order
    if order.channel is not Channel.MANUAL:
        raise ConflictError(f"{order.channel.label} says itself when this order is paid.")
    if not can_be_paid(order):
        word = order.status.label if order.status in WITHOUT_REVENUE else order.payment_status.label
        raise ConflictError(f"This order is {word.lower()}: nothing is to be paid.")
    before = order.payment_status
    order.payment_status = PaymentStatus.PAID
    order.version += 1
    order.updated_at = now()
    data = {"payment_status": [before.value, PaymentStatus.PAID.value]}
    row = event_row(order.id, "order:updated", actor, data, version=order.version)
    session.add(OrderEvent(**row))
    session.flush()
    audit.record(
        session,
        actor,
        "order:paid",
        subject_type="order",
        subject_id=order.id,
        before={"payment_status": before.value},
        after={"payment_status": PaymentStatus.PAID.value},
    )
    return order
