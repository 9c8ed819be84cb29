"""Orders come in over HTTP from the real sandbox; whatever goes wrong loses nothing."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app import db, vault
from crm_app.config import get_settings
from crm_app.domain.order_status import OrderStatus
from crm_app.jobs import pull
from crm_app.models import (
    AccountStatus,
    ChannelAccount,
    InboxEntry,
    InboxState,
    Order,
    UnmappedWord,
)
from crm_app.services import accounts, order_rows
from tests.jobs.conftest import arrive, follow
from tests.running import SandboxServer

UNREADABLE = ["500_empty", "503", "html", "half_json", "close"]


def test_new_orders_of_both_channels_arrive(
    amazon: ChannelAccount, shop: ChannelAccount, sandbox: SandboxServer
) -> None:
    on_amazon = sandbox.place("amazon", count=3)
    in_shop = sandbox.place("woocommerce", count=2)

    arrive(amazon, on_amazon)
    arrive(shop, in_shop)

    for account in (amazon, shop):
        now = reread(account)
        assert (now.last_error, now.failures) == ("", 0)
        assert now.cursor
        assert now.watermark


def test_a_second_pull_changes_nothing(
    amazon: ChannelAccount, sandbox: SandboxServer, session: Session
) -> None:
    sandbox.place("amazon", count=5)
    pull.pull_account(amazon.id)
    before = {order.id: order.version for order in session.exec(select(Order))}
    session.rollback()

    assert pull.pull_account(amazon.id) == 0

    assert {order.id: order.version for order in session.exec(select(Order))} == before


def test_what_happens_on_the_channel_follows(
    amazon: ChannelAccount, shop: ChannelAccount, sandbox: SandboxServer
) -> None:
    (on_amazon,) = sandbox.place("amazon", status="PENDING")
    (in_shop,) = sandbox.place("woocommerce", status="processing")
    arrive(amazon, [on_amazon])
    arrive(shop, [in_shop])
    sandbox.post(f"orders/amazon/{on_amazon}/advance", {"to": "CANCELLED"})
    sandbox.post(f"orders/woocommerce/{in_shop}/advance", {"to": "completed"})

    follow(amazon, on_amazon, OrderStatus.CANCELLED)
    follow(shop, in_shop, OrderStatus.SHIPPED)


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_channel_that_talks_nonsense_moves_no_cursor(
    amazon: ChannelAccount, sandbox: SandboxServer, session: Session, kind: str
) -> None:
    pull.pull_account(amazon.id)
    before = reread(amazon).cursor
    (bought,) = sandbox.place("amazon")
    sandbox.fail(kind, channel="amazon", operation="searchOrders")

    assert pull.pull_account(amazon.id) == 0

    after = reread(amazon)
    assert after.cursor == before
    assert after.failures == 1
    assert after.last_error
    assert after.next_pull_at
    assert bought not in external_ids(session)
    session.rollback()
    pull.pull_account(amazon.id)
    assert bought in external_ids(session)
    assert reread(amazon).failures == 0


def test_a_quota_answer_is_no_failure_and_is_obeyed(
    amazon: ChannelAccount, sandbox: SandboxServer
) -> None:
    sandbox.fail("429", channel="amazon", operation="searchOrders")

    pull.pull_account(amazon.id)

    after = reread(amazon)
    assert after.failures == 0
    assert after.next_pull_at is not None
    assert after.last_pull_at is not None
    assert after.next_pull_at > after.last_pull_at


def test_a_slow_channel_is_left_after_the_time_out(
    amazon: ChannelAccount, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = get_settings().model_copy(update={"http_timeout_s": 0.5})
    monkeypatch.setattr("crm_app.errands.connecting.get_settings", lambda: impatient)
    sandbox.fail("slow", channel="amazon", operation="searchOrders", delay_s=3.0)

    pull.pull_account(amazon.id)

    assert reread(amazon).last_error == "Amazon gave no answer (searchOrders)."


def test_a_channel_that_is_down_is_named_and_tried_again(
    amazon: ChannelAccount, session: Session
) -> None:
    row = session.get_one(ChannelAccount, amazon.id)
    row.base_url = "http://127.0.0.1:9"  # the discard port: nobody listens
    row.options = {**row.options, "auth_url": "http://127.0.0.1:9"}
    session.commit()

    assert pull.pull_account(amazon.id) == 0

    after = reread(amazon)
    assert (after.status, after.failures) == (AccountStatus.CONNECTED, 1)


def test_expired_tokens_are_renewed_without_a_word(
    amazon: ChannelAccount, sandbox: SandboxServer
) -> None:
    sandbox.place("amazon")
    pull.pull_account(amazon.id)
    sandbox.post("tokens/expire", {})

    pull.pull_account(amazon.id)

    assert reread(amazon).failures == 0


def test_revoked_credentials_disconnect_the_account(
    amazon: ChannelAccount, session: Session
) -> None:
    row = session.get_one(ChannelAccount, amazon.id)
    row.credentials = vault.seal(vault.unseal(row.credentials) | {"refresh_token": "Atzr|gone"})
    session.commit()

    pull.pull_account(amazon.id)

    after = reread(amazon)
    assert after.status == AccountStatus.DISCONNECTED
    assert "gone" not in after.last_error


def sample(sandbox: SandboxServer) -> dict[str, Any]:
    (external_id,) = sandbox.place("amazon")
    body: dict[str, Any] = sandbox.truth("amazon", external_id)["body"]
    return body


MONEY: dict[str, Any] = {"amount": "1", "currencyCode": "INR"}
SET_ASIDE: dict[str, dict[str, Any]] = {
    "without its lines": {"orderItems": None},
    "without a time": {"createdTime": None},
    "with a NUL in its number": {"orderId": "404-\x00-1"},
    "with an amount that is none": {"proceeds": {"grandTotal": MONEY | {"amount": "a lot"}}},
    "with an absurd amount": {"proceeds": {"grandTotal": MONEY | {"amount": "9" * 40}}},
    "with a negative amount": {"proceeds": {"grandTotal": MONEY | {"amount": "-100.00"}}},
}


@pytest.mark.parametrize("changes", SET_ASIDE.values(), ids=SET_ASIDE)
def test_a_bad_order_is_set_aside_and_its_page_is_imported(
    amazon: ChannelAccount, sandbox: SandboxServer, session: Session, changes: dict[str, Any]
) -> None:
    body = sample(sandbox) | {"orderId": "404-9999999-0000001"} | changes
    sandbox.post("orders/raw", {"channel": "amazon", "body": body, "external_id": "404-bad"})
    (good,) = sandbox.place("amazon")

    pull.pull_account(amazon.id)

    (entry,) = session.exec(select(InboxEntry))
    assert entry.state == InboxState.SET_ASIDE
    assert entry.reason
    assert order_rows.unpack(entry.body)["lastUpdatedTime"] == body["lastUpdatedTime"]
    assert good in external_ids(session)
    assert reread(amazon).failures == 0
    # It is healed on the channel: the next pull stores it.
    take_away(sandbox)


def test_emoji_and_endless_names_are_stored(
    amazon: ChannelAccount, sandbox: SandboxServer, session: Session
) -> None:
    body = sample(sandbox)
    body["orderId"] = "404-9999999-0000002"
    body["recipient"]["deliveryAddress"]["name"] = "🌸" + "ā" * 10_000
    body["buyer"]["buyerName"] = "Ānandī 🌸 O'Neil"
    sandbox.post("orders/raw", {"channel": "amazon", "body": body})

    pull.pull_account(amazon.id)

    order = session.exec(select(Order).where(Order.external_id == "404-9999999-0000002")).one()
    assert order.customer_name == "Ānandī 🌸 O'Neil"
    assert len(order.ship_to["name"]) <= 300


def test_an_unknown_status_is_reported_and_stops_nothing(
    amazon: ChannelAccount, sandbox: SandboxServer, session: Session
) -> None:
    body = sample(sandbox)
    body["orderId"] = "404-9999999-0000003"
    body["fulfillment"]["fulfillmentStatus"] = "TELEPORTED"
    sandbox.post("orders/raw", {"channel": "amazon", "body": body})

    pull.pull_account(amazon.id)

    order = session.exec(select(Order).where(Order.external_id == "404-9999999-0000003")).one()
    assert (order.status, order.status_on_channel) == (OrderStatus.PENDING, None)
    (word,) = session.exec(select(UnmappedWord))
    assert (word.word, word.example_external_id) == ("TELEPORTED", order.external_id)
    take_away(sandbox)


def test_published_limits_are_kept_without_being_refused(
    amazon: ChannelAccount, sandbox: SandboxServer, session: Session
) -> None:
    row = session.get_one(ChannelAccount, amazon.id)
    row.options = {**row.options, "rate_multiplier": 1}
    session.commit()
    sandbox.post("mode", {"mode": "published"})

    for _ in range(22):
        pull.pull_account(amazon.id)
    sandbox.post("mode", {"mode": "fast"})

    after = reread(amazon)
    assert after.failures == 0
    # A burst of 20, then one token in three minutes: the next pull has to wait for it.
    assert after.next_pull_at is not None
    assert after.last_pull_at is not None
    assert after.next_pull_at - after.last_pull_at > timedelta(seconds=60)


def take_away(sandbox: SandboxServer) -> None:
    """Raw orders of one test must not meet the next: serve them long ago."""
    for external_id in ("404-bad", "404-9999999-0000003"):
        sandbox.post(
            "orders/raw",
            {
                "channel": "amazon",
                "body": {"orderId": external_id},
                "external_id": external_id,
                "updated_at": "2001-01-01T00:00:00Z",
            },
        )


def external_ids(session: Session) -> set[str]:
    return set(session.exec(select(Order.external_id)))


def reread(account: ChannelAccount) -> ChannelAccount:
    with db.transaction() as session:
        return accounts.get_account(session, account.id)


def test_the_clock_asks_once_for_a_pull_and_again_when_the_job_was_lost(
    amazon: ChannelAccount, session: Session
) -> None:
    assert pull.pull_due() == 1
    assert pull.pull_due() == 0

    row = session.get_one(ChannelAccount, amazon.id)
    assert row.next_pull_at is not None
    row.next_pull_at -= timedelta(minutes=1)
    session.commit()

    assert pull.pull_due() == 1
