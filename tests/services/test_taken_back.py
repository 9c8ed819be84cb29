"""A shipment taken back at its channel: until the channel agrees, the parcel has left."""

from dataclasses import dataclass

import pytest
from sqlmodel import Session

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.errors import RejectedError
from crm_app.services import bulk_runs, orders, parcels
from crm_app.services.importing import save_orders
from crm_app.services.orders import Keep
from tests.factories import AccountFactory
from tests.services import bulk_runs as tool
from tests.services.fakes import FakeShop, Fault, told
from tests.services.outbox import order_of, push

S = OrderStatus


@dataclass
class Stage:
    shop: FakeShop
    account_id: int

    def push(self) -> None:
        push(self.shop, self.account_id)

    def parcel(self) -> tuple[str, str, bool]:
        order = order_of("405-1")
        return order.carrier, order.tracking_number, order.shipped_at is not None


@pytest.fixture
def stage(session: Session, asha: Actor) -> Stage:
    """The shop was told of a parcel; the desk took it back, and the shop has yet to hear that."""
    account = AccountFactory(channel=Channel.WOOCOMMERCE)
    shop = FakeShop()
    shop.put(told())
    save_orders(session, account, [told()])
    session.commit()
    run_id = tool.draft(asha, [order_of("405-1").id])
    with db.transaction() as opened:
        parcels.give(opened, asha, run_id, "405-1,DTDC,D1")
        bulk_runs.decide(opened, asha, run_id, "status", {"status": "shipped"})
        bulk_runs.start(opened, asha, run_id)
    tool.work(run_id)
    stage = Stage(shop, account.id)
    stage.push()
    tool.undo(asha, run_id)
    return stage


def test_the_parcel_is_kept_while_the_channel_has_not_answered(stage: Stage) -> None:
    assert order_of("405-1").status is S.CONFIRMED
    assert stage.parcel() == ("DTDC", "D1", True)


def test_a_channel_that_agrees_has_no_parcel_any_more(stage: Stage) -> None:
    stage.push()

    assert order_of("405-1").sync_status is SyncStatus.IN_SYNC
    assert stage.parcel() == ("", "", False)


def test_where_the_channel_refuses_its_word_brings_the_parcel_with_it(
    stage: Stage, asha: Actor
) -> None:
    stage.shop.push_faults.append(Fault(RejectedError("It is with the courier.")))
    stage.push()

    with db.transaction() as session:
        orders.settle(session, asha, order_of("405-1").id, Keep.CHANNELS)

    assert order_of("405-1").status is S.SHIPPED
    assert stage.parcel() == ("DTDC", "D1", True)
