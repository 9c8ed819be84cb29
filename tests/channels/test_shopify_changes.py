"""What Shopify is told, by what it has now."""

import dataclasses
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from crm_app.channels.base import StatusUpdate
from crm_app.channels.shopify.changes import Manner, to_tell
from crm_app.domain.order_status import OrderStatus as S
from crm_app.errors import RejectedError, RetryableError

from .orders import JsonObject, shopify_parcel

UPDATE = StatusUpdate(
    "6001", S.SHIPPED, 42, "DTDC", "D-1", datetime(2026, 11, 2, 9, tzinfo=UTC), (("11", 3),)
)


def update_to(status: S) -> StatusUpdate:
    return replace(UPDATE, status=status)


def part(number: int, status: str = "OPEN", left: Any = 3, place: str = "Pune") -> JsonObject:
    return {
        "id": f"gid://shopify/FulfillmentOrder/{number}",
        "status": status,
        "assignedLocation": {"name": place},
        "lineItems": {"nodes": [{"id": "l", "remainingQuantity": left}]},
    }


def order(*parts: JsonObject, parcels: tuple[JsonObject, ...] = (), **changes: Any) -> JsonObject:
    whole: JsonObject = {
        "id": "gid://shopify/Order/6001",
        "cancelledAt": None,
        "fulfillments": list(parcels),
        "fulfillmentOrders": {"nodes": list(parts)},
    }
    return {**whole, **changes}


def test_all_that_is_left_goes_in_one_parcel_with_its_tracking() -> None:
    (query,) = to_tell(order(part(1), part(2, "IN_PROGRESS")), UPDATE, Manner(True))

    assert (query.operation, query.root, query.is_write) == (
        "fulfillmentCreate",
        "fulfillmentCreate",
        True,
    )
    assert query.variables == {
        "fulfillment": {
            "lineItemsByFulfillmentOrder": [
                {"fulfillmentOrderId": "gid://shopify/FulfillmentOrder/1"},
                {"fulfillmentOrderId": "gid://shopify/FulfillmentOrder/2"},
            ],
            "notifyCustomer": True,
            "trackingInfo": {"company": "DTDC", "number": "D-1"},
        }
    }


def test_a_parcel_without_tracking_says_none() -> None:
    (query,) = to_tell(order(part(1)), replace(UPDATE, carrier="", tracking_number=""), Manner())

    assert "trackingInfo" not in query.variables["fulfillment"]
    assert query.variables["fulfillment"]["notifyCustomer"] is False


def test_each_place_sends_a_parcel_of_its_own() -> None:
    queries = to_tell(order(part(1), part(2, place="Surat"), part(3)), UPDATE, Manner())

    parts = [query.variables["fulfillment"]["lineItemsByFulfillmentOrder"] for query in queries]
    assert [len(group) for group in parts] == [2, 1]


@pytest.mark.parametrize("left", [0, None, True, "3"])
def test_what_has_nothing_left_is_not_sent_again(left: Any) -> None:
    assert to_tell(order(part(1, left=left), parcels=(shopify_parcel(),)), UPDATE, Manner()) == []


def test_what_is_closed_is_not_sent_and_what_is_open_beside_a_hold_is() -> None:
    queries = to_tell(order(part(1, "CLOSED"), part(2), part(3, "ON_HOLD")), UPDATE, Manner())

    (query,) = queries
    assert "FulfillmentOrder/2" in str(query.variables)
    assert "FulfillmentOrder/3" not in str(query.variables)


@pytest.mark.parametrize("status", ["ON_HOLD", "SCHEDULED"])
def test_a_hold_is_waited_for(status: str) -> None:
    with pytest.raises(RetryableError, match="holds what is to be sent"):
        to_tell(order(part(1, status)), UPDATE, Manner())


def test_a_printed_label_is_told_to_have_left() -> None:
    label = shopify_parcel("LABEL_PRINTED")

    (query,) = to_tell(order(parcels=(label, shopify_parcel("IN_TRANSIT"))), UPDATE, Manner())

    assert query.variables == {
        "event": {
            "fulfillmentId": "gid://shopify/Fulfillment/21",
            "status": "IN_TRANSIT",
            "happenedAt": "2026-11-02T09:00:00Z",
        }
    }


@pytest.mark.parametrize(
    ("word", "status", "told"),
    [
        ("FULFILLED", S.OUT_FOR_DELIVERY, ["OUT_FOR_DELIVERY"]),
        ("OUT_FOR_DELIVERY", S.OUT_FOR_DELIVERY, []),
        ("DELIVERED", S.OUT_FOR_DELIVERY, []),
        ("OUT_FOR_DELIVERY", S.DELIVERED, ["DELIVERED"]),
        ("TELEPORTED", S.DELIVERED, ["DELIVERED"]),
        ("DELIVERED", S.DELIVERED, []),
        ("FAILURE", S.DELIVERED, []),
    ],
)
def test_each_parcel_is_told_how_far_it_is(word: str, status: S, told: list[str]) -> None:
    queries = to_tell(order(parcels=(shopify_parcel(word),)), update_to(status), Manner())

    assert [query.variables["event"]["status"] for query in queries] == told


