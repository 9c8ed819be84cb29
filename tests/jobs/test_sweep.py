"""The deep sweep against the real sandbox: what a list forgot is found, and counted."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app import db, queue
from crm_app.channels.breaker import THRESHOLD, Family
from crm_app.channels.limits import RedisLimiter
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.time import now
from crm_app.errors import (
    ConflictError,
    InvalidInputError,
    PermissionDeniedError,
    RetryableError,
)
from crm_app.jobs import pull, sweep
from crm_app.models import AuditEntry, ChannelAccount, Order, Sweep, SweepEntry
from crm_app.sandbox import credentials
from crm_app.services import accounts, sweep_absent, sweeping
from tests import running
from tests.factories import AccountFactory, OrderFactory, bind
from tests.jobs.conftest import arrive
from tests.running import SandboxServer
from tests.services.fakes import FakeShop, told


@pytest.fixture
def flipkart(database: str, sandbox: SandboxServer) -> ChannelAccount:
    del database
    seller = credentials.FLIPKART_SELLER
    return connect(
        sandbox, Channel.FLIPKART, {"app_id": seller.app_id, "app_secret": seller.app_secret}
    )


@pytest.fixture
def shopify(database: str, sandbox: SandboxServer) -> ChannelAccount:
    del database
    keys = {"access_token": credentials.SHOPIFY_SHOP.access_token}
    return connect(sandbox, Channel.SHOPIFY, keys)


# Ids of the right shape that no order ever had.
GONE = {
    "amazon": "405-0000000-0000001",
    "woocommerce": "99000001",
    "flipkart": "00000000-0000-4000-8000-000000000001",
    "shopify": "9900000000001",
}


def connect(sandbox: SandboxServer, channel: Channel, keys: dict[str, str]) -> ChannelAccount:
    with db.transaction() as session:
        return accounts.add_account(
            session,
            channel=channel,
            name=channel.label,
            base_url=f"{sandbox.url}/{channel.value}",
            credentials=keys,
            options={"rate_multiplier": 1_000},
        )


def begin(actor: Actor, account: ChannelAccount, days: float | None = None) -> int:
    with db.transaction() as session:
        return sweeping.ask(session, actor, account.id, days).id


def finished(sweep_id: int) -> Sweep:
    with db.transaction() as session:
        return session.get_one(Sweep, sweep_id)


def swept(account: ChannelAccount, sweep_id: int) -> Sweep:
    """Step on until the sweep is over: one step may end early, when it waited for its limit."""

    def is_over() -> bool:
        sweep.sweep_account(account.id)
        return finished(sweep_id).finished_at is not None

    running.wait_for(is_over, "the sweep is over", timeout_s=60)
    return finished(sweep_id)


def here(external_id: str) -> bool:
    with db.transaction() as session:
        return (
            session.exec(select(Order.id).where(Order.external_id == external_id)).first()
            is not None
        )


def hour_ago(external_id: str) -> None:
    """As if the channel had told its version an hour ago."""
    with db.transaction() as session:
        order = session.exec(select(Order).where(Order.external_id == external_id)).one()
        order.channel_updated_at = now() - timedelta(hours=1)


@pytest.mark.parametrize("channel", ["amazon", "woocommerce", "flipkart", "shopify"])
def test_the_order_that_a_list_forgot_is_found(
    request: pytest.FixtureRequest, sandbox: SandboxServer, admin: Actor, channel: str
) -> None:
    name = "shop" if channel == "woocommerce" else channel
    account: ChannelAccount = request.getfixturevalue(name)
    # One order of Flipkart's may be several shipments.
    forgotten, *rest = sandbox.place(channel)
    sandbox.post(f"orders/{channel}/{forgotten}/hide", {"hidden": True})
    # Placed later: a list that ends at a whole second and shows these would show the first too.
    arrive(account, rest + sandbox.place(channel))
    pass_by(account)
    sandbox.post(f"orders/{channel}/{forgotten}/hide", {"hidden": False})
    pull.pull_account(account.id)
    missed = not here(forgotten)

    sweep_id = begin(admin, account)
    done = swept(account, sweep_id)

    assert missed
    assert here(forgotten)
    assert done.finished_at is not None
    assert (done.missing, done.behind, done.examples) == (1, 0, [forgotten])
    assert done.checked >= 2


def pass_by(account: ChannelAccount) -> None:
    """As if the pull had gone on for ten minutes: beyond its overlap."""
    with db.transaction() as session:
        row = session.get_one(ChannelAccount, account.id)
        later = now() + timedelta(minutes=10)
        row.cursor, row.watermark = later.isoformat(), later


@pytest.mark.parametrize("channel", ["amazon", "woocommerce", "flipkart", "shopify"])
def test_what_is_here_and_not_in_the_list_is_asked_for_and_kept(
    request: pytest.FixtureRequest, sandbox: SandboxServer, admin: Actor, channel: str
) -> None:
    name = "shop" if channel == "woocommerce" else channel
    account: ChannelAccount = request.getfixturevalue(name)
    hidden, *others = sandbox.place(channel)
    arrive(account, [hidden, *others])
    hour_ago(hidden)
    with db.transaction() as session:
        bind(session)
        OrderFactory(
            account_id=account.id,
            channel=account.channel,
            external_id=GONE[channel],
            channel_updated_at=now() - timedelta(hours=1),
        )
        OrderFactory(
            account_id=account.id,
            channel=account.channel,
            external_id=GONE[channel] + "9",
            channel_updated_at=now() - timedelta(days=30),
        )
    sandbox.post(f"orders/{channel}/{hidden}/hide", {"hidden": True})

    done = swept(account, begin(admin, account, days=7))
    sandbox.post(f"orders/{channel}/{hidden}/hide", {"hidden": False})

    assert (done.unlisted, done.unknown) == (1, 1)
    assert set(done.absent) == {hidden, GONE[channel]}
    assert (done.missing, done.behind, done.error) == (0, 0, "")
    assert here(hidden)
    assert here(GONE[channel])
    with db.transaction() as session:
        assert session.exec(select(SweepEntry)).all() == []


def test_an_order_in_the_bin_is_in_no_list_and_is_nothing_to_tell(
    shop: ChannelAccount, sandbox: SandboxServer, admin: Actor
) -> None:
    (binned,) = sandbox.place("woocommerce")
    arrive(shop, [binned])
    sandbox.post(f"orders/woocommerce/{binned}/advance", {"to": "trash"})
    hour_ago(binned)

    done = swept(shop, begin(admin, shop, days=7))

    assert (done.unlisted, done.unknown, done.absent) == (0, 0, [])
    with db.transaction() as session:
        order = session.exec(select(Order).where(Order.external_id == binned)).one()
        assert order.status is OrderStatus.CANCELLED


def test_what_changed_while_the_sweep_ran_is_not_called_absent(
    session: Session, admin: Actor
) -> None:
    account = AccountFactory(watermark=now())
    moment = now()
    OrderFactory(account=account, external_id="late", channel_updated_at=moment)
    OrderFactory(account=account, external_id="old", channel_updated_at=moment - timedelta(days=40))
    OrderFactory(account=account, external_id="due", channel_updated_at=moment - timedelta(hours=1))
    OrderFactory(external_id="other", channel_updated_at=moment - timedelta(hours=1))
    sweep_row = sweeping.ask(session, admin, account.id, 7)
    session.flush()

    absent = sweep_absent.to_ask_for(session, sweep_row)
    sweep_absent.note_listed(session, sweep_row, ["due"])

    assert absent == ["due"]
    assert sweep_absent.to_ask_for(session, sweep_row) == []


def test_a_channel_that_does_not_answer_for_them_lets_the_sweep_wait(
    database: str, admin: Actor
) -> None:
    shop = FakeShop()
    with db.transaction() as session:
        bind(session)
        account = AccountFactory(channel=Channel.WOOCOMMERCE)
        hour_ago = now() - timedelta(hours=1)
        OrderFactory(account=account, external_id="W-1", channel_updated_at=hour_ago)
        account_id = account.id
    with db.transaction() as session:
        sweep_id = sweeping.ask(session, admin, account_id, 7).id
    shop.put(told("W-1", updated_at=now()))
    shop.lists = False
    shop.read_faults.append(RetryableError("down"))

    first = sweeping.step(shop, account_id, budget_s=60)
    waiting = finished(sweep_id)
    second = sweeping.step(shop, account_id, budget_s=60)

    assert first is not None
    assert (first.is_done, waiting.finished_at, waiting.failures) == (False, None, 1)
    assert waiting.listed_at is not None
    assert second is not None
    assert second.is_done
    assert (finished(sweep_id).unlisted, finished(sweep_id).absent) == (1, ["W-1"])
    # The list is not read again for it.
    assert shop.calls == ["read W-1", "read W-1"]


def test_a_second_sweep_finds_nothing_and_moves_no_cursor(
    shop: ChannelAccount, sandbox: SandboxServer, admin: Actor
) -> None:
    arrive(shop, sandbox.place("woocommerce", count=3))
    with db.transaction() as session:
        before = session.get_one(ChannelAccount, shop.id)

    first = begin(admin, shop)
    sweep.sweep_account(shop.id)
    second = begin(admin, shop)
    sweep.sweep_account(shop.id)

    with db.transaction() as session:
        after = session.get_one(ChannelAccount, shop.id)
    assert [finished(one).missing for one in (first, second)] == [0, 0]
    assert (after.cursor, after.watermark) == (before.cursor, before.watermark)


def test_a_sweep_goes_on_where_it_was_stopped(
    shop: ChannelAccount, sandbox: SandboxServer, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_app.channels.woocommerce.connector.PAGE_SIZE", 2)
    monkeypatch.setattr("crm_app.jobs.sweep._BUDGET_S", 0.0)
    arrive(shop, sandbox.place("woocommerce", count=5))
    sweep_id = begin(admin, shop, days=1)

    steps = 0
    while finished(sweep_id).finished_at is None:
        sweep.sweep_account(shop.id)
        steps += 1
        assert steps < 50

    assert steps > 1
    assert finished(sweep_id).missing == 0


def test_a_channel_that_fails_lets_it_wait_and_then_it_goes_on(
    amazon: ChannelAccount, sandbox: SandboxServer, admin: Actor
) -> None:
    arrive(amazon, sandbox.place("amazon"))
    sweep_id = begin(admin, amazon)
    sandbox.fail("html", channel="amazon", operation="searchOrders")

    sweep.sweep_account(amazon.id)
    failed = finished(sweep_id)
    sweep.sweep_account(amazon.id)

    assert (failed.finished_at, failed.failures) == (None, 1)
    assert failed.error.startswith("Amazon sent an answer that is not")
    assert failed.next_step_at is not None
    assert failed.next_step_at > now() + timedelta(seconds=15)
    assert finished(sweep_id).finished_at is not None
    assert finished(sweep_id).error == ""


def test_it_waits_while_the_channel_is_left_alone(
    amazon: ChannelAccount, sandbox: SandboxServer, admin: Actor
) -> None:
    circuit = RedisLimiter(queue.connection(), amazon.id, {}).breaker
    for _ in range(THRESHOLD):
        circuit.ended(Family.READ, RetryableError("down"))
    sweep_id = begin(admin, amazon)

    sweep.sweep_account(amazon.id)

    waiting = finished(sweep_id)
    assert (waiting.finished_at, waiting.failures) == (None, 0)
    assert waiting.next_step_at is not None
    assert waiting.next_step_at > now() + timedelta(seconds=15)


def test_the_clock_begins_one_where_the_last_is_long_ago(session: Session) -> None:
    old = now() - timedelta(hours=7)
    due = AccountFactory(watermark=now(), created_at=old)
    fresh = AccountFactory(watermark=now(), created_at=now())
    AccountFactory(watermark=None, created_at=old)
    AccountFactory(channel=Channel.SWIGGY, watermark=now(), created_at=old)
    swept = AccountFactory(watermark=now(), created_at=old)
    session.add(Sweep(account_id=swept.id, since=old, started_at=now(), finished_at=now()))
    session.commit()

    first = sweeping.claim_due(session)
    session.commit()
    second = sweeping.claim_due(session)

    assert (first, second) == ([due.id], [])
    assert sweeping.open_sweep(session, fresh.id) is None


@pytest.mark.parametrize(
    ("fields", "days", "error"),
    [
        ({"channel": Channel.BLINKIT}, None, ConflictError),
        ({"status": "paused"}, None, ConflictError),
        ({}, 0, InvalidInputError),
        ({}, 400, InvalidInputError),
    ],
    ids=["no list", "paused", "no days", "too many"],
)
def test_what_cannot_be_swept_is_said(
    session: Session, admin: Actor, fields: dict[str, Any], days: float | None, error: type
) -> None:
    account = AccountFactory(**fields)

    with pytest.raises(error):
        sweeping.ask(session, admin, account.id, days)

    assert session.exec(select(Sweep)).all() == []


def test_one_at_a_time_by_those_who_may_and_written_down(
    session: Session, admin: Actor, asha: Actor
) -> None:
    account = AccountFactory()
    with pytest.raises(PermissionDeniedError):
        sweeping.ask(session, asha, account.id)

    sweeping.ask(session, admin, account.id, 7)
    with pytest.raises(ConflictError, match="already running"):
        sweeping.ask(session, admin, account.id, 7)

    entry = session.exec(select(AuditEntry)).one()
    assert (entry.action, entry.after) == ("account:sweep:asked", {"days": 7})
