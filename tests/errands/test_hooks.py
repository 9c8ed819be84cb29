"""A shop that has switched off its webhooks to us: noticed, told, and switched on again."""

from collections.abc import Iterator

import httpx
import pytest
from sqlmodel import select

from crm_app import db
from crm_app.channels.base import HookWatcher
from crm_app.channels.woocommerce.connector import WooCommerceConnector
from crm_app.domain.actor import Actor
from crm_app.errands import hooks
from crm_app.errors import ConflictError, PermissionDeniedError
from crm_app.jobs.hooks import watch_due
from crm_app.models import AuditEntry, ChannelAccount
from crm_app.services import account_view
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
    assert len(hooks.WATCHED) == 1
    assert issubclass(WooCommerceConnector, HookWatcher)
