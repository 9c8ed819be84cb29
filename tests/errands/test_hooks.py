"""A shop that has switched off its webhooks to us: noticed, told, and switched on again."""

from collections.abc import Iterator

import httpx
import pytest
from sqlmodel import col, select

from crm_app import db, vault
from crm_app.channels.shopify.connector import ShopifyConnector
from crm_app.channels.woocommerce.connector import WooCommerceConnector
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.errands import hooks
from crm_app.errors import ConflictError, PermissionDeniedError
from crm_app.jobs.hooks import watch_due
from crm_app.models import AuditEntry, ChannelAccount
from crm_app.sandbox.credentials import SHOPIFY_SHOP
from crm_app.services import account_view, accounts
from crm_app.services.health import account_health
from tests.running import SandboxServer, wait_for


@pytest.fixture
def address(shop: ChannelAccount, sandbox: SandboxServer) -> Iterator[str]:
    """Our address at the shop, where nobody answers here."""
    url = account_view.hook_address(shop)
    body = {"channel": "woocommerce", "url": url, "secret": "s", "topics": ["order.created"]}
    sandbox.post("hooks", body)
    yield url
    httpx.delete(f"{sandbox.url}/_sandbox/hooks", timeout=30).raise_for_status()


@pytest.fixture
def boutique(database: str, sandbox: SandboxServer) -> ChannelAccount:
    """An account of the sandbox's Shopify."""
    del database
    with db.transaction() as session:
        return accounts.add_account(
            session,
            channel=Channel.SHOPIFY,
            name="Boutique",
            base_url=f"{sandbox.url}/shopify",
            credentials={
                "access_token": SHOPIFY_SHOP.access_token,
                "webhook_secret": SHOPIFY_SHOP.app_secret,
            },
            options={"rate_multiplier": 1_000},
        )


def reread(account: ChannelAccount) -> ChannelAccount:
    with db.transaction() as session:
        return session.get_one(ChannelAccount, account.id)


def test_hooks_that_are_well_are_counted(shop: ChannelAccount, address: str) -> None:
    asked = watch_due()
    again = watch_due()

    found = reread(shop).hooks
    assert address
    assert (asked, again) == (1, 0)
    assert (found["active"], found["disabled"]) == (1, 0)


def test_hooks_that_lead_elsewhere_are_none_of_ours(shop: ChannelAccount) -> None:
    assert hooks.watch(shop.id) == ()
    assert reread(shop).hooks["active"] == 0


def test_one_that_was_switched_off_is_noticed_and_switched_on_again(
    shop: ChannelAccount, address: str, sandbox: SandboxServer, admin: Actor, asha: Actor
) -> None:
    sandbox.place("woocommerce", count=8)
    wait_for(lambda: not any(seat.is_active for seat in hooks.watch(shop.id)), "it is switched off")
    with db.transaction() as session:
        row = session.get_one(ChannelAccount, shop.id)
        row.last_success_at = row.created_at
        (health,) = account_health(session)
    with pytest.raises(PermissionDeniedError):
        hooks.revive(asha, shop.id)

    revived = hooks.revive(admin, shop.id)

    assert address
    assert (health.level, health.sentence) == (
        "warn",
        "1 webhook was switched off by the channel; orders still arrive by asking.",
    )
    assert revived == 1
    assert reread(shop).hooks["disabled"] == 0
    with db.transaction() as session:
        assert session.exec(select(AuditEntry.action)).one() == "account:webhooks:revived"


def test_a_channel_that_cannot_be_asked_says_so(amazon: ChannelAccount) -> None:
    with pytest.raises(ConflictError):
        hooks.watch(amazon.id)


def test_those_that_are_watched_can_be() -> None:
    connectors = {Channel.WOOCOMMERCE: WooCommerceConnector, Channel.SHOPIFY: ShopifyConnector}

    assert set(hooks.WATCHED) == set(connectors)
    for connector in connectors.values():
        assert all(hasattr(connector, name) for name in ("hooks_to", "revive_hook", "place_hook"))
        assert connector.hook_topics


def test_switching_on_twice_makes_each_webhook_once(
    shop: ChannelAccount, sandbox: SandboxServer, admin: Actor, asha: Actor
) -> None:
    with pytest.raises(PermissionDeniedError):
        hooks.switch_on(asha, shop.id)
    assert hooks.watch(shop.id) == ()

    made, again = hooks.switch_on(admin, shop.id), hooks.switch_on(admin, shop.id)

    seats = hooks.watch(shop.id)
    assert (made, again) == (4, 0)
    assert sorted(seat.topic for seat in seats) == sorted(WooCommerceConnector.hook_topics)
    assert all(seat.is_active for seat in seats)
    assert vault.unseal(reread(shop).credentials)["webhook_secret"]
    with db.transaction() as session:
        found = session.exec(select(AuditEntry).order_by(col(AuditEntry.id))).all()
        told = [(one.action, one.after) for one in found if "switched_on" in one.action]
        assert "s3cr3t" not in str(found)
    assert told == [
        ("account:webhooks:switched_on", {"webhooks": 4}),
        ("account:webhooks:switched_on", {"webhooks": 0}),
    ]
    httpx.delete(f"{sandbox.url}/_sandbox/hooks", timeout=30).raise_for_status()


def test_webhooks_that_shopify_deleted_are_missed_and_made_again(
    boutique: ChannelAccount, sandbox: SandboxServer, admin: Actor
) -> None:
    assert hooks.switch_on(admin, boutique.id) == 4
    assert reread(boutique).hooks["lost"] == 0

    httpx.delete(f"{sandbox.url}/_sandbox/hooks", timeout=30).raise_for_status()
    hooks.watch(boutique.id)

    found = reread(boutique).hooks
    assert (found["active"], found["lost"]) == (0, 4)
    with db.transaction() as session:
        row = session.get_one(ChannelAccount, boutique.id)
        row.last_success_at = row.created_at
        sentences = [one.sentence for one in account_health(session)]
    assert "4 webhooks were deleted at the channel; orders still arrive by asking." in sentences
    assert hooks.switch_on(admin, boutique.id) == 4
    assert reread(boutique).hooks["lost"] == 0
    httpx.delete(f"{sandbox.url}/_sandbox/hooks", timeout=30).raise_for_status()


def test_without_the_apps_secret_nothing_is_switched_on(
    boutique: ChannelAccount, admin: Actor
) -> None:
    with db.transaction() as session:
        row = session.get_one(ChannelAccount, boutique.id)
        row.credentials = vault.seal({"access_token": SHOPIFY_SHOP.access_token})

    with pytest.raises(ConflictError, match="Enter Shopify's secret"):
        hooks.switch_on(admin, boutique.id)

    assert hooks.watch(boutique.id) == ()
