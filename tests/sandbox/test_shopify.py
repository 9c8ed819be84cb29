"""Shopify: a real GraphQL engine, costs, paging inside pages, mutations and their refusals."""

import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import GraphQLSchema, build_client_schema, execute_sync, parse, validate
from sqlalchemy import Engine
from starlette.applications import Starlette

from crm_app.sandbox import times, trade
from crm_app.sandbox.shopify import SCHEMA
from tests.sandbox.callers import GRAPHQL, SHOPIFY_HEADERS, graphql
from tests.sandbox.conftest import Desk

OFFICIAL = Path(__file__).resolve().parents[3] / "shared/contracts/shopify/admin_2026-10.json.gz"
needs_schema = pytest.mark.skipif(
    not OFFICIAL.exists(), reason="Shopify's schema is not beside the checkout"
)
MONEY = "{ shopMoney { amount currencyCode } }"
ORDERS = f"""
query Orders($after: String, $q: String) {{
  orders(first: 20, after: $after, sortKey: UPDATED_AT, query: $q) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{
      id legacyResourceId name createdAt updatedAt cancelledAt cancelReason tags note test
      currencyCode displayFinancialStatus displayFulfillmentStatus returnStatus
      totalPriceSet {MONEY} totalTaxSet {MONEY} totalDiscountsSet {MONEY}
      totalShippingPriceSet {MONEY} paymentGatewayNames
      customer {{ id firstName lastName }}
      shippingAddress {{ name address1 city province zip countryCodeV2 phone }}
      lineItems(first: 10) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{ id sku title quantity unfulfilledQuantity originalUnitPriceSet {MONEY} }}
      }}
      fulfillments(first: 5) {{ id status displayStatus trackingInfo {{ company number url }} }}
      fulfillmentOrders(first: 5) {{
        nodes {{
          id status requestStatus assignedLocation {{ name }}
          lineItems(first: 10) {{ nodes {{ id remainingQuantity totalQuantity sku }} }}
        }}
      }}
    }}
  }}
}}"""
FULFILL = """
mutation Fulfil($f: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $f) {
    fulfillment { id status trackingInfo { company number url } }
    userErrors { field message }
  }
}"""
CANCEL = """
mutation C($id: ID!) {
  orderCancel(orderId: $id, reason: CUSTOMER, restock: true) {
    job { id done } orderCancelUserErrors { code field message }
  }
}"""
EVENT = """
mutation E($e: FulfillmentEventInput!) {
  fulfillmentEventCreate(fulfillmentEvent: $e) {
    fulfillmentEvent { id status } userErrors { field message }
  }
}"""


@pytest.fixture
def shop(http: httpx.AsyncClient, engine: Engine) -> httpx.AsyncClient:
    trade.open_account(engine, "shopify", 90, 7, times.now())
    return http