def test_a_cancellation_moves_no_money_unless_the_account_says_so() -> None:
    (careful,) = to_tell(order(part(1)), update_to(S.CANCELLED), Manner())
    (generous,) = to_tell(
        order(part(1)),
        update_to(S.CANCELLED),
        Manner(
            notify_customer=True,
            cancel_reason="INVENTORY",
            refund_on_cancel=True,
            restock_on_cancel=False,
        ),
    )

    assert careful.variables == {
        "orderId": "gid://shopify/Order/6001",
        "reason": "OTHER",
        "restock": True,
        "refundMethod": {"originalPaymentMethodsRefund": False},
        "notifyCustomer": False,
    }
    assert generous.variables == {
        "orderId": "gid://shopify/Order/6001",
        "reason": "INVENTORY",
        "restock": False,
        "refundMethod": {"originalPaymentMethodsRefund": True},
        "notifyCustomer": True,
    }


def test_a_persons_reason_counts_before_the_accounts() -> None:
    asked = dataclasses.replace(update_to(S.CANCELLED), cancel_reason="FRAUD")

    (query,) = to_tell(order(part(1)), asked, Manner(cancel_reason="INVENTORY"))

    assert query.variables["reason"] == "FRAUD"


def test_an_order_is_cancelled_once() -> None:
    gone = order(part(1), cancelledAt="2026-11-02T00:00:00Z")

    assert to_tell(gone, update_to(S.CANCELLED), Manner()) == []


@pytest.mark.parametrize(
    ("whole", "status", "reason"),
    [
        (order(cancelledAt="2026-11-02T00:00:00Z"), S.SHIPPED, "as cancelled already"),
        (order(cancelledAt="2026-11-02T00:00:00Z"), S.DELIVERED, "as cancelled already"),
        (order(part(1, left=0)), S.SHIPPED, "Nothing of this order is left"),
        (order(part(1)), S.DELIVERED, "has no parcel of this order"),
        (
            order(parcels=(shopify_parcel(status="CANCELLED"),)),
            S.OUT_FOR_DELIVERY,
            "has no parcel of this order",
        ),
        (order(parcels=(shopify_parcel(),)), S.CANCELLED, "too late to cancel"),
    ],
)
def test_what_shopify_never_does_is_refused_with_its_reason(
    whole: JsonObject, status: S, reason: str
) -> None:
    with pytest.raises(RejectedError, match=reason):
        to_tell(whole, update_to(status), Manner())


def shelf(number: int, *left: tuple[str, int], place: str = "Pune") -> JsonObject:
    """A fulfilment order with lines: number of the order's line, pieces left."""
    nodes = [
        {"id": f"f{number}-{key}", "remainingQuantity": count, "lineItem": {"id": f"gid/x/{key}"}}
        for key, count in left
    ]
    return {**part(number, place=place), "lineItems": {"nodes": nodes}}


PART = replace(UPDATE, lines=(("11", 2),), left=(("11", 1), ("12", 1)))


def test_a_part_names_its_pieces_wherever_they_lie() -> None:
    queries = to_tell(
        order(shelf(1, ("11", 1), ("12", 1)), shelf(2, ("11", 2), place="Surat")), PART, Manner()
    )

    assert [query.variables["fulfillment"]["lineItemsByFulfillmentOrder"] for query in queries] == [
        [
            {
                "fulfillmentOrderId": "gid://shopify/FulfillmentOrder/1",
                "fulfillmentOrderLineItems": [{"id": "f1-11", "quantity": 1}],
            }
        ],
        [
            {
                "fulfillmentOrderId": "gid://shopify/FulfillmentOrder/2",
                "fulfillmentOrderLineItems": [{"id": "f2-11", "quantity": 1}],
            }
        ],
    ]


def test_a_part_that_shopify_has_by_its_number_is_not_told_again() -> None:
    there = shopify_parcel(trackingInfo=[{"company": "DTDC", "number": "D-1"}])

    assert to_tell(order(shelf(1, ("11", 3), ("12", 1)), parcels=(there,)), PART, Manner()) == []


def test_without_a_number_only_what_is_missing_of_a_part_is_told() -> None:
    bare = replace(PART, carrier="", tracking_number="")

    done = to_tell(
        order(shelf(1, ("11", 1), ("12", 1)), parcels=(shopify_parcel(),)), bare, Manner()
    )
    (query,) = to_tell(order(shelf(1, ("11", 2), ("12", 1))), bare, Manner())

    assert done == []
    (group,) = query.variables["fulfillment"]["lineItemsByFulfillmentOrder"]
    assert group["fulfillmentOrderLineItems"] == [{"id": "f1-11", "quantity": 1}]
