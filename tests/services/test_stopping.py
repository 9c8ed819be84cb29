"""A hold after the click: what was not sent waits, and goes out once the order is released."""

import pytest

from crm_app import db
from crm_app.channels.base import Receipt, StatusUpdate
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.domain.working import HoldReason
from crm_app.errors import OutcomeUnknownError, RetryableError
from crm_app.services import accounts, ledger_counts, pulling
from crm_app.services.working import holding
from tests.factories import AccountFactory, bind
from tests.services.fakes import FakeShop, Fault, told
from tests.services.outbox import change, intents, order_of, push, states

S, I = OrderStatus, IntentState  # noqa: E741
_DESK = Actor(
    ActorKind.PERSON, "Ravi", 8, frozenset({Permission.VIEW_ORDERS, Permission.HOLD_ORDERS})
)


@pytest.fixture
def account_id(database: str) -> int:
    del database
    with db.transaction() as session:
        bind(session)
        return AccountFactory(channel=Channel.WOOCOMMERCE).id


@pytest.fixture
def shop(account_id: int) -> FakeShop:
    made = FakeShop()
    made.put(told("1", channel_status="processing"))
    pulling.pull(made, account_id, budget_s=60)
    return made


def hold() -> holding.Made:
    with db.transaction() as session:
        return holding.hold(session, _DESK, [order_of("1").id], HoldReason.STOCK)


def release() -> None:
    with db.transaction() as session:
        holding.release(session, _DESK, [order_of("1").id]).require()


def test_a_hold_stops_a_shipment_until_it_is_released(account_id: int, shop: FakeShop) -> None:
    change("1", S.SHIPPED)

    hold().require()
    push(shop, account_id)

    [intent] = intents()
    assert (intent.state, shop.calls) == (I.HELD, [])
    assert intent.reason.startswith("The order is on hold here (out of stock)")
    assert order_of("1").sync_status is SyncStatus.QUEUED
    with db.transaction() as session:
        assert accounts.due_for_push(session) == []
        assert holding.release_due(session) == 0  # shipped here, and held all the same
        assert ledger_counts.check(session).difference_count == 0

    release()
    [intent] = intents()
    assert (intent.state, intent.reason) == (I.QUEUED, "")
    push(shop, account_id)
    assert states() == [I.CONFIRMED]


def test_a_hold_during_a_call_counts_for_the_next_try(account_id: int, shop: FakeShop) -> None:
    change("1", S.SHIPPED)
    hold_at_the_call = RetryableError("503")

    class Held(FakeShop):
        def push_status(self, update: StatusUpdate) -> Receipt:
            # Between the claim and the answer.
            del update
            with db.transaction() as session:
                order = order_of("1")
                order.held_at, order.hold_reason, order.on_hold = now(), HoldReason.STOCK, True
                session.add(order)
            raise hold_at_the_call

    push(Held(orders=shop.orders), account_id)

    assert states() == [I.HELD]


def test_what_the_channel_may_know_is_read_first_and_then_held(
    account_id: int, shop: FakeShop
) -> None:
    change("1", S.SHIPPED)
    shop.push_faults.append(Fault(OutcomeUnknownError("no answer")))
    push(shop, account_id)

    made = hold()
    assert not made.changed  # it may have left: nothing here can stop it
    with db.transaction() as session:
        order = order_of("1")
        order.held_at, order.hold_reason, order.on_hold = now(), HoldReason.STOCK, True
        session.add(order)
    push(shop, account_id)

    assert (states(), shop.calls[-1]) == ([I.HELD], "read 1")


def test_what_was_sent_cannot_be_held(account_id: int, shop: FakeShop) -> None:
    change("1", S.SHIPPED)
    push(shop, account_id)

    made = hold()

    assert list(made.refused.values()) == ["It is shipped: there is nothing to hold."]
    assert states() == [I.CONFIRMED]


def test_a_cancellation_passes_the_hold(account_id: int, shop: FakeShop) -> None:
    hold().require()
    change("1", S.CANCELLED)

    push(shop, account_id)

    assert states() == [I.CONFIRMED]
    assert shop.orders["1"].status is S.CANCELLED
