"""Callers that know only the published contracts of the later channels."""

from typing import Any

import httpx

from crm_app.sandbox.credentials import (
    BLINKIT_VENDOR,
    FLIPKART_SELLER,
    SHOPIFY_SHOP,
    SWIGGY_MERCHANT,
)

FILTER = "/flipkart/sellers/v3/shipments/filter"
SHIPMENTS = "/flipkart/sellers/v3/shipments"
GRAPHQL = "/shopify/admin/api/2026-10/graphql.json"
RELAY = "/swiggy/external/api/v1"
BLINKIT = "/blinkit/webhook/public/v1"
SHOPIFY_HEADERS = {"X-Shopify-Access-Token": SHOPIFY_SHOP.access_token}
RELAY_HEADERS = {"Authorization": f"apikey {SWIGGY_MERCHANT.user}:{SWIGGY_MERCHANT.api_key}"}
BLINKIT_HEADERS = {"Api-Key": BLINKIT_VENDOR.api_key}


async def flipkart_token(http: httpx.AsyncClient) -> dict[str, str]:
    """Headers of a seller that has signed in."""
    reply = await http.get(
        "/flipkart/oauth-service/oauth/token",
        params={"grant_type": "client_credentials", "scope": "Seller_Api"},
        auth=(FLIPKART_SELLER.app_id, FLIPKART_SELLER.app_secret),
    )
    assert reply.status_code == 200, reply.text
    return {"Authorization": f"Bearer {reply.json()['access_token']}"}


class Flipkart:
    """A signed-in seller."""

    def __init__(self, http: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self.http = http
        self.headers = headers

    async def sweep(self, kind: str, size: int = 20, **wanted: Any) -> list[dict[str, Any]]:
        """All pages of one list, by following nextPageUrl."""
        body = {"filter": {"type": kind, **wanted}, "pagination": {"pageSize": size}}
        reply = await self.http.post(FILTER, json=body, headers=self.headers)
        found: list[dict[str, Any]] = []
        while True:
            assert reply.status_code == 200, reply.text
            found += reply.json()["shipments"]
            if not reply.json()["hasMore"]:
                return found
            address = f"/flipkart/sellers{reply.json()['nextPageUrl']}"
            reply = await self.http.get(address, headers=self.headers)

    async def shipment(self, shipment_id: str) -> dict[str, Any]:
        reply = await self.http.get(
            SHIPMENTS, params={"shipmentIds": shipment_id}, headers=self.headers
        )
        assert reply.status_code == 200, reply.text
        [found] = reply.json()["shipments"]
        return found

    async def post(self, path: str, body: Any) -> httpx.Response:
        return await self.http.post(f"{SHIPMENTS}{path}", json=body, headers=self.headers)

    async def result(self, path: str, body: Any) -> tuple[str, str | None]:
        """Status and error code of the only shipment of a batch."""
        reply = await self.post(path, body)
        assert reply.status_code == 200, reply.text
        [one] = reply.json()["shipments"]
        return one["status"], one.get("errorCode")

    async def control(self, path: str, body: Any, method: str = "POST") -> httpx.Response:
        address = f"/flipkart/sellers/orders/sandbox/{path}"
        return await self.http.request(method, address, json=body, headers=self.headers)


async def graphql(http: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    """The answer to one query."""
    body = {"query": query, "variables": variables}
    reply = await http.post(GRAPHQL, json=body, headers=SHOPIFY_HEADERS)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def put_state(http: httpx.AsyncClient, order_id: str, state: str) -> httpx.Response:
    """Set the state of an order at the relay."""
    address = f"{RELAY}/orders/{order_id}/status/"
    return await http.put(address, json={"new_status": state}, headers=RELAY_HEADERS)
