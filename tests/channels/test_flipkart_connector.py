import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from crm_app.channels.base import StatusUpdate
from crm_app.channels.flipkart.auth import Credentials
from crm_app.channels.flipkart.connector import FlipkartConnector, Options
from crm_app.channels.limits import NoLimiter
from crm_app.domain.order_status import OrderStatus as S
from crm_app.errors import (
    NotYetError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)

from .orders import JsonObject, flipkart_item, flipkart_shipment

Handler = Callable[[httpx.Request], httpx.Response]
START = "2026-11-01T00:00:00+00:00"
KEYS = Credentials("app-1", "hush-2")
TOKEN = {"access_token": "t0k3n", "expires_in": 3600}


def connector_of(handle: Handler, **options: Any) -> FlipkartConnector:
    def answer(request: httpx.Request) -> httpx.Response:
        is_sign_in = request.url.path.endswith("/oauth-service/oauth/token")
        return httpx.Response(200, json=TOKEN) if is_sign_in else handle(request)

    client = httpx.Client(transport=httpx.MockTransport(answer), base_url="https://fk.test/in")
    return FlipkartConnector(client, KEYS, Options(**options), NoLimiter())


class Lists:
    """The three lists, two shipments a page. `calls` are what was asked for."""

    def __init__(self, **shipments: list[str]) -> None:
        self.shipments = shipments
        self.calls: list[Any] = []
        self.headers: dict[str, str] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/in/sellers/v2/returns":
            body: JsonObject = {"hasMore": False, "returnItems": []}
            return httpx.Response(200, json=body, headers=self.headers)
        if request.method == "POST":
            query = json.loads(request.content)
            name, start = query["filter"]["type"], 0
            self.calls.append(query)
        else:
            token = request.url.params["next_token"]
            name, start = token.split("+")[0], int(token.split("+")[1])
            self.calls.append(token)
        rows = self.shipments.get(name, [])
        page = [flipkart_shipment(shipmentId=one) for one in rows[start : start + 2]]
        more = start + 2 < len(rows)
        url = f"/v3/shipments/filter?next_token={name}%2B{start + 2}" if more else None
        body = {"hasMore": more, "nextPageUrl": url, "shipments": page}
        return httpx.Response(200, json=body, headers=self.headers)


def read(pages: list[Any]) -> list[str]:
    return [order.external_id for page in pages for order in page.orders]


def test_the_three_lists_are_read_in_the_direction_in_which_shipments_move() -> None:
    lists = Lists(preDispatch=["a", "b", "c"], postDispatch=["d"], cancelled=["e", "f", "g"])

    pages = list(connector_of(lists).fetch_orders(START))

    assert read(pages) == list("abcdefg")
    kinds = [call if isinstance(call, str) else call["filter"]["type"] for call in lists.calls]
    assert kinds == ["preDispatch", "preDispatch+2", "postDispatch", "cancelled", "cancelled+2"]
    assert [page.cursor is None for page in pages] == [True] * 5 + [False]
    assert [page.resume is None for page in pages] == [False] * 5 + [True]


def test_all_lists_are_read_over_one_frozen_window() -> None:
    lists = Lists()

    *_, last = connector_of(lists, overlap_s=60).fetch_orders("2026-11-01T00:05:00+00:00")

    windows = [call["filter"]["modifiedDate"] for call in lists.calls]
    assert windows == [windows[0]] * 3
    assert windows[0]["from"] == "2026-11-01T00:04:00.000Z"
    until = datetime.fromisoformat(windows[0]["to"])
    assert datetime.now(UTC) - until < timedelta(minutes=1)
    assert last.complete_to == until == datetime.fromisoformat(last.cursor or "")
    assert lists.calls[0]["sort"] == {"field": "modifiedDate", "order": "asc"}
    assert lists.calls[0]["pagination"] == {"pageSize": 20}


def test_a_first_import_asks_for_its_window() -> None:
    lists = Lists()

    list(connector_of(lists, first_import_days=10).fetch_orders(None))

    since = datetime.fromisoformat(lists.calls[0]["filter"]["modifiedDate"]["from"])
    assert abs(datetime.now(UTC) - since - timedelta(days=10)) < timedelta(minutes=1)


def test_the_cursor_never_passes_flipkarts_clock() -> None:
    lists = Lists()
    slow = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=9)
    lists.headers = {"date": format_datetime(slow, usegmt=True)}

    *_, last = connector_of(lists).fetch_orders(START)

    assert last.cursor == slow.isoformat()


@pytest.mark.parametrize("stopped_after", range(1, 6))
def test_a_sweep_goes_on_in_the_list_where_it_stopped(stopped_after: int) -> None:
    lists = Lists(preDispatch=["a", "b", "c"], postDispatch=["d"], cancelled=["e", "f", "g"])
    connector = connector_of(lists)
    pages = list(connector.fetch_orders(START))

    rest = list(connector.fetch_orders("2026-11-02T00:00:00", pages[stopped_after - 1].resume))

    assert read(rest) == read(pages[stopped_after:])
    assert rest[-1].cursor == pages[-1].cursor


