"""Login with Amazon, access tokens, and the published usage plans."""

from typing import Any

import httpx
import pytest

from crm_app.sandbox.credentials import AMAZON_REPORT_SELLER, AMAZON_SELLER
from crm_app.sandbox.limits import Limits
from tests.sandbox.conftest import SEARCH, Desk

TOKEN = "/amazon-auth/auth/o2/token"
FORM = {
    "grant_type": "refresh_token",
    "refresh_token": AMAZON_SELLER.refresh_token,
    "client_id": AMAZON_SELLER.client_id,
    "client_secret": AMAZON_SELLER.client_secret,
}


async def test_a_refresh_token_buys_an_access_token_for_an_hour(http: httpx.AsyncClient) -> None:
    reply = await http.post(TOKEN, data=FORM)

    body = reply.json()
    assert reply.status_code == 200
    assert body["expires_in"] == 3600
    assert body["token_type"] == "bearer"
    assert body["access_token"].startswith("Atza|")
    assert body["refresh_token"] == AMAZON_SELLER.refresh_token


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_id": "amzn1.somebody.else"}, 401, "invalid_client"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"refresh_token": "Atzr|forged"}, 400, "invalid_grant"),
        ({"refresh_token": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"client_id": ""}, 400, "invalid_request"),
        ({"grant_type": "client_credentials"}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", "scope": "everything"}, 400, "invalid_scope"),
    ],
)
async def test_a_wrong_token_request_is_refused(
    http: httpx.AsyncClient, change: dict[str, str], status: int, error: str
) -> None:
    reply = await http.post(TOKEN, data=FORM | change)

    assert reply.status_code == status
    assert reply.json()["error"] == error
    assert "access_token" not in reply.json()


async def test_a_token_request_must_be_a_form(http: httpx.AsyncClient) -> None:
    reply = await http.post(TOKEN, json=FORM)

    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_request")


async def test_a_grantless_token_opens_no_orders(http: httpx.AsyncClient) -> None:
    scope = "sellingpartnerapi::notifications"
    form = FORM | {"grant_type": "client_credentials", "scope": scope}
    token = (await http.post(TOKEN, data=form)).json()["access_token"]

    reply = await http.get(f"{SEARCH}/x", headers={"x-amz-access-token": token})

    assert reply.status_code == 403


@pytest.mark.parametrize("headers", [{}, {"x-amz-access-token": "Atza|forged"}])
async def test_orders_need_a_real_access_token(
    http: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    reply = await http.get(SEARCH, headers=headers)

    error = reply.json()["errors"][0]
    assert reply.status_code == 403
    assert error["code"] == "Unauthorized"
    assert error["message"] == "Access to requested resource is denied."
    assert reply.headers["x-amzn-requestid"]
    assert "x-amzn-ratelimit-limit" not in reply.headers


async def test_an_expired_token_is_refused_and_a_new_one_works(desk: Desk) -> None:
    await desk.pull_lever("tokens/expire", {})

    refused = await desk.order("none")
    await desk.sign_in()
    after = await desk.order("none")

    assert refused.status_code == 403
    assert "expired" in refused.json()["errors"][0]["details"]
    assert after.status_code == 404


async def test_an_order_of_another_seller_does_not_exist(desk: Desk) -> None:
    [order_id] = await desk.new_orders("amazon")

    await desk.sign_in(AMAZON_REPORT_SELLER.refresh_token)

    assert (await desk.order(order_id)).status_code == 404


@pytest.mark.parametrize(
    ("operation", "burst", "rate"),
    [("searchOrders", 20, "0.0056"), ("getOrder", 30, "0.5"), ("confirmShipment", 10, "2")],
)
async def test_published_limits_answer_429_after_the_burst(
    desk: Desk, operation: str, burst: int, rate: str
) -> None:
    await desk.pull_lever("mode", {"mode": "published"})

    async def call() -> httpx.Response:
        if operation == "searchOrders":
            return await desk.search(createdAfter="2020-01-01T00:00:00Z", maxResultsPerPage=1)
        if operation == "getOrder":
            return await desk.order("none")
        return await desk.ship("none", {})

    replies = [await call() for _ in range(burst + 1)]
    # confirmShipment refills 2 a second, so the last reply may come a moment too late.
    extra = [await call() for _ in range(5)]

    statuses = [reply.status_code for reply in replies[:burst]]
    assert 429 not in statuses
    assert replies[0].headers["x-amzn-ratelimit-limit"] == rate
    refused = [reply for reply in [replies[-1], *extra] if reply.status_code == 429]
    assert refused
    assert refused[0].json()["errors"][0]["code"] == "QuotaExceeded"
    assert "x-amzn-ratelimit-limit" not in refused[0].headers


async def test_each_seller_has_buckets_of_its_own(desk: Desk) -> None:
    await desk.pull_lever("mode", {"mode": "published"})
    query: dict[str, Any] = {"createdAfter": "2020-01-01T00:00:00Z", "maxResultsPerPage": 1}
    replies = [await desk.search(**query) for _ in range(21)]
    assert replies[-1].status_code == 429

    await desk.sign_in(AMAZON_REPORT_SELLER.refresh_token)

    assert (await desk.search(**query)).status_code == 200


def test_a_bucket_refills_at_the_published_rate() -> None:
    at = 0.0
    limits = Limits("published", lambda: at)
    assert [limits.take("s", "searchOrders") for _ in range(21)] == [True] * 20 + [False]

    at = 178.0
    assert not limits.take("s", "searchOrders")
    at = 179.0
    assert limits.take("s", "searchOrders")
    assert not limits.take("s", "searchOrders")


def test_fast_mode_multiplies_rate_and_burst() -> None:
    limits = Limits("fast", lambda: 0.0)

    taken = sum(limits.take("s", "confirmShipment") for _ in range(10_001))

    assert taken == 10_000