async def sweep(shop: httpx.AsyncClient, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await graphql(shop, ORDERS, after=after, q=query))["data"]["orders"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def fulfillment_order(number: str) -> str:
    return f"gid://shopify/FulfillmentOrder/{number}2"


async def test_a_wrong_token_is_refused(http: httpx.AsyncClient) -> None:
    body = {"query": "{ shop { name } }"}

    reply = await http.post(GRAPHQL, json=body, headers={"X-Shopify-Access-Token": "shpat_no"})
    right = await http.post(GRAPHQL, json=body, headers=SHOPIFY_HEADERS)

    assert (reply.status_code, right.json()["data"]["shop"]["name"]) == (401, "Palmonas boutique")


async def test_every_order_is_on_exactly_one_page(shop: httpx.AsyncClient) -> None:
    found = await sweep(shop)

    stats = (await shop.get("/_sandbox/stats")).json()["orders"]["shopify"]
    assert len({one["id"] for one in found}) == len(found) == sum(stats.values())
    assert [one["updatedAt"] for one in found] == sorted(one["updatedAt"] for one in found)
    assert any(one["customer"] is None for one in found)
    assert {"FULFILLED", "UNFULFILLED"} <= {one["displayFulfillmentStatus"] for one in found}
    assert any(one["cancelledAt"] for one in found)


async def test_the_search_narrows_by_update(shop: httpx.AsyncClient, desk: Desk) -> None:
    [number] = await desk.new_orders("shopify")
    since = (await desk.truth("shopify", number))["body"]["updatedAt"]

    found = await sweep(shop, f"updated_at:>='{since}'")

    assert number in {one["legacyResourceId"] for one in found}
    assert all(one["updatedAt"] >= since for one in found)


async def test_lines_come_in_pages_of_their_own(shop: httpx.AsyncClient, desk: Desk) -> None:
    [number] = await desk.new_orders("shopify", lines=75)
    query = """query L($id: ID!, $after: String) { order(id: $id) {
      lineItems(first: 30, after: $after) { pageInfo { hasNextPage endCursor } nodes { id } } } }"""
    sizes: list[int] = []
    seen: set[str] = set()
    after = None
    while True:
        answer = await graphql(shop, query, id=f"gid://shopify/Order/{number}", after=after)
        page = answer["data"]["order"]["lineItems"]
        sizes.append(len(page["nodes"]))
        seen |= {node["id"] for node in page["nodes"]}
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]

    assert (sizes, len(seen)) == ([30, 30, 15], 75)


async def test_a_fulfilment_ships_what_is_left_and_no_more(
    shop: httpx.AsyncClient, desk: Desk
) -> None:
    [number] = await desk.new_orders("shopify", lines=1)
    f: dict[str, Any] = {
        "lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": fulfillment_order(number)}],
        "trackingInfo": {"company": "Delhivery", "number": "DL-1"},
    }

    first = (await graphql(shop, FULFILL, f=f))["data"]["fulfillmentCreate"]
    second = (await graphql(shop, FULFILL, f=f))["data"]["fulfillmentCreate"]

    truth = await desk.truth("shopify", number)
    assert first["userErrors"] == []
    assert first["fulfillment"]["trackingInfo"] == [
        {"company": "Delhivery", "number": "DL-1", "url": None}
    ]
    assert second["fulfillment"] is None
    assert second["userErrors"][0]["message"] == (
        "Fulfillment order is CLOSED and cannot be fulfilled."
    )
    assert (truth["status"], truth["tracking"]) == ("FULFILLED", ["DL-1"])
    assert [call["operation"] for call in truth["calls"]] == ["fulfillmentCreate"] * 2


async def test_units_are_counted(shop: httpx.AsyncClient, desk: Desk) -> None:
    [number] = await desk.new_orders("shopify", lines=2)
    truth = await desk.truth("shopify", number)
    [entry, _] = truth["body"]["fulfillmentOrders"][0]["lineItems"]

    def wish(units: int) -> dict[str, Any]:
        lines = [{"id": entry["id"], "quantity": units}]
        group = {
            "fulfillmentOrderId": fulfillment_order(number),
            "fulfillmentOrderLineItems": lines,
        }
        return {"lineItemsByFulfillmentOrder": [group]}

    much = (await graphql(shop, FULFILL, f=wish(99)))["data"]["fulfillmentCreate"]
    part = (await graphql(shop, FULFILL, f=wish(entry["remainingQuantity"])))["data"]

    assert much["userErrors"][0]["message"] == (
        "Invalid fulfillment order line item quantity requested."
    )
    assert part["fulfillmentCreate"]["userErrors"] == []
    assert (await desk.truth("shopify", number))["status"] == "PARTIALLY_FULFILLED"


