"""One case a connector: recorded answers, and how to build it on a transport that plays them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from crm_app.channels.amazon import auth
from crm_app.channels.amazon import connector as amazon
from crm_app.channels.base import Connector
from crm_app.channels.limits import NoLimiter
from crm_app.channels.woocommerce import connector as woocommerce

RECORDINGS = Path(__file__).parent / "recordings"
Handler = Callable[[httpx.Request], httpx.Response]


def recording(name: str) -> Any:
    return json.loads((RECORDINGS / name).read_text(encoding="utf-8"))


def _amazon(handler: Handler) -> Connector:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.host == "login.test":
            return httpx.Response(200, json={"access_token": "Atza|t0k3n", "expires_in": 3600})
        return handler(request)

    keys = auth.Credentials("id-1", "s3cr3t-2", "s3cr3t-3")
    options = amazon.Options(auth_url="https://login.test")
    return amazon.AmazonConnector(_client(handle), keys, options, NoLimiter())


def _woocommerce(handler: Handler) -> Connector:
    keys = woocommerce.Credentials("ck_1", "s3cr3t-2")
    options = woocommerce.Options()
    return woocommerce.WooCommerceConnector(_client(handler), keys, options, NoLimiter())


def _client(handler: Handler) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(handler), base_url="https://channel.test")


def _play_amazon(request: httpx.Request) -> httpx.Response:
    if request.method == "POST":
        return httpx.Response(204)
    if request.url.path != "/orders/2026-01-01/orders":
        return httpx.Response(200, json=recording("amazon_order.json"))
    is_first = "paginationToken" not in request.url.params
    return httpx.Response(200, json=recording(f"amazon_orders_{1 if is_first else 2}.json"))


def _play_woocommerce(request: httpx.Request) -> httpx.Response:
    if request.url.path != "/wp-json/wc/v3/orders":
        order = recording("woocommerce_order.json")
        told = json.loads(request.content)["status"] if request.method == "PUT" else "processing"
        return httpx.Response(200, json={**order, "status": told})
    # The first order was changed at 10:05 on the first; what comes after is the second page.
    is_first = request.url.params["modified_after"] < "2026-11-01T10:00:00"
    number, pages = (1, "2") if is_first else (2, "1")
    headers = {"x-wp-totalpages": pages, "date": "Tue, 03 Nov 2026 08:00:00 GMT"}
    return httpx.Response(200, json=recording(f"woocommerce_orders_{number}.json"), headers=headers)


@dataclass(frozen=True)
class Case:
    """`play` answers from the recordings; `refusal` is a body of a 400."""

    name: str
    connect: Callable[[Handler], Connector]
    play: Handler
    ids: tuple[str, str, str]

    @property
    def refusal(self) -> Any:
        return recording(f"{self.name}_refusal.json")

    def connect_writing(self, answer: Handler) -> Connector:
        """A connector whose reads are played and whose writes get `answer`."""

        def handle(request: httpx.Request) -> httpx.Response:
            return self.play(request) if request.method == "GET" else answer(request)

        return self.connect(handle)


CASES = (
    Case(
        "amazon",
        _amazon,
        _play_amazon,
        ("408-7654321-1234567", "408-7654321-1234568", "408-7654321-1234569"),
    ),
    Case("woocommerce", _woocommerce, _play_woocommerce, ("9001", "9002", "9003")),
)
