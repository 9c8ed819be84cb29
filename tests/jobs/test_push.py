"""Statuses go out over HTTP to the real sandbox: none lost, none applied twice."""

import signal
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from crm_app import db, queue
from crm_app.domain.actor import Actor
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.time import now
from crm_app.jobs import pull, push
from crm_app.models import ChannelAccount, IntentAttempt, Order, OrderEvent, StatusIntent
from crm_app.services import orders
from tests import running
from tests.jobs.conftest import arrive
from tests.running import SandboxServer


@pytest.fixture
def order_on_amazon(amazon: ChannelAccount, sandbox: SandboxServer) -> str:
    (external_id,) = sandbox.place("amazon", lines=2)
    pull.pull_account(amazon.id)
    return external_id


def ship(actor: Actor, external_id: str) -> int:
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
    return order_id


def intent_of(order_id: int) -> StatusIntent:
    with db.transaction() as session:
        return session.exec(
            select(StatusIntent)
            .where(StatusIntent.order_id == order_id)
            .order_by(col(StatusIntent.id).desc())
        ).first() or pytest.fail("no intent")


def order(order_id: int) -> Order:
    with db.transaction() as session:
        return session.get_one(Order, order_id)


def make_due(order_id: int) -> None:
    """Let the pause pass that a failed try has earned."""
    with db.transaction() as session:
        intent = session.get_one(StatusIntent, intent_of(order_id).id)
        intent.next_try_at = now() - timedelta(seconds=1)
        if intent.claimed_at is not None:
            intent.claimed_at -= timedelta(minutes=10)


def confirmations(sandbox: SandboxServer, external_id: str) -> list[int]:
    """Status codes of the calls that shipped this order."""
    return [
        call["status_code"]
        for call in sandbox.truth("amazon", external_id)["calls"]
        if call["operation"] == "confirmShipment"
    ]


def test_a_shipment_reaches_amazon_and_is_read_back(
    amazon: ChannelAccount, sandbox: SandboxServer, asha: Actor, order_on_amazon: str
) -> None:
    order_id = ship(asha, order_on_amazon)
    assert order(order_id).sync_status == SyncStatus.QUEUED

    push.push_account(amazon.id)

    intent = intent_of(order_id)
    assert intent.state == IntentState.CONFIRMED
    assert order(order_id).sync_status == SyncStatus.IN_SYNC
    truth = sandbox.truth("amazon", order_on_amazon)
    (package,) = truth["packages"]
    assert package["trackingNumber"] == "BD-771-X"
    assert package["packageReferenceId"] == str(intent.id)
    with db.transaction() as session:
        receipt, reading = session.exec(select(IntentAttempt).order_by("id"))
        kinds = list(session.exec(select(OrderEvent.kind).where(OrderEvent.order_id == order_id)))
    assert (receipt.outcome, receipt.http_status) == ("accepted", 204)
    assert receipt.asked["calls"] == ["confirmShipment 204"]
    assert (reading.is_read, reading.operation, reading.http_status) == (True, "getOrder", 200)
    assert reading.request_id
    assert reading.answer == "It says 'SHIPPED / PICKED_UP', parcel BlueDart BD-771-X."
    assert intent.operation == "confirmShipment"
    assert {"intent:sent", "intent:confirmed"} <= set(kinds)


def test_a_completed_shop_order_is_told_to_woocommerce(
    shop: ChannelAccount, sandbox: SandboxServer, asha: Actor
) -> None:
    (external_id,) = sandbox.place("woocommerce", status="processing")
    arrive(shop, [external_id])

    order_id = ship(asha, external_id)
    push.push_account(shop.id)

    truth = sandbox.truth("woocommerce", external_id)
    assert (truth["status"], truth["tracking"]) == ("completed", ["BlueDart", "BD-771-X"])
    assert intent_of(order_id).state == IntentState.CONFIRMED


@pytest.mark.parametrize("kind", ["500_empty", "html", "half_json", "close"])
def test_an_answer_that_is_lost_is_looked_up_and_not_sent_twice(
    amazon: ChannelAccount, sandbox: SandboxServer, asha: Actor, order_on_amazon: str, kind: str
) -> None:
    order_id = ship(asha, order_on_amazon)
    sandbox.fail(kind, channel="amazon", operation="confirmShipment", phase="after")

    push.push_account(amazon.id)
    waiting = intent_of(order_id)
    assert waiting.state == IntentState.WAITING
    assert waiting.outcome_unknown
    make_due(order_id)
    push.push_account(amazon.id)

    assert intent_of(order_id).state == IntentState.CONFIRMED
    assert len(confirmations(sandbox, order_on_amazon)) == 1
    assert len(sandbox.truth("amazon", order_on_amazon)["packages"]) == 1


def test_a_call_that_never_arrived_is_sent_again_after_a_look(
    amazon: ChannelAccount, sandbox: SandboxServer, asha: Actor, order_on_amazon: str
) -> None:
    order_id = ship(asha, order_on_amazon)
    sandbox.fail("close", channel="amazon", operation="confirmShipment", phase="before")

    push.push_account(amazon.id)
    make_due(order_id)
    push.push_account(amazon.id)

    assert intent_of(order_id).state == IntentState.CONFIRMED
    assert len(sandbox.truth("amazon", order_on_amazon)["packages"]) == 1


