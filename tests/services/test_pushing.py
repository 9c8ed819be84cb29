"""A status goes out: in order, once, and read before it is ever said again."""

import pytest

from crm_app import db
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.time import now
from crm_app.errors import (
    AccountDisconnectedError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)
from crm_app.models import (
    AccountStatus,
    ChannelAccount,
    StatusIntent,
)
from crm_app.services import accounts, pulling
from tests.factories import AccountFactory, bind
from tests.services.fakes import FakeShop, Fault, line, told
from tests.services.outbox import (
    change,
    claims_expire,
    intents,
    kinds,
    order_of,
    outcomes,
    push,
    states,
)

S, I = OrderStatus, IntentState  # noqa: E741


@pytest.fixture
def account_id(database: str) -> int:
    del database
    with db.transaction() as session:
        bind(session)
        return AccountFactory(channel=Channel.WOOCOMMERCE).id


@pytest.fixture
def shop(account_id: int) -> FakeShop:
    """A shop with two confirmed orders that were pulled already."""
    made = FakeShop()
    for key in ("1", "2"):
        made.put(told(key, channel_status="processing", lines=(line("10", quantity=3),)))
    pulling.pull(made, account_id, budget_s=60)
    return made


def test_a_change_is_sent_read_back_and_confirmed(account_id: int, shop: FakeShop) -> None:
    change("1", S.SHIPPED, carrier="DTDC", tracking_number="D1")

    calls = push(shop, account_id)

    (intent,) = intents()
    (sent,) = shop.pushed
    order = order_of("1")
    assert (calls, shop.calls) == (2, ["push 1 shipped", "read 1"])
    assert (sent.reference, sent.carrier, sent.tracking_number) == (intent.id, "DTDC", "D1")
    assert sent.lines == (("10", 3),)
    assert (intent.state, intent.attempts, intent.claimed_at) == (I.CONFIRMED, 1, None)
    assert intent.sent_at is not None
    assert intent.settled_at is not None
    assert (order.status, order.sync_status) == (S.SHIPPED, SyncStatus.IN_SYNC)
    assert (order.carrier, order.tracking_number) == ("DTDC", "D1")
    assert kinds("1") == [
        "order:imported",
        "order:status:changed",
        "intent:sent",
        "order:updated",
        "intent:confirmed",
    ]
    assert outcomes() == ["accepted"]
    assert shop.idle == [0, 0]


def test_nothing_due_makes_no_call(account_id: int, shop: FakeShop) -> None:
    assert push(shop, account_id) == 0

    assert shop.calls == []


def test_changes_of_one_order_travel_strictly_in_order(account_id: int, shop: FakeShop) -> None:
    change("1", S.SHIPPED)
    shop.push_faults.append(Fault(OutcomeUnknownError("no answer")))
    push(shop, account_id)
    shop.calls.clear()
    with db.transaction() as session:
        order = order_of("1")
        session.add(
            StatusIntent(
                order_id=order.id,
                account_id=account_id,
                from_status=S.SHIPPED,
                to_status=S.CANCELLED,
                happened_at=now(),
                order_version=order.version,
                actor_label="Asha",
                next_try_at=now(),
            )
        )

    push(shop, account_id)

    # The second may not start before the first is known to have arrived or failed.
    assert shop.calls[:4] == ["read 1", "push 1 shipped", "read 1", "push 1 cancelled"]


def test_another_order_does_not_wait_for_a_stuck_one(account_id: int, shop: FakeShop) -> None:
    change("1", S.SHIPPED)
    change("2", S.SHIPPED)
    shop.push_faults.append(Fault(RetryableError("down")))

    push(shop, account_id)

    assert states() == [I.WAITING, I.CONFIRMED]


def test_a_limit_is_waited_for_and_is_no_failed_try(account_id: int, shop: FakeShop) -> None:
    change("1", S.SHIPPED)
    change("2", S.SHIPPED)
    shop.push_faults.append(Fault(RateLimitedError("slow down", retry_after_s=120)))
    before = now()

    calls = push(shop, account_id)

    first, second = intents()
    assert calls == 1  # the whole account waits, not this order alone
    assert (first.state, first.attempts, first.outcome_unknown) == (I.BUDGET, 0, False)
    assert 119 < (first.next_try_at - before).total_seconds() < 130
    assert (second.state, second.reason) == (I.BUDGET, "slow down")
    push(shop, account_id)
    assert states() == [I.CONFIRMED, I.CONFIRMED]


def test_a_fault_before_the_call_is_tried_again_without_reading(
    account_id: int, shop: FakeShop
) -> None:
    change("1", S.SHIPPED)
    shop.push_faults.append(Fault(RetryableError("name not resolved")))

    push(shop, account_id)
    waiting = intents()[0]
    push(shop, account_id)

    assert (waiting.state, waiting.attempts, waiting.reason) == (
        I.WAITING,
        1,
        "name not resolved",
    )
    assert shop.calls == ["push 1 shipped", "push 1 shipped", "read 1"]
    assert states() == [I.CONFIRMED]


