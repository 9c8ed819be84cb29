"""What is told of a parcel when labels are asked for, and that it is what the contract says."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from crm_app.channels.base import StatusUpdate
from crm_app.channels.flipkart.packing import Packing
from crm_app.domain.order_status import OrderStatus as S
from crm_app.errors import RejectedError
from crm_app.sandbox.flipkart_pack import check_entry, misfit

from .orders import flipkart_item, flipkart_shipment

SPECIFICATION = (
    Path(__file__).resolve().parents[3]
    / "shared/contracts/flipkart/flipkart_seller_api_v3.openapi.reassembled.json"
)
UPDATE = StatusUpdate("S-1", S.PACKED, 42, "", "", datetime(2026, 11, 2, 9, tzinfo=UTC), ())
WHOLE = Packing(10, 8, 2.5, 0.15, 3, "INV-", "SN-", ignore_warning=True)


def test_an_account_that_says_all_tells_all() -> None:
    items = [flipkart_item("71", quantity=2), flipkart_item("72", quantity=1, orderId="OD-2")]

    asked = WHOLE.asked(flipkart_shipment(orderItems=items), UPDATE)

    assert [one["invoiceNumber"] for one in asked["invoices"]] == ["INV-42", "INV-42-2"]
    assert asked["serialNumbers"] == [
        {"orderItemId": "71", "serialNumbers": [["SN-42-1"], ["SN-42-2"]]},
        {"orderItemId": "72", "serialNumbers": [["SN-42-3"]]},
    ]
    assert asked["taxItems"] == [
        {"orderItemId": "71", "taxRate": 3, "quantity": 2},
        {"orderItemId": "72", "taxRate": 3, "quantity": 1},
    ]
    assert asked["ignoreWarning"] is True


def test_what_the_account_does_not_say_is_not_told() -> None:
    bare = Packing().asked(flipkart_shipment(), UPDATE)
    light = Packing(weight_kg=0.2).asked(flipkart_shipment(), UPDATE)

    assert bare.keys() == {"shipmentId", "locationId", "invoices"}
    assert bare["invoices"][0].keys() == {"orderId", "invoiceDate"}
    assert light["subShipments"] == [{"subShipmentId": "SS-1", "dimensions": {"weight": 0.2}}]


def test_a_repeat_tells_the_same_numbers() -> None:
    assert WHOLE.asked(flipkart_shipment(), UPDATE) == WHOLE.asked(flipkart_shipment(), UPDATE)


def test_what_was_cancelled_is_not_packed() -> None:
    asked = WHOLE.asked(flipkart_shipment("APPROVED", "CANCELLED"), UPDATE)

    assert [one["orderItemId"] for one in asked["taxItems"]] == ["71"]
    assert [one["orderItemId"] for one in asked["serialNumbers"]] == ["71"]


def test_more_pieces_than_can_be_numbered_are_refused() -> None:
    many = flipkart_shipment(orderItems=[flipkart_item(quantity=501)])

    with pytest.raises(RejectedError, match="at most 500 pieces"):
        WHOLE.asked(many, UPDATE)


@pytest.mark.parametrize("packing", [WHOLE, Packing(), Packing(weight_kg=1)])
@pytest.mark.skipif(
    not SPECIFICATION.exists(), reason="Flipkart's specification is not beside the checkout"
)
def test_the_body_fits_the_specification(packing: Packing) -> None:
    operation = json.loads(SPECIFICATION.read_text())["paths"]["/sellers/v3/shipments/labels"]
    content = operation["post"]["requestBody"]["content"]["application/json"]
    validator = jsonschema_rs.Draft4Validator(closed(content["schema"]), validate_formats=True)
    whole = {"shipments": [packing.asked(flipkart_shipment("APPROVED", "APPROVED"), UPDATE)]}

    assert [error.message for error in validator.iter_errors(whole)] == []
    assert not validator.is_valid({"shipments": [{"invoices": []}]})


def closed(schema: Any) -> Any:
    """The schema, allowing nothing that it does not name."""
    if isinstance(schema, dict):
        fields = {key: closed(value) for key, value in schema.items() if key != "example"}
        if fields.get("type") == "object" and "properties" in fields:
            fields["additionalProperties"] = False
        return fields
    return [closed(one) for one in schema] if isinstance(schema, list) else schema


@pytest.mark.parametrize("packing", [WHOLE, Packing()])
def test_the_sandbox_takes_what_we_tell(packing: Packing) -> None:
    shipment = flipkart_shipment("APPROVED", "APPROVED")
    asked = packing.asked(shipment, UPDATE)

    check_entry(asked)

    assert misfit(asked, shipment) == ""
