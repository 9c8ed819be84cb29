"""The sandbox's application on a real PostgreSQL, and clients that know only the contracts."""

import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine
from starlette.applications import Starlette

from crm_app import embedded
from crm_app.sandbox import shop, store, times
from crm_app.sandbox.app import create_app
from crm_app.sandbox.credentials import AMAZON_SELLER, INDIA_MARKETPLACE_ID, WOO_SHOP
from crm_app.sandbox.serving import Options
from crm_app.sandbox.store import hidden_orders

SEARCH = "/amazon/orders/2026-01-01/orders"
WOO_ORDERS = "/woocommerce/wp-json/wc/v3/orders"
KEYS = (WOO_SHOP.consumer_key, WOO_SHOP.consumer_secret)
SEEDED = 400


@pytest.fixture(scope="session")
def sandbox_database() -> Generator[Callable[[str], str]]:
    """Make an empty database: name in, SQLAlchemy URL out."""
    # Not tmp_path: that one is closed to PostgreSQL's user when root runs the tests.
    base = Path(tempfile.mkdtemp(prefix="crm-sandbox-"))
    base.chmod(0o755)
    with embedded.postgres(base / "data", durable=False) as server:
        yield server.ensure_database
    embedded.discard(base / "data")
    shutil.rmtree(base)


@pytest.fixture(scope="session")
def sandbox_database_url(sandbox_database: Callable[[str], str]) -> str:
    return sandbox_database("sandbox_routes")


@pytest.fixture(scope="session")
def engine(sandbox_database_url: str) -> Generator[Engine]:
    engine = store.open_store(sandbox_database_url)
    shop.seed_shop(engine, SEEDED, 7, times.now())
    yield engine
    engine.dispose()


@pytest.fixture
def app(engine: Engine) -> Starlette:
    """A fresh application: full buckets, no faults, no life; a search shows changes at once."""
    # The store is everybody's: what the test before hid is hidden no more.
    with engine.begin() as connection:
        connection.execute(hidden_orders.delete())
    return create_app(engine, Options(mode="fast", amazon_delay_s=0, order_every_s=0))


@pytest.fixture
async def http(app: Starlette) -> AsyncGenerator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8100") as client:
        yield client


@dataclass
class Desk:
    """What the tests do over HTTP. Replies are parsed JSON."""

    http: httpx.AsyncClient
    headers: dict[str, str] = field(default_factory=dict[str, str])

    async def sign_in(self, refresh_token: str = AMAZON_SELLER.refresh_token) -> httpx.Response:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": AMAZON_SELLER.client_id,
            "client_secret": AMAZON_SELLER.client_secret,
        }
        reply = await self.http.post("/amazon-auth/auth/o2/token", data=form)
        if reply.status_code == 200:
            self.headers = {"x-amz-access-token": reply.json()["access_token"]}
        return reply

    async def search(self, **query: Any) -> httpx.Response:
        query.setdefault("marketplaceIds", INDIA_MARKETPLACE_ID)
        return await self.http.get(SEARCH, params=query, headers=self.headers)

    async def order(self, order_id: str, **query: str) -> httpx.Response:
        return await self.http.get(f"{SEARCH}/{order_id}", params=query, headers=self.headers)

    async def ship(self, order_id: str, body: Any) -> httpx.Response:
        path = f"/amazon/orders/v0/orders/{order_id}/shipmentConfirmation"
        return await self.http.post(path, json=body, headers=self.headers)

    async def woo(self, path: str = "", **query: Any) -> httpx.Response:
        return await self.http.get(f"{WOO_ORDERS}{path}", params=query, auth=KEYS)

    async def new_orders(self, channel: str, **fields: Any) -> list[str]:
        body = {"channel": channel, **fields}
        reply = await self.http.post("/_sandbox/orders", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()["external_ids"]

    async def pull_lever(self, path: str, body: Any) -> Any:
        reply = await self.http.post(f"/_sandbox/{path}", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def truth(self, channel: str, external_id: str) -> Any:
        reply = await self.http.get(f"/_sandbox/orders/{channel}/{external_id}")
        assert reply.status_code == 200, reply.text
        return reply.json()


@pytest.fixture
async def desk(http: httpx.AsyncClient) -> Desk:
    desk = Desk(http)
    assert (await desk.sign_in()).status_code == 200
    return desk