@pytest.mark.parametrize(
    "resume",
    [
        "nonsense",
        "[]",
        "{}",
        json.dumps({"since": START, "until": START, "cursor": START, "list": "sold", "next": ""}),
        json.dumps(
            {
                "since": START,
                "until": START,
                "cursor": START,
                "list": "cancelled",
                "next": "https://elsewhere.test/v3/shipments/filter?x",
            }
        ),
    ],
)
def test_a_note_that_cannot_be_read_begins_the_sweep_again(resume: str) -> None:
    lists = Lists()

    list(connector_of(lists, overlap_s=0).fetch_orders(START, resume))

    assert lists.calls[0]["filter"]["type"] == "preDispatch"
    assert lists.calls[0]["filter"]["modifiedDate"]["from"] == "2026-11-01T00:00:00.000Z"


def test_a_next_page_that_ran_out_begins_the_sweep_again() -> None:
    lists = Lists(preDispatch=["a", "b", "c"])
    first = next(connector_of(lists).fetch_orders(START))
    answers = [httpx.Response(400, json={"errors": [{"message": "token expired"}]})]

    def handle(request: httpx.Request) -> httpx.Response:
        return answers.pop() if answers else lists(request)

    pages = list(connector_of(handle).fetch_orders(START, first.resume))

    assert answers == []
    assert read(pages) == ["a", "b", "c"]


def test_a_refused_beginning_of_a_list_is_a_refusal() -> None:
    pages = list(connector_of(Lists(postDispatch=["d"])).fetch_orders(START))
    refusing = connector_of(lambda _: httpx.Response(400, json={"message": "No such filter."}))

    with pytest.raises(RejectedError, match="refused filterShipments .400.: No such filter"):
        list(refusing.fetch_orders(START, pages[0].resume))


@pytest.mark.parametrize(
    "body",
    [
        {"hasMore": False},
        {"hasMore": False, "shipments": {}},
        {"hasMore": "no", "shipments": []},
        {"hasMore": True, "shipments": []},
        {"hasMore": True, "nextPageUrl": 7, "shipments": []},
        {"hasMore": True, "nextPageUrl": "//evil.test/v3/shipments/filter?a", "shipments": []},
        {"hasMore": True, "nextPageUrl": "/v3/shipments?next_token=a", "shipments": []},
        {"hasMore": True, "nextPageUrl": "/v3/shipments/filter?\n", "shipments": []},
    ],
)
def test_an_answer_that_makes_no_sense_is_not_taken_for_the_end(body: JsonObject) -> None:
    connector = connector_of(lambda _: httpx.Response(200, json=body))

    with pytest.raises(RetryableError):
        list(connector.fetch_orders(START))


def test_a_next_page_is_asked_for_below_our_own_address() -> None:
    asked: list[httpx.URL] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        more = len(asked) == 1
        url = "/sellers/v3/shipments/filter?next_token=a%3D%3D"
        body = {"hasMore": more, "nextPageUrl": url, "shipments": [], "returnItems": []}
        return httpx.Response(200, json=body)

    list(connector_of(handle).fetch_orders(START))

    assert str(asked[1]) == "https://fk.test/in/sellers/v3/shipments/filter?next_token=a%3D%3D"


def test_a_next_page_that_repeats_stops_the_sweep(caplog: pytest.LogCaptureFixture) -> None:
    url = "/v3/shipments/filter?next_token=a"
    body = {"hasMore": True, "nextPageUrl": url, "shipments": [flipkart_shipment()]}

    pages = list(connector_of(lambda _: httpx.Response(200, json=body)).fetch_orders(START))

    assert len(pages) == 2
    assert (pages[-1].cursor, pages[-1].resume) == (None, None)
    assert "sent a next page twice" in caplog.text


def test_one_shipment_is_read_by_its_id() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/in/sellers/v3/shipments"
        assert dict(request.url.params) == {"shipmentIds": "S-1"}
        assert request.headers["authorization"] == "Bearer t0k3n"
        return httpx.Response(200, json={"shipments": [flipkart_shipment()]})

    assert connector_of(handle).fetch_order("S-1").external_id == "S-1"


def test_a_shipment_that_flipkart_does_not_know_is_refused() -> None:
    nothing = connector_of(lambda _: httpx.Response(200, json={"shipments": []}))
    another = connector_of(
        lambda _: httpx.Response(200, json={"shipments": [flipkart_shipment(shipmentId="S-9")]})
    )

    with pytest.raises(RejectedError, match="knows no shipment S-1"):
        nothing.fetch_order("S-1")
    with pytest.raises(RetryableError, match="another shipment"):
        another.fetch_order("S-1")


