import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from crm_app.channels.base import StatusUpdate
from crm_app.domain.order_status import OrderStatus as S
from crm_app.errors import OutcomeUnknownError, RejectedError, RetryableError

from .orders import JsonObject, shopify_parcel
from .shopify_calls import connector_of, error

UPDATE = StatusUpdate(
    "6001", S.SHIPPED, 42, "DTDC", "D-1", datetime(2026, 11, 2, tzinfo=UTC), (("11", 3),)
)


class Desk:
    """One order at Shopify, and what Shopify was told of it."""

    def __init__(self, **changes: Any) -> None:
        part = {
            "id": "gid://shopify/FulfillmentOrder/41",
            "status": "OPEN",
            "assignedLocation": {"name": "Pune"},
            "lineItems": {"nodes": [{"id": "l", "remainingQuantity": 3}]},
        }
        self.order: Any = {
            "id": "gid://shopify/Order/6001",
            "cancelledAt": None,
            "fulfillments": [],
            "fulfillmentOrders": {"nodes": [part]},
        } | changes
        self.told: list[JsonObject] = []
        self.reply: Any = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        call = json.loads(request.content)
        if call["query"].lstrip().startswith("query"):
            return httpx.Response(200, json={"data": {"order": self.order}})
        self.told.append(call["variables"])
        if self.reply is not None:
            return httpx.Response(200, json=self.reply)
        if "orderCancel" in call["query"]:
            self.order["cancelledAt"] = "2026-11-02T00:00:00Z"
            done = {"orderCancel": {"job": {"id": "j"}, "orderCancelUserErrors": []}}
        elif "fulfillmentCreate" in call["query"]:
            self.order |= {"fulfillments": [shopify_parcel()], "fulfillmentOrders": {"nodes": []}}
            done = {"fulfillmentCreate": {"userErrors": []}}
        else:
            event = call["variables"]["event"]
            self.order["fulfillments"] = [shopify_parcel(event["status"])]
            done = {"fulfillmentEventCreate": {"userErrors": []}}
        return httpx.Response(200, json={"data": done}, headers={"x-request-id": "r-1"})


def update_to(status: S) -> StatusUpdate:
    return replace(UPDATE, status=status)


@pytest.mark.parametrize(
    ("changes", "status", "operation"),
    [
        ({}, S.SHIPPED, "fulfillmentCreate"),
        ({"fulfillments": [shopify_parcel()]}, S.OUT_FOR_DELIVERY, "fulfillmentEventCreate"),
        ({"fulfillments": [shopify_parcel()]}, S.DELIVERED, "fulfillmentEventCreate"),
        ({}, S.CANCELLED, "orderCancel"),
    ],
)
def test_a_status_is_told_once(changes: Any, status: S, operation: str) -> None:
    desk = Desk(**changes)
    connector = connector_of(desk)

    first = connector.push_status(update_to(status))
    again = connector.push_status(update_to(status))

    assert len(desk.told) == 1
    assert (first.operation, first.request_id, first.answer) == (operation, "r-1", "Accepted.")
    assert (again.operation, again.answer) == (operation, "Shopify has it so already.")
    connector.close()


@pytest.mark.parametrize(
    ("status", "root", "key"),
    [
        (S.SHIPPED, "fulfillmentCreate", "userErrors"),
        (S.CANCELLED, "orderCancel", "orderCancelUserErrors"),
    ],
)
def test_a_user_error_inside_a_200_is_a_refusal(status: S, root: str, key: str) -> None:
    desk = Desk()
    told = [{"field": None, "message": "No, m.rao@example.com"}, {"message": "Never."}]
    desk.reply = {"data": {root: {key: told}}}

    with pytest.raises(RejectedError) as caught:
        connector_of(desk).push_status(update_to(status))

    assert str(caught.value) == f"Shopify refused {root}: No, [...]; Never."


@pytest.mark.parametrize(
    "reply",
    [
        {"data": {"fulfillmentCreate": None}},
        {"data": {"fulfillmentCreate": {}}},
        {"data": {}},
        {"errors": [error("INTERNAL_SERVER_ERROR")]},
    ],
)
def test_an_answer_that_tells_nothing_leaves_the_outcome_open(reply: JsonObject) -> None:
    desk = Desk()
    desk.reply = reply

    with pytest.raises(OutcomeUnknownError):
        connector_of(desk).push_status(UPDATE)


def test_a_change_without_a_reason_is_refused_all_the_same() -> None:
    desk = Desk()
    desk.reply = {"data": {"fulfillmentCreate": {"userErrors": [{}]}}}

    with pytest.raises(RejectedError, match="no reason given"):
        connector_of(desk).push_status(UPDATE)


def test_an_order_that_cannot_be_read_is_not_changed() -> None:
    desk = Desk(fulfillmentOrders=7)

    with pytest.raises(RetryableError, match="cannot be read: fulfillmentOrders"):
        connector_of(desk).push_status(UPDATE)

    assert desk.told == []


@pytest.mark.parametrize("status", [S.RETURNED, S.PACKED, S.CONFIRMED])
def test_a_status_without_a_word_is_not_sent(status: S) -> None:
    with pytest.raises(RejectedError, match=f"no word for '{status.label}'"):
        connector_of(lambda _: pytest.fail("asked")).push_status(update_to(status))
