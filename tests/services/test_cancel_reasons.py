"""Why an order is cancelled, in the channel's own codes."""

import pytest
from sqlmodel import Session, select

from crm_app import db
from crm_app.channels import capabilities
from crm_app.channels.flipkart import steps
from crm_app.channels.shopify import changes
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.errors import InvalidInputError
from crm_app.models import Order, OrderEvent, StatusIntent
from crm_app.services import history, orders, pushing
from tests.factories import AccountFactory, OrderFactory
from tests.services import bulk_runs as bulk_tool
from tests.services.fakes import FakeShop, told

S = OrderStatus


def make(session: Session, channel: Channel) -> int:
    order = OrderFactory(account=AccountFactory(channel=channel))
    session.commit()
    return order.id


def cancel(actor: Actor, order_id: int, reason: str, status: OrderStatus = S.CANCELLED) -> None:
    with db.transaction() as session:
        orders.change_status(session, actor, order_id, status, cancel_reason=reason)


def test_the_reason_travels_with_the_cancellation(session: Session, asha: Actor) -> None:
    order_id = make(session, Channel.SHOPIFY)
    cancel(asha, order_id, "INVENTORY")
    order = session.get_one(Order, order_id)
    shop = FakeShop()
    shop.put(told(order.external_id))

    pushing.push(shop, order.account_id, budget_s=5)

    assert session.exec(select(StatusIntent.cancel_reason)).one() == "INVENTORY"
    assert [update.cancel_reason for update in shop.pushed] == ["INVENTORY"]
    event = session.exec(select(OrderEvent).order_by("id")).first()
    assert event is not None
    session.refresh(order)
    assert history.sentence(event.kind, event.data, order).endswith("because of inventory")


@pytest.mark.parametrize(
    ("channel", "reason", "status"),
    [
        (Channel.SHOPIFY, "b2b_order", S.CANCELLED),
        (Channel.WOOCOMMERCE, "INVENTORY", S.CANCELLED),
        (Channel.SHOPIFY, "INVENTORY", S.SHIPPED),
    ],
)
def test_a_reason_that_the_channel_does_not_know_is_refused(
    session: Session, asha: Actor, channel: Channel, reason: str, status: OrderStatus
) -> None:
    order_id = make(session, channel)

    with pytest.raises(InvalidInputError, match="no such reason"):
        cancel(asha, order_id, reason, status)

    assert session.get_one(Order, order_id).status is S.CONFIRMED
    assert session.exec(select(StatusIntent)).all() == []


def test_the_codes_on_offer_are_those_that_connectors_send() -> None:
    assert set(capabilities.of(Channel.FLIPKART).cancel_reasons) == set(steps.CANCEL_REASONS)
    assert set(capabilities.of(Channel.SHOPIFY).cancel_reasons) == set(changes.CANCEL_REASONS)


def test_a_bulk_cancellation_tells_each_channel_its_own_reason(
    session: Session, asha: Actor
) -> None:
    made = {
        channel: OrderFactory(account=AccountFactory(channel=channel)).id
        for channel in (Channel.SHOPIFY, Channel.WOOCOMMERCE)
    }
    session.commit()

    run_id = bulk_tool.start(
        asha,
        list(made.values()),
        status="cancelled",
        reason_shopify="INVENTORY",
        reason_woocommerce="",
    )
    bulk_tool.work(run_id)

    told = {one.account_id: one.cancel_reason for one in session.exec(select(StatusIntent))}
    orders = {one.id: one.account_id for one in session.exec(select(Order))}
    assert told[orders[made[Channel.SHOPIFY]]] == "INVENTORY"
    assert told.get(orders[made[Channel.WOOCOMMERCE]], "") == ""


@pytest.mark.parametrize(
    "settings",
    [
        {"status": "cancelled", "reason_shopify": "BECAUSE"},
        {"status": "shipped", "reason_shopify": "INVENTORY"},
    ],
)
def test_a_bulk_change_takes_no_reason_that_the_channel_does_not_know(
    session: Session, asha: Actor, settings: dict[str, str]
) -> None:
    order = OrderFactory(account=AccountFactory(channel=Channel.SHOPIFY))
    session.commit()

    with pytest.raises(InvalidInputError, match="knows no such reason"):
        bulk_tool.start(asha, [order.id], **settings)

    assert session.exec(select(StatusIntent)).all() == []
