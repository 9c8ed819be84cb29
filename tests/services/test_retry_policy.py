"""One table says how often what is tried again, and when a person takes over."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from crm_app import db
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.trouble import Cause
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    LeftAloneError,
    NotYetError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)
from crm_app.services import orders, pulling, retry_policy
from crm_app.services.exceptions import listing
from crm_app.services.exceptions.query import ExceptionQuery
from crm_app.services.orders import Keep
from tests.factories import AccountFactory, bind
from tests.services.fakes import FakeShop, Fault, told
from tests.services.outbox import PERSON, change, intents, kinds, order_of, outcomes, push, states

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DESK = Actor(ActorKind.PERSON, "Asha", 7, frozenset({Permission.VIEW_ORDERS}))
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
    made.put(told("1", channel_status="processing"))
    pulling.pull(made, account_id, budget_s=60)
    return made


def pauses_s(error: Exception) -> Iterator[float]:
    """Seconds before each try, until it is given up."""
    tries = 1
    for _ in range(500):
        verdict = retry_policy.after(error, tries, NOON)
        if verdict.at is None:
            return
        yield (verdict.at - NOON).total_seconds()
        tries = verdict.tries + 1


def test_a_failing_channel_is_asked_in_growing_pauses_and_then_given_up() -> None:
    found = list(pauses_s(RetryableError("503")))

    assert len(found) == 15  # the sixteenth failure is the last
    for pause, plain in zip(found, (5 * 2**n for n in itertools.count()), strict=False):
        assert 0.75 * min(plain, 900) <= pause <= 1.25 * min(plain, 900)
    assert timedelta(hours=1) < timedelta(seconds=sum(found)) < timedelta(hours=3)


def test_pauses_carry_jitter_so_that_orders_do_not_march_in_step() -> None:
    found = {retry_policy.after(RetryableError("503"), 5, NOON).at for _ in range(20)}

    assert len(found) > 15


def test_a_call_without_an_answer_leaves_the_channel_time_to_show_it() -> None:
    found = list(pauses_s(OutcomeUnknownError("no answer")))

    assert len(found) == 11
    assert min(found) >= 15


@pytest.mark.parametrize("kind", [RateLimitedError, LeftAloneError])
def test_a_limit_is_kept_exactly_is_no_try_and_is_never_given_up(
    kind: type[RateLimitedError],
) -> None:
    error = kind("slow down", retry_after_s=120)

    found = list(itertools.islice(pauses_s(error), 100))

    assert len(found) == 100
    assert all(120 <= pause <= 121 for pause in found)
    assert retry_policy.after(error, 1, NOON).tries == 0


def test_what_opens_at_a_known_time_is_tried_then() -> None:
    verdict = retry_policy.after(NotYetError("from 16:00 on", wait_s=4 * 3600), 3, NOON)

    assert verdict.at == NOON + timedelta(hours=4)


def test_what_is_held_over_there_is_asked_for_in_growing_pauses_and_never_given_up() -> None:
    found = list(itertools.islice(pauses_s(NotYetError("on hold")), 200))

    assert len(found) == 200
    assert max(found) <= 15 * 60 * 1.25
    assert found[-1] > 5 * 60
    # A fault after a long hold is not the last straw.
    assert retry_policy.after(RetryableError("503"), 9, NOON).at is not None


def test_a_lost_account_costs_no_tries() -> None:
    assert retry_policy.after(AccountDisconnectedError("revoked"), 4, NOON).tries == 3


def test_every_error_of_a_channel_has_its_line() -> None:
    kinds_of_error = [ChannelError, *_below(ChannelError)]

    named = [kind for kind in kinds_of_error if kind in retry_policy.POLICIES]

    assert set(kinds_of_error) - set(named) == {ChannelError}
    assert retry_policy.after(RejectedError("no"), 1, NOON).at is None


def _below(kind: type[Exception]) -> list[type[Exception]]:
    found = kind.__subclasses__()
    ours = [one for one in found if one.__module__ == kind.__module__]
    return [*ours, *(one for each in ours for one in _below(each))]


def test_what_is_given_up_stands_on_the_desk_in_the_channel_s_words_and_can_be_sent_again(
    account_id: int, shop: FakeShop
) -> None:
    change("1", S.SHIPPED)
    for _ in range(16):
        shop.push_faults.append(Fault(RetryableError("WooCommerce answered 503.")))
        push(shop, account_id)

    (given_up,) = intents()
    again = push(shop, account_id)

    order = order_of("1")
    assert (given_up.state, given_up.claimed_at, again) == (I.NEEDS_PERSON, None, 0)
    assert given_up.reason == "Gave up after 16 tries: WooCommerce answered 503."
    assert (order.status, order.sync_status) == (S.SHIPPED, SyncStatus.REJECTED)
    assert kinds("1")[-1] == "intent:needs_person"
    assert outcomes() == ["RetryableError"] * 16
    with db.transaction() as session:
        (row,) = listing.list_exceptions(session, DESK, ExceptionQuery()).rows
        assert (row.cause, row.summary) == (
            Cause.REMOTE,
            "Shipped could not be told to WooCommerce",
        )
        orders.settle(session, PERSON, order.id, Keep.OURS)
    shop.calls.clear()
    push(shop, account_id)
    # It may have arrived by now: it is looked at before it is said again.
    assert shop.calls == ["read 1", "push 1 shipped", "read 1"]
    assert states() == [I.NEEDS_PERSON, I.CONFIRMED]
    assert order_of("1").sync_status is SyncStatus.IN_SYNC


def test_what_was_given_up_and_had_arrived_leaves_the_desk_by_itself(
    account_id: int, shop: FakeShop
) -> None:
    change("1", S.SHIPPED)
    shop.push_faults.append(Fault(OutcomeUnknownError("no answer"), acts=True))
    push(shop, account_id)
    for _ in range(16):
        shop.read_faults.append(RetryableError("503"))
        push(shop, account_id)
    assert states() == [I.NEEDS_PERSON]

    pulling.pull(shop, account_id, budget_s=60)

    assert order_of("1").sync_status is SyncStatus.IN_SYNC
    assert len(shop.pushed) == 1
