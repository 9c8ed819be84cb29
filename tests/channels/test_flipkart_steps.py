"""What Flipkart is told next, by what it has now."""

from datetime import UTC, datetime
from typing import Any

import pytest

from crm_app.channels.base import StatusUpdate
from crm_app.channels.flipkart.packing import Packing
from crm_app.channels.flipkart.steps import (
    CANCEL,
    DISPATCH,
    PACK,
    Step,
    body,
    next_step,
    refusal,
)
from crm_app.domain.order_status import OrderStatus as S
from crm_app.errors import RejectedError, RetryableError

from .orders import JsonObject, flipkart_shipment

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def step_of(raw: JsonObject, status: S, packing: Packing | None = None) -> Step | None:
    update = StatusUpdate("S-1", status, 42, "", "", AT, (("71", 3),))
    return next_step(
        raw, update, packing=packing or Packing(), cancel_reason="cannot_procure_item", at=AT
    )


@pytest.mark.parametrize(
    ("words", "status", "operation", "is_last"),
    [
        (("APPROVED",), S.PACKED, PACK, True),
        (("APPROVED", "PACKED"), S.PACKED, PACK, True),
        (("APPROVED", "CANCELLED"), S.PACKED, PACK, True),
        (("FORM_FAILED",), S.PACKED, PACK, True),
        (("APPROVED",), S.READY_TO_SHIP, PACK, False),
        (("PACKED",), S.READY_TO_SHIP, DISPATCH, True),
        (("PACKED", "READY_TO_DISPATCH"), S.READY_TO_SHIP, DISPATCH, True),
        (("APPROVED",), S.CANCELLED, CANCEL, True),
        (("FORM_FAILED", "APPROVED"), S.CANCELLED, CANCEL, True),
    ],
)
def test_one_step_at_a_time(
    words: tuple[str, ...], status: S, operation: str, is_last: bool
) -> None:
    step = step_of(flipkart_shipment(*words), status)

    assert step is not None
    assert (step.operation, step.is_last) == (operation, is_last)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("PACKING_IN_PROGRESS", S.PACKED),
        ("PACKED", S.PACKED),
        ("SHIPPED", S.PACKED),
        ("READY_TO_DISPATCH", S.READY_TO_SHIP),
        ("DELIVERED", S.READY_TO_SHIP),
        ("CANCELLED", S.CANCELLED),
    ],
)
def test_a_step_that_was_taken_is_not_taken_again(word: str, status: S) -> None:
    assert step_of(flipkart_shipment(word), status) is None


@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        (("CANCELLED",), S.PACKED, "as cancelled already"),
        (("CANCELLED",), S.READY_TO_SHIP, "as cancelled already"),
        (("TELEPORTED",), S.PACKED, "does not pack a shipment that is TELEPORTED"),
        (("TELEPORTED", "PACKED"), S.READY_TO_SHIP, "does not dispatch .* PACKED, TELEPORTED"),
        (("PACKED",), S.CANCELLED, "only before packing, and has this shipment as PACKED"),
        (("APPROVED", "SHIPPED"), S.CANCELLED, "only before packing"),
    ],
)
def test_what_flipkart_never_does_is_refused_with_its_reason(
    words: tuple[str, ...], status: S, reason: str
) -> None:
    with pytest.raises(RejectedError, match=reason):
        step_of(flipkart_shipment(*words), status)


@pytest.mark.parametrize(
    ("raw", "status", "reason"),
    [
        (flipkart_shipment(hold=True), S.PACKED, "holds this shipment"),
        (flipkart_shipment("PACKED", hold=True), S.READY_TO_SHIP, "holds this shipment"),
        (
            flipkart_shipment(dispatchAfterDate="2026-11-02T14:31:00+05:30"),
            S.READY_TO_SHIP,
            "dispatch window",
        ),
        (flipkart_shipment("PACKING_IN_PROGRESS"), S.READY_TO_SHIP, "still making the labels"),
    ],
)
def test_what_only_needs_time_waits(raw: JsonObject, status: S, reason: str) -> None:
    with pytest.raises(RetryableError, match=reason):
        step_of(raw, status)


