"""confirmShipment: a parcel leaves once, and every wrong one is refused without a trace."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm_app.sandbox.credentials import INDIA_MARKETPLACE_ID
from tests.sandbox.conftest import Desk

Body = dict[str, Any]


async def new_order(desk: Desk, **fields: Any) -> tuple[str, Body]:
    """An open order of two lines, and a request that ships all of it."""
    [order_id] = await desk.new_orders("amazon", **{"lines": 2, **fields})
    order = (await desk.truth("amazon", order_id))["body"]
    items = [
        {"orderItemId": item["orderItemId"], "quantity": item["quantityOrdered"]}
        for item in order["orderItems"]
    ]
    detail = {
        "packageReferenceId": "1",
        "carrierCode": "BlueDart",
        "trackingNumber": "BD100200300",
        "shipDate": datetime.now(UTC).isoformat(),
        "orderItems": items,
    }
    return order_id, {"marketplaceId": INDIA_MARKETPLACE_ID, "packageDetail": detail}


async def test_a_confirmed_shipment_changes_the_order(desk: Desk) -> None:
    order_id, body = await new_order(desk)
    before = await desk.truth("amazon", order_id)

    reply = await desk.ship(order_id, body)

    after = await desk.truth("amazon", order_id)
    [package] = after["packages"]
    assert (reply.status_code, reply.content) == (204, b"")
    assert reply.headers["x-amzn-ratelimit-limit"]
    assert (before["status"], after["status"]) == ("UNSHIPPED", "SHIPPED")
    assert after["updated_at"] > before["updated_at"]
    assert package["packageStatus"]["status"] == "IN_TRANSIT"
    assert (package["carrier"], package["trackingNumber"]) == ("BlueDart", "BD100200300")
    assert after["tracking"] == ["BD100200300"]
    assert [call["status_code"] for call in after["calls"]] == [204]
    for item in after["body"]["orderItems"]:
        assert item["fulfillment"]["quantityFulfilled"] == item["quantityOrdered"]
        assert item["fulfillment"]["quantityUnfulfilled"] == 0


async def test_the_same_reference_edits_the_package(desk: Desk) -> None:
    order_id, body = await new_order(desk)
    await desk.ship(order_id, body)

    again = await desk.ship(order_id, body)
    body["packageDetail"]["trackingNumber"] = "BD-CORRECTED"
    edited = await desk.ship(order_id, body)

    truth = await desk.truth("amazon", order_id)
    assert (again.status_code, edited.status_code) == (204, 204)
    assert truth["tracking"] == ["BD-CORRECTED"]
    assert truth["status"] == "SHIPPED"


async def test_two_packages_ship_an_order_in_parts(desk: Desk) -> None:
    order_id, body = await new_order(desk)
    items = body["packageDetail"]["orderItems"]
    first, second = copy.deepcopy(body), copy.deepcopy(body)
    first["packageDetail"]["orderItems"] = items[:1]
    second["packageDetail"] |= {"orderItems": items[1:], "packageReferenceId": "2"}

    await desk.ship(order_id, first)
    between = await desk.truth("amazon", order_id)
    await desk.ship(order_id, second)
    after = await desk.truth("amazon", order_id)

    assert (between["status"], len(between["packages"])) == ("PARTIALLY_SHIPPED", 1)
    assert (after["status"], len(after["packages"])) == ("SHIPPED", 2)


async def test_another_carrier_goes_by_its_name(desk: Desk) -> None:
    order_id, body = await new_order(desk)
    body["packageDetail"] |= {"carrierCode": "Other", "carrierName": "Shree Maruti"}

    assert (await desk.ship(order_id, body)).status_code == 204

    assert (await desk.truth("amazon", order_id))["packages"][0]["carrier"] == "Shree Maruti"


def _top(**fields: Any) -> Callable[[Body], object]:
    return lambda body: body.update(fields)


def _top_drop(name: str) -> Callable[[Body], object]:
    return lambda body: body.pop(name)


def _repeat_item(body: Body) -> None:
    items = body["packageDetail"]["orderItems"]
    items.append(items[0])


def _drop(name: str) -> Callable[[Body], object]:
    return lambda body: body["packageDetail"].pop(name)


def _put(**fields: Any) -> Callable[[Body], object]:
    return lambda body: body["packageDetail"].update(fields)


def _item(**fields: Any) -> Callable[[Body], object]:
    return lambda body: body["packageDetail"]["orderItems"][0].update(fields)


def _in(delta: timedelta) -> str:
    return (datetime.now(UTC) + delta).isoformat()


@pytest.mark.parametrize(
    "spoil",
    [
        _top_drop("marketplaceId"),
        _top(marketplaceId="ATVPDKIKX0DER"),
        _top_drop("packageDetail"),
        _top(packageDetail=[]),
        _drop("packageReferenceId"),
        _drop("carrierCode"),
        _drop("trackingNumber"),
        _drop("shipDate"),
        _drop("orderItems"),
        _put(packageReferenceId="0"),
        _put(packageReferenceId="-1"),
        _put(packageReferenceId="first"),
        _put(packageReferenceId=1),
        _put(trackingNumber="  "),
        _put(carrierCode="Other"),
        _put(carrierCode="Other", carrierName=""),
        _put(shipDate="02/21/2026"),
        _put(shipDate=_in(timedelta(days=2))),
        _put(shipDate=_in(timedelta(days=-400))),
        _put(orderItems=[]),
        _put(orderItems=["x"]),
        _item(orderItemId="99999999999999"),
        _item(quantity=0),
        _item(quantity=-1),
        _item(quantity=99),
        _item(quantity=True),
        _item(quantity="1"),
        _repeat_item,
    ],
)
async def test_a_wrong_confirmation_is_refused_and_changes_nothing(
    desk: Desk, spoil: Callable[[Body], object]
) -> None:
    order_id, body = await new_order(desk)
    before = await desk.truth("amazon", order_id)
    spoil(body)

    reply = await desk.ship(order_id, body)

    after = await desk.truth("amazon", order_id)
    assert reply.status_code == 400
    assert reply.json()["errors"][0]["code"] == "InvalidInput"
    assert after["body"] == before["body"]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'{"a": NaN}', b"[" * 100_000])
async def test_a_body_that_is_no_object_is_refused(desk: Desk, raw: bytes) -> None:
    order_id, _ = await new_order(desk)
    path = f"/amazon/orders/v0/orders/{order_id}/shipmentConfirmation"

    reply = await desk.http.post(path, content=raw, headers=desk.headers)

    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, "InvalidInput")


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "PENDING"},
        {"status": "CANCELLED"},
        {"status": "SHIPPED"},
        {"fulfilled_by": "AMAZON"},
    ],
)
async def test_an_order_that_cannot_be_shipped_is_refused(
    desk: Desk, fields: dict[str, str]
) -> None:
    order_id, body = await new_order(desk, **fields)
    body["packageDetail"]["packageReferenceId"] = "77"
    before = await desk.truth("amazon", order_id)

    reply = await desk.ship(order_id, body)

    after = await desk.truth("amazon", order_id)
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, "InvalidInput")
    assert after["body"] == before["body"]


async def test_an_unknown_order_cannot_be_shipped(desk: Desk) -> None:
    _, body = await new_order(desk)

    reply = await desk.ship("000-0000000-0000000", body)

    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (404, "NotFound")


async def test_a_tracking_number_of_any_characters_survives(desk: Desk) -> None:
    order_id, body = await new_order(desk)
    strange = "😀\x00\ud800" + "9" * 10_000
    body["packageDetail"]["trackingNumber"] = strange
    path = f"/amazon/orders/v0/orders/{order_id}/shipmentConfirmation"
    reply = await desk.http.post(path, content=json.dumps(body).encode(), headers=desk.headers)

    shown = (await desk.order(order_id, includedData="PACKAGES")).json()["order"]["packages"]
    assert reply.status_code == 204
    assert shown[0]["trackingNumber"] == strange
