"""What a channel last told of an order, as it told it."""

from typing import Any

from sqlmodel import Session, select

from crm_app.models import Order, OrderPayload
from crm_app.services import order_rows


def payload_of(session: Session, order: Order) -> Any:
    """The JSON of the stored version of an order; None if it is not kept (any more)."""
    body = session.exec(
        select(OrderPayload.body).where(
            OrderPayload.order_id == order.id, OrderPayload.payload_hash == order.payload_hash
        )
    ).one_or_none()
    return None if body is None else order_rows.unpack(body)
