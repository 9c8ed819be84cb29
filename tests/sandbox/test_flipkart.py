"""Flipkart: tokens, three lists, pack, ready to dispatch, cancel, the official test controls."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from sqlalchemy import Engine

from crm_app.sandbox import trade
from crm_app.sandbox.catalogue import PRODUCTS
from tests.sandbox.callers import FILTER, SHIPMENTS, Flipkart, flipkart_token
from tests.sandbox.conftest import Desk

SPECIFICATION = (
    Path(__file__).resolve().parents[3]
    / "shared/contracts/flipkart/flipkart_seller_api_v3.openapi.reassembled.json"
)
LISTING = f"LST{PRODUCTS[0].asin[3:]}PLM"
AT = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)


@pytest.fixture
async def seller(http: httpx.AsyncClient, engine: Engine) -> Flipkart:
    trade.open_account(engine, "flipkart", 60, 7, AT)
    return Flipkart(http, await flipkart_token(http))


async def new_shipment(desk: Desk, **fields: Any) -> str:
    # Placed an hour ago: its dispatchAfterDate has passed.
    placed = datetime.now(UTC) - timedelta(hours=1)
    body = {"lines": 1, "placed_at": placed.isoformat(), **fields}
    [shipment_id] = await desk.new_orders("flipkart", **body)
    return shipment_id


async def packed(seller: Flipkart, desk: Desk) -> str:
    shipment_id = await new_shipment(desk)
    assert await seller.result("/labels", {"shipments": [{"shipmentId": shipment_id}]}) == (
        "SUCCESS",
        None,
    )
    assert (await seller.shipment(shipment_id))["orderItems"][0]["status"] == "PACKING_IN_PROGRESS"
    await asyncio.sleep(0.55)
    assert (await seller.shipment(shipment_id))["orderItems"][0]["status"] == "PACKED"
    return shipment_id


async def test_a_token_needs_the_right_secret_and_a_call_needs_a_token(
    http: httpx.AsyncClient,
) -> None:
    query = {"grant_type": "client_credentials", "scope": "Seller_Api"}
    address = "/flipkart/oauth-service/oauth/token"

    wrong = await http.get(address, params=query, auth=("sandbox-flipkart-app", "guess"))
    bare = await http.post(FILTER, json={"filter": {"type": "preDispatch"}})

    assert (wrong.status_code, wrong.json()["error"]) == (401, "unauthorized")
    assert (bare.status_code, bare.json()["error"]) == (401, "invalid_token")


async def test_three_lists_hold_every_shipment_once(seller: Flipkart, engine: Engine) -> None:
    lists = [await seller.sweep(kind) for kind in ("preDispatch", "postDispatch", "cancelled")]

    ids = [one["shipmentId"] for found in lists for one in found]
    stats = (await seller.http.get("/_sandbox/stats")).json()["orders"]["flipkart"]
    assert len(ids) == len(set(ids)) == sum(stats.values())
    assert len(ids) > 60
    assert all(found for found in lists)
    assert all("buyer" not in json.dumps(one).lower() for found in lists[:2] for one in found)


async def test_an_order_may_be_two_shipments(seller: Flipkart) -> None:
    found = await seller.sweep("postDispatch")
    orders = [{item["orderId"] for item in one["orderItems"]} for one in found]
    split = [one for one in orders if orders.count(one) > 1]
    assert split
    [order_id] = split[0]

    reply = await seller.http.get(SHIPMENTS, params={"orderIds": order_id}, headers=seller.headers)

    assert len(reply.json()["shipments"]) == 2


async def test_modified_date_narrows_a_list(seller: Flipkart, desk: Desk) -> None:
    since = datetime.now(UTC) - timedelta(seconds=2)
    shipment_id = await new_shipment(desk)
    await desk.pull_lever(f"orders/flipkart/{shipment_id}/advance", {"to": "HOLD"})

    found = await seller.sweep("preDispatch", modifiedDate={"from": since.isoformat()})

    assert shipment_id in {one["shipmentId"] for one in found}
    assert all(datetime.fromisoformat(one["updatedAt"]) >= since for one in found)


async def test_pack_then_ready_to_dispatch_then_picked_up(seller: Flipkart, desk: Desk) -> None:
    shipment_id = await packed(seller, desk)

    sent = await seller.result("/dispatch", {"shipmentIds": [shipment_id]})
    again = await seller.result("/dispatch", {"shipmentIds": [shipment_id]})
    truth = await desk.truth("flipkart", shipment_id)

    assert sent == ("SUCCESS", None)
    assert again == ("FAILURE", "INVALID_STATE")
    assert truth["status"] == "READY_TO_DISPATCH"
    assert [call["operation"] for call in truth["calls"]].count("dispatch") == 2


async def test_a_batch_is_judged_shipment_by_shipment(seller: Flipkart, desk: Desk) -> None:
    good, early = await packed(seller, desk), await new_shipment(desk)

    reply = await seller.post("/dispatch", {"shipmentIds": [good, early, "nobody"]})

    results = [(one["status"], one.get("errorCode")) for one in reply.json()["shipments"]]
    assert reply.status_code == 200
    assert results == [
        ("SUCCESS", None),
        ("FAILURE", "INVALID_STATE"),
        ("FAILURE", "SHIPMENT_NOT_FOUND"),
    ]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/dispatch", {"shipmentIds": [f"s{n}" for n in range(26)]}),
        ("/dispatch", {"shipmentIds": []}),
        ("/labels", {"shipments": [{"shipmentId": "a"}] * 26}),
        ("/labels", {"shipments": [{"locationId": "LOC"}]}),
        (
            "/labels",
            {
                "shipments": [
                    {"shipmentId": "a", "locationId": "A"},
                    {"shipmentId": "b", "locationId": "B"},
                ]
            },
        ),
        ("/labels", {"shipments": [{"shipmentId": "a", "invoices": [{"orderId": "x"}]}]}),
        ("/labels", {"shipments": [{"shipmentId": "a", "invoices": []}]}),
        ("/labels", {"shipments": [{"shipmentId": "a", "taxItems": [{"quantity": 1}]}]}),
        (
            "/labels",
            {"shipments": [{"shipmentId": "a", "serialNumbers": [{"serialNumbers": ["flat"]}]}]},
        ),
        ("/labels", {"shipments": [{"shipmentId": "a", "ignoreWarning": "yes"}]}),
        ("/cancel", ["a"]),
        ("/filter", {"filter": {"type": "everything"}}),
        ("/filter", {"filter": {"type": "cancelled", "states": ["LOST"]}}),
        ("/filter", {"filter": {"type": "cancelled", "orderDate": {"from": "never"}}}),
        ("/filter", {}),
    ],
)
async def test_a_wrong_call_is_refused_whole(seller: Flipkart, path: str, body: Any) -> None:
    assert (await seller.post(path, body)).status_code == 400


async def test_a_pack_that_does_not_fit_its_shipment_is_refused(
    seller: Flipkart, desk: Desk
) -> None:
    shipment_id = await new_shipment(desk)
    item = (await seller.shipment(shipment_id))["orderItems"][0]
    item_id, pieces = item["orderItemId"], item["quantity"]

    async def pack(**told: Any) -> tuple[str, str | None]:
        entry = {"shipmentId": shipment_id, **told}
        return await seller.result("/labels", {"shipments": [entry]})

    date = "2026-11-02T09:00:00.000+00:00"
    odd = [
        await pack(invoices=[{"orderId": "OD-else", "invoiceDate": date}]),
        await pack(taxItems=[{"orderItemId": "else", "taxRate": 3}]),
        await pack(taxItems=[{"orderItemId": item_id, "taxRate": 3, "quantity": pieces + 1}]),
        await pack(serialNumbers=[{"orderItemId": item_id, "serialNumbers": [["1"]] * 9}]),
        await pack(subShipments=[{"subShipmentId": "SS-9", "dimensions": {}}]),
    ]

    assert odd == [("FAILURE", "INVALID_PACK_REQUEST")] * 5
    assert (await seller.shipment(shipment_id))["orderItems"][0]["status"] == "APPROVED"


async def test_a_shipment_on_hold_or_too_early_is_not_packed(seller: Flipkart, desk: Desk) -> None:
    shipment_id = await new_shipment(desk)
    item = (await seller.shipment(shipment_id))["orderItems"][0]["orderItemId"]
    body = {"shipments": [{"shipmentId": shipment_id}]}

    assert (await seller.control("on_hold", {"orderItemId": item}, "PUT")).status_code == 200
    held = await seller.result("/labels", body)
    await seller.control("un_hold", {"orderItemId": item}, "PUT")
    slot = {
        "orderItemId": item,
        "dispatch_after_date": "2099-01-01T10:00:00+05:30",
        "dispatch_by_date": "2099-01-02T10:00:00+05:30",
    }
    assert (await seller.control("update_dispatch_slot", slot)).status_code == 200
    early = await seller.result("/labels", body)

    assert held == ("FAILURE", "SHIPMENT_ON_HOLD")
    assert early == ("FAILURE", "DISPATCH_AFTER_DATE_NOT_REACHED")
    assert (await desk.truth("flipkart", shipment_id))["status"] == "APPROVED"


async def test_cancel_knows_three_reasons_and_only_before_packed(
    seller: Flipkart, desk: Desk
) -> None:
    first, second = await new_shipment(desk), await packed(seller, desk)

    def body(shipment_id: str, reason: str) -> Any:
        return {"shipments": [{"shipmentId": shipment_id, "reason": reason}]}

    odd = await seller.result("/cancel", body(first, "do_not_like_it"))
    good = await seller.result("/cancel", body(first, "not_enough_inventory"))
    late = await seller.result("/cancel", body(second, "not_enough_inventory"))

    item = (await seller.shipment(first))["orderItems"][0]
    assert (odd, good, late) == (
        ("FAILURE", "INVALID_REASON"),
        ("SUCCESS", None),
        ("FAILURE", "INVALID_STATE"),
    )
    assert (item["status"], item["cancellationSubReason"]) == ("CANCELLED", "not_enough_inventory")
    assert first in {one["shipmentId"] for one in await seller.sweep("cancelled")}


async def test_one_group_of_a_shipment_can_be_cancelled(seller: Flipkart, desk: Desk) -> None:
    while True:
        made = await desk.new_orders("flipkart", lines=2)
        if len(made) == 1:
            break
    items = (await seller.shipment(made[0]))["orderItems"]
    entry = {
        "shipmentId": made[0],
        "reason": "cannot_procure_item",
        "cancellationGroupIds": [items[0]["cancellationGroupId"]],
    }

    assert await seller.result("/cancel", {"shipments": [entry]}) == ("SUCCESS", None)

    after = (await seller.shipment(made[0]))["orderItems"]
    assert [item["status"] for item in after] == ["CANCELLED", "APPROVED"]


async def test_the_official_controls_make_an_order_and_carry_it_to_the_door(
    seller: Flipkart,
) -> None:
    listing = {"listingId": LISTING, "quantity": 2}
    made = (await seller.control("test_orders", {"orderItems": [listing]})).json()
    item = {"orderItemId": made["orderItems"][0]["orderItemId"]}

    for control in ("pick_up_complete", "shipped", "delivered"):
        assert (await seller.control(control, item)).status_code == 200
    query = {"orderItemIds": item["orderItemId"]}
    reply = await seller.http.get(SHIPMENTS, params=query, headers=seller.headers)

    [shipment] = reply.json()["shipments"]
    assert made["orderId"].startswith("OD")
    assert shipment["orderItems"][0]["status"] == "DELIVERED"
    assert shipment["orderItems"][0]["quantity"] == 2
    assert (await seller.control("shipped", {"orderItemId": "0"})).status_code == 400


async def test_the_official_controls_bring_a_parcel_back(seller: Flipkart, desk: Desk) -> None:
    shipment_id = await new_shipment(desk)
    item = (await seller.shipment(shipment_id))["orderItems"][0]["orderItemId"]
    since = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()

    async def control(path: str, **fields: str) -> int:
        address = f"/flipkart/sellers/returns/sandbox/{path}"
        body = {"orderItemId": item, **fields}
        return (await seller.http.post(address, json=body, headers=seller.headers)).status_code

    async def listed(**query: str) -> list[Any]:
        address = "/flipkart/sellers/v2/returns"
        reply = await seller.http.get(address, params=query, headers=seller.headers)
        assert reply.status_code == 200, reply.text
        return reply.json()["returnItems"]

    async def ours() -> tuple[str, str]:
        (found,) = [one for one in await listed(modifiedAfter=since) if one["orderItemId"] == item]
        return found["status"], found["type"]

    await seller.control("delivered", {"orderItemId": item})
    assert await control("create_returns", returnType="courier_return") == 200
    assert await ours() == ("CREATED", "courier_return")
    shipment = await seller.shipment(shipment_id)
    assert (shipment["orderItems"][0]["status"], shipment["orderItems"][0]["courierReturn"]) == (
        "RETURN_REQUESTED",
        True,
    )
    assert await control("return_events", eventType="return_completed") == 200
    assert await ours() == ("COMPLETED", "courier_return")
    [again] = await listed(returnIds=f"{item}01")
    assert again["shipmentId"] == shipment_id
    assert await control("return_events", eventType="teleported") == 400
    assert await control("return_events", eventType="return_cancelled") == 400


async def test_the_list_of_returns_is_paged_and_narrowed(seller: Flipkart) -> None:
    query: dict[str, str] = {"createdAfter": "2026-01-01T00:00:00Z"}
    address = "/flipkart/sellers/v2/returns"
    found: list[Any] = []
    reply = await seller.http.get(address, params=query, headers=seller.headers)
    while True:
        found += reply.json()["returnItems"]
        if not reply.json()["hasMore"]:
            break
        address = f"/flipkart/sellers{reply.json()['nextUrl']}"
        reply = await seller.http.get(address, headers=seller.headers)
    bare = await seller.http.get("/flipkart/sellers/v2/returns", headers=seller.headers)
    odd = await seller.http.get(
        "/flipkart/sellers/v2/returns", params={"modifiedAfter": "never"}, headers=seller.headers
    )

    assert found
    assert len({one["returnId"] for one in found}) == len(found)
    assert (bare.status_code, odd.status_code) == (400, 400)


async def test_a_forgotten_shipment_is_found_by_its_id_alone(seller: Flipkart, desk: Desk) -> None:
    shipment_id = await new_shipment(desk)
    await desk.pull_lever(f"orders/flipkart/{shipment_id}/hide", {"hidden": True})

    listed = {one["shipmentId"] for one in await seller.sweep("preDispatch")}

    assert shipment_id not in listed
    assert (await seller.shipment(shipment_id))["shipmentId"] == shipment_id


async def test_a_buyer_can_win_the_race(seller: Flipkart, desk: Desk) -> None:
    shipment_id = await new_shipment(desk)
    await desk.pull_lever(
        "faults", {"kind": "buyer_cancels", "channel": "flipkart", "operation": "pack"}
    )

    result = await seller.result("/labels", {"shipments": [{"shipmentId": shipment_id}]})

    assert result == ("FAILURE", "INVALID_STATE")
    assert (await desk.truth("flipkart", shipment_id))["status"] == "CANCELLED"


async def test_a_token_can_expire_at_any_time(seller: Flipkart, desk: Desk) -> None:
    await desk.pull_lever("faults", {"kind": "expired_token", "channel": "flipkart"})
    body = {"filter": {"type": "cancelled"}}

    first = await seller.http.post(FILTER, json=body, headers=seller.headers)
    second = await seller.http.post(FILTER, json=body, headers=seller.headers)
    await desk.pull_lever("tokens/expire", {})
    third = await seller.http.post(FILTER, json=body, headers=seller.headers)

    assert [one.status_code for one in (first, second, third)] == [401, 200, 401]


async def test_a_shipment_can_be_issued_again(seller: Flipkart, desk: Desk) -> None:
    shipment_id = await new_shipment(desk)
    item = (await seller.shipment(shipment_id))["orderItems"][0]

    made = await desk.pull_lever(f"orders/flipkart/{shipment_id}/reissue", {})

    fresh = (await seller.shipment(made["external_id"]))["orderItems"][0]
    assert (await desk.truth("flipkart", shipment_id))["status"] == "CANCELLED"
    assert (fresh["orderItemId"], fresh["status"]) == (item["orderItemId"], "APPROVED")


async def test_a_broken_shipment_is_served_as_it_is(seller: Flipkart, desk: Desk) -> None:
    body = {"shipmentId": "BROKEN-FK", "orderItems": [{"status": "TELEPORTED"}]}
    await desk.pull_lever("orders/raw", {"channel": "flipkart", "body": body})

    listed = await seller.sweep("preDispatch")
    result = await seller.result("/dispatch", {"shipmentIds": ["BROKEN-FK"]})

    assert body in listed
    assert result == ("FAILURE", "INVALID_SHIPMENT")


def reply_schema(path: str, method: str) -> Any:
    operation = json.loads(SPECIFICATION.read_text())["paths"][path][method]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return closed(schema)


def closed(schema: Any) -> Any:
    """The schema, allowing nothing that it does not name."""
    if isinstance(schema, dict):
        fields = {key: closed(value) for key, value in schema.items() if key != "example"}
        if fields.get("type") == "object" and "properties" in fields:
            fields["additionalProperties"] = False
        return fields
    return [closed(one) for one in schema] if isinstance(schema, list) else schema


def problems(path: str, method: str, reply: Any) -> list[str]:
    validator = jsonschema_rs.Draft4Validator(reply_schema(path, method), validate_formats=True)
    return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(reply)]


@pytest.mark.skipif(
    not SPECIFICATION.exists(), reason="Flipkart's specification is not beside the checkout"
)
async def test_the_answers_fit_the_specification(seller: Flipkart, desk: Desk) -> None:
    for kind in ("preDispatch", "postDispatch", "cancelled"):
        body = {"filter": {"type": kind}, "pagination": {"pageSize": 100}}
        reply = (await seller.post("/filter", body)).json()
        # A body that another test broke on purpose fits nothing.
        reply["shipments"] = [one for one in reply["shipments"] if "locationId" in one]
        assert reply["shipments"]
        assert problems("/sellers/v3/shipments/filter", "post", reply) == []
    shipment_id = await new_shipment(desk)
    one = {"shipments": [await seller.shipment(shipment_id)]}
    refused = (await seller.post("/dispatch", {"shipmentIds": [shipment_id]})).json()
    listing = {"listingId": LISTING, "quantity": 1}
    made = (await seller.control("test_orders", {"orderItems": [listing]})).json()

    listed = await seller.http.get(
        "/flipkart/sellers/v2/returns",
        params={"createdAfter": "2026-01-01T00:00:00Z"},
        headers=seller.headers,
    )

    assert listed.json()["returnItems"]
    assert problems("/v2/returns", "get", listed.json()) == []
    assert problems("/sellers/v3/shipments", "get", one) == []
    assert problems("/sellers/v3/shipments/dispatch", "post", refused) == []
    assert problems("/sellers/orders/sandbox/test_orders", "post", made) == []
    assert problems("/sellers/v3/shipments", "get", {"shipments": [{"buyerName": "x"}]}) != []
