"""Every call about a change leaves a receipt, and its end says honestly what it was."""

import dataclasses
from datetime import timedelta

import pytest
from sqlmodel import select

from crm_app import db
from crm_app.channels import calls, capabilities, kinds
from crm_app.channels.capabilities import Telling
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.errors import InvalidInputError, OutcomeUnknownError, RejectedError, RetryableError
from crm_app.models import OrderEvent
from crm_app.services import ledger_counts, pulling
from tests.factories import AccountFactory, bind
from tests.services.fakes import FakeShop, Fault, told
from tests.services.outbox import attempts, change, intents, order_of, push, states

S, I = OrderStatus, IntentState  # noqa: E741


@pytest.fixture
def account_id(database: str) -> int:
    del database
    with db.transaction() as session:
        bind(session)
        return AccountFactory(channel=Channel.WOOCOMMERCE).id


@pytest.fixture
def shop(account_id: int) -> FakeShop:
    made = FakeShop()
    for key in ("1", "2"):
        made.put(told(key, channel_status="processing"))
    pulling.pull(made, account_id, budget_s=60)
    return made


def failure(kind: type[RetryableError] | type[RejectedError], words: str) -> Exception:
    return kind(words, details={"http_status": 502, "request_id": "r-9"})


def test_telling_and_reading_back_each_leave_a_receipt(account_id: int, shop: FakeShop) -> None:
    change("1", S.SHIPPED, carrier="DTDC", tracking_number="D1")

    push(shop, account_id)

    tell, read = attempts()
    assert (tell.is_read, tell.outcome, tell.http_status) == (False, "accepted", 200)
    assert (tell.asked["status"], tell.asked["tracking_number"]) == ("shipped", "D1")
    assert (read.is_read, read.outcome, read.asked["order"]) == (True, "read", "1")
    assert read.answer == "It says 'completed'."
    assert states() == [I.CONFIRMED]


def test_a_refusal_keeps_the_status_and_the_name_of_its_request(
    account_id: int, shop: FakeShop
) -> None:
    change("1", S.SHIPPED)
    shop.push_faults.append(Fault(failure(RejectedError, "Shop refused updateOrder (502): no")))

    push(shop, account_id)

    [refusal] = attempts()
    assert (refusal.outcome, refusal.http_status, refusal.request_id) == (
        "RejectedError",
        502,
        "r-9",
    )


def test_a_reading_that_fails_leaves_its_receipt_too(account_id: int, shop: FakeShop) -> None:
    change("1", S.SHIPPED)
    shop.read_faults.append(failure(RetryableError, "Shop answered 502 to getOrder."))

    push(shop, account_id)

    _, unread = attempts()
    assert (unread.is_read, unread.outcome, unread.http_status) == (True, "RetryableError", 502)
    assert unread.answer == "Shop answered 502 to getOrder."


def test_calls_are_heard_by_whoever_listens_and_by_nobody_else() -> None:
    calls.note("before")
    with calls.listening() as heard:
        calls.note("getOrder", 200, "r-1")
        with calls.listening() as inner:
            calls.note("updateOrder")
    calls.note("after")

    assert [str(one) for one in heard] == ["getOrder 200"]
    assert [str(one) for one in inner] == ["updateOrder no answer"]


def test_another_parcel_than_ours_is_no_confirmation(account_id: int, shop: FakeShop) -> None:
    change("1", S.SHIPPED, carrier="DTDC", tracking_number="D1")
    shop.push_faults.append(Fault(OutcomeUnknownError("no answer"), acts=False))
    push(shop, account_id)
    shop.put(
        dataclasses.replace(
            shop.orders["1"],
            status=S.SHIPPED,
            channel_status="completed",
            carrier="Ch",
            tracking_number="CH1",
            updated_at=shop.orders["1"].updated_at + timedelta(minutes=1),
            raw={"by": "somebody"},
        )
    )

    push(shop, account_id)

    [intent] = intents()
    assert intent.state is I.SUPERSEDED
    assert intent.reason.endswith("parcel CH1. Ours, D1, is not there.")
    assert order_of("1").sync_status is SyncStatus.IN_SYNC
    with db.transaction() as session:
        event = session.exec(select(OrderEvent).order_by("id")).all()[-1]
    assert (event.kind, event.data["reason"]) == ("intent:superseded", intent.reason)


def test_what_the_channel_did_before_we_told_it_is_not_confirmed(
    account_id: int, shop: FakeShop
) -> None:
    change("1", S.SHIPPED)
    shop.set_status("1", S.SHIPPED)

    pulling.pull(shop, account_id, budget_s=60)

    [intent] = intents()
    assert (intent.state, intent.sent_at, attempts()) == (I.SUPERSEDED, None, [])
    assert intent.reason.startswith("The channel was first: nothing of ours was sent.")
    assert order_of("1").sync_status is SyncStatus.IN_SYNC


def test_a_change_names_its_call_its_reason_and_the_version_seen(
    account_id: int, shop: FakeShop
) -> None:
    del account_id, shop
    change("1", S.SHIPPED, why="  Courier came\nearly ", expected_version=1)

    [intent] = intents()
    assert (intent.operation, intent.why) == ("updateOrder", "Courier came early")
    assert (intent.seen_version, intent.order_version, intent.run_id) == (1, 2, None)


def test_a_note_that_is_too_long_is_refused(account_id: int, shop: FakeShop) -> None:
    del account_id, shop

    with pytest.raises(InvalidInputError, match="At most 200"):
        change("1", S.SHIPPED, why="x" * 201)

    assert intents() == []


@pytest.mark.parametrize("channel", list(Channel))
def test_the_tables_name_the_call_that_the_channel_counts(channel: Channel) -> None:
    for status, rule in capabilities.of(channel).statuses.items():
        if rule.telling is Telling.PUSH:
            assert rule.operation
            assert rule.operation == kinds.of(channel).calls(status)[-1]
            assert rule.operation in kinds.of(channel).plans


def test_a_recount_finds_an_order_at_odds_with_its_changes(account_id: int, shop: FakeShop) -> None:
    del account_id, shop
    change("1", S.SHIPPED)
    with db.transaction() as session:
        assert ledger_counts.check(session).difference_count == 0
        order = order_of("2")
        order.sync_status = SyncStatus.PUSHING
        session.add(order)
    with db.transaction() as session:
        [intent] = intents()
        order = order_of("1")
        order.sync_status = SyncStatus.IN_SYNC
        session.add(order)
        session.flush()

        found = ledger_counts.check(session)

    assert found.difference_count == 2
    assert sorted((one["says"] or "", one["on_its_way"]) for one in found.differences) == [
        ("", 1),
        ("pushing", 0),
    ]
    assert intent.order_id in [one["order_id"] for one in found.differences]
