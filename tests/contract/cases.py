"""One case a connector: recorded answers, and how to build it on a transport that plays them.

What a channel that only sends its orders says stands in `NAME_hook.json`; what the mappings promise
is kept in `mapped.py`, what channels remember in `remembering.py`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from crm_app.channels import capabilities, kinds
from crm_app.channels.amazon import auth
from crm_app.channels.amazon import connector as amazon
from crm_app.channels.base import ChannelOrder, Connector
from crm_app.channels.blinkit import connector as blinkit
from crm_app.channels.blinkit.asn import Supplier
from crm_app.channels.flipkart import auth as flipkart_auth
from crm_app.channels.flipkart import connector as flipkart
from crm_app.channels.inbound import Delivery, Told, events_of
from crm_app.channels.limits import NoLimiter
from crm_app.channels.shopify import connector as shopify
from crm_app.channels.swiggy import connector as swiggy
from crm_app.channels.woocommerce import connector as woocommerce
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus

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


def _flipkart(handler: Handler) -> Connector:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == flipkart_auth.SIGN_IN_PATH:
            return httpx.Response(200, json={"access_token": "t0k3n", "expires_in": 5_183_999})
        return handler(request)

    keys = flipkart_auth.Credentials("app-1", "s3cr3t-2")
    return flipkart.FlipkartConnector(_client(handle), keys, flipkart.Options(), NoLimiter())


def _shopify(handler: Handler) -> Connector:
    keys = shopify.Credentials("shpat_s3cr3t")
    return shopify.ShopifyConnector(_client(handler), keys, shopify.Options(), NoLimiter())


def _blinkit(handler: Handler) -> Connector:
    supplier = Supplier("Palmonas", "27AABCP1234M1Z6", {"city": "Pune"})
    return blinkit.BlinkitConnector(_client(handler), "s3cr3t-1", supplier, NoLimiter())


def _swiggy(handler: Handler) -> Connector:
    keys = swiggy.Credentials("brand", "s3cr3t-2")
    return swiggy.SwiggyConnector(_client(handler), keys, NoLimiter())


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


# The channel's clock, for those that tell the time in a header only.
CLOCK = {"date": "Tue, 03 Nov 2026 08:00:00 GMT"}


def _play_flipkart(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/sellers/v3/shipments":
        return httpx.Response(200, json=recording("flipkart_order.json"))
    if not _is_flipkart_read(request):
        told = [{"shipmentId": FLIPKART_IDS[0], "status": "SUCCESS"}]
        return httpx.Response(200, json={"shipments": told})
    if request.url.path == "/sellers/v2/returns":
        return httpx.Response(200, json={"hasMore": False, "returnItems": []}, headers=CLOCK)
    empty = {"hasMore": False, "shipments": []}
    if request.method == "GET":  # the rest of the first list
        return httpx.Response(200, json=empty, headers=CLOCK)
    name = {"preDispatch": "flipkart_orders_1.json", "postDispatch": "flipkart_orders_2.json"}.get(
        json.loads(request.content)["filter"]["type"]
    )
    return httpx.Response(200, json=recording(name) if name else empty, headers=CLOCK)


def _is_flipkart_read(request: httpx.Request) -> bool:
    return request.method == "GET" or request.url.path.endswith("/filter")


def _play_shopify(request: httpx.Request) -> httpx.Response:
    asked = json.loads(request.content)
    name = asked["query"].split("(")[0].strip()
    recorded = {
        "query Orders": f"shopify_orders_{2 if asked['variables'].get('after') else 1}.json",
        "query Order": "shopify_order.json",
        "query Parcels": "shopify_parcels.json",
        "mutation Fulfill": "shopify_fulfilled.json",
    }
    return httpx.Response(200, json=recording(recorded[name]), headers=CLOCK)


def _is_shopify_read(request: httpx.Request) -> bool:
    return json.loads(request.content)["query"].lstrip().startswith("query")


def _play_blinkit(_: httpx.Request) -> httpx.Response:
    accepted = {"successful": True, "asn_sync_status": "ACCEPTED", "data": {"errors": []}}
    return httpx.Response(200, json=accepted)


def _play_swiggy(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"status": "success"})


def _is_nothing_read(_: httpx.Request) -> bool:
    return False


def _is_get(request: httpx.Request) -> bool:
    return request.method == "GET"


HEARD_AT = datetime(2026, 11, 1, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """What a connector brings to the promises.

    Attributes:
        play: Answers from the recordings.
        ids: Of the order of the first page that has any, then of the next: a good and a bad one.
        says: A status that the channel is told; `unsaid`: one that it has no word for.
        refusal_status: Of the answer whose body is `refusal`; some channels say no inside a 200.
        tells_buyer: Whether the channel says who bought.
        is_read: Which requests only ask.
        fresh: The status of the first order of its recordings.
    """

    name: str
    connect: Callable[[Handler], Connector]
    play: Handler
    ids: tuple[str, str, str]
    says: OrderStatus = OrderStatus.SHIPPED
    unsaid: OrderStatus = OrderStatus.DELIVERED
    refusal_status: int = 400
    tells_buyer: bool = True
    is_read: Callable[[httpx.Request], bool] = _is_get

    fresh: OrderStatus = OrderStatus.CONFIRMED

    @property
    def channel(self) -> Channel:
        return Channel(self.name)

    @property
    def is_pulled(self) -> bool:
        return capabilities.of(self.channel).pulls

    def arrived(self) -> ChannelOrder:
        """What its recorded webhook says, read as the inbox reads it."""
        hook = kinds.of(self.channel).hook
        assert hook is not None
        body = recording(f"{self.name}_hook.json")
        sent = Delivery({}, json.dumps(body).encode(), "https://crm.test/hook")
        (event,) = events_of(hook, sent)
        order = hook.to_order(Told(event.topic, event.external_id, body, HEARD_AT))
        assert order is not None
        return order

    @property
    def refusal(self) -> Any:
        return recording(f"{self.name}_refusal.json")

    def connect_writing(self, answer: Handler) -> Connector:
        """A connector whose reads are played and whose writes get `answer`."""

        def handle(request: httpx.Request) -> httpx.Response:
            return self.play(request) if self.is_read(request) else answer(request)

        return self.connect(handle)


FLIPKART_IDS = (
    "5b7c1f1e-0001-4a01-9a01-000000000001",
    "5b7c1f1e-0002-4a01-9a01-000000000002",
    "5b7c1f1e-0003-4a01-9a01-000000000003",
)
CASES = (
    Case(
        "amazon",
        _amazon,
        _play_amazon,
        ("408-7654321-1234567", "408-7654321-1234568", "408-7654321-1234569"),
    ),
    Case("woocommerce", _woocommerce, _play_woocommerce, ("9001", "9002", "9003")),
    Case(
        "flipkart",
        _flipkart,
        _play_flipkart,
        FLIPKART_IDS,
        says=OrderStatus.PACKED,
        unsaid=OrderStatus.SHIPPED,
        refusal_status=200,
        tells_buyer=False,
        is_read=_is_flipkart_read,
    ),
    Case(
        "shopify",
        _shopify,
        _play_shopify,
        ("81001", "81002", "81003"),
        unsaid=OrderStatus.RETURNED,
        refusal_status=200,
        is_read=_is_shopify_read,
    ),
    Case(
        "blinkit",
        _blinkit,
        _play_blinkit,
        ("9900001", "", ""),
        unsaid=OrderStatus.CANCELLED,
        refusal_status=200,
        is_read=_is_nothing_read,
        fresh=OrderStatus.PENDING,
    ),
    Case(
        "swiggy",
        _swiggy,
        _play_swiggy,
        ("990001", "", ""),
        unsaid=OrderStatus.OUT_FOR_DELIVERY,
        refusal_status=200,
        tells_buyer=False,
        is_read=_is_nothing_read,
        fresh=OrderStatus.PENDING,
    ),
)
PULLED = tuple(case for case in CASES if case.is_pulled)
SENT = tuple(case for case in CASES if not case.is_pulled)
