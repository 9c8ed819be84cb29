import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from crm_app.channels.shopify import connector as shopify
from crm_app.errors import RejectedError, RetryableError

from .orders import JsonObject, shopify_line, shopify_order
from .shopify_calls import Handler, answering, connector_of, cost, error, page_info

START = "2026-11-01T00:00:00+00:00"


class Shop:
    """A shop whose orders are numbers, and whose lines are paged by two."""

    def __init__(self, count: int, lines: dict[int, int] | None = None) -> None:
        self.count = count
        self.lines = lines or {}
        self.asked: list[JsonObject] = []
        self.headers: dict[str, str] = {}
        self.points_an_order = 10

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/in/admin/api/2026-10/graphql.json"
        assert request.headers["x-shopify-access-token"] == "shpat_hush"
        call = json.loads(request.content)
        self.asked.append(call)
        asked = call["variables"]
        if "orders(" not in call["query"]:
            number = int(asked["id"].rpartition("/")[2])
            lines = self.line_page(number, int(asked["after"].removeprefix("line")))
            return self.answer({"order": {"lineItems": lines}}, 5)
        start, size = int((asked["after"] or "after0").removeprefix("after")), asked["first"]
        numbers = range(start + 1, min(start + size, self.count) + 1)
        nodes = [
            shopify_order(legacyResourceId=str(number), lineItems=self.line_page(number, 0))
            for number in numbers
        ]
        end = f"after{start + size}" if start + size < self.count else ""
        orders = {"nodes": nodes, "pageInfo": page_info(end)}
        return self.answer({"orders": orders}, size * self.points_an_order)

    def line_page(self, number: int, start: int) -> JsonObject:
        count = self.lines.get(number, 1)
        nodes = [shopify_line(one + 1) for one in range(start, min(start + 2, count))]
        return {
            "nodes": nodes,
            "pageInfo": page_info(f"line{start + 2}" if start + 2 < count else ""),
        }

    def answer(self, data: JsonObject, points: int) -> httpx.Response:
        body = {"data": data, "extensions": cost(points, points)}
        return httpx.Response(200, json=body, headers=self.headers)


def read(pages: list[Any]) -> list[int]:
    return [int(order.external_id) for page in pages for order in page.orders]


def sizes(shop: Shop) -> list[int]:
    return [call["variables"]["first"] for call in shop.asked]


@pytest.mark.parametrize("count", [0, 1, 25, 26, 300])
def test_every_order_is_read_whatever_the_count(count: int) -> None:
    shop = Shop(count)

    pages = list(connector_of(shop).fetch_orders(START))

    assert read(pages) == list(range(1, count + 1))
    assert [page.cursor is None for page in pages] == [True] * (len(pages) - 1) + [False]
    assert [page.resume is None for page in pages] == [False] * (len(pages) - 1) + [True]


def test_a_sweep_asks_for_what_changed_since_and_begins_there_next_time() -> None:
    shop = Shop(0)

    (only,) = connector_of(shop, overlap_s=60).fetch_orders("2026-11-01T00:05:00")

    (call,) = shop.asked
    assert call["variables"] == {
        "first": 25,
        "after": None,
        "query": "updated_at:>='2026-11-01T00:04:00Z'",
    }
    assert "sortKey: UPDATED_AT" in call["query"]
    assert only.complete_to == datetime.fromisoformat(only.cursor or "")
    assert datetime.now(UTC) - (only.complete_to or datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("options", "days"),
    [
        ({}, 60),
        ({"first_import_days": 10}, 10),
        ({"first_import_days": 365}, 60),
        ({"first_import_days": 365, "read_all_orders": True}, 365),
    ],
)
def test_a_first_import_goes_back_as_far_as_it_may(options: Any, days: int) -> None:
    shop = Shop(0)

    list(connector_of(shop, **options).fetch_orders(None))

    told = shop.asked[0]["variables"]["query"].removeprefix("updated_at:>=").strip("'")
    since = datetime.fromisoformat(told)
    assert abs(datetime.now(UTC) - since - timedelta(days=days)) < timedelta(minutes=1)


def test_the_cursor_never_passes_the_clock_of_the_shop() -> None:
    shop = Shop(30)
    slow = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=9)
    shop.headers = {"date": format_datetime(slow, usegmt=True)}

    *_, last = connector_of(shop).fetch_orders(START)

    assert last.cursor == slow.isoformat()


def test_a_sweep_goes_on_where_it_stopped() -> None:
    connector = connector_of(Shop(120))
    pages = list(connector.fetch_orders(START))

    rest = list(connector_of(Shop(120)).fetch_orders(START, pages[0].resume))

    assert read(rest) == list(range(26, 121))
    assert rest[-1].cursor == pages[-1].cursor


@pytest.mark.parametrize("resume", ["nonsense", "[]", "{}", '{"since": "x"}', "after"])
def test_a_note_that_cannot_be_read_begins_the_sweep_again(resume: str) -> None:
    if resume == "after":
        resume = json.dumps({"since": START, "cursor": START, "after": 7})
    shop = Shop(1)

    assert read(list(connector_of(shop).fetch_orders(START, resume))) == [1]
    assert shop.asked[0]["variables"]["after"] is None


def test_a_page_cursor_that_ran_out_begins_the_sweep_again() -> None:
    shop = Shop(30)
    first = next(connector_of(shop).fetch_orders(START))
    answers = [{"errors": [error(None, "Invalid cursor for current pagination sort.")]}]

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=answers.pop()) if answers else shop(request)

    assert read(list(connector_of(handle).fetch_orders(START, first.resume))) == [*range(1, 31)]


