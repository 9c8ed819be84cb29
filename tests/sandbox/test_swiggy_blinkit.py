"""The two channels that only push: what the merchant and the supplier call back."""

import json
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from starlette.applications import Starlette

from crm_app.sandbox.credentials import BLINKIT_PLAIN_VENDOR, BLINKIT_VENDOR
from tests.sandbox.callers import BLINKIT, BLINKIT_HEADERS, RELAY, RELAY_HEADERS, put_state
from tests.sandbox.conftest import Desk

RELAY_MODEL = (
    Path(__file__).resolve().parents[3]
    / "shared/contracts/urbanpiper/urbanpiper_orders.openapi.json"
)


async def swiggy_order(desk: Desk, can_reject: bool) -> str:
    while True:
        [order_id] = await desk.new_orders("swiggy", cod=False)
        body = (await desk.truth("swiggy", order_id))["body"]
        extras = body["order"]["details"]["ext_platforms"][0]["extras"]
        if extras["can_reject_order"] is can_reject:
            return order_id


async def test_a_swiggy_order_goes_forward_only(desk: Desk) -> None:
    order_id = await swiggy_order(desk, can_reject=False)

    codes = [
        (await put_state(desk.http, order_id, state)).status_code
        for state in ("Acknowledged", "Food Ready", "Acknowledged", "Completed", "Dispatched")
    ]

    truth = await desk.truth("swiggy", order_id)
    assert codes == [200, 200, 400, 200, 400]
    assert truth["status"] == "Completed"
    assert [call["status_code"] for call in truth["calls"]] == codes


async def test_swiggy_wants_a_call_instead_of_a_cancellation(desk: Desk) -> None:
    fixed = await swiggy_order(desk, can_reject=False)
    free = await swiggy_order(desk, can_reject=True)

    refused, done = [await put_state(desk.http, one, "Cancelled") for one in (fixed, free)]

    assert (refused.status_code, refused.json()) == (
        400,
        {
            "status": "error",
            "message": "Cancellation of Swiggy orders is not allowed. Callback requested instead.",
        },
    )
    assert (await desk.truth("swiggy", fixed))["status"] == "Placed"
    assert done.status_code == 200


async def test_the_relay_refuses_strangers_and_nonsense(desk: Desk) -> None:
    address = f"{RELAY}/orders/1/status/"

    bare = await desk.http.put(address, json={"new_status": "Completed"})
    odd = await put_state(desk.http, "1", "Eaten")
    nobody = await put_state(desk.http, "1", "Completed")

    assert [one.status_code for one in (bare, odd, nobody)] == [401, 400, 404]


async def test_the_relay_locks_out_whoever_asks_too_often(desk: Desk, app: Starlette) -> None:
    app.state.sandbox.limits.switch("published")
    retry = f"{RELAY}/webhooks/retry/"

    codes = [
        (await desk.http.post(retry, json={}, headers=RELAY_HEADERS)).status_code for _ in range(3)
    ]
    states = [(await put_state(desk.http, "1", "Completed")).status_code for _ in range(102)]

    assert codes == [200, 200, 429]
    assert states == [404] * 100 + [429, 429]


async def test_swiggy_edits_an_order_by_issuing_another(desk: Desk) -> None:
    order_id = await swiggy_order(desk, can_reject=False)

    made = await desk.pull_lever(f"orders/swiggy/{order_id}/reissue", {})

    old = (await desk.truth("swiggy", order_id))["body"]["order"]["details"]
    new = (await desk.truth("swiggy", made["external_id"]))["body"]["order"]["details"]
    assert (old["order_state"], str(old["modified_to"])) == ("Cancelled", made["external_id"])
    assert (new["order_state"], str(new["modified_from"])) == ("Placed", order_id)


