"""Replies are checked against Amazon's own published model, where a copy of it is at hand."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.sandbox.conftest import Desk
from tests.sandbox.test_amazon_search import ALL, LONG_AGO

MODEL = Path(__file__).resolve().parents[3] / "shared/contracts/amazon/orders_2026-01-01.json"
pytestmark = pytest.mark.skipif(
    not MODEL.exists(), reason="Amazon's model (orders_2026-01-01.json) is not beside the checkout"
)


def schema(name: str) -> dict[str, Any]:
    """A definition of the model as a JSON schema that allows nothing the model does not name."""
    definitions = json.loads(MODEL.read_text())["definitions"]
    for definition in definitions.values():
        if definition.get("type") == "object":
            definition["additionalProperties"] = False
    return {"$ref": f"#/definitions/{name}", "definitions": definitions}


def problems(name: str, reply: Any) -> list[str]:
    validator = jsonschema_rs.Draft4Validator(schema(name), validate_formats=True)
    return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(reply)]


@pytest.mark.parametrize("included", ["", ALL])
async def test_every_order_of_the_shop_fits_the_model(desk: Desk, included: str) -> None:
    query = {"lastUpdatedAfter": LONG_AGO, "includedData": included}
    while True:
        reply = (await desk.search(**query)).json()
        assert reply["orders"]
        assert problems("SearchOrdersResponse", reply) == []
        token = reply.get("pagination", {}).get("nextToken")
        if token is None:
            break
        query["paginationToken"] = token


@pytest.mark.parametrize(
    "status",
    ["PENDING", "UNSHIPPED", "SHIPPED", "OUT_FOR_DELIVERY", "DELIVERED", "RETURNED", "CANCELLED"],
)
async def test_an_order_of_every_status_fits_the_model(desk: Desk, status: str) -> None:
    [order_id] = await desk.new_orders("amazon", status=status, cancel_requested=True)

    reply = (await desk.order(order_id, includedData=ALL)).json()

    assert problems("GetOrderResponse", reply) == []


async def test_a_refusal_fits_the_model(desk: Desk) -> None:
    reply = await desk.search(createdAfter="never")

    assert problems("ErrorList", reply.json()) == []


def test_the_check_itself_sees_a_wrong_reply() -> None:
    assert problems("GetOrderResponse", {"order": {"orderId": 7}}) != []
