"""What channels send, against the sandbox: hooks in, statuses out, over HTTP."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard
from sqlmodel import col, select

from crm_app import db
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.jobs import inbox, push
from crm_app.models import InboxEntry, InboxState, Order, OrderLine, StatusIntent
from crm_app.sandbox import credentials
from crm_app.services import accounts, orders
from tests import running
from tests.running import SandboxServer

S = OrderStatus
PERSON = Actor(
    ActorKind.PERSON, "Asha", 7, frozenset({Permission.CHANGE_STATUS, Permission.CANCEL_ORDERS})
)
TOLD = "It accepted the call. It can be asked for nothing more."
VENDOR, MERCHANT = credentials.BLINKIT_VENDOR, credentials.SWIGGY_MERCHANT


@pytest.fixture(scope="module")
def sandbox(
    postgres_url_for: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SandboxServer]:
    log = tmp_path_factory.mktemp("sandbox") / "sandbox.log"
    with running.sandbox(postgres_url_for("sandbox_of_hooks"), log) as server:
        yield server


@pytest.fixture
def desk(database: str, tmp_path: Path) -> Iterator[str]:
    """The API in a process of its own; its address."""
    del database
    port = running.free_port()
    url = f"http://127.0.0.1:{port}"
    serve = ["-m", "granian", "--interface", "asgi", "--factory", "--port", str(port)]
    command = [*serve, "crm_app.api.app:create_api"]
    with running.process(command, {"CRM_PUBLIC_URL": url}, tmp_path / "desk.log"):
        running.wait_for(lambda: _is_live(url), "the API answers")
        yield url


def _is_live(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", timeout=2).is_success
    except httpx.TransportError:
        return False


def connect(
    sandbox: SandboxServer,
    desk: str,
    channel: Channel,
    keys: Mapping[str, str],
    options: Mapping[str, str] | None = None,
) -> int:
    with db.transaction() as session:
        account = accounts.add_account(
            session,
            channel=channel,
            name="Palmonas",
            base_url=f"{sandbox.url}/{channel}",
            credentials=dict(keys),
            options={
                "rate_multiplier": 1_000,
                "supplier_gstin": VENDOR.supplier_gstin,
                **(options or {}),
            },
        )
    target = {"channel": channel.value, "url": f"{desk}/webhooks/{channel}/{account.id}"}
    sandbox.post("hooks", target)
    return account.id


def order_of(external_id: str) -> Order | None:
    with db.transaction() as session:
        return session.exec(select(Order).where(Order.external_id == external_id)).one_or_none()


def arrives(account_id: int, external_id: str, is_so: Callable[[Order], bool]) -> Order:
    def look() -> Any:
        inbox.process_account(account_id)
        found = order_of(external_id)
        return found if found is not None and is_so(found) else None

    return running.wait_for(look, f"order {external_id} is as told")


def tell(account_id: int, external_id: str, new: OrderStatus) -> StatusIntent:
    order = order_of(external_id)
    assert order is not None
    with db.transaction() as session:
        orders.change_status(session, PERSON, order.id, new)
    push.push_account(account_id)
    with db.transaction() as session:
        newest = select(StatusIntent).order_by(col(StatusIntent.id).desc()).limit(1)
        return session.exec(newest).one()


def test_a_purchase_order_is_accepted_and_shipped(sandbox: SandboxServer, desk: str) -> None:
    keys = {"api_key": VENDOR.api_key, "webhook_secret": VENDOR.hook_key}
    account_id = connect(sandbox, desk, Channel.BLINKIT, keys)
    (number,) = sandbox.place("blinkit")

    order = arrives(account_id, number, lambda found: found.status is S.PENDING)
    accepted = tell(account_id, number, S.CONFIRMED)
    after_accepting = sandbox.truth("blinkit", number)["status"]
    shipped = tell(account_id, number, S.SHIPPED)

    assert order.total_minor is not None
    assert (accepted.state, accepted.reason) == (IntentState.CONFIRMED, TOLD)
    assert (shipped.state, shipped.reason) == (IntentState.CONFIRMED, TOLD)
    assert (after_accepting, sandbox.truth("blinkit", number)["status"]) == (
        "ACCEPTED",
        "FULFILLED",
    )


def test_a_write_without_an_answer_is_said_again_and_counts_once(
    sandbox: SandboxServer, desk: str
) -> None:
    keys = {"api_key": VENDOR.api_key, "webhook_secret": VENDOR.hook_key}
    account_id = connect(sandbox, desk, Channel.BLINKIT, keys)
    (number,) = sandbox.place("blinkit")
    arrives(account_id, number, lambda found: found.status is S.PENDING)
    tell(account_id, number, S.CONFIRMED)
    sandbox.fail("close", channel="blinkit", operation="asn", phase="after")

    unknown = tell(account_id, number, S.SHIPPED)
    with db.transaction() as session:
        intent = session.get(StatusIntent, unknown.id)
        assert intent is not None
        intent.next_try_at = intent.created_at
    push.push_account(account_id)

    with db.transaction() as session:
        settled = session.get(StatusIntent, unknown.id)
    assert settled is not None
    assert unknown.outcome_unknown
    assert (settled.state, settled.reason) == (IntentState.CONFIRMED, TOLD)
    sandbox.heal()


def test_the_relays_order_is_acknowledged_and_its_cancellation_needs_a_call(
    sandbox: SandboxServer, desk: str
) -> None:
    keys = {
        "user": MERCHANT.user,
        "api_key": MERCHANT.api_key,
        "webhook_secret": MERCHANT.hook_header,
    }
    account_id = connect(sandbox, desk, Channel.SWIGGY, keys)
    # Swiggy lets one order in ten be rejected: some of these cannot be.
    placed = sandbox.place("swiggy", count=6)
    for key in placed:
        arrives(account_id, key, lambda found: found.status is S.PENDING)

    told = tell(account_id, placed[0], S.CONFIRMED)
    echoed = arrives(account_id, placed[0], lambda found: found.channel_status == "Acknowledged")
    refused = [tell(account_id, key, S.CANCELLED) for key in placed[1:]]

    assert told.state is IntentState.CONFIRMED
    assert (echoed.status, echoed.sync_status) == (S.CONFIRMED, SyncStatus.IN_SYNC)
    words = [intent.reason for intent in refused if intent.state is IntentState.REJECTED]
    assert words
    assert all(word.startswith("Needs a call: ") and "not allowed" in word for word in words)


def test_a_return_at_flipkart_arrives_by_its_notification(
    sandbox: SandboxServer, desk: str
) -> None:
    account_id = connect(sandbox, desk, Channel.FLIPKART, KEYS[Channel.FLIPKART])
    number = sandbox.place("flipkart")[0]
    arrives(account_id, number, lambda found: found.status is S.CONFIRMED)
    lever = f"orders/flipkart/{number}/advance"

    def notices() -> dict[str, str | None]:
        inbox.process_account(account_id)
        with db.transaction() as session:
            found = session.exec(
                select(InboxEntry.topic, InboxEntry.external_id).where(
                    InboxEntry.account_id == account_id, col(InboxEntry.topic).startswith("return_")
                )
            )
            return dict(found.all())

    sandbox.post(lever, {"to": "DELIVERED"})
    sandbox.post(lever, {"to": "RETURN_REQUESTED"})
    coming = arrives(account_id, number, lambda found: found.return_requested)
    sandbox.post(lever, {"to": "RETURNED"})
    back = arrives(account_id, number, lambda found: found.status is S.RETURNED)

    assert (coming.status, back.return_requested) == (S.DELIVERED, False)
    # A notification that came earlier may have read the return's end already.
    both = {"return_created", "return_completed"}
    running.wait_for(lambda: set(notices()) == both, "both are told of")
    # What was named by its return alone is filed under its order.
    running.wait_for(lambda: set(notices().values()) == {number}, "both are filed under it")
    with db.transaction() as session:
        lines = session.exec(select(OrderLine).where(OrderLine.order_id == back.id)).all()
    assert all(line.quantity_returned == line.quantity for line in lines)


KEYS: dict[Channel, dict[str, str]] = {
    Channel.BLINKIT: {"api_key": VENDOR.api_key, "webhook_secret": VENDOR.hook_key},
    Channel.SWIGGY: {
        "user": MERCHANT.user,
        "api_key": MERCHANT.api_key,
        "webhook_secret": MERCHANT.hook_header,
    },
    Channel.FLIPKART: {
        "app_id": credentials.FLIPKART_SELLER.app_id,
        "app_secret": credentials.FLIPKART_SELLER.app_secret,
        "webhook_secret": credentials.FLIPKART_SELLER.app_secret,
    },
    Channel.SHOPIFY: {
        "access_token": credentials.SHOPIFY_SHOP.access_token,
        "webhook_secret": credentials.SHOPIFY_SHOP.app_secret,
    },
    Channel.WOOCOMMERCE: {
        "consumer_key": credentials.WOO_SHOP.consumer_key,
        "consumer_secret": credentials.WOO_SHOP.consumer_secret,
        "webhook_secret": "woo-sandbox-hook-secret",
    },
}


@pytest.mark.parametrize("channel", KEYS, ids=lambda channel: channel.value)
def test_an_order_that_is_issued_again_is_another_order_and_the_first_ends(
    sandbox: SandboxServer, desk: str, channel: Channel
) -> None:
    """A channel that issues an order under another id cancels the first, and nothing is merged."""
    account_id = connect(sandbox, desk, channel, KEYS[channel])
    first = sandbox.place(channel.value, lines=1)[0]
    before = arrives(account_id, first, lambda found: found.status in (S.PENDING, S.CONFIRMED))

    again = sandbox.post(f"orders/{channel.value}/{first}/reissue", {})["external_id"]

    after = arrives(account_id, first, lambda found: found.status is S.CANCELLED)
    fresh = arrives(account_id, again, lambda found: found.status in (S.PENDING, S.CONFIRMED))
    assert (after.id, fresh.id != after.id) == (before.id, True)
    assert fresh.total_minor == before.total_minor
    assert (after.sync_status, fresh.sync_status) == (SyncStatus.IN_SYNC, SyncStatus.IN_SYNC)
    with db.transaction() as session:
        ours = session.exec(select(Order).where(Order.account_id == account_id)).all()
    assert {order.external_id for order in ours} == {first, again}


def test_shopifys_mandatory_topics_are_stored_and_left_to_a_person(
    sandbox: SandboxServer, desk: str
) -> None:
    shop = credentials.SHOPIFY_SHOP
    keys = {"access_token": shop.access_token, "webhook_secret": shop.app_secret}
    sandbox.post("accounts", {"channel": "shopify", "orders": 20})
    account_id = connect(sandbox, desk, Channel.SHOPIFY, keys)

    for topic in ("customers/data_request", "customers/redact", "shop/redact"):
        sandbox.post("privacy", {"topic": topic})

    def told() -> dict[str, InboxEntry]:
        with db.transaction() as session:
            found = session.exec(select(InboxEntry).where(InboxEntry.account_id == account_id))
            return {one.topic: one for one in found}

    entries = running.wait_for(lambda: told() if len(told()) == 3 else None, "all three arrive")
    assert {one.state for one in entries.values()} == {InboxState.SET_ASIDE}
    assert all("within 30 days" in one.reason for one in entries.values())
    redact = json.loads(zstandard.decompress(entries["customers/redact"].body))
    assert redact["shop_domain"] == shop.domain
    assert redact["orders_to_redact"]
    # A job that looks at the inbox leaves them where they are.
    assert inbox.process_account(account_id) == 0
    assert {one.state for one in told().values()} == {InboxState.SET_ASIDE}


def test_an_order_that_amazons_list_forgets_arrives_by_its_message(
    sandbox: SandboxServer, desk: str
) -> None:
    amazon = credentials.AMAZON_SELLER
    keys = {
        "client_id": amazon.client_id,
        "client_secret": amazon.client_secret,
        "refresh_token": amazon.refresh_token,
        "webhook_secret": credentials.AMAZON_RELAY_KEY,
    }
    options = {"auth_url": f"{sandbox.url}/amazon-auth"}
    account_id = connect(sandbox, desk, Channel.AMAZON, keys, options)
    (order_id,) = sandbox.place("amazon")
    sandbox.post(f"orders/amazon/{order_id}/hide", {"hidden": True})

    placed = arrives(account_id, order_id, lambda found: found.status is S.CONFIRMED)
    sandbox.post(f"orders/amazon/{order_id}/advance", {"to": "CANCEL_REQUESTED"})
    asked = arrives(account_id, order_id, lambda found: found.cancel_requested)

    assert not placed.cancel_requested
    assert asked.id == placed.id