def test_pages_grow_until_one_costs_half_of_the_bucket() -> None:
    shop = Shop(400)
    shop.points_an_order = 20

    list(connector_of(shop).fetch_orders(START))

    # 2,000 points in the bucket, 1,000 for a query.
    assert sizes(shop)[:3] == [25, 50, 50]


def test_pages_are_never_larger_than_shopify_gives() -> None:
    shop = Shop(400)
    shop.points_an_order = 1

    list(connector_of(shop).fetch_orders(START))

    assert sizes(shop)[:2] == [25, 100]


def test_without_a_price_pages_stay_as_they_are() -> None:
    orders = {"nodes": [], "pageInfo": page_info()}
    asked: list[int] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content)["variables"]["first"])
        return httpx.Response(200, json={"data": {"orders": orders}})

    connector = connector_of(handle)
    list(connector.fetch_orders(START))
    list(connector.fetch_orders(START))

    assert asked == [25, 25]


@pytest.mark.parametrize(
    "refusal",
    [
        {"errors": [error("MAX_COST_EXCEEDED")]},
        {"errors": [error("THROTTLED")], "extensions": cost(9000, None, 2000)},
    ],
)
def test_a_page_that_is_too_costly_is_asked_for_in_smaller_ones(refusal: JsonObject) -> None:
    shop = Shop(30)
    shop.points_an_order = 200

    def handle(request: httpx.Request) -> httpx.Response:
        if json.loads(request.content)["variables"]["first"] > 6:
            return httpx.Response(200, json=refusal)
        return shop(request)

    assert read(list(connector_of(handle).fetch_orders(START))) == [*range(1, 31)]
    assert sizes(shop)[:2] == [6, 5]


def test_a_single_order_that_is_too_costly_is_a_refusal() -> None:
    connector = connector_of(answering({"errors": [error("MAX_COST_EXCEEDED")]}))

    with pytest.raises(RejectedError):
        list(connector.fetch_orders(START))


def test_lines_beyond_the_first_page_are_fetched() -> None:
    shop = Shop(2, lines={1: 7, 2: 2})

    (page,) = connector_of(shop).fetch_orders(START)

    assert [len(order.lines) for order in page.orders] == [7, 2]
    # Cursors change without the order changing: a stored order must not look new for them.
    assert [list(order.raw["lineItems"]) for order in page.orders] == [["nodes"], ["nodes"]]


def lines_failing(shop: Shop, failure: Any) -> Handler:
    def handle(request: httpx.Request) -> httpx.Response:
        is_order_page = "orders(" in json.loads(request.content)["query"]
        return shop(request) if is_order_page else httpx.Response(200, json=failure)

    return handle


@pytest.mark.parametrize(
    "failure",
    [
        {"errors": [error(None)]},
        {"data": {"order": {"lineItems": {"nodes": [], "pageInfo": {}}}}},
        {"data": {"order": {"lineItems": {"nodes": [], "pageInfo": page_info("again")}}}},
    ],
)
def test_an_order_whose_lines_cannot_be_had_is_set_aside(
    failure: JsonObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shopify, "MAX_LINE_PAGES", 4)
    shop = Shop(2, lines={1: 7})

    (page,) = connector_of(lines_failing(shop, failure)).fetch_orders(START)

    assert read([page]) == [2]
    assert [bad.reason for bad in page.bad] == ["lineItems does not hold all lines."]


def test_lines_that_cannot_be_had_now_stop_the_sweep() -> None:
    gone = lines_failing(Shop(2, lines={1: 7}), {"data": {"order": None}})

    with pytest.raises(RetryableError, match="without its list"):
        list(connector_of(gone).fetch_orders(START))


@pytest.mark.parametrize(
    "orders",
    [
        None,
        {"nodes": None},
        {"nodes": []},
        {"nodes": [], "pageInfo": {"hasNextPage": "no"}},
        {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": None}},
    ],
)
def test_an_answer_that_makes_no_sense_is_not_taken_for_the_end(orders: Any) -> None:
    with pytest.raises(RetryableError):
        list(connector_of(answering({"data": {"orders": orders}})).fetch_orders(START))


def test_a_page_cursor_that_repeats_stops_the_sweep(caplog: pytest.LogCaptureFixture) -> None:
    orders = {"nodes": [shopify_order(), 7, {"lineItems": 7}], "pageInfo": page_info("a")}

    pages = list(connector_of(answering({"data": {"orders": orders}})).fetch_orders(START))

    assert len(pages) == 2
    assert (pages[-1].cursor, pages[-1].resume) == (None, None)
    assert len(pages[0].bad) == 2
    assert "sent a page cursor twice" in caplog.text


def test_one_order_is_read_by_its_number() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        assert json.loads(request.content)["variables"] == {"id": "gid://shopify/Order/6001"}
        return httpx.Response(200, json={"data": {"order": shopify_order()}})

    order = connector_of(handle, handling_hours=24).fetch_order("6001")

    assert order.external_id == "6001"
    assert order.ship_by == order.placed_at + timedelta(hours=24)


def test_an_order_that_shopify_does_not_know_is_refused() -> None:
    with pytest.raises(RejectedError, match="knows no order 6001"):
        connector_of(answering({"data": {"order": None}})).fetch_order("6001")
    with pytest.raises(RetryableError, match="another order"):
        connector_of(answering({"data": {"order": shopify_order()}})).fetch_order("6002")