@pytest.mark.parametrize("acts", [True, False], ids=["it had acted", "it had not"])
def test_an_unanswered_call_is_read_before_it_is_sent_again(
    account_id: int, shop: FakeShop, acts: bool
) -> None:
    change("1", S.SHIPPED)
    shop.push_faults.append(Fault(OutcomeUnknownError("no answer"), acts=acts))

    push(shop, account_id)
    waiting = intents()[0]
    push(shop, account_id)

    assert (waiting.state, waiting.outcome_unknown) == (I.WAITING, True)
    assert (waiting.next_try_at - now()).total_seconds() > 10
    assert states() == [I.CONFIRMED]
    assert len(shop.pushed) == 1  # applied once in either case
    expected = ["push 1 shipped", "read 1"]
    assert shop.calls == (expected if acts else [*expected, "push 1 shipped", "read 1"])


@pytest.mark.parametrize("acts", [True, False], ids=["after acting", "before acting"])
@pytest.mark.parametrize("killer", [KeyboardInterrupt(), KeyError("boom")])
def test_a_worker_killed_during_the_call_leaves_an_intent_that_is_read_first(
    account_id: int, shop: FakeShop, acts: bool, killer: BaseException
) -> None:
    change("1", S.SHIPPED)
    shop.push_faults.append(Fault(killer, acts=acts))
    with pytest.raises(type(killer)):
        push(shop, account_id)
    left = intents()[0]
    too_early = push(shop, account_id)
    claims_expire()

    push(shop, account_id)

    assert (left.state, left.outcome_unknown, too_early) == (I.SENDING, True, 0)
    assert shop.calls[:2] == ["push 1 shipped", "read 1"]
    assert len(shop.pushed) == 1
    assert states() == [I.CONFIRMED]


def test_a_call_that_nobody_heard_the_end_of_is_remembered_when_the_channel_disagrees(
    account_id: int, shop: FakeShop
) -> None:
    change("1", S.SHIPPED)
    shop.push_faults.append(Fault(KeyboardInterrupt(), acts=False))
    with pytest.raises(KeyboardInterrupt):
        push(shop, account_id)
    claimed_at = intents()[0].claimed_at
    shop.set_status("1", S.CANCELLED)

    pulling.pull(shop, account_id, budget_s=60)

    (intent,) = intents()
    assert (intent.state, intent.claimed_at, intent.outcome_unknown) == (
        I.NEEDS_PERSON,
        None,
        False,
    )
    # Not "not sent": it left, as far as anybody can tell.
    assert claimed_at is not None
    assert intent.sent_at == claimed_at


def test_a_worker_killed_during_the_read_back_reads_again(account_id: int, shop: FakeShop) -> None:
    change("1", S.SHIPPED)
    shop.read_faults.append(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        push(shop, account_id)
    left = states()
    claims_expire()

    push(shop, account_id)

    assert left == [I.SENT]
    assert shop.calls == ["push 1 shipped", "read 1", "read 1"]
    assert states() == [I.CONFIRMED]


def test_a_refusal_keeps_the_channel_s_words(account_id: int, shop: FakeShop) -> None:
    change("1", S.SHIPPED)
    shop.push_faults.append(Fault(RejectedError("Order is already cancelled.")))

    push(shop, account_id)
    again = push(shop, account_id)

    (intent,) = intents()
    order = order_of("1")
    assert (intent.state, intent.reason) == (I.REJECTED, "Order is already cancelled.")
    assert (order.status, order.sync_status) == (S.SHIPPED, SyncStatus.REJECTED)
    assert kinds("1")[-1] == "intent:rejected"
    assert outcomes() == ["RejectedError"]
    assert again == 0  # never the same request twice


@pytest.mark.parametrize("during", ["push", "read"])
def test_a_refused_key_disconnects_the_account_and_keeps_every_intent(
    account_id: int, shop: FakeShop, during: str
) -> None:
    change("1", S.SHIPPED)
    change("2", S.SHIPPED)
    error = AccountDisconnectedError("key revoked")
    if during == "push":
        shop.push_faults.append(Fault(error))
    else:
        shop.read_faults.append(error)

    push(shop, account_id)

    with db.transaction() as session:
        account = session.get_one(ChannelAccount, account_id)
        due = accounts.due_for_push(session)
        account.status = AccountStatus.CONNECTED
    assert account.last_error == "key revoked"
    assert due == []
    assert all(intent.claimed_at is None for intent in intents())
    push(shop, account_id)
    assert states() == [I.CONFIRMED, I.CONFIRMED]
    assert len(shop.pushed) == 2
