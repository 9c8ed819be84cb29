"""Up to 25 shipments in one call, each with its own end."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from crm_app.channels.base import BatchConnector, ChannelOrder, Receipt, StatusUpdate
from crm_app.channels.flipkart import statuses
from crm_app.domain.order_status import OrderStatus as S
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    NotYetError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)

from .orders import JsonObject, flipkart_shipment
from .test_flipkart_connector import connector_of


class Warehouse:
    """Many shipments at Flipkart, with the limits of its calls. `told` is what it was told."""

    def __init__(self, *ids: str, **changes: Any) -> None:
        self.shipments = {key: flipkart_shipment(shipmentId=key, **changes) for key in ids}
        self.told: list[tuple[str, list[str]]] = []
        self.reads: list[int] = []
        self.refuses: set[str] = set()
        self.chokes_on: set[str] = set()
        self.forgets: set[str] = set()
        self.failure: httpx.Response | Exception | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            asked = request.url.params["shipmentIds"].split(",")
            assert len(asked) <= 100
            self.reads.append(len(asked))
            if self.chokes_on & set(asked) and len(asked) > 1:
                return httpx.Response(400, json={"message": "No."})
            found = [self.shipments[key] for key in asked if key in self.shipments]
            return httpx.Response(200, json={"shipments": found})
        body = json.loads(request.content)
        entries: list[Any] = body.get("shipments", body.get("shipmentIds"))
        ids = [one if isinstance(one, str) else one["shipmentId"] for one in entries]
        operation = request.url.path.rpartition("/")[2]
        self.told.append((operation, ids))
        self._check(body, ids)
        if isinstance(self.failure, Exception):
            raise self.failure
        if self.failure is not None:
            return self.failure
        if self.chokes_on & set(ids):
            return httpx.Response(422, json={"message": "One of them is odd."})
        told = [self._result(key, operation) for key in ids if key not in self.forgets]
        return httpx.Response(200, json={"shipments": told})

    def _check(self, body: JsonObject, ids: Sequence[str]) -> None:
        assert 1 <= len(ids) <= 25
        assert {self.shipments[key]["locationId"] for key in ids} == (
            {body["locationId"]}
            if "locationId" in body
            else {one["locationId"] for one in body["shipments"]}
        )
        assert len({self.shipments[key]["locationId"] for key in ids}) == 1

    def _result(self, key: str, operation: str) -> JsonObject:
        if key in self.refuses:
            return {"shipmentId": key, "status": "FAILURE", "errorMessage": f"{key} is not ready."}
        word = {"labels": "PACKED", "dispatch": "READY_TO_DISPATCH", "cancel": "CANCELLED"}
        for item in self.shipments[key]["orderItems"]:
            item["status"] = word[operation]
        return {"shipmentId": key, "status": "SUCCESS"}


def names(count: int) -> list[str]:
    return [f"S-{number}" for number in range(count)]


def updates_to(status: S, ids: Sequence[str]) -> list[StatusUpdate]:
    at = datetime(2026, 11, 2, tzinfo=UTC)
    return [StatusUpdate(key, status, 100 + n, "", "", at, ()) for n, key in enumerate(ids)]


def kinds(outcomes: dict[int, Receipt | ChannelError]) -> set[type]:
    return {type(one) for one in outcomes.values()}


def test_sixty_shipments_are_packed_in_three_calls() -> None:
    house = Warehouse(*names(60))
    connector = connector_of(house)

    outcomes = connector.push_statuses(updates_to(S.PACKED, names(60)))

    assert isinstance(connector, BatchConnector)
    assert statuses.CAPABILITIES.batch_size == 25
    assert [(operation, len(ids)) for operation, ids in house.told] == [
        ("labels", 25),
        ("labels", 25),
        ("labels", 10),
    ]
    assert house.reads == [60]
    assert sorted(outcomes) == list(range(100, 160))
    assert kinds(outcomes) == {Receipt}


def test_a_thousand_shipments_are_made_ready_in_a_hundred_calls() -> None:
    """Each alone would take 4,000: to read it and to tell it, once to pack and once to dispatch."""
    ids = names(1_000)
    house = Warehouse(*ids)
    connector = connector_of(house)
    wishes = updates_to(S.READY_TO_SHIP, ids)

    packed = connector.push_statuses(wishes)
    ready = connector.push_statuses(wishes)
    shown = connector.fetch_by_ids(ids)

    assert [len(told) for _, told in house.told] == [25] * 80
    assert [operation for operation, _ in house.told] == ["labels"] * 40 + ["dispatch"] * 40
    assert house.reads == [100] * 30
    assert len(house.told) + len(house.reads[:20]) == 100
    assert (kinds(packed), kinds(ready)) == ({NotYetError}, {Receipt})
    assert {one.status for one in shown.values() if isinstance(one, ChannelOrder)} == {
        S.READY_TO_SHIP
    }


def test_shipments_of_two_places_never_share_a_call() -> None:
    house = Warehouse(*names(4))
    house.shipments["S-1"]["locationId"] = house.shipments["S-3"]["locationId"] = "LOC-2"
    for one in house.shipments.values():
        one["orderItems"][0]["status"] = "PACKED"

    outcomes = connector_of(house).push_statuses(updates_to(S.READY_TO_SHIP, names(4)))

    assert house.told == [("dispatch", ["S-0", "S-2"]), ("dispatch", ["S-1", "S-3"])]
    assert kinds(outcomes) == {Receipt}


def test_one_that_is_refused_inside_a_200_harms_no_other() -> None:
    house = Warehouse(*names(3))
    house.refuses, house.forgets = {"S-1"}, {"S-2"}

    outcomes = connector_of(house).push_statuses(updates_to(S.PACKED, names(3)))

    assert isinstance(outcomes[100], Receipt)
    assert str(outcomes[101]) == "Flipkart refused pack: S-1 is not ready."
    assert isinstance(outcomes[101], RejectedError)
    assert isinstance(outcomes[102], OutcomeUnknownError)


def test_what_cannot_go_stays_out_of_the_call() -> None:
    house = Warehouse(*names(5))
    house.shipments["S-1"]["hold"] = True
    house.shipments["S-2"]["orderItems"] = [7]
    house.shipments["S-3"]["orderItems"][0]["status"] = "PACKED"
    del house.shipments["S-4"]
    asked = updates_to(S.PACKED, names(5)) + updates_to(S.SHIPPED, ["S-0"] * 6)[5:]

    outcomes = connector_of(house).push_statuses(asked)

    assert house.told == [("labels", ["S-0"])]
    assert [type(outcomes[key]) for key in sorted(outcomes)] == [
        Receipt,
        NotYetError,
        RetryableError,
        Receipt,
        RejectedError,
        RejectedError,
    ]
    assert str(outcomes[103].answer if isinstance(outcomes[103], Receipt) else "").endswith(
        "so already."
    )


def test_the_steps_of_a_batch_may_differ() -> None:
    house = Warehouse(*names(3))
    house.shipments["S-1"]["orderItems"][0]["status"] = "PACKED"

    outcomes = connector_of(house).push_statuses(updates_to(S.READY_TO_SHIP, names(3)))

    assert house.told == [("labels", ["S-0", "S-2"]), ("dispatch", ["S-1"])]
    assert [type(outcomes[key]) for key in (100, 101, 102)] == [NotYetError, Receipt, NotYetError]


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (httpx.Response(429), RateLimitedError),
        (httpx.Response(503), RetryableError),
        (httpx.Response(500), OutcomeUnknownError),
        (httpx.Response(200, html="<p>"), OutcomeUnknownError),
        (httpx.Response(401), AccountDisconnectedError),
        (httpx.ReadTimeout("slow"), OutcomeUnknownError),
    ],
)
def test_a_call_that_fails_fails_for_each_of_its_shipments(
    failure: httpx.Response | Exception, kind: type[ChannelError]
) -> None:
    house = Warehouse(*names(3))
    house.failure = failure

    outcomes = connector_of(house).push_statuses(updates_to(S.PACKED, names(3)))

    assert sorted(outcomes) == [100, 101, 102]
    assert kinds(outcomes) == {kind}


def test_a_call_that_is_refused_as_a_whole_is_made_again_one_by_one() -> None:
    house = Warehouse(*names(3))
    house.chokes_on = {"S-1"}

    outcomes = connector_of(house).push_statuses(updates_to(S.PACKED, names(3)))

    assert house.reads == [3, 1, 1, 1]
    assert [ids for _, ids in house.told] == [["S-0", "S-1", "S-2"], ["S-0"], ["S-1"], ["S-2"]]
    assert [type(outcomes[key]) for key in (100, 101, 102)] == [Receipt, RejectedError, Receipt]


def test_a_batch_that_is_repeated_changes_nothing() -> None:
    house = Warehouse(*names(30))
    connector = connector_of(house)

    connector.push_statuses(updates_to(S.PACKED, names(30)))
    again = connector.push_statuses(updates_to(S.PACKED, names(30)))

    assert len(house.told) == 2
    assert kinds(again) == {Receipt}


def test_many_are_read_in_calls_of_a_hundred() -> None:
    house = Warehouse(*names(130))
    house.shipments["S-7"]["orderItems"] = [7]
    del house.shipments["S-8"]

    shown = connector_of(house).fetch_by_ids(names(130))

    assert house.reads == [100, 30]
    assert sum(isinstance(one, ChannelOrder) for one in shown.values()) == 128
    assert isinstance(shown["S-7"], ValueError)
    assert isinstance(shown["S-8"], RejectedError)


def test_a_read_that_fails_fails_for_each() -> None:
    connector = connector_of(lambda _: httpx.Response(503))

    shown = connector.fetch_by_ids(names(2))

    assert [type(one) for one in shown.values()] == [RetryableError, RetryableError]
