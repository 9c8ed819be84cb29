"""Fill an empty database with demo people and the sandbox's accounts (`python -m crm_app.demo`).

Runs in demo mode only, and as often as one likes.
"""

import sys

from sqlmodel import Session, select

from crm_app import db
from crm_app.config import DEMO_PASSWORD, Settings, get_settings
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission, Role
from crm_app.models import ChannelAccount, User
from crm_app.sandbox import credentials
from crm_app.services import accounts, users

PEOPLE = (
    ("admin@demo.test", "Anika Rao", Role.ADMIN),
    ("support@demo.test", "Riya Menon", Role.SUPPORT),
    ("readonly@demo.test", "Kabir Shah", Role.READ_ONLY),
)
# The sandbox in mode `fast` multiplies its limits; ours have to follow, or it would idle.
_FAST_RATE = 1_000


def seed(session: Session, settings: Settings) -> None:
    """Add what is missing: three people, and one account per sandbox channel."""
    seeder = Actor(ActorKind.SYSTEM, "Demo", permissions=frozenset({Permission.MANAGE_USERS}))
    for email, name, role in PEOPLE:
        if session.exec(select(User).where(User.email == email)).first() is None:
            users.create_user(
                session, seeder, email=email, name=name, role=role, password=DEMO_PASSWORD
            )
    if session.exec(select(ChannelAccount)).first() is None:
        add_accounts(session, settings)


def add_accounts(session: Session, settings: Settings) -> None:
    """Connect the sandbox's Amazon seller and WooCommerce shop."""
    seller, shop = credentials.AMAZON_SELLER, credentials.WOO_SHOP
    multiplier = _FAST_RATE if settings.sandbox_mode == "fast" else 1
    accounts.add_account(
        session,
        channel=Channel.AMAZON,
        name="Palmonas on Amazon.in",
        base_url=f"{settings.sandbox_url}/amazon",
        credentials={
            "client_id": seller.client_id,
            "client_secret": seller.client_secret,
            "refresh_token": seller.refresh_token,
        },
        options={
            "auth_url": f"{settings.sandbox_url}/amazon-auth",
            "rate_multiplier": multiplier,
        },
    )
    accounts.add_account(
        session,
        channel=Channel.WOOCOMMERCE,
        name="palmonas.com",
        base_url=f"{settings.sandbox_url}/woocommerce",
        credentials={
            "consumer_key": shop.consumer_key,
            "consumer_secret": shop.consumer_secret,
        },
        options={"rate_multiplier": multiplier},
    )


def main() -> None:
    """Seed the configured database, or say why not."""
    settings = get_settings()
    if not settings.is_demo:
        sys.exit("Demo data belongs into a demo only: CRM_ENVIRONMENT is " + settings.environment)
    with db.transaction() as session:
        seed(session, settings)


if __name__ == "__main__":
    main()
