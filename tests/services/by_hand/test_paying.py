"""Money that comes in later is noted once, wherever the parcel is."""

import pytest
from sqlmodel import Session, select

from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus, PaymentStatus
from crm_app.errors import ConflictError, PermissionDeniedError
from crm_app.models import AuditEntry, Order, OrderEvent
from crm_app.services import history
from crm_app.services.by_hand import paying
from tests.factories import AccountFactory, OrderFactory


def make(session: Session, **values: object) -> Order:
    account = AccountFactory(channel=values.pop("channel", Channel.MANUAL))
    order = OrderFactory(account=account, **{"payment_status": PaymentStatus.COD, **values})
    session.commit()
    return order


@pytest.mark.parametrize("status", [OrderStatus.CONFIRMED, OrderStatus.DELIVERED])
def test_an_order_by_hand_is_paid_once(session: Session, asha: Actor, status: OrderStatus) -> None:
    order = make(session, status=status)

    paying.mark_paid(session, asha, order.id)
    paying.mark_paid(session, asha, order.id)

    event = session.exec(select(OrderEvent)).one()
    assert (order.payment_status, order.version) == (PaymentStatus.PAID, 2)
    assert history.sentence(event.kind, event.data, order) == (
        "changed the payment from Cash on delivery to Paid"
    )
    assert session.exec(select(AuditEntry.action)).all() == ["order:paid"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"channel": Channel.AMAZON}, "Amazon says itself"),
        ({"status": OrderStatus.CANCELLED}, "is cancelled"),
        ({"payment_status": PaymentStatus.REFUNDED}, "is refunded"),
    ],
)
def test_other_orders_are_not(
    session: Session, asha: Actor, values: dict[str, object], said: str
) -> None:
    order = make(session, **values)

    with pytest.raises(ConflictError, match=said):
        paying.mark_paid(session, asha, order.id)

    assert session.exec(select(OrderEvent)).all() == []
    assert order.version == 1


def test_who_may_not_write_orders_marks_none(session: Session, reader: Actor) -> None:
    order = make(session)

    with pytest.raises(PermissionDeniedError):
        paying.mark_paid(session, reader, order.id)

    assert order.payment_status is PaymentStatus.COD
