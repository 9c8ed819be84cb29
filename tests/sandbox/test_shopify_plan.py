"""What is answered without the GraphQL engine is what the engine would have answered."""

from typing import Any

import httpx
import pytest
from graphql import get_operation_ast, parse
from sqlalchemy import Engine

from crm_app.sandbox import shopify, times, trade
from crm_app.sandbox.shopify_plan import NoPlanError, Planner
from tests.sandbox.callers import GRAPHQL, SHOPIFY_HEADERS, graphql
from tests.sandbox.test_shopify import FULFILL, ORDERS

ONE = """query One($id: ID!) { order(id: $id) { id name
  money: totalPriceSet { ...Money } customer { firstName }
  lineItems(last: 1, reverse: true) { edges { cursor node { sku } } pageInfo { startCursor } } } }
fragment Money on MoneyBag { presentmentMoney { amount } }"""
SHOP = '{ shop { name } order(id: "gid://shopify/Order/1") { id } }'


@pytest.fixture
def shop(http: httpx.AsyncClient, engine: Engine) -> httpx.AsyncClient:
    trade.open_account(engine, "shopify", 90, 7, times.now())
    return http


@pytest.fixture
def engine_only(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Switch the plans off: call it when the first answer is there."""
    return lambda: monkeypatch.setattr(shopify, "_planned", lambda *_: None)


def has_plan(query: str) -> bool:
    document = parse(query)
    operation = get_operation_ast(document)
    assert operation
    try:
        Planner(shopify.SCHEMA, shopify.fragments(document)).plan(operation)
    except NoPlanError:
        return False
    return True


@pytest.mark.parametrize("text", [ORDERS, ONE, SHOP])
async def test_the_engine_would_have_said_the_same(
    shop: httpx.AsyncClient, engine_only: Any, text: str
) -> None:
    listed = (await graphql(shop, ORDERS, q=""))["data"]["orders"]["nodes"]
    given: dict[str, Any] = {"q": ""} if text == ORDERS else {"id": listed[3]["id"]}
    quick = await graphql(shop, text, **given)
    missing = await graphql(shop, text, q="", id="gid://shopify/Order/1")

    engine_only()

    assert has_plan(text)
    assert (await graphql(shop, text, **given))["data"] == quick["data"]
    assert (await graphql(shop, text, q="", id="gid://shopify/Order/1"))["data"] == missing["data"]


@pytest.mark.parametrize(
    "text",
    [
        FULFILL,
        "{ __schema { types { name } } }",
        "{ shop { __typename } }",
        "query Q($yes: Boolean!) { shop { name @include(if: $yes) } }",
        "{ shop { name } shop { id } }",
        "{ ... on QueryRoot { shop { name } } }",
        '{ node(id: "gid://shopify/Order/1") { id } }',
    ],
)
def test_what_is_unusual_is_left_to_the_engine(text: str) -> None:
    assert not has_plan(text)


@pytest.mark.parametrize(
    "body",
    [
        {"query": "query Q($id: ID!) { order(id: $id) { id } }", "variables": {}},
        {"query": "query Q($id: ID!) { order(id: $id) { id } }", "variables": {"id": "odd"}},
        {"query": "{ orders { nodes { id } } }"},
    ],
)
async def test_an_answer_with_an_error_is_the_engines(
    shop: httpx.AsyncClient, engine_only: Any, body: dict[str, Any]
) -> None:
    quick = await shop.post(GRAPHQL, json=body, headers=SHOPIFY_HEADERS)

    engine_only()
    slow = await shop.post(GRAPHQL, json=body, headers=SHOPIFY_HEADERS)

    assert quick.json()["errors"] == slow.json()["errors"]
    assert quick.json()["errors"]