class Desk:
    """One shipment at Flipkart, and what Flipkart was told of it."""

    def __init__(self, *words: str, **changes: Any) -> None:
        self.raw = flipkart_shipment(*words, **changes)
        self.told: list[tuple[str, Any]] = []
        self.result: Any = {"shipments": [{"shipmentId": "S-1", "status": "SUCCESS"}]}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"shipments": [self.raw]})
        operation = request.url.path.rpartition("/")[2]
        self.told.append((operation, json.loads(request.content)))
        word = {"labels": "PACKED", "dispatch": "READY_TO_DISPATCH", "cancel": "CANCELLED"}
        self.raw = flipkart_shipment(word[operation])
        return httpx.Response(200, json=self.result, headers={"x-request-id": "r-1"})


def update_to(status: S) -> StatusUpdate:
    return StatusUpdate("S-1", status, 42, "", "", datetime(2026, 11, 2, tzinfo=UTC), (("71", 3),))


@pytest.mark.parametrize(
    ("word", "status", "operation", "path"),
    [
        ("APPROVED", S.PACKED, "pack", "labels"),
        ("PACKED", S.READY_TO_SHIP, "dispatch", "dispatch"),
        ("APPROVED", S.CANCELLED, "cancel", "cancel"),
    ],
)
def test_a_status_is_told_once(word: str, status: S, operation: str, path: str) -> None:
    desk = Desk(word)
    connector = connector_of(desk, cancel_reason="b2b_order")

    first, again = (
        connector.push_status(update_to(status)),
        connector.push_status(update_to(status)),
    )

    assert [told for told, _ in desk.told] == [path]
    assert (first.operation, first.request_id, first.answer) == (operation, "r-1", "Accepted.")
    assert (again.operation, again.answer) == (operation, "Flipkart has it so already.")


def test_what_was_not_packed_is_packed_before_it_is_dispatched() -> None:
    desk = Desk("APPROVED")
    connector = connector_of(desk)

    with pytest.raises(NotYetError, match="labels first"):
        connector.push_status(update_to(S.READY_TO_SHIP))
    connector.push_status(update_to(S.READY_TO_SHIP))

    assert [told for told, _ in desk.told] == ["labels", "dispatch"]


def test_a_failure_inside_a_200_is_a_refusal_without_people_in_it() -> None:
    desk = Desk("PACKED")
    words = "m.rao@example.com\nis not\x07 in   time"
    desk.result = {"shipments": [{"shipmentId": "S-1", "status": "FAILURE", "errorMessage": words}]}

    with pytest.raises(RejectedError) as caught:
        connector_of(desk).push_status(update_to(S.READY_TO_SHIP))

    assert str(caught.value) == "Flipkart refused dispatch: [...] is not in time"


def test_a_200_that_does_not_say_leaves_the_outcome_open() -> None:
    desk = Desk("PACKED")
    desk.result = {"shipments": [{"shipmentId": "S-9", "status": "SUCCESS"}]}

    with pytest.raises(OutcomeUnknownError):
        connector_of(desk).push_status(update_to(S.READY_TO_SHIP))


def test_a_shipment_that_cannot_be_read_is_not_changed() -> None:
    desk = Desk(orderItems=[7])

    with pytest.raises(RetryableError, match="cannot be read: orderItems"):
        connector_of(desk).push_status(update_to(S.PACKED))

    assert desk.told == []


@pytest.mark.parametrize("status", [S.SHIPPED, S.DELIVERED, S.CONFIRMED])
def test_what_flipkart_reports_itself_is_not_told(status: S) -> None:
    with pytest.raises(RejectedError, match=f"reports '{status.label}' itself"):
        connector_of(lambda _: pytest.fail("asked")).push_status(update_to(status))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"errors": [{"errorCode": "E1"}, 7, {"message": "M2"}]}, ": E1; M2"),
        ({"errorMessage": "Sorry."}, ": Sorry."),
        ({"errors": [{"code": "BAD_REQUEST", "description": "Why."}]}, ": Why."),
        ({"errorMessage": 7}, "."),
        ([], "."),
    ],
)
def test_refusals_are_told_in_flipkarts_words(body: Any, words: str) -> None:
    connector = connector_of(lambda _: httpx.Response(422, json=body))

    with pytest.raises(RejectedError) as caught:
        connector.fetch_order("S-1")

    assert str(caught.value) == f"Flipkart refused getShipments (422){words}"


def test_a_token_that_ended_early_is_renewed_once() -> None:
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        body = {"shipments": [flipkart_shipment(orderItems=[flipkart_item()])]}
        return httpx.Response(401) if len(seen) == 1 else httpx.Response(200, json=body)

    connector = connector_of(handle)

    assert connector.fetch_order("S-1").external_id == "S-1"
    assert len(seen) == 2
    connector.close()