@pytest.mark.parametrize("opens", [None, "2026-11-02T14:30:00+05:30", "someday"])
def test_an_open_window_lets_pass(opens: str | None) -> None:
    assert step_of(flipkart_shipment(dispatchAfterDate=opens), S.PACKED) is not None


def test_a_held_shipment_can_be_cancelled() -> None:
    assert step_of(flipkart_shipment(hold=True), S.CANCELLED) is not None


def test_packing_tells_what_the_account_knows() -> None:
    plain = step_of(flipkart_shipment("APPROVED", "CANCELLED"), S.PACKED)
    told = step_of(flipkart_shipment(), S.PACKED, Packing(10, 8, 2.5, 0.15, tax_percent=3))

    invoices = [{"orderId": "OD330000000000001000", "invoiceDate": "2026-11-02T09:00:00.000+00:00"}]
    asked = {"shipmentId": "S-1", "locationId": "LOC-1", "invoices": invoices}
    size = {"length": 10, "breadth": 8, "height": 2.5, "weight": 0.15}
    more = {
        "taxItems": [{"orderItemId": "71", "quantity": 3, "taxRate": 3}],
        "subShipments": [{"subShipmentId": "SS-1", "dimensions": size}],
    }
    assert plain == Step(PACK, asked, "LOC-1")
    assert told == Step(PACK, asked | more, "LOC-1")


def test_dispatching_names_the_shipment_and_its_place() -> None:
    somewhere = step_of(flipkart_shipment("PACKED"), S.READY_TO_SHIP)
    nowhere = step_of(flipkart_shipment("PACKED", locationId=None), S.READY_TO_SHIP)

    assert somewhere
    assert nowhere
    assert somewhere == Step(DISPATCH, "S-1", "LOC-1")
    assert nowhere == Step(DISPATCH, "S-1")
    assert body(somewhere.call, [somewhere]) == {"shipmentIds": ["S-1"], "locationId": "LOC-1"}
    assert body(nowhere.call, [nowhere]) == {"shipmentIds": ["S-1"]}


def test_steps_of_several_shipments_share_a_body() -> None:
    one, two = (Step(CANCEL, {"shipmentId": key}, "LOC-1") for key in ("S-1", "S-2"))

    assert body(one.call, [one, two]) == {
        "shipments": [{"shipmentId": "S-1"}, {"shipmentId": "S-2"}]
    }


def test_cancelling_names_reason_and_groups() -> None:
    raw = flipkart_shipment("APPROVED", "APPROVED", "CANCELLED")
    asked = {"shipmentId": "S-1", "reason": "cannot_procure_item", "locationId": "LOC-1"}

    assert step_of(raw, S.CANCELLED) == Step(
        CANCEL, asked | {"cancellationGroupIds": ["grp71", "grp72"]}, "LOC-1"
    )
    for item in raw["orderItems"]:
        del item["cancellationGroupId"]
    assert step_of(raw, S.CANCELLED) == Step(CANCEL, asked, "LOC-1")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"status": "SUCCESS"}, None),
        ({"processingStatus": "success"}, None),
        ({"status": "FAILURE", "errorMessage": "No.", "errorCode": "E1"}, "No."),
        ({"processingStatus": "FAILURE", "errorCode": "E1"}, "E1"),
        ({"status": "FAILURE"}, "no reason given"),
    ],
)
def test_each_shipment_has_its_own_result(entry: JsonObject, words: str | None) -> None:
    told = {
        "shipments": [{"shipmentId": "S-0", "status": "FAILURE"}, {"shipmentId": "S-1"} | entry]
    }

    assert refusal(told, "S-1") == words


@pytest.mark.parametrize(
    "told", [{}, {"shipments": "S-1"}, {"shipments": [7]}, {"shipments": [{"shipmentId": "S-1"}]}]
)
def test_an_answer_that_does_not_say_is_told_apart(told: Any) -> None:
    with pytest.raises(LookupError):
        refusal(told, "S-1")
