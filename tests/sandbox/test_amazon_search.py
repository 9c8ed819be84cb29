"""searchOrders and getOrder: what is asked for is answered, what is wrong is refused."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.applications import Starlette

from crm_app.sandbox import amazon_search, times
from crm_app.sandbox.credentials import INDIA_MARKETPLACE_ID
from tests.sandbox.conftest import SEARCH, Desk

LONG_AGO = "2020-01-01T00:00:00Z"
ALL = "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT"


async def sweep(desk: Desk, **query: Any) -> list[list[dict[str, Any]]]:
    """All pages of a search."""
    pages: list[list[dict[str, Any]]] = []
    while True:
        reply = await desk.search(**query)
        assert reply.status_code == 200, reply.text
        pages.append(reply.json()["orders"])
        token = reply.json().get("pagination", {}).get("nextToken")
        if token is None:
            return pages
        query["paginationToken"] = token


async def test_paging_loses_and_repeats_nothing(desk: Desk) -> None:
    placed_at = "2021-03-01T10:00:00Z"
    made = await desk.new_orders("amazon", count=23, placed_at=placed_at)
    query = {"createdAfter": placed_at, "createdBefore": "2021-03-01T10:00:01Z"}

    pages = await sweep(desk, **query, maxResultsPerPage=5)

    found = [order["orderId"] for page in pages for order in page]
    assert [len(page) for page in pages] == [5, 5, 5, 5, 3]
    assert sorted(found) == sorted(made)


async def test_every_order_of_the_shop_is_found_by_its_last_update(desk: Desk) -> None:
    pages = await sweep(desk, lastUpdatedAfter=LONG_AGO)

    orders = [order for page in pages for order in page]
    stats = (await desk.http.get("/_sandbox/stats")).json()
    stamps = [order["lastUpdatedTime"] for order in orders]
    assert len({order["orderId"] for order in orders}) == len(orders)
    assert len(orders) == sum(stats["orders"]["amazon"]["palmonas"].values())
    assert stamps == sorted(stamps)


async def test_the_upper_bound_is_frozen_while_paging(desk: Desk) -> None:
    query: dict[str, Any] = {"lastUpdatedAfter": LONG_AGO, "maxResultsPerPage": 100}
    first = (await desk.search(**query)).json()
    [late] = await desk.new_orders("amazon")

    query["paginationToken"] = first["pagination"]["nextToken"]
    pages = await sweep(desk, **query)
    second = (await desk.search(**query)).json()

    assert second["lastUpdatedBefore"] == first["lastUpdatedBefore"]
    assert late not in {order["orderId"] for page in pages for order in page}
    again = await sweep(desk, lastUpdatedAfter=first["lastUpdatedBefore"])
    assert late in {order["orderId"] for page in again for order in page}


async def test_a_search_does_not_show_what_changed_within_the_delay(
    desk: Desk, app: Starlette
) -> None:
    app.state.sandbox.options.amazon_delay_s = None
    await desk.pull_lever("mode", {"mode": "published"})
    [order_id] = await desk.new_orders("amazon")
    after = times.stamp(times.now() - timedelta(seconds=60))

    reply = (await desk.search(lastUpdatedAfter=after)).json()

    bound = datetime.fromisoformat(reply["lastUpdatedBefore"])
    assert 119 < (datetime.now(UTC) - bound).total_seconds() < 130
    assert reply["orders"] == []
    assert (await desk.order(order_id)).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"createdAfter": LONG_AGO, "lastUpdatedAfter": LONG_AGO},
        {"createdAfter": LONG_AGO, "lastUpdatedBefore": LONG_AGO},
        {"lastUpdatedAfter": LONG_AGO, "createdBefore": LONG_AGO},
        {"createdAfter": "yesterday"},
        {"createdAfter": "01/02/2020"},
        {"createdAfter": "2020-13-01T00:00:00Z"},
        {"createdAfter": "0001-01-01T00:00:00+14:00"},
        {"createdAfter": "2999-01-01T00:00:00Z"},
        {"createdAfter": "2020-02-01T00:00:00Z", "createdBefore": "2020-01-31T00:00:00Z"},
        {"createdAfter": LONG_AGO, "createdBefore": "2999-01-01T00:00:00Z"},
        {"createdAfter": LONG_AGO, "maxResultsPerPage": "0"},
        {"createdAfter": LONG_AGO, "maxResultsPerPage": "101"},
        {"createdAfter": LONG_AGO, "maxResultsPerPage": "many"},
        {"createdAfter": LONG_AGO, "maxResultsPerPage": "9" * 5_000},
        {"createdAfter": LONG_AGO, "fulfillmentStatuses": "Shipped"},
        {"createdAfter": LONG_AGO, "fulfilledBy": "ROBOTS"},
        {"createdAfter": LONG_AGO, "includedData": "BUYER,SECRETS"},
        {"createdAfter": LONG_AGO, "marketplaceIds": "ATVPDKIKX0DER"},
        {"createdAfter": LONG_AGO, "marketplaceIds": ",".join([INDIA_MARKETPLACE_ID] * 51)},
        {"createdAfter": LONG_AGO, "paginationToken": "nonsense"},
        {"createdAfter": LONG_AGO, "paginationToken": "é"},
        {"createdAfter": LONG_AGO, "paginationToken": base64.b64encode(b"x" * 40).decode()},
    ],
)
async def test_a_wrong_search_is_refused(desk: Desk, query: dict[str, str]) -> None:
    reply = await desk.search(**query)

    assert reply.status_code == 400
    assert reply.json()["errors"][0]["code"] == "InvalidInput"
    assert reply.headers["x-amzn-ratelimit-limit"]
    assert reply.headers["x-amzn-requestid"]


async def test_the_upper_bound_must_be_two_minutes_old_when_published(
    desk: Desk, app: Starlette
) -> None:
    app.state.sandbox.options.amazon_delay_s = None
    await desk.pull_lever("mode", {"mode": "published"})
    now = datetime.now(UTC)

    young = await desk.search(
        lastUpdatedAfter=LONG_AGO, lastUpdatedBefore=times.stamp(now - timedelta(seconds=110))
    )
    old = await desk.search(
        lastUpdatedAfter=LONG_AGO, lastUpdatedBefore=times.stamp(now - timedelta(seconds=121))
    )

    assert (young.status_code, old.status_code) == (400, 200)


async def test_a_page_token_belongs_to_its_search_and_lives_a_day(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = {"lastUpdatedAfter": LONG_AGO, "maxResultsPerPage": "2"}
    token = (await desk.search(**query)).json()["pagination"]["nextToken"]

    other = await desk.search(**query, fulfilledBy="AMAZON", paginationToken=token)
    forged = await desk.search(**query, paginationToken=token[:-8] + "AAAAAAA=")
    monkeypatch.setattr(amazon_search, "TOKEN_LIFETIME", timedelta(seconds=-1))
    late = await desk.search(**query, paginationToken=token)

    assert [reply.status_code for reply in (other, forged, late)] == [400, 400, 400]
    assert "other parameters" in other.json()["errors"][0]["message"]
    assert "expired" in late.json()["errors"][0]["message"]


async def test_lists_may_be_joined_by_commas_or_repeated(desk: Desk) -> None:
    joined = await sweep(desk, lastUpdatedAfter=LONG_AGO, fulfillmentStatuses="CANCELLED,PENDING")
    repeated = await sweep(
        desk, lastUpdatedAfter=LONG_AGO, fulfillmentStatuses=["CANCELLED", "PENDING"]
    )
    reply = await desk.search(
        lastUpdatedAfter=LONG_AGO, fulfillmentStatuses="CANCELLED", includedData="FULFILLMENT"
    )

    names = [[order["orderId"] for page in pages for order in page] for pages in (joined, repeated)]
    assert names[0] == names[1] != []
    shown = {order["fulfillment"]["fulfillmentStatus"] for order in reply.json()["orders"]}
    assert shown == {"CANCELLED"}


async def test_orders_can_be_filtered_by_who_sends_them(desk: Desk) -> None:
    placed_at = "2021-04-01T10:00:00Z"
    query = {"createdAfter": placed_at, "createdBefore": "2021-04-02T00:00:00Z"}
    [fba] = await desk.new_orders("amazon", placed_at=placed_at, fulfilled_by="AMAZON")
    [own] = await desk.new_orders("amazon", placed_at=placed_at)

    by_amazon = await sweep(desk, **query, fulfilledBy="AMAZON")
    by_us = await sweep(desk, **query, fulfilledBy="MERCHANT")

    assert [order["orderId"] for order in by_amazon[0]] == [fba]
    assert [order["orderId"] for order in by_us[0]] == [own]


async def test_without_included_data_only_the_bare_order_is_shown(desk: Desk) -> None:
    [order_id] = await desk.new_orders("amazon", status="SHIPPED", lines=2)

    bare = (await desk.order(order_id)).json()["order"]
    some = (await desk.order(order_id, includedData="BUYER,PROCEEDS")).json()["order"]
    full = (await desk.order(order_id, includedData=ALL)).json()["order"]

    optional = {"buyer", "recipient", "proceeds", "payment", "fulfillment", "packages"}
    assert optional & bare.keys() == set()
    assert all(item.keys().isdisjoint({"proceeds", "fulfillment"}) for item in bare["orderItems"])
    assert optional & some.keys() == {"buyer", "proceeds"}
    assert all("proceeds" in item for item in some["orderItems"])
    assert optional <= full.keys()
    assert len(full["orderItems"]) == 2


async def test_a_pending_order_names_no_price_and_no_buyer(desk: Desk) -> None:
    [order_id] = await desk.new_orders("amazon", status="PENDING")

    pending = (await desk.order(order_id, includedData=ALL)).json()["order"]
    await desk.pull_lever(f"orders/amazon/{order_id}/advance", {"to": "UNSHIPPED"})
    released = (await desk.order(order_id, includedData=ALL)).json()["order"]

    assert pending["fulfillment"]["fulfillmentStatus"] == "PENDING"
    assert {"buyer", "recipient", "proceeds", "payment"}.isdisjoint(pending)
    assert released["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    assert released["buyer"]["buyerEmail"].endswith("@marketplace.amazon.in")
    assert released["lastUpdatedTime"] > pending["lastUpdatedTime"]


async def test_cash_on_delivery_shows_in_the_payment(desk: Desk) -> None:
    [cod] = await desk.new_orders("amazon", cod=True)
    [paid] = await desk.new_orders("amazon", cod=False)

    methods = [
        (await desk.order(order_id, includedData="PAYMENT")).json()["order"]["payment"]
        for order_id in (cod, paid)
    ]

    assert methods[0]["paymentExecutions"][0]["paymentMethod"] == "COD"
    assert methods[1]["paymentExecutions"][0]["paymentMethod"] != "COD"


async def test_a_wish_to_cancel_is_on_the_items_and_leaves_the_status(desk: Desk) -> None:
    [order_id] = await desk.new_orders("amazon", cancel_requested=True)

    reply = await desk.order(order_id, includedData="CANCELLATION,FULFILLMENT")

    order = reply.json()["order"]
    request = order["orderItems"][0]["cancellation"]["cancellationRequest"]
    assert request["requester"] == "BUYER"
    assert order["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"


async def test_an_unknown_order_and_an_unknown_path_are_not_found(desk: Desk) -> None:
    order = await desk.order("000-0000000-0000000")
    nul = await desk.order("%00")
    path = await desk.http.get("/amazon/orders/v0/orders", headers=desk.headers)
    method = await desk.http.delete(SEARCH, headers=desk.headers)

    statuses = [reply.status_code for reply in (order, nul, path, method)]
    assert statuses == [404] * 4
    assert order.json()["errors"][0]["code"] == "NotFound"
    assert order.headers["x-amzn-ratelimit-limit"]
