"""A channel that is down in the real sandbox: left alone, said so, and asked again."""

from datetime import timedelta

from sqlmodel import select

from crm_app import db, queue
from crm_app.channels.breaker import THRESHOLD, Breaker, Family
from crm_app.domain.actor import Actor
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.time import now
from crm_app.jobs import pull, push
from crm_app.models import ChannelAccount, Order, StatusIntent
from crm_app.services import orders
from crm_app.services.health import account_health
from tests.jobs.conftest import arrive
from tests.running import SandboxServer


def reread(account: ChannelAccount) -> ChannelAccount:
    with db.transaction() as session:
        return session.get_one(ChannelAccount, account.id)


def calls(sandbox: SandboxServer, operation: str) -> int:
    told = sandbox.get("stats")["calls"]
    return sum(count for name, count in told.items() if operation in name)


def test_pulls_of_a_channel_that_is_down_stop_and_others_feel_nothing(
    amazon: ChannelAccount, shop: ChannelAccount, sandbox: SandboxServer
) -> None:
    sandbox.fail("html", channel="amazon", operation="searchOrders", times=100)
    for _ in range(THRESHOLD):
        pull.pull_account(amazon.id)
    asked = calls(sandbox, "searchOrders")

    pull.pull_account(amazon.id)
    in_shop = sandbox.place("woocommerce")
    arrive(shop, in_shop)

    after = reread(amazon)
    with db.transaction() as session:
        health = {one.account_id: one for one in account_health(session)}
    assert calls(sandbox, "searchOrders") == asked
    assert after.next_pull_at is not None
    assert timedelta(seconds=20) < after.next_pull_at - now() < timedelta(seconds=40)
    assert health[amazon.id].level == "bad"
    assert health[amazon.id].sentence.startswith("Left alone until ")
    assert "after 5 failures (reading): Amazon sent an answer that is not" in (
        health[amazon.id].sentence
    )
    assert health[shop.id].sentence == "Current."


def test_it_is_asked_again_after_the_pause_and_all_is_well(
    amazon: ChannelAccount, sandbox: SandboxServer
) -> None:
    sandbox.fail("500_empty", channel="amazon", operation="searchOrders", times=THRESHOLD)
    bought = sandbox.place("amazon")
    for _ in range(THRESHOLD):
        pull.pull_account(amazon.id)
    Breaker(queue.connection(), amazon.id).try_now()

    pull.pull_account(amazon.id)

    after = reread(amazon)
    with db.transaction() as session:
        (health,) = account_health(session)
        here = session.exec(select(Order.external_id)).all()
    assert set(bought) <= set(here)
    assert (after.rests, after.failures, health.sentence) == ({}, 0, "Current.")


def test_a_pace_told_by_the_channel_opens_nothing(
    amazon: ChannelAccount, sandbox: SandboxServer
) -> None:
    sandbox.fail("429", channel="amazon", operation="searchOrders", times=THRESHOLD + 2)

    for _ in range(THRESHOLD + 2):
        queue.connection().delete(f"crm:limit:{amazon.id}:searchOrders")
        pull.pull_account(amazon.id)

    assert reread(amazon).rests == {}


def test_statuses_behind_it_wait_for_one_moment_and_go_out_after_it(
    shop: ChannelAccount, sandbox: SandboxServer, asha: Actor
) -> None:
    bought = sandbox.place("woocommerce", status="processing", count=THRESHOLD + 2)
    arrive(shop, bought)
    sandbox.fail("500_empty", channel="woocommerce", operation="updateOrder", times=THRESHOLD)
    for external_id in bought:
        ship(asha, external_id)

    push.push_account(shop.id)

    rests = Breaker(queue.connection(), shop.id).rests()
    waiting = intents()
    assert [rest.family for rest in rests] == [Family.WRITE]
    assert {intent.state for intent in waiting} == {IntentState.WAITING}
    behind = [intent for intent in waiting if intent.reason.startswith("Left alone")]
    assert len(behind) == 2
    assert all(abs(one.next_try_at - rests[0].until) < timedelta(seconds=2) for one in behind)
    Breaker(queue.connection(), shop.id).try_now()
    make_all_due()
    push.push_account(shop.id)
    assert {intent.state for intent in intents()} <= {IntentState.CONFIRMED, IntentState.SENT}


def ship(actor: Actor, external_id: str) -> None:
    with db.transaction() as session:
        order_id = session.exec(select(Order.id).where(Order.external_id == external_id)).one()
        orders.change_status(
            session,
            actor,
            order_id,
            OrderStatus.SHIPPED,
            carrier="BlueDart",
            tracking_number="BD-771-X",
        )


def intents() -> list[StatusIntent]:
    with db.transaction() as session:
        return list(session.exec(select(StatusIntent)))


def make_all_due() -> None:
    with db.transaction() as session:
        for intent in session.exec(select(StatusIntent)):
            intent.next_try_at = now() - timedelta(seconds=1)