def test_a_quota_answer_only_makes_it_wait(
    amazon: ChannelAccount, sandbox: SandboxServer, asha: Actor, order_on_amazon: str
) -> None:
    order_id = ship(asha, order_on_amazon)
    sandbox.fail("429", channel="amazon", operation="confirmShipment")

    push.push_account(amazon.id)

    waiting = intent_of(order_id)
    assert (waiting.state, waiting.attempts) == (IntentState.BUDGET, 0)
    assert waiting.next_try_at > now()
    assert order(order_id).sync_status == SyncStatus.QUEUED


def test_a_refusal_is_shown_in_the_channels_own_words(
    amazon: ChannelAccount, sandbox: SandboxServer, asha: Actor, order_on_amazon: str
) -> None:
    sandbox.post(f"orders/amazon/{order_on_amazon}/advance", {"to": "CANCELLED"})
    order_id = ship(asha, order_on_amazon)

    push.push_account(amazon.id)

    refused = intent_of(order_id)
    assert refused.state == IntentState.REJECTED
    assert refused.reason
    assert order(order_id).sync_status == SyncStatus.REJECTED
    # The channel's word, once heard, can be taken.
    pull.pull_account(amazon.id)
    with db.transaction() as session:
        orders.settle(session, asha, order_id, orders.Keep.CHANNELS)
    assert (order(order_id).status, order(order_id).sync_status) == (
        OrderStatus.CANCELLED,
        SyncStatus.IN_SYNC,
    )


def test_a_cancellation_that_comes_first_becomes_a_conflict_for_a_person(
    amazon: ChannelAccount, sandbox: SandboxServer, asha: Actor, order_on_amazon: str
) -> None:
    order_id = ship(asha, order_on_amazon)
    sandbox.post(f"orders/amazon/{order_on_amazon}/advance", {"to": "CANCELLED"})

    pull.pull_account(amazon.id)
    push.push_account(amazon.id)

    assert intent_of(order_id).state == IntentState.NEEDS_PERSON
    assert order(order_id).sync_status == SyncStatus.CONFLICT
    assert order(order_id).status == OrderStatus.SHIPPED
    assert confirmations(sandbox, order_on_amazon) == []


def test_an_import_does_not_undo_a_status_on_its_way(
    amazon: ChannelAccount, asha: Actor, order_on_amazon: str
) -> None:
    order_id = ship(asha, order_on_amazon)
    with db.transaction() as session:
        session.get_one(ChannelAccount, amazon.id).cursor = None

    pull.pull_account(amazon.id)

    assert (order(order_id).status, order(order_id).sync_status) == (
        OrderStatus.SHIPPED,
        SyncStatus.QUEUED,
    )


def test_a_lost_hint_is_found_by_the_clock(
    amazon: ChannelAccount, asha: Actor, order_on_amazon: str
) -> None:
    order_id = ship(asha, order_on_amazon)
    queue.connection().flushdb()

    assert push.push_due() == 1

    job = queue.connection().lrange(f"rq:queue:{queue.PUSH}", 0, -1)
    assert len(job) == 1  # type: ignore[arg-type]
    push.push_account(amazon.id)
    assert intent_of(order_id).state == IntentState.CONFIRMED


def test_a_worker_killed_in_mid_call_loses_nothing(
    amazon: ChannelAccount,
    sandbox: SandboxServer,
    asha: Actor,
    order_on_amazon: str,
    worker_log: Path,
) -> None:
    # The channel acts, and its answer comes when the worker is dead.
    sandbox.fail("slow", channel="amazon", operation="confirmShipment", delay_s=5.0, phase="after")
    with running.process(["worker.py"], {}, worker_log) as worker:
        order_id = ship(asha, order_on_amazon)
        running.wait_for(
            lambda: sandbox.truth("amazon", order_on_amazon)["packages"], "Amazon has the parcel"
        )
        for pid in running.family(worker.pid):
            running.end(pid, signal.SIGKILL)
    left = intent_of(order_id)
    assert (left.state, left.outcome_unknown) == (IntentState.SENDING, True)

    make_due(order_id)
    push.push_account(amazon.id)

    assert intent_of(order_id).state == IntentState.CONFIRMED
    assert len(sandbox.truth("amazon", order_on_amazon)["packages"]) == 1
    with db.transaction() as session:
        receipts = session.exec(select(IntentAttempt)).all()
    # It was looked up, not sent again.
    assert [(one.is_read, one.outcome) for one in receipts] == [(True, "read")]


@pytest.mark.usefixtures("amazon")
def test_clock_and_worker_bring_an_order_in_and_a_status_out_by_themselves(
    sandbox: SandboxServer, asha: Actor, tmp_path: Path
) -> None:
    with (
        running.process(["worker.py"], {}, tmp_path / "worker.log"),
        running.process(["worker.py", "clock"], {}, tmp_path / "clock.log"),
    ):
        (external_id,) = sandbox.place("amazon")
        # Two processes start first, which takes long on a busy machine.
        running.wait_for(lambda: has_order(external_id), "the order came in", timeout_s=90)

        order_id = ship(asha, external_id)

        running.wait_for(
            lambda: intent_of(order_id).state == IntentState.CONFIRMED, "the status went out"
        )
    assert sandbox.truth("amazon", external_id)["status"] == "SHIPPED"


def has_order(external_id: str) -> bool:
    with db.transaction() as session:
        return (
            session.exec(select(Order.id).where(Order.external_id == external_id)).first()
            is not None
        )
