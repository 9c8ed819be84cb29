"""The levers: faults, orders to order, broken orders, and who may pull them."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine
from starlette.applications import Starlette

from crm_app.sandbox.store import amazon_orders, woo_orders
from tests.sandbox.conftest import KEYS, WOO_ORDERS, Desk

LONG_AGO = "2020-01-01T00:00:00Z"


@pytest.fixture(autouse=True)
def mend(engine: Engine) -> Iterator[None]:
    """Broken orders must not meet the tests that expect whole ones."""
    yield
    with engine.begin() as connection:
        connection.execute(amazon_orders.delete().where(amazon_orders.c.is_raw))
        connection.execute(woo_orders.delete().where(woo_orders.c.is_raw))


@pytest.mark.parametrize(
    ("kind", "status"), [("429", 429), ("503", 503), ("500_empty", 500), ("html", 200)]
)
@pytest.mark.parametrize("channel", ["amazon", "woocommerce"])
async def test_a_fault_hits_as_often_as_said_and_then_heals(
    desk: Desk, channel: str, kind: str, status: int
) -> None:
    await desk.pull_lever("faults", {"kind": kind, "channel": channel, "times": 2})

    async def call() -> httpx.Response:
        if channel == "amazon":
            return await desk.search(createdAfter=LONG_AGO, maxResultsPerPage=1)
        return await desk.woo()

    first, second, third = [await call() for _ in range(3)]

    assert [first.status_code, second.status_code, third.status_code] == [status, status, 200]
    assert third.headers["content-type"].startswith("application/json")
    if kind == "500_empty":
        assert first.content == b""
    if kind == "html":
        assert first.text.startswith("<!DOCTYPE html>")
    if (kind, channel) == ("429", "amazon"):
        assert first.json()["errors"][0]["code"] == "QuotaExceeded"


async def test_half_a_reply_cannot_be_parsed(desk: Desk) -> None:
    await desk.pull_lever("faults", {"kind": "half_json", "channel": "*"})

    reply = await desk.woo()

    assert reply.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        reply.json()


async def test_a_fault_waits_for_its_operation_and_its_turn(desk: Desk) -> None:
    fault = {"kind": "503", "channel": "amazon", "operation": "getOrder", "after": 1}
    await desk.pull_lever("faults", fault)

    search = await desk.search(createdAfter=LONG_AGO, maxResultsPerPage=1)
    statuses = [(await desk.order("none")).status_code for _ in range(3)]

    assert search.status_code == 200
    assert statuses == [404, 503, 404]


async def test_a_slow_fault_only_delays_and_a_timeout_never_answers_well(desk: Desk) -> None:
    await desk.pull_lever("faults", {"kind": "slow", "channel": "amazon", "delay_s": 0.2})
    await desk.pull_lever("faults", {"kind": "timeout", "channel": "amazon", "delay_s": 0.05})

    slow = await desk.order("none")
    dead = await desk.order("none")

    assert slow.status_code == 404
    assert (dead.status_code, dead.content) == (504, b"")


async def test_a_fault_after_the_work_loses_only_the_answer(desk: Desk) -> None:
    [order_id] = await desk.new_orders("woocommerce")
    fault = {"kind": "500_empty", "channel": "woocommerce", "phase": "after"}
    await desk.pull_lever("faults", fault)

    address = f"{WOO_ORDERS}/{order_id}"
    reply = await desk.http.put(address, json={"status": "completed"}, auth=KEYS)

    assert reply.status_code == 500
    assert (await desk.truth("woocommerce", order_id))["status"] == "completed"


async def test_faults_can_be_seen_and_cleared(desk: Desk) -> None:
    await desk.pull_lever("faults", {"kind": "503", "channel": "*", "times": 9})

    seen = (await desk.http.get("/_sandbox/faults")).json()
    cleared = (await desk.http.delete("/_sandbox/faults")).json()

    assert [fault["times"] for fault in seen["pending"]] == [9]
    assert cleared == {"cleared": 1}
    assert (await desk.woo()).status_code == 200


BROKEN: list[Any] = [
    {"orderId": "BROKEN-1"},
    {"orderId": "BROKEN-2", "fulfillment": {"fulfillmentStatus": "TELEPORTED"}},
    {"orderId": "BROKEN-3", "buyer": {"buyerName": "a\x00b"}, "orderItems": None},
    {"orderId": "BROKEN-4", "buyer": {"buyerName": "😀" * 10_000}},
    {"orderId": "BROKEN-5", "proceeds": {"grandTotal": {"amount": "-9e99"}}},
    {"orderId": "BROKEN-6", "buyer": {"buyerName": "\ud800"}},
]


@pytest.mark.parametrize("body", BROKEN, ids=[body["orderId"] for body in BROKEN])
async def test_a_broken_order_is_served_as_it_is(desk: Desk, body: dict[str, Any]) -> None:
    at = "2021-08-01T10:00:00Z"
    raw = {"channel": "amazon", "body": body, "updated_at": at}
    # json= would refuse a lone surrogate; an escape carries it.
    sent = await desk.http.post("/_sandbox/orders/raw", content=json.dumps(raw).encode())

    reply = await desk.search(lastUpdatedAfter=at, lastUpdatedBefore=at, includedData="BUYER")

    assert sent.json() == {"external_id": body["orderId"]}
    assert body in reply.json()["orders"]


async def test_a_broken_order_cannot_be_shipped(desk: Desk) -> None:
    await desk.pull_lever("orders/raw", {"channel": "amazon", "body": {"orderId": "BROKEN-7"}})
    detail: dict[str, Any] = {
        "packageReferenceId": "1",
        "carrierCode": "DTDC",
        "trackingNumber": "1",
        "shipDate": "2026-01-01T00:00:00Z",
        "orderItems": [{"orderItemId": "1", "quantity": 1}],
    }

    reply = await desk.ship("BROKEN-7", {"marketplaceId": "A21TJRUUN4KGV", "packageDetail": detail})

    assert reply.status_code == 400


async def test_a_broken_shop_order_is_served_too(desk: Desk) -> None:
    body = {"id": 77, "status": "teleported", "total": "much"}
    made = await desk.pull_lever("orders/raw", {"channel": "woocommerce", "body": body})

    reply = await desk.woo("/77")

    assert made == {"external_id": "77"}
    assert reply.json() == body


async def test_even_text_that_is_no_json_is_served(desk: Desk) -> None:
    raw = {"channel": "amazon", "text": '{"orderId": "CUT', "external_id": "CUT"}
    await desk.pull_lever("orders/raw", raw)

    reply = await desk.order("CUT")

    assert reply.text == '{"order":{"orderId": "CUT}'
    assert (await desk.truth("amazon", "CUT"))["body"] == '{"orderId": "CUT'


@pytest.mark.parametrize(
    ("to", "status", "parcel"),
    [
        ("CANCEL_REQUESTED", "UNSHIPPED", None),
        ("CANCELLED", "CANCELLED", None),
        ("SHIPPED", "SHIPPED", "PICKED_UP"),
        ("OUT_FOR_DELIVERY", "SHIPPED", "OUT_FOR_DELIVERY"),
        ("DELIVERED", "SHIPPED", "DELIVERED"),
        ("RETURNED", "SHIPPED", "RETURNED_TO_SELLER"),
        ("LOST", "SHIPPED", "LOST"),
    ],
)
async def test_an_amazon_order_can_be_moved_on(
    desk: Desk, to: str, status: str, parcel: str | None
) -> None:
    [order_id] = await desk.new_orders("amazon")
    before = await desk.truth("amazon", order_id)

    truth = await desk.pull_lever(f"orders/amazon/{order_id}/advance", {"to": to})

    details = [one["packageStatus"]["detailedStatus"] for one in truth["packages"]]
    assert truth["status"] == status
    assert details == ([parcel] if parcel else [])
    assert truth["updated_at"] > before["updated_at"]


async def test_a_shop_order_can_be_moved_on(desk: Desk) -> None:
    [order_id] = await desk.new_orders("woocommerce", status="PENDING")

    truth = await desk.pull_lever(f"orders/woocommerce/{order_id}/advance", {"to": "processing"})

    assert truth["status"] == "processing"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("faults", {"kind": "earthquake"}, 400),
        ("faults", {}, 400),
        ("orders", {"channel": "etsy"}, 400),
        ("orders", {"channel": "amazon", "status": "LOST_IN_SPACE"}, 400),
        ("orders", {"channel": "amazon", "seller": "nobody"}, 400),
        ("orders/raw", {"channel": "amazon", "text": "\x00"}, 400),
        ("orders/amazon/none/advance", {"to": "SHIPPED"}, 404),
        ("orders/woocommerce/none/advance", {"to": "completed"}, 404),
        ("orders/etsy/1/advance", {"to": "x"}, 404),
        ("mode", {"mode": "slow"}, 400),
        ("life", {"every_s": -1}, 400),
    ],
)
async def test_a_wrong_lever_says_so(
    http: httpx.AsyncClient, path: str, body: dict[str, Any], status: int
) -> None:
    reply = await http.post(f"/_sandbox/{path}", json=body)

    assert reply.status_code == status
    assert reply.json()["error"]


async def test_levers_answer_this_machine_only(app: Starlette) -> None:
    far = httpx.ASGITransport(app=app, client=("203.0.113.9", 4711))

    async with httpx.AsyncClient(transport=far, base_url="http://sandbox") as client:
        refused = await client.get("/_sandbox/stats")
        health = await client.get("/health")

    assert refused.status_code == 403
    assert (health.status_code, health.json()) == (200, {"status": "ok"})