async def test_the_relay_keeps_its_money_straight(desk: Desk) -> None:
    for order_id in await desk.new_orders("swiggy", count=20):
        order = (await desk.truth("swiggy", order_id))["body"]["order"]
        details = order["details"]
        total = (
            details["order_subtotal"]
            - details["discount"]
            + details["total_charges"]
            + details["total_taxes"]
        )
        assert round(total, 2) == details["order_total"] == order["payment"][0]["amount"]
        items = sum(item["total_with_tax"] for item in order["items"])
        assert round(items + details["total_charges"], 2) == details["order_total"]


@pytest.mark.skipif(
    not RELAY_MODEL.exists(), reason="the relay's specification is not beside the checkout"
)
async def test_the_relay_answers_as_its_specification_says(desk: Desk) -> None:
    model = json.loads(RELAY_MODEL.read_text())
    schema = {**model["components"]["schemas"]["Status"], "additionalProperties": False}
    path = model["paths"]["/external/api/v1/orders/{id}/status/"]["put"]
    order_id = await swiggy_order(desk, can_reject=False)

    for state in ("Acknowledged", "Cancelled", "Nonsense"):
        reply = await put_state(desk.http, order_id, state)
        assert str(reply.status_code) in path["responses"]
        assert jsonschema_rs.Draft4Validator(schema).is_valid(reply.json())


def ack(number: str, state: str) -> dict[str, Any]:
    data: dict[str, Any] = {"po_status": state, "po_number": number, "errors": [], "warnings": []}
    return {
        "success": True,
        "message": "",
        "timestamp": "2026-11-10T06:31:00Z",
        "data": data,
    }


async def say(
    desk: Desk, path: str, body: Any, headers: dict[str, str] = BLINKIT_HEADERS
) -> httpx.Response:
    return await desk.http.post(f"{BLINKIT}{path}", json=body, headers=headers)


async def note(desk: Desk, number: str, invoice: str, units: int | None = None) -> dict[str, Any]:
    """A shipment note of everything that was ordered, or of so many units of each item."""
    details = (await desk.truth("blinkit", number))["body"]["details"]
    taxes = ("cgst", "sgst", "igst", "ugst", "cess")
    return {
        "po_number": number,
        "invoice_number": invoice,
        "invoice_date": details["issue_date"],
        "delivery_date": details["delivery_date"],
        "basic_price": "100.00",
        "landing_price": "103.00",
        "quantity": "12.00",
        "item_count": str(len(details["item_data"])),
        "po_status": "PARTIALLY_FULFILLED",
        "supplier_details": {"gstin": BLINKIT_VENDOR.supplier_gstin},
        "buyer_details": {"gstin": details["buyer_details"]["gstin"]},
        "shipment_details": {
            "delivery_type": "COURIER",
            "delivery_partner": "Delhivery",
            "delivery_tracking_code": "DL-77",
        },
        "items": [
            {
                "item_id": item["item_id"],
                "quantity": units or item["units_ordered"],
                "unit_basic_price": "80.00",
                "upc": item["upc"],
                "uom": {"unit": "g", "value": 10},
                "tax_distribution": {
                    **{f"{tax}_percentage": "0.00" for tax in taxes},
                    "additional_cess_value": "0.00",
                },
            }
            for item in details["item_data"]
        ],
    }


async def test_an_order_is_acknowledged_in_two_steps(desk: Desk) -> None:
    [number] = await desk.new_orders("blinkit")

    codes = [
        (await say(desk, "/po/acknowledgement", ack(number, state))).status_code
        for state in ("PROCESSING", "ACCEPTED", "ACCEPTED", "REJECTED", "DELIVERED")
    ]

    assert codes == [200, 200, 200, 400, 400]
    assert (await desk.truth("blinkit", number))["status"] == "ACCEPTED"


