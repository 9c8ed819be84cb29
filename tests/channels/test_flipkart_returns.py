"""Flipkart's returns: a list of their own, each read with its shipment."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from crm_app.channels.flipkart import events, returns, statuses
from crm_app.channels.flipkart.mapping import to_order
from crm_app.channels.inbound import Deed, HookEvent
from crm_app.channels.words import Word
from crm_app.domain.order_status import OrderStatus as S
from crm_app.errors import RejectedError, RetryableError

from .orders import JsonObject, flipkart_shipment
from .test_flipkart_connector import START, connector_of, read


def flipkart_return(return_id: str = "R-1", **changes: Any) -> JsonObject:
    entry: JsonObject = {
        "returnId": return_id,
        "shipmentId": "S-1",
        "orderItemId": "71",
        "quantity": 1,
        "status": "COMPLETED",
        "updatedDate": "2026-11-05T10:00:00.000+05:30",
    }
    return {**entry, **changes}


class ReturnsDesk:
    """Returns in pages of one, and the shipments that they came out of."""

    def __init__(self, *entries: JsonObject) -> None:
        self.entries = list(entries)
        self.shipments = {"S-1": flipkart_shipment("DELIVERED")}
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.failure: httpx.Response | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, params = request.url.path.removeprefix("/in/sellers"), dict(request.url.params)
        if path.endswith("/filter"):
            return httpx.Response(200, json={"hasMore": False, "shipments": []})
        self.calls.append((path, params))
        if path == "/v3/shipments":
            found = [self.shipments.get(key) for key in params["shipmentIds"].split(",")]
            return httpx.Response(200, json={"shipments": [one for one in found if one]})
        if self.failure is not None:
            return self.failure
        if "returnIds" in params:
            found = [one for one in self.entries if one["returnId"] in params["returnIds"]]
            return httpx.Response(200, json={"hasMore": False, "returnItems": found})
        at = int(params.get("at", 0))
        body: JsonObject = {"hasMore": at + 1 < len(self.entries)}
        body["returnItems"] = self.entries[at : at + 1]
        if body["hasMore"]:
            body["nextUrl"] = f"/v2/returns?at={at + 1}"
        return httpx.Response(200, json=body)


def test_returns_are_read_last_each_with_its_shipment() -> None:
    desk = ReturnsDesk(flipkart_return(), flipkart_return("R-2", shipmentId="S-2"))
    desk.shipments["S-2"] = flipkart_shipment("DELIVERED", shipmentId="S-2")

    pages = list(connector_of(desk).fetch_orders(START))

    assert read(pages) == ["S-1", "S-2"]
    paths = [path for path, _ in desk.calls]
    assert paths == ["/v2/returns", "/v3/shipments", "/v2/returns", "/v3/shipments"]
    assert desk.calls[0][1].keys() == {"modifiedAfter", "modifiedBefore"}
    (order,) = pages[-2].orders
    assert [line.quantity_returned for line in order.lines] == [1]
    assert order.raw["returns"] == [flipkart_return()]
    assert order.updated_at == datetime(2026, 11, 5, 4, 30, tzinfo=UTC)
    assert pages[-1].cursor


def test_a_sweep_goes_on_among_the_returns() -> None:
    desk = ReturnsDesk(flipkart_return(), flipkart_return("R-2"))
    connector = connector_of(desk)
    pages = list(connector.fetch_orders(START))

    rest = list(connector.fetch_orders(None, pages[-2].resume))

    assert [order.raw["returns"] for page in rest for order in page.orders] == [
        [flipkart_return("R-2")]
    ]


def test_a_return_of_a_shipment_that_flipkart_does_not_know_stops_nothing() -> None:
    desk = ReturnsDesk(flipkart_return(shipmentId="S-9"), flipkart_return("R-2"))

    pages = list(connector_of(desk).fetch_orders(START))

    assert read(pages) == ["S-1"]


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(200, json={"hasMore": False}),
        httpx.Response(200, json={"hasMore": "no", "returnItems": []}),
        httpx.Response(
            200,
            json={"hasMore": True, "nextUrl": "https://else.test/v2/returns?", "returnItems": []},
        ),
        httpx.Response(503),
    ],
)
def test_a_list_of_returns_that_makes_no_sense_leaves_the_cursor(failure: httpx.Response) -> None:
    desk = ReturnsDesk()
    desk.failure = failure
    pages = connector_of(desk).fetch_orders(START)

    with pytest.raises(RetryableError):
        _ = [page.cursor for page in pages]


def test_a_hint_of_a_return_leads_to_its_shipment() -> None:
    desk = ReturnsDesk(flipkart_return())
    connector = connector_of(desk)

    order = connector.fetch_order("return:R-1")

    assert (order.external_id, order.raw["returns"]) == ("S-1", [flipkart_return()])
    assert [path for path, _ in desk.calls] == ["/v2/returns", "/v3/shipments"]
    with pytest.raises(RejectedError, match="knows no return"):
        connector.fetch_order("return:R-9")
    with pytest.raises(ValueError, match="no id of a return"):
        connector.fetch_order("return:R-1,R-2")


@pytest.mark.parametrize(
    ("word", "entry", "returned", "is_coming"),
    [
        ("DELIVERED", flipkart_return(), 1, False),
        ("DELIVERED", flipkart_return(quantity=9), 3, False),
        ("DELIVERED", flipkart_return(status="created"), None, True),
        ("RETURN_REQUESTED", flipkart_return(status="APPROVED"), None, True),
        ("DELIVERED", flipkart_return(status="CANCELLED"), None, False),
        ("DELIVERED", flipkart_return(orderItemId="72"), None, False),
        ("RETURNED", flipkart_return(quantity=2), 2, False),
        ("RETURNED", flipkart_return(status="IN_TRANSIT"), 3, True),
        ("SHIPPED", flipkart_return(status="IN_TRANSIT"), 0, True),
    ],
)
def test_a_return_says_what_comes_back_and_what_has_arrived(
    word: str, entry: JsonObject, returned: int | None, is_coming: bool
) -> None:
    order = to_order(returns.joined(flipkart_shipment(word), [entry]))

    assert order.lines[0].quantity_returned == returned
    assert order.return_requested is is_coming
    assert order.status is statuses.WORDS.read("item", word)
    assert order.unknown_words == ()


def test_a_word_that_nobody_knows_is_reported_and_an_odd_time_counts_not() -> None:
    entry = flipkart_return(status="TELEPORTED", updatedDate="someday")

    order = to_order(returns.joined(flipkart_shipment("DELIVERED"), [entry]))

    assert order.unknown_words == (Word("return", "TELEPORTED"),)
    assert order.return_requested
    assert order.updated_at == datetime(2026, 11, 1, 10, 5, 0, 250_000, tzinfo=UTC)
    assert order.status is S.DELIVERED


@pytest.mark.parametrize(
    ("body", "event"),
    [
        (
            {"eventType": "return_created", "returnId": "R-1", "attributes": {}},
            HookEvent("return_created", Deed.READ, "return:R-1"),
        ),
        (
            {"eventType": "return_created", "returnId": "R-1", "shipmentId": "S-1"},
            HookEvent("return_created", Deed.READ, "S-1"),
        ),
        (
            {"eventType": "return_created", "returnId": ""},
            HookEvent(
                "return_created",
                Deed.NOTHING,
                why="The event names neither a shipment nor a return.",
            ),
        ),
    ],
)
def test_a_notification_of_a_return_is_a_hint(body: JsonObject, event: HookEvent) -> None:
    assert events.read({}, body) == (event,)
