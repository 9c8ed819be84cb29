"""What the channel shows after it was told: confirmation, patience, or a conflict."""

import pytest

from crm_app import db
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.time import now
from crm_app.errors import (
    RejectedError,
    RetryableError,
)
from crm_app.services import pulling, pushing
from tests.factories import AccountFactory, bind
from tests.services.fakes import FakeShop, line, told
from tests.services.outbox import change, intents, kinds, order_of, push, states

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


def test_what_the_channel_accepts_and_never_shows_is_asked_for_ever_more_rarely(
    account_id: int, shop: FakeShop
) -> None:
    change("1", S.SHIPPED)
    shop.shows = False
    waits: list[float] = []
    for _ in range(4):
        before = now()
        push(shop, account_id)
        waits.append((intents()[0].next_try_at - before).total_seconds())

    assert states() == [I.SENT]
    assert intents()[0].reason == "Accepted; the channel does not show it yet."
    assert waits[3] > waits[0]
    assert shop.calls == ["push 1 shipped", *["read 1"] * 4]


def test_what_the_channel_accepts_and_never_shows_is_in_the_end_left_to_a_person(
    account_id: int, shop: FakeShop
) -> None:
    change("1", S.SHIPPED)
    shop.shows = False
    push(shop, account_id)
    change("1", S.DELIVERED)
    change("2", S.SHIPPED)
    while push(shop, account_id):
        assert len(shop.calls) < 60, "it is asked for without end"

    mine = [one for one in intents() if one.order_id == order_of("1").id]
    assert [one.state for one in mine] == [I.NEEDS_PERSON]
    assert mine[0].reason == "The channel accepted it, and still says 'processing'."
    assert (order_of("1").status, order_of("1").sync_status) == (S.DELIVERED, SyncStatus.CONFLICT)
    assert kinds("1")[-1] == "intent:needs_person"


def test_a_read_back_that_disagrees_is_a_conflict(account_id: int, shop: FakeShop) -> None:
    change("1", S.SHIPPED)
    shop.shows = False
    shop.set_status("1", S.CANCELLED)

    push(shop, account_id)

    order = order_of("1")
    assert states() == [I.NEEDS_PERSON]
    assert (order.status, order.sync_status) == (S.SHIPPED, SyncStatus.CONFLICT)
    assert kinds("1")[-1] == "intent:needs_person"


@pytest.mark.parametrize("error", [RetryableError("down"), RejectedError("gone"), ValueError("?")])
def test_a_read_back_that_fails_is_tried_again_and_says_why(
    account_id: int, shop: FakeShop, error: Exception
) -> None:
    change("1", S.SHIPPED)
    shop.read_faults.append(error)

    push(shop, account_id)

    intent = intents()[0]
    assert (intent.state, intent.claimed_at) == (I.SENT, None)
    assert intent.reason == f"Reading it back failed: {error}"
    push(shop, account_id)
    assert states() == [I.CONFIRMED]


def test_a_pull_that_sees_the_change_first_confirms_it(account_id: int, shop: FakeShop) -> None:
    change("1", S.SHIPPED)
    shop.read_faults.append(RetryableError("down"))
    push(shop, account_id)

    pulling.pull(shop, account_id, budget_s=60)

    assert states() == [I.CONFIRMED]
    assert order_of("1").sync_status is SyncStatus.IN_SYNC


def test_a_pull_of_an_older_word_does_not_undo_what_travels(
    account_id: int, shop: FakeShop
) -> None:
    change("1", S.SHIPPED)
    shop.set_status("1", S.CONFIRMED)  # somebody wrote a note there

    pulling.pull(shop, account_id, budget_s=60)

    order = order_of("1")
    assert (order.status, order.sync_status) == (S.SHIPPED, SyncStatus.QUEUED)
    assert states() == [I.QUEUED]


def test_our_own_next_step_survives_the_answer_to_the_step_before(
    account_id: int, shop: FakeShop
) -> None:
    change("1", S.SHIPPED)
    change("1", S.RETURNED)  # our desk's own word: the shop has none for it

    push(shop, account_id)

    order = order_of("1")
    assert states() == [I.CONFIRMED]
    assert (order.status, order.sync_status) == (S.RETURNED, SyncStatus.IN_SYNC)


def test_tracking_stays_when_a_shop_without_a_field_for_it_speaks_again(
    account_id: int, shop: FakeShop
) -> None:
    change("1", S.SHIPPED, carrier="DTDC", tracking_number="D1")
    push(shop, account_id)
    shop.set_status("1", S.SHIPPED)

    pulling.pull(shop, account_id, budget_s=60)

    order = order_of("1")
    assert (order.carrier, order.tracking_number) == ("DTDC", "D1")
    assert order.shipped_at is not None


def test_what_was_shipped_before_is_not_sent_again(account_id: int, shop: FakeShop) -> None:
    partly = line("10", quantity=3, quantity_shipped=1, quantity_cancelled=1)
    shop.put(told("3", lines=(partly, line("11", quantity_cancelled=1))))
    pulling.pull(shop, account_id, budget_s=60)

    change("3", S.SHIPPED)
    push(shop, account_id)

    assert shop.pushed[0].lines == (("10", 1),)


def test_a_budget_that_is_used_up_leaves_the_rest_for_the_next_run(
    account_id: int, shop: FakeShop
) -> None:
    change("1", S.SHIPPED)

    assert pushing.push(shop, account_id, budget_s=-1) == 0

    assert states() == [I.QUEUED]
