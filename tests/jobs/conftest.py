"""The jobs against the real sandbox over HTTP."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from crm_app import db
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.jobs import pull
from crm_app.models import ChannelAccount, Order
from crm_app.sandbox import credentials
from crm_app.services import accounts
from tests import running
from tests.running import SandboxServer


@pytest.fixture(scope="session")
def sandbox_server(
    postgres_url_for: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SandboxServer]:
    log = tmp_path_factory.mktemp("sandbox") / "sandbox.log"
    with running.sandbox(postgres_url_for("sandbox_of_jobs"), log) as server:
        yield server


@pytest.fixture
def sandbox(sandbox_server: SandboxServer) -> Iterator[SandboxServer]:
    yield sandbox_server
    sandbox_server.heal()


@pytest.fixture
def worker_log(tmp_path: Path) -> Path:
    return tmp_path / "worker.log"


@pytest.fixture
def amazon(database: str, sandbox: SandboxServer) -> ChannelAccount:
    del database
    return connect_amazon(sandbox, credentials.AMAZON_SELLER)


@pytest.fixture
def shop(database: str, sandbox: SandboxServer) -> ChannelAccount:
    del database
    with db.transaction() as session:
        return accounts.add_account(
            session,
            channel=Channel.WOOCOMMERCE,
            name="palmonas.com",
            base_url=f"{sandbox.url}/woocommerce",
            credentials={
                "consumer_key": credentials.WOO_SHOP.consumer_key,
                "consumer_secret": credentials.WOO_SHOP.consumer_secret,
            },
            options={"rate_multiplier": 1_000},
        )


def connect_amazon(
    sandbox: SandboxServer, seller: credentials.AmazonSeller, **options: float
) -> ChannelAccount:
    with db.transaction() as session:
        return accounts.add_account(
            session,
            channel=Channel.AMAZON,
            name=seller.name,
            base_url=f"{sandbox.url}/amazon",
            credentials={
                "client_id": seller.client_id,
                "client_secret": seller.client_secret,
                "refresh_token": seller.refresh_token,
            },
            options={
                "auth_url": f"{sandbox.url}/amazon-auth",
                "rate_multiplier": 1_000,
                **options,
            },
        )


def arrive(account: ChannelAccount, external_ids: list[str]) -> None:
    """Pull until these orders are here: a shop shows a change a second later."""

    def all_here() -> bool:
        pull.pull_account(account.id)
        with db.transaction() as session:
            found = session.exec(
                select(Order.external_id).where(col(Order.external_id).in_(external_ids))
            )
            return set(found) == set(external_ids)

    running.wait_for(all_here, "the orders arrive")


def follow(account: ChannelAccount, external_id: str, status: OrderStatus) -> None:
    """Pull until the order has this status."""

    def follows() -> bool:
        pull.pull_account(account.id)
        with db.transaction() as session:
            found = session.exec(select(Order.status).where(Order.external_id == external_id))
            return found.one() == status

    running.wait_for(follows, f"order {external_id} becomes {status}")
