"""Fill an empty database with demo people and the sandbox's accounts (`python -m crm_app.demo`).

`python -m crm_app.demo hooks` then tells the running sandbox where to send its webhooks. Both run
in demo mode only, and as often as one likes.
"""

import sys
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from sqlmodel import Session, select

from crm_app import db, vault
from crm_app.channels import capabilities
from crm_app.config import DEMO_PASSWORD, Settings, get_settings
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission, Role
from crm_app.models import ChannelAccount, User
from crm_app.sandbox import credentials
from crm_app.sandbox.catalogue import PRODUCTS
from crm_app.services import accounts, granting, skus, users

PEOPLE: Final = (
    ("admin@demo.test", "Anika Rao", Role.ADMIN),
    ("support@demo.test", "Riya Menon", Role.SUPPORT),
    ("readonly@demo.test", "Kabir Shah", Role.READ_ONLY),
)
# The sandbox in mode `fast` multiplies its limits; ours have to follow, or it would idle.
_FAST_RATE: Final = 1_000
# A channel that only pushes tells about its newest orders once, when it learns where we are.
_BACKFILL: Final = 200


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One account of the sandbox: its path there, and what opens it."""

    channel: Channel
    name: str
    credentials: dict[str, str]
    options: dict[str, Any] = field(default_factory=dict[str, Any])


def demo_accounts(settings: Settings) -> tuple[DemoAccount, ...]:
    """One account per channel that the sandbox speaks."""
    amazon, woo = credentials.AMAZON_SELLER, credentials.WOO_SHOP
    flipkart, shopify = credentials.FLIPKART_SELLER, credentials.SHOPIFY_SHOP
    swiggy, blinkit = credentials.SWIGGY_MERCHANT, credentials.BLINKIT_VENDOR
    return (
        DemoAccount(
            Channel.AMAZON,
            "Palmonas on Amazon.in",
            {
                "client_id": amazon.client_id,
                "client_secret": amazon.client_secret,
                "refresh_token": amazon.refresh_token,
                "webhook_secret": credentials.AMAZON_RELAY_KEY,
            },
            {"auth_url": f"{settings.sandbox_url}/amazon-auth"},
        ),
        DemoAccount(
            Channel.WOOCOMMERCE,
            "palmonas.com",
            {
                "consumer_key": woo.consumer_key,
                "consumer_secret": woo.consumer_secret,
                "webhook_secret": woo.consumer_secret,
            },
        ),
        DemoAccount(
            Channel.FLIPKART,
            flipkart.name,
            {
                "app_id": flipkart.app_id,
                "app_secret": flipkart.app_secret,
                "webhook_secret": flipkart.app_secret,
            },
        ),
        DemoAccount(
            Channel.SHOPIFY,
            shopify.name,
            {"access_token": shopify.access_token, "webhook_secret": shopify.app_secret},
        ),
        DemoAccount(
            Channel.SWIGGY,
            swiggy.name,
            {
                "user": swiggy.user,
                "api_key": swiggy.api_key,
                "webhook_secret": swiggy.hook_header,
            },
        ),
        DemoAccount(
            Channel.BLINKIT,
            blinkit.name,
            {"api_key": blinkit.api_key, "webhook_secret": blinkit.hook_key},
            {"supplier_gstin": blinkit.supplier_gstin},
        ),
    )


def seed(session: Session, settings: Settings) -> None:
    """Add what is missing: three people, and one account per channel of the sandbox."""
    seeder = Actor(ActorKind.SYSTEM, "Demo", permissions=frozenset(Permission))
    for email, name, role in PEOPLE:
        if session.exec(select(User).where(User.email == email)).first() is None:
            roles = [granting.everywhere(session, role)]
            users.create_user(
                session, seeder, email=email, name=name, roles=roles, password=DEMO_PASSWORD
            )
    present = set(session.exec(select(ChannelAccount.channel)))
    multiplier = _FAST_RATE if settings.sandbox_mode == "fast" else 1
    for account in demo_accounts(settings):
        if account.channel not in present:
            accounts.add_account(
                session,
                channel=account.channel,
                name=account.name,
                base_url=f"{settings.sandbox_url}/{account.channel.value}",
                credentials=account.credentials,
                options={"rate_multiplier": multiplier, **account.options},
            )


def seed_skus(session: Session) -> None:
    """Give the web shop its list, but for the newest thing it sells: the desk asks about that."""
    shop = session.exec(
        select(ChannelAccount).where(ChannelAccount.channel == Channel.WOOCOMMERCE)
    ).first()
    if shop is None or skus.accounts_with_lists(session):
        return
    seeder = Actor(ActorKind.SYSTEM, "Demo", permissions=frozenset({Permission.MANAGE_MAPPINGS}))
    lines = (f"{one.sku}\t{one.sku.removeprefix('PLM-')}\t{one.title}" for one in PRODUCTS[:-1])
    skus.take_sheet(session, seeder, shop.id, "\n".join(lines))


def register_hooks(settings: Settings) -> int:
    """Tell the sandbox where each channel's webhooks go; how many were new."""
    levers = f"{settings.sandbox_url}/_sandbox/hooks"
    known = {target["url"] for target in httpx.get(levers, timeout=30).json()["targets"]}
    with db.transaction() as session:
        found = session.exec(select(ChannelAccount)).all()
    added = 0
    for account in found:
        secret = vault.unseal(account.credentials).get("webhook_secret")
        url = f"{settings.origin}/webhooks/{account.channel.value}/{account.id}"
        if secret is None or url in known:
            continue
        pushes_only = not capabilities.of(account.channel).pulls
        body = {
            "channel": account.channel.value,
            "url": url,
            "secret": secret,
            "backfill": _BACKFILL if pushes_only else 0,
        }
        httpx.post(levers, json=body, timeout=60).raise_for_status()
        added += 1
    return added


def main(arguments: list[str]) -> None:
    """Seed the configured database or register the hooks; say why not."""
    settings = get_settings()
    if not settings.is_demo:
        sys.exit("Demo data belongs into a demo only: CRM_ENVIRONMENT is " + settings.environment)
    if arguments == ["hooks"]:
        register_hooks(settings)
        return
    with db.transaction() as session:
        seed(session, settings)
        seed_skus(session)


if __name__ == "__main__":
    main(sys.argv[1:])
