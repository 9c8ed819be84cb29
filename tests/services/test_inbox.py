"""What the inbox holds becomes orders, or says why not."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import select

from crm_app import db
from crm_app.channels import hooks
from crm_app.channels.inbound import Told
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.time import now
from crm_app.errors import (
    AccountDisconnectedError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)
from crm_app.models import AuditEntry, InboxEntry, InboxState
from crm_app.services import inbox, inbox_review, pulling
from tests.channels.orders import woo_order
from tests.channels.purchase_orders import (
    amendment,
    cancellation,
    purchase_order,
    relay_order,
    state_change,
)
from tests.services import webhooks
from tests.services.fakes import FakeShop, told

C, S = Channel, OrderStatus

pytestmark = pytest.mark.usefixtures("database")


def send(channel: Channel, account_id: int, body: Any, topic: str = "", **more: str) -> None:
    accepted = webhooks.send(channel, account_id, webhooks.delivery(channel, body, topic, **more))
    assert accepted is not None


def age(by: timedelta) -> None:
    with db.transaction() as session:
        session.execute(update(InboxEntry).values(received_at=now() - by))


@pytest.fixture
def blinkit() -> int:
    return webhooks.account(C.BLINKIT)


@pytest.fixture
def shop() -> int:
    return webhooks.account(C.WOOCOMMERCE)


def test_a_purchase_order_becomes_an_order(blinkit: int) -> None:
    send(C.BLINKIT, blinkit, purchase_order())

    taken = webhooks.work(C.BLINKIT, blinkit)

    (entry,) = webhooks.entries()
    order = webhooks.orders()["7700001"]
    assert (taken, entry.state, entry.next_try_at) == (1, InboxState.PROCESSED, None)
    assert entry.processed_at is not None
    assert (order.status, order.total_minor, order.is_business) == (S.PENDING, 926_382, True)


def test_a_cancellation_before_its_order_waits_and_is_woken_by_it(blinkit: int) -> None:
    send(C.BLINKIT, blinkit, cancellation())
    webhooks.work(C.BLINKIT, blinkit)
    waiting = webhooks.entries()[0]
    send(C.BLINKIT, blinkit, purchase_order())

    taken = webhooks.work(C.BLINKIT, blinkit)

    assert (waiting.state, waiting.reason) == (
        InboxState.WAITING,
        "The order it speaks of has not arrived.",
    )
    assert waiting.next_try_at is not None
    assert taken == 2
    assert webhooks.states() == ["processed", "processed"]
    assert webhooks.orders()["7700001"].status is S.CANCELLED


def test_an_event_whose_order_never_comes_is_given_up(blinkit: int) -> None:
    send(C.BLINKIT, blinkit, cancellation())
    age(inbox.GIVE_UP_AFTER + timedelta(minutes=1))

    webhooks.work(C.BLINKIT, blinkit)

    (entry,) = webhooks.entries()
    assert (entry.state, entry.reason) == (
        InboxState.SET_ASIDE,
        "Given up after 3 days. The order it speaks of has not arrived.",
    )


def test_a_waiting_event_is_not_tried_before_its_time(blinkit: int) -> None:
    send(C.BLINKIT, blinkit, cancellation())

    assert webhooks.work(C.BLINKIT, blinkit) == 1
    assert webhooks.work(C.BLINKIT, blinkit) == 0
    webhooks.time_passes()
    assert webhooks.work(C.BLINKIT, blinkit) == 1
    assert webhooks.entries()[0].attempts == 2


def test_a_poison_document_is_set_aside_and_the_rest_goes_on(blinkit: int) -> None:
    send(C.BLINKIT, blinkit, purchase_order("1", item_data=[]))
    send(C.BLINKIT, blinkit, purchase_order("2"))
    send(C.BLINKIT, blinkit, purchase_order("3", issue_date="2090-01-01"))

    webhooks.work(C.BLINKIT, blinkit)

    assert [(entry.state.value, entry.reason) for entry in webhooks.entries()] == [
        ("set_aside", "item_data is missing"),
        ("processed", ""),
        ("set_aside", "The order claims to be placed on 31 Dec 2089."),
    ]
    assert set(webhooks.orders()) == {"2"}


def test_an_amendment_changes_its_orders(blinkit: int) -> None:
    send(C.BLINKIT, blinkit, purchase_order("1"))
    send(C.BLINKIT, blinkit, purchase_order("2"))
    send(C.BLINKIT, blinkit, amendment("1", "2"))

    webhooks.work(C.BLINKIT, blinkit)

    assert all("mrp 1599.0" in order.note for order in webhooks.orders().values())


def test_a_late_word_takes_nothing_back() -> None:
    account_id = webhooks.account(C.SWIGGY)
    send(C.SWIGGY, account_id, relay_order())
    webhooks.work(C.SWIGGY, account_id)
    # Accepted by a push: the relay never repeats it.
    with db.transaction() as session:
        order = session.merge(webhooks.orders()["880001"])
        order.status = order.status_on_channel = S.PACKED

    send(C.SWIGGY, account_id, state_change("Acknowledged"))
    webhooks.work(C.SWIGGY, account_id)
    after_late = webhooks.orders()["880001"].status
    send(C.SWIGGY, account_id, state_change("Dispatched"))
    webhooks.work(C.SWIGGY, account_id)

    assert after_late is S.PACKED
    assert webhooks.orders()["880001"].status is S.SHIPPED


def test_a_cancelled_order_stays_cancelled() -> None:
    account_id = webhooks.account(C.SWIGGY)
    bodies = (relay_order(), state_change("Cancelled"), state_change("Completed"))
    for body in bodies:
        send(C.SWIGGY, account_id, body)

    webhooks.work(C.SWIGGY, account_id)

    assert webhooks.orders()["880001"].status is S.CANCELLED


def test_a_modified_order_supersedes_the_old_one() -> None:
    account_id = webhooks.account(C.SWIGGY)
    send(C.SWIGGY, account_id, relay_order(880_002, modified_from=880_001))
    send(C.SWIGGY, account_id, relay_order(880_001))

    webhooks.work(C.SWIGGY, account_id)

    found = webhooks.orders()
    assert (found["880001"].status, found["880002"].status) == (S.CANCELLED, S.PENDING)
    assert webhooks.states() == ["processed"] * 3


def test_a_shops_order_is_mapped_from_its_body(shop: int) -> None:
    send(C.WOOCOMMERCE, shop, woo_order(), "order.created")

    webhooks.work(C.WOOCOMMERCE, shop)

    order = webhooks.orders()["5001"]
    assert (order.status, order.total_minor) == (S.CONFIRMED, 87_400)
    assert order.ship_by == order.placed_at + timedelta(hours=48)


def test_an_older_version_of_a_shops_order_changes_nothing(shop: int) -> None:
    newer = woo_order(status="completed", date_modified_gmt="2026-11-01T12:00:00")
    send(C.WOOCOMMERCE, shop, newer, "order.updated")
    send(C.WOOCOMMERCE, shop, woo_order(), "order.updated")

    webhooks.work(C.WOOCOMMERCE, shop)

    assert webhooks.orders()["5001"].status is S.SHIPPED
    assert webhooks.states() == ["processed", "processed"]


def test_an_option_that_makes_no_sense_sets_aside() -> None:
    account_id = webhooks.account(C.WOOCOMMERCE, handling_hours="soon")
    send(C.WOOCOMMERCE, account_id, woo_order(), "order.created")

    webhooks.work(C.WOOCOMMERCE, account_id)

    assert webhooks.entries()[0].reason == "handling_hours of this account is not a number"


@pytest.mark.parametrize("change", [{"currency": "RUPEES"}, {"note": "\ud800"}])
def test_a_value_that_the_database_refuses_is_set_aside(blinkit: int, change: Any) -> None:
    send(C.BLINKIT, blinkit, purchase_order("1"))
    hook = hooks.HOOKS[C.BLINKIT]
    broken = type(hook)(hook.verify, hook.read, lambda it: told(it.external_id, **change, raw={}))

    inbox.process(blinkit, broken, lambda: None, budget_s=5)

    (entry,) = webhooks.entries()
    assert (entry.state, entry.reason) == (
        InboxState.SET_ASIDE,
        "The database refused a value.",
    )
    assert webhooks.orders() == {}


def test_a_hint_reads_the_order_once_for_all_that_came_before(shop: int) -> None:
    source = FakeShop()
    source.put(told("7"))
    for number in range(3):
        send(C.WOOCOMMERCE, shop, {"id": 7, "n": number}, "order.deleted")

    taken = webhooks.work(C.WOOCOMMERCE, shop, source)

    assert (taken, source.calls) == (1, ["read 7"])
    assert webhooks.states() == ["processed"] * 3
    assert source.idle == [0]
    assert set(webhooks.orders()) == {"7"}


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (RateLimitedError("Slow down.", retry_after_s=120), (115, 125)),
        (RetryableError("Down."), (3, 7)),
        (RejectedError("No such order."), (3, 7)),
        (AccountDisconnectedError("Key revoked."), (595, 605)),
        (None, (595, 605)),
    ],
)
def test_a_hint_that_cannot_be_followed_yet_waits(
    shop: int, error: Exception | None, seconds: tuple[int, int]
) -> None:
    source = FakeShop()
    source.read_faults.append(error)
    send(C.WOOCOMMERCE, shop, {"id": 7}, "order.deleted")

    webhooks.work(C.WOOCOMMERCE, shop, source if error else None)

    (entry,) = webhooks.entries()
    assert entry.next_try_at is not None
    wait = (entry.next_try_at - now()).total_seconds()
    assert entry.state is InboxState.WAITING
    assert entry.reason == (str(error) if error else "The account is not connected.")
    assert seconds[0] < wait < seconds[1]


@pytest.mark.parametrize("error", [RateLimitedError("x", retry_after_s=9), RetryableError("x")])
def test_only_a_limit_of_the_account_stops_the_run(shop: int, error: Exception) -> None:
    source = FakeShop()
    source.put(told("8"))
    source.read_faults.append(error)
    send(C.WOOCOMMERCE, shop, {"id": 7}, "order.deleted")
    send(C.WOOCOMMERCE, shop, {"id": 8}, "order.deleted")

    taken = webhooks.work(C.WOOCOMMERCE, shop, source)

    assert taken == (1 if isinstance(error, RateLimitedError) else 2)


def test_a_fault_of_ours_is_raised_and_the_entry_waits(shop: int) -> None:
    source = FakeShop()
    source.read_faults.append(KeyError("meera@mail.example"))
    send(C.WOOCOMMERCE, shop, {"id": 7}, "order.deleted")

    with pytest.raises(KeyError):
        webhooks.work(C.WOOCOMMERCE, shop, source)

    (entry,) = webhooks.entries()
    assert (entry.state, entry.reason) == (InboxState.WAITING, "Unexpected: KeyError.")


def test_a_pull_that_stores_the_order_wakes_the_hint_that_waits(shop: int) -> None:
    source = FakeShop()
    source.read_faults.append(RejectedError("No such order."))
    send(C.WOOCOMMERCE, shop, {"id": 7}, "order.deleted")
    webhooks.work(C.WOOCOMMERCE, shop, source)
    source.put(told("7"))

    pulling.pull(source, shop, budget_s=20)

    assert webhooks.states() == ["waiting"]
    assert webhooks.work(C.WOOCOMMERCE, shop, source) == 1
    assert webhooks.states() == ["processed"]


def test_two_workers_never_hold_the_same_entry(blinkit: int) -> None:
    send(C.BLINKIT, blinkit, purchase_order())

    class Stop(Exception):  # noqa: N818 - stands for a killed process
        pass

    def dies(_: Any) -> Any:
        # What another worker would find meanwhile.
        assert webhooks.work(C.BLINKIT, blinkit) == 0
        raise Stop

    hook = hooks.HOOKS[C.BLINKIT]
    broken = type(hook)(hook.verify, hook.read, dies)
    with pytest.raises(Stop):
        inbox.process(blinkit, broken, lambda: None, budget_s=5)

    webhooks.time_passes()
    assert webhooks.work(C.BLINKIT, blinkit) == 1
    assert webhooks.states() == ["processed"]


def test_one_entry_alone_and_accounts_that_are_due(blinkit: int) -> None:
    send(C.BLINKIT, blinkit, purchase_order("1"))
    send(C.BLINKIT, blinkit, purchase_order("2"))
    second = webhooks.entries()[1].id
    with db.transaction() as session:
        due, found = inbox.due_accounts(session), inbox.account_of(session, second)
        nobody = inbox.account_of(session, 999)

    inbox.process(blinkit, hooks.HOOKS[C.BLINKIT], lambda: None, budget_s=5, entry_id=second)

    assert (due, found, nobody) == ([blinkit], blinkit, None)
    assert webhooks.states() == ["received", "processed"]


def test_a_run_ends_with_its_budget(blinkit: int) -> None:
    send(C.BLINKIT, blinkit, purchase_order())

    assert inbox.process(blinkit, hooks.HOOKS[C.BLINKIT], lambda: None, budget_s=0) == 0
    assert webhooks.states() == ["received"]


def test_a_channel_of_hints_never_takes_a_body_for_an_order() -> None:
    hook = hooks.HOOKS[C.SHOPIFY]

    assert hook.to_order(Told("orders/create", "1", {"id": 1}, now())) is None


def test_a_person_replays_what_was_set_aside(blinkit: int, asha: Any, reader: Any) -> None:
    send(C.BLINKIT, blinkit, cancellation())
    age(inbox.GIVE_UP_AFTER * 2)
    webhooks.work(C.BLINKIT, blinkit)
    send(C.BLINKIT, blinkit, purchase_order())
    webhooks.work(C.BLINKIT, blinkit)
    entry_id = webhooks.entries()[0].id

    with pytest.raises(PermissionDeniedError), db.transaction() as session:
        inbox_review.replay(session, reader, entry_id)
    with db.transaction() as session:
        inbox_review.replay(session, asha, entry_id)
    webhooks.work(C.BLINKIT, blinkit)

    assert webhooks.states() == ["processed", "processed"]
    assert webhooks.orders()["7700001"].status is S.CANCELLED
    with db.transaction() as session:
        assert list(session.exec(select(AuditEntry.action))) == ["inbox:replayed"]


def test_a_person_closes_what_only_a_person_can_do(asha: Any) -> None:
    account_id = webhooks.account(C.SHOPIFY)
    send(C.SHOPIFY, account_id, {"shop_id": 1}, "shop/redact")
    (entry,) = webhooks.entries()

    with pytest.raises(ConflictError), db.transaction() as session:
        inbox_review.replay(session, asha, entry.id)
    with db.transaction() as session:
        inbox_review.close(session, asha, entry.id)

    assert webhooks.states() == ["processed"]
    with pytest.raises(ConflictError), db.transaction() as session:
        inbox_review.close(session, asha, entry.id)
    with pytest.raises(NotFoundError), db.transaction() as session:
        inbox_review.close(session, asha, 999)