async def test_a_note_of_everything_fulfils_the_order(desk: Desk) -> None:
    [number] = await desk.new_orders("blinkit", lines=2)

    reply = await say(desk, "/asn", await note(desk, number, f"INV-{number}"))

    assert reply.json()["asn_sync_status"] == "ACCEPTED"
    assert reply.json()["asn_id"].startswith("ASN-")
    truth = await desk.truth("blinkit", number)
    assert (truth["status"], truth["notes"]["asns"][0]["tracking"]) == ("FULFILLED", "DL-77")


async def test_a_refused_note_comes_inside_200(desk: Desk) -> None:
    [number, other] = await desk.new_orders("blinkit", count=2, lines=1)
    good = await note(desk, number, f"INV-{number}", units=1)
    assert (await say(desk, "/asn", good)).json()["asn_sync_status"] == "ACCEPTED"

    twice = (await say(desk, "/asn", good)).json()
    odd = await note(desk, other, f"INV-{other}", units=1)
    odd["items"][0]["item_id"] = "999"
    odd["supplier_details"]["gstin"] = "wrong"
    both = await say(desk, "/asn", odd)

    assert [one["code"] for one in twice["data"]["errors"]] == ["E107"]
    assert (twice["successful"], twice["asn_sync_status"]) == (True, "REJECTED")
    assert both.status_code == 200
    assert [one["code"] for one in both.json()["data"]["errors"]] == ["E109", "E112"]
    assert (await desk.truth("blinkit", other))["status"] == "CREATED"


async def test_one_wrong_item_leaves_the_others_accepted(desk: Desk) -> None:
    [number] = await desk.new_orders("blinkit", lines=2)
    body = await note(desk, number, f"INV-{number}")
    body["items"][0]["quantity"] = 9_999

    reply = (await say(desk, "/asn", body)).json()

    assert (reply["asn_sync_status"], reply["success_count"]) == ("PARTIALLY_ACCEPTED", 1)
    assert (await desk.truth("blinkit", number))["status"] == "PARTIALLY_FULFILLED"


async def test_a_cancelled_order_takes_no_note(desk: Desk) -> None:
    [number] = await desk.new_orders("blinkit", status="CANCELLED")

    reply = (await say(desk, "/asn", await note(desk, number, f"INV-{number}"))).json()

    assert [one["code"] for one in reply["data"]["errors"]] == ["E106"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("quantity", 12),
        ("po_status", "DONE"),
        ("invoice_date", "yesterday"),
        ("shipment_details", {"delivery_type": "COURIER"}),
        ("items", []),
    ],
)
async def test_wrong_types_are_a_400(desk: Desk, name: str, value: Any) -> None:
    [number] = await desk.new_orders("blinkit")
    body = await note(desk, number, f"INV-{number}") | {name: value}

    assert (await say(desk, "/asn", body)).status_code == 400


async def test_a_whole_number_with_a_point_is_no_integer(desk: Desk) -> None:
    [number] = await desk.new_orders("blinkit", lines=1)
    body = await note(desk, number, f"INV-{number}")
    body["items"][0]["quantity"] = 12.0

    reply = await say(desk, "/asn", body)

    assert (reply.status_code, reply.json()["message"]) == (
        400,
        "items.quantity must be an integer",
    )


async def test_amendments_are_for_some_suppliers_only(desk: Desk) -> None:
    [number] = await desk.new_orders("blinkit")
    variant = {"upc": "1", "mrp": 125.0, "po_numbers": [number]}
    body = {"request_data": [{"item_id": "1", "variants": [variant]}]}

    plain = {"Api-Key": BLINKIT_PLAIN_VENDOR.api_key}

    codes = [
        (await say(desk, "/po/amendment", body, headers)).status_code
        for headers in (BLINKIT_HEADERS, plain, {"Api-Key": "guess"})
    ]
    assert codes == [200, 404, 401]


async def test_nothing_lists_purchase_orders(desk: Desk) -> None:
    reply = await desk.http.get(f"{BLINKIT}/po", headers=BLINKIT_HEADERS)

    assert reply.status_code == 404
