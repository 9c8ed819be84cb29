"""Reading again what was just imported changes nothing, whatever the channel."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app.channels import capabilities
from crm_app.channels.blinkit import mapping as blinkit
from crm_app.channels.inbound import Told
from crm_app.channels.rereading import REREADERS
from crm_app.channels.swiggy import mapping as swiggy
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus as S
from crm_app.domain.order_status import SyncStatus
from crm_app.models import ChannelAccount, Order, Replay, StatusIntent
from crm_app.services import orders, replaying, replays
from crm_app.services.importing import save_orders
from tests.channels import orders as bodies
from tests.channels.purchase_orders import purchase_order, relay_order
from tests.factories import AccountFactory

NOW = datetime(2026, 11, 15, 11, tzinfo=UTC)


def kept(told: Any) -> Any:
    """What is stored of an order that came by webhook."""
    assert told is not None
    return told.raw


PAYLOADS: dict[Channel, list[Any]] = {
    Channel.AMAZON: [
        bodies.amazon_order(),
        bodies.amazon_order(orderId="408-1", packages=[bodies.amazon_package("DELIVERED")]),
    ],
    Channel.FLIPKART: [bodies.flipkart_shipment("APPROVED", "PACKED")],
    Channel.SHOPIFY: [bodies.shopify_order(bodies.shopify_parcel("IN_TRANSIT"))],
    Channel.WOOCOMMERCE: [bodies.woo_order(status="completed")],
    Channel.BLINKIT: [kept(blinkit.to_order(Told(blinkit.CREATION, "7", purchase_order(), NOW)))],
    Channel.SWIGGY: [kept(swiggy.to_order(Told(swiggy.PLACED, "8", relay_order(), NOW)))],
}


def imported(session: Session, channel: Channel) -> ChannelAccount:
    account: ChannelAccount = AccountFactory(channel=channel)
    reread = REREADERS[channel]({}, capabilities.lexicon(channel))
    save_orders(session, account, [reread(raw, NOW) for raw in PAYLOADS[channel]])
    session.commit()
    return account


def applied(session: Session, actor: Actor, channel: Channel) -> Replay:
    replay = replays.begin(session, actor, channel, is_dry=False)
    session.commit()
    while replaying.run(replay.id, REREADERS, budget_s=5):
        pass
    session.refresh(replay)
    return replay


@pytest.mark.parametrize("channel", PAYLOADS, ids=lambda channel: channel.value)
def test_nothing_changes(session: Session, admin: Actor, channel: Channel) -> None:
    imported(session, channel)

    replay = applied(session, admin, channel)

    assert replay.done["fates"] == {"same": len(PAYLOADS[channel])}
    assert set(session.exec(select(Order.version))) == {1}


def test_a_payload_that_is_behind_what_its_channel_took_from_us_changes_nothing(
    session: Session, admin: Actor, asha: Actor
) -> None:
    """Swiggy sends no new order for a status that it accepted."""
    imported(session, Channel.SWIGGY)
    order = session.exec(select(Order)).one()
    orders.change_status(session, asha, order.id, S.CONFIRMED)
    intent = session.exec(select(StatusIntent)).one()
    intent.state = IntentState.CONFIRMED
    order.status_on_channel, order.sync_status = S.CONFIRMED, SyncStatus.IN_SYNC
    session.commit()

    replay = applied(session, admin, Channel.SWIGGY)

    session.refresh(order)
    assert replay.done["fates"] == {"same": 1}
    assert order.status is S.CONFIRMED