async def test_a_parcel_has_news_and_another_number(shop: httpx.AsyncClient, desk: Desk) -> None:
    [number] = await desk.new_orders("shopify", status="FULFILLED")
    parcel = f"gid://shopify/Fulfillment/{number}400"
    update = """mutation T($id: ID!) { fulfillmentTrackingInfoUpdate(fulfillmentId: $id,
      trackingInfoInput: {company: "DTDC", number: "D-2"}) { userErrors { message } } }"""

    news = {"fulfillmentId": parcel, "status": "OUT_FOR_DELIVERY"}
    told = (await graphql(shop, EVENT, e=news))["data"]["fulfillmentEventCreate"]
    await graphql(shop, update, id=parcel)
    lost = (await graphql(shop, EVENT, e={**news, "fulfillmentId": parcel + "9"}))["data"]

    truth = await desk.truth("shopify", number)
    assert told["fulfillmentEvent"]["status"] == "OUT_FOR_DELIVERY"
    assert lost["fulfillmentEventCreate"]["userErrors"][0]["message"] == (
        "Fulfillment does not exist."
    )
    assert truth["tracking"] == ["D-2"]
    assert truth["body"]["fulfillments"][0]["displayStatus"] == "OUT_FOR_DELIVERY"


async def test_an_order_is_cancelled_once_and_never_after_it_left(
    shop: httpx.AsyncClient, desk: Desk
) -> None:
    [number] = await desk.new_orders("shopify")
    [gone] = await desk.new_orders("shopify", status="FULFILLED")

    async def cancel(one: str) -> Any:
        answer = await graphql(shop, CANCEL, id=f"gid://shopify/Order/{one}")
        return answer["data"]["orderCancel"]

    first, second, late = await cancel(number), await cancel(number), await cancel(gone)
    nobody = await cancel("1")

    assert (first["job"]["done"], first["orderCancelUserErrors"]) == (True, [])
    assert second["orderCancelUserErrors"][0]["code"] == "INVALID"
    assert late["orderCancelUserErrors"][0]["code"] == "INVALID"
    assert nobody["orderCancelUserErrors"][0]["code"] == "NOT_FOUND"
    assert (await desk.truth("shopify", number))["body"]["cancelledAt"]


async def test_tags_are_added(shop: httpx.AsyncClient, desk: Desk) -> None:
    [number] = await desk.new_orders("shopify")
    query = """mutation T($id: ID!) {
      tagsAdd(id: $id, tags: ["packed"]) { node { id } userErrors { message } } }"""

    answer = await graphql(shop, query, id=f"gid://shopify/Order/{number}")

    assert answer["data"]["tagsAdd"]["node"]["id"].endswith(number)
    assert "packed" in (await desk.truth("shopify", number))["body"]["tags"]


async def test_costs_are_in_every_answer_and_an_empty_bucket_refuses_inside_200(
    shop: httpx.AsyncClient, app: Starlette
) -> None:
    app.state.sandbox.limits.switch("published")

    answers = [await graphql(shop, ORDERS, q="")]
    while "errors" not in answers[-1] and len(answers) < 60:
        answers.append(await graphql(shop, ORDERS, q=""))

    first, last = answers[0], answers[-1]
    cost = first["extensions"]["cost"]
    assert cost["throttleStatus"]["maximumAvailable"] == 2000
    assert cost["throttleStatus"]["restoreRate"] == 100
    assert 0 < cost["actualQueryCost"] <= cost["requestedQueryCost"] < 1000
    assert last["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "data" not in last
    assert last["extensions"]["cost"]["actualQueryCost"] is None


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ orders { nodes { id } } }", "You must provide one of first or last"),
        ("{ orders(first: 251) { nodes { id } } }", "A page holds 0 to 250 nodes."),
        ("{ orders(first: 1) { nodes { colour } } }", "Cannot query field 'colour'"),
        ('{ orders(first: 1, after: "x") { nodes { id } } }', "Invalid cursor"),
        ('{ orders(first: 1, query: "updated_at:>never") { nodes { id } } }', "Invalid timestamp"),
        ("{ orders(first: ", "Syntax Error"),
        ('{ order(id: "7") { id } }', "Invalid global id"),
    ],
)
async def test_a_wrong_query_is_answered_with_its_error(
    shop: httpx.AsyncClient, query: str, message: str
) -> None:
    answer = await graphql(shop, query)

    assert message in answer["errors"][0]["message"]


