import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from crm_app.channels.base import StatusUpdate
from crm_app.channels.limits import NoLimiter
from crm_app.channels.shopify import connector as shopify
from crm_app.channels.shopify.connector import Credentials, Options, ShopifyConnector
from crm_app.domain.order_status import OrderStatus as S
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)

from .orders import JsonObject, shopify_line, shopify_order, shopify_parcel

Handler = Callable[[httpx.Request], httpx.Response]
START = "2026-11-01T00:00:00+00:00"
UPDATE = StatusUpdate(
    "6001", S.SHIPPED, 42, "DTDC", "D-1", datetime(2026, 11, 2, tzinfo=UTC), (("11", 3),)
)


class Notes(NoLimiter):
    """A limiter that allows everything and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, float]] = []

    def learn(self, operation: str, rate_per_s: float) -> None:
        self.told.append(("learn", operation, rate_per_s))

    def block(self, operation: str, seconds: float) -> None:
        self.told.append(("block", operation, seconds))


def connector_of(
    handle: Handler, limiter: NoLimiter | None = None, **options: Any
) -> ShopifyConnector:
    client = httpx.Client(transport=httpx.MockTransport(handle), base_url="https://shop.test/in")
    keys = Credentials("shpat_hush")
    return ShopifyConnector(client, keys, Options(**options), limiter or NoLimiter())


def answering(body: Any, status: int = 200) -> Handler:
    return lambda _: httpx.Response(status, json=body)


def page_info(end: str = "") -> JsonObject:
    return {"hasNextPage": bool(end), "endCursor": end or None}


def cost(requested: Any = 100, actual: Any = 40, available: Any = 1900) -> JsonObject:
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": 100.0}
    return {
        "cost": {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": status,
        }
    }


def error(code: str | None, message: str = "Sorry.") -> JsonObject:
    return {"message": message, "extensions": {"code": code} if code else {}}


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


@pytest.mark.parametrize(
    ("body", "expected", "words"),
    [
        ({}, RetryableError, "without data"),
        ({"data": None}, RetryableError, "without data"),
        ({"data": {"order": 7}}, RetryableError, "another kind"),
        ({"errors": [error(None, "Field 'x' is wrong")]}, RejectedError, "Field 'x' is wrong"),
        ({"errors": "[API] odd"}, RejectedError, "odd"),
        ({"errors": [7]}, RejectedError, "no reason given"),
        ({"errors": [error("ACCESS_DENIED")]}, AccountDisconnectedError, "refuses access: Sorry."),
        ({"errors": [error("SHOP_INACTIVE")]}, AccountDisconnectedError, "refuses access"),
        ({"errors": [error("INTERNAL_SERVER_ERROR")]}, RetryableError, "a part of the answer"),
        (
            {"errors": [error("TIMEOUT")], "data": {"order": shopify_order()}},
            RetryableError,
            "a part of the answer",
        ),
        (
            {"errors": [error(None)], "data": {"order": shopify_order()}},
            RetryableError,
            "a part of the answer",
        ),
    ],
)
def test_errors_inside_a_200_are_errors(
    body: JsonObject, expected: type[ChannelError], words: str
) -> None:
    with pytest.raises(ChannelError) as caught:
        connector_of(answering(body)).fetch_order("6001")

    assert type(caught.value) is expected
    assert words in str(caught.value)


def test_what_the_app_may_not_see_is_missing_and_the_order_is_read() -> None:
    whole = shopify_order(customer=None)
    body = {"errors": [error("ACCESS_DENIED")], "data": {"order": whole}}

    assert connector_of(answering(body)).fetch_order("6001").buyer.identity == ""


@pytest.mark.parametrize(
    ("extensions", "wait_s"),
    [
        (cost(752, None, 666.0), 0.86),
        (cost(100, None, 100.0), 0.1),
        (cost(100, None, None), 2.0),
        ({}, 2.0),
    ],
)
def test_being_throttled_says_when_to_come_back(extensions: JsonObject, wait_s: float) -> None:
    notes = Notes()
    body = {"errors": [error("THROTTLED", "Throttled")], "extensions": extensions}

    with pytest.raises(RateLimitedError, match="limits order: try again in") as caught:
        connector_of(answering(body), notes).fetch_order("6001")

    assert caught.value.retry_after_s == pytest.approx(wait_s)
    assert notes.told == [("block", "order", pytest.approx(wait_s))]


@pytest.mark.parametrize(
    ("extensions", "told"),
    [
        (cost(100, 40, 1900), [("learn", "order", 2.5)]),
        (cost(100, None, 1900), [("learn", "order", 1.0)]),
        (cost(100, 40, 30), [("learn", "order", 2.5), ("block", "order", 0.7)]),
        (cost(True, "40", -1), []),
        ({}, []),
    ],
)
def test_each_answer_teaches_the_limiter(extensions: JsonObject, told: list[Any]) -> None:
    notes = Notes()
    body = {"data": {"order": shopify_order()}, "extensions": extensions}

    connector_of(answering(body), notes).fetch_order("6001")

    assert notes.told == told


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
    return StatusUpdate("6001", status, 42, "DTDC", "D-1", UPDATE.happened_at, UPDATE.lines)


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


@pytest.mark.parametrize(
    ("body", "words"),
    [({"errors": "Not Found"}, ": Not Found"), ({"errors": [{"message": "M"}]}, ": M"), ([], ".")],
)
def test_refusals_are_told_in_shopifys_words(body: Any, words: str) -> None:
    with pytest.raises(RejectedError) as caught:
        connector_of(answering(body, 404)).fetch_order("6001")

    assert str(caught.value) == f"Shopify refused order (404){words}"


def test_the_token_is_never_shown() -> None:
    assert "hush" not in repr(Credentials("shpat_hush"))
    refusal = {"errors": "Token shpat_hush is wrong"}

    with pytest.raises(AccountDisconnectedError) as caught:
        connector_of(answering(refusal, 401)).fetch_order("6001")

    assert "shpat_hush" not in str(caught.value)
