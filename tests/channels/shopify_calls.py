"""A connector to Shopify on a transport of the test's own, and what answers are made of."""

from collections.abc import Callable
from typing import Any

import httpx

from crm_app.channels.limits import Bill, Limiter, NoLimiter
from crm_app.channels.shopify.connector import Credentials, Options, ShopifyConnector

from .orders import JsonObject

Handler = Callable[[httpx.Request], httpx.Response]


class Notes(NoLimiter):
    """A limiter that allows everything and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, float | Bill]] = []

    def learn(self, operation: str, rate_per_s: float) -> None:
        self.told.append(("learn", operation, rate_per_s))

    def pay(self, operation: str, bill: Bill) -> None:
        self.told.append(("pay", operation, bill))

    def block(self, operation: str, seconds: float) -> None:
        self.told.append(("block", operation, seconds))


def connector_of(
    handle: Handler, limiter: Limiter | None = None, **options: Any
) -> ShopifyConnector:
    client = httpx.Client(transport=httpx.MockTransport(handle), base_url="https://shop.test/in")
    keys = Credentials("shpat_hush")
    return ShopifyConnector(client, keys, Options(**options), limiter or NoLimiter())


def answering(body: Any, status: int = 200) -> Handler:
    return lambda _: httpx.Response(status, json=body)


def page_info(end: str = "") -> JsonObject:
    return {"hasNextPage": bool(end), "endCursor": end or None}


def cost(requested: Any = 100, actual: Any = 40, available: Any = 1900) -> JsonObject:
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": 100.0}
    return {
        "cost": {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": status,
        }
    }


def error(code: str | None, message: str = "Sorry.") -> JsonObject:
    return {"message": message, "extensions": {"code": code} if code else {}}