async def test_a_hidden_order_is_read_by_its_id_alone(shop: httpx.AsyncClient, desk: Desk) -> None:
    [number] = await desk.new_orders("shopify")
    await desk.pull_lever(f"orders/shopify/{number}/hide", {})

    found = await sweep(shop)
    by_id = await graphql(
        shop, "query O($id: ID!) { order(id: $id) { name } }", id=f"gid://shopify/Order/{number}"
    )

    assert number not in {one["legacyResourceId"] for one in found}
    assert by_id["data"]["order"]["name"].startswith("#")


async def test_faults_know_the_operation(shop: httpx.AsyncClient, desk: Desk) -> None:
    fault = {"kind": "429", "channel": "shopify", "operation": "orders"}
    await desk.pull_lever("faults", fault)

    calm = await graphql(shop, "{ shop { name } }")
    hit = await graphql(shop, ORDERS, q="")

    assert calm["data"]["shop"]
    assert hit["errors"][0]["extensions"]["code"] == "THROTTLED"


async def test_a_broken_order_spoils_only_its_own_page(
    shop: httpx.AsyncClient, desk: Desk, engine: Engine
) -> None:
    raw = {"channel": "shopify", "body": {"legacyResourceId": "6999", "name": None}}
    await desk.pull_lever("orders/raw", raw)

    answer = await graphql(shop, 'query { order(id: "gid://shopify/Order/6999") { name } }')

    assert answer["data"]["order"] is None
    assert answer["errors"]
    # Gone again, for the tests that expect whole pages.
    with engine.begin() as connection:
        table = trade.channel_orders
        connection.execute(table.delete().where(table.c.is_raw, table.c.channel == "shopify"))


@pytest.fixture(scope="module")
def official() -> GraphQLSchema:
    return build_client_schema(
        json.loads(gzip.decompress(OFFICIAL.read_bytes()))["data"], assume_valid=True
    )


@needs_schema
@pytest.mark.parametrize("text", [ORDERS, FULFILL, CANCEL, EVENT])
def test_the_queries_are_good_for_the_official_schema(official: GraphQLSchema, text: str) -> None:
    assert validate(official, parse(text)) == []


@needs_schema
def test_our_schema_is_a_part_of_the_official_one(official: GraphQLSchema) -> None:
    strange: list[str] = []
    for name, ours in SCHEMA.type_map.items():
        theirs: Any = official.type_map.get(name)
        if theirs is None:
            strange.append(name)
            continue
        for field, mine in getattr(ours, "fields", {}).items():
            other = theirs.fields.get(field)
            if other is None or str(other.type) != str(mine.type):
                strange.append(f"{name}.{field}")
                continue
            for argument, value in getattr(mine, "args", {}).items():
                known = other.args.get(argument)
                if known is None or str(known.type) != str(value.type):
                    strange.append(f"{name}.{field}({argument})")
        strange += [value for value in getattr(ours, "values", {}) if value not in theirs.values]

    assert strange == []
    assert len(SCHEMA.type_map) > 60


@needs_schema
async def test_the_answers_fit_the_official_schema(
    shop: httpx.AsyncClient, official: GraphQLSchema
) -> None:
    answer = await graphql(shop, ORDERS, q="")

    # The official schema completes our answer: types, enum values, nothing null that may not be.
    result = execute_sync(official, parse(ORDERS), root_value=answer["data"])
    wrong = execute_sync(official, parse(ORDERS), root_value={"orders": {"nodes": [{"id": 1}]}})

    assert result.errors is None
    assert result.data == answer["data"]
    assert wrong.errors
