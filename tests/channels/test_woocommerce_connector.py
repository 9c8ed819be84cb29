import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from crm_app.channels.base import OrderPage, StatusUpdate
from crm_app.channels.limits import NoLimiter
from crm_app.channels.woocommerce import connector as woocommerce
from crm_app.channels.woocommerce.connector import Credentials, Options, WooCommerceConnector
from crm_app.domain.order_status import OrderStatus
from crm_app.errors import OutcomeUnknownError, RejectedError, RetryableError

from .orders import woo_order

Handler = Callable[[httpx.Request], httpx.Response]
START = datetime(2026, 11, 1, tzinfo=UTC)
UPDATE = StatusUpdate(
    external_id="5001",
    status=OrderStatus.SHIPPED,
    reference=42,
    carrier="DTDC",
    tracking_number="D-1",
    happened_at=START,
    lines=(("31", 3),),
)


def connector_of(handle: Handler, **options: Any) -> WooCommerceConnector:
    client = httpx.Client(transport=httpx.MockTransport(handle), base_url="https://shop.test/in")
    keys = Credentials("ck_1", "cs_2")
    return WooCommerceConnector(client, keys, Options(**options), NoLimiter())


class Shop:
    """A shop with orders by id and second of change: sorts, filters and pages as the real one.

    `moves` happen before the request of that number: an order is changed meanwhile.
    """

    def __init__(self, changed_at: dict[int, int], moves: dict[int, dict[int, int]] | None = None):
        self.changed_at = dict(changed_at)
        self.moves = moves or {}
        self.queries: list[dict[str, str]] = []
        self.headers: dict[str, str] = {}
        self.hides: set[int] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        self.changed_at |= self.moves.get(len(self.queries), {})
        self.queries.append(query)
        after, before = (second_of(query[f"modified_{end}"]) for end in ("after", "before"))
        found = sorted(
            (second, number)
            for number, second in self.changed_at.items()
            if after < second < before
        )
        size, page = int(query["per_page"]), int(query["page"])
        rows = [
            woo_order(id=number, date_modified_gmt=stamp(second))
            for second, number in found[(page - 1) * size : page * size]
            if number not in self.hides
        ]
        total = {"x-wp-total": str(len(found)), "x-wp-totalpages": str(-(-len(found) // size))}
        return httpx.Response(200, json=rows, headers=total | self.headers)


def stamp(second: int) -> str:
    return f"{START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S}"


def second_of(text: str) -> int:
    return int((datetime.fromisoformat(text + "Z") - START).total_seconds())


def sweep(shop: Shop, size: int, monkeypatch: pytest.MonkeyPatch) -> list[OrderPage]:
    monkeypatch.setattr(woocommerce, "PAGE_SIZE", size)
    return list(connector_of(shop).fetch_orders(START.isoformat()))


def read(pages: list[OrderPage]) -> set[int]:
    return {int(order.external_id) for page in pages for order in page.orders}


def test_a_sweep_asks_for_a_frozen_window_in_gmt() -> None:
    shop = Shop({})

    (only,) = connector_of(shop, overlap_s=60).fetch_orders("2026-11-01T00:05:00+00:00")

    (query,) = shop.queries
    before = datetime.fromisoformat(query.pop("modified_before") + "Z")
    assert datetime.now(UTC) - before < timedelta(minutes=1)
    assert query == {
        "modified_after": "2026-11-01T00:04:00",
        "dates_are_gmt": "true",
        "orderby": "modified",
        "order": "asc",
        "per_page": "100",
        "page": "1",
    }
    assert only.cursor == before.isoformat()


def test_a_first_import_asks_for_its_window() -> None:
    shop = Shop({})

    list(connector_of(shop, first_import_days=10).fetch_orders(None))

    since = datetime.fromisoformat(shop.queries[0]["modified_after"] + "Z")
    assert abs(datetime.now(UTC) - since - timedelta(days=10)) < timedelta(minutes=1)


def test_calls_carry_the_keys_and_go_below_the_address() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=[])

    list(connector_of(handle).fetch_orders(None))

    assert seen[0].url.path == "/in/wp-json/wc/v3/orders"
    assert seen[0].headers["authorization"] == "Basic Y2tfMTpjc18y"
    assert "hush" not in repr(Credentials("hush-1", "hush-2"))


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 23])
def test_every_order_is_read_whatever_the_count(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop({number: number // 2 for number in range(1, count + 1)})

    pages = sweep(shop, 5, monkeypatch)

    assert read(pages) == set(shop.changed_at)
    assert [page.cursor is None for page in pages] == [True] * (len(pages) - 1) + [False]
    assert [page.resume is None for page in pages] == [False] * (len(pages) - 1) + [True]


def test_more_orders_of_one_second_than_a_page_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop({number: 100 if 3 < number < 20 else number for number in range(1, 31)})

    assert read(sweep(shop, 5, monkeypatch)) == set(shop.changed_at)


def test_orders_that_change_while_we_read_push_none_out(monkeypatch: pytest.MonkeyPatch) -> None:
    # Before each request, two orders that were read already leave the window.
    far = 10**8
    moves = {request: {2 * request - 1: far, 2 * request: far} for request in range(1, 4)}
    shop = Shop({number: number for number in range(1, 31)}, moves)

    pages = sweep(shop, 5, monkeypatch)

    assert read(pages) == set(range(1, 31))


def test_rows_that_a_plugin_hides_do_not_end_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop({number: number for number in range(1, 13)})
    shop.hides = {2, 3}

    assert read(sweep(shop, 5, monkeypatch)) == set(range(1, 13)) - {2, 3}


def test_without_paging_headers_a_short_page_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop({number: number for number in range(1, 13)})
    shop.headers = {"x-wp-totalpages": "many"}

    assert read(sweep(shop, 5, monkeypatch)) == set(range(1, 13))


def test_a_cache_that_repeats_a_page_stops_the_sweep(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(woocommerce, "PAGE_SIZE", 2)
    rows = [woo_order(id=number) for number in (1, 2)]
    connector = connector_of(lambda _: httpx.Response(200, json=rows))

    pages = list(connector.fetch_orders(START.isoformat()))

    assert (pages[-1].cursor, pages[-1].resume) == (None, None)
    assert "sent a page twice" in caplog.text


def test_a_page_without_times_is_paged_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(woocommerce, "PAGE_SIZE", 2)
    answers = {"1": [{"id": 1, "date_modified_gmt": "x"}, 7], "2": [{"id": 3}]}

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=answers[request.url.params["page"]])

    first, last = connector_of(handle).fetch_orders(None)

    assert [bad.external_id for bad in (*first.bad, *last.bad)] == ["1", "", "3"]
    assert last.cursor


def test_a_sweep_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(woocommerce, "PAGE_SIZE", 5)
    shop = Shop({number: number for number in range(1, 13)})
    connector = connector_of(shop)
    first = next(connector.fetch_orders(START.isoformat()))

    rest = list(connector.fetch_orders(START.isoformat(), first.resume))

    assert read([first, *rest]) == set(range(1, 13))
    assert {query["modified_before"] for query in shop.queries} == {
        shop.queries[0]["modified_before"]
    }
    assert json.loads(first.resume or "")["cursor"] == rest[-1].cursor


@pytest.mark.parametrize("resume", ["", "nonsense", "[]", '{"after": "x"}'])
def test_a_note_that_cannot_be_read_begins_the_sweep_again(resume: str) -> None:
    shop = Shop({})

    list(connector_of(shop, overlap_s=0).fetch_orders(START.isoformat(), resume))

    assert shop.queries[0]["modified_after"] == "2026-11-01T00:00:00"


def test_the_cursor_never_passes_the_clock_of_the_shop() -> None:
    shop = Shop({})
    slow = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=9)
    shop.headers = {"date": format_datetime(slow, usegmt=True)}

    (only,) = connector_of(shop).fetch_orders(START.isoformat())

    assert only.cursor == slow.isoformat()


def test_one_order_is_read_by_its_number() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/in/wp-json/wc/v3/orders/5001"
        return httpx.Response(200, json=woo_order())

    order = connector_of(handle, handling_hours=24).fetch_order("5001")

    assert order.external_id == "5001"
    assert order.ship_by == order.placed_at + timedelta(hours=24)


def test_another_order_than_was_asked_for_is_no_answer() -> None:
    connector = connector_of(lambda _: httpx.Response(200, json=woo_order(id=9)))

    with pytest.raises(RetryableError):
        connector.fetch_order("5001")


def test_an_unknown_order_is_refused_in_the_shops_words() -> None:
    body = {"code": "woocommerce_rest_shop_order_invalid_id", "message": "Invalid ID."}
    connector = connector_of(lambda _: httpx.Response(404, json=body))

    with pytest.raises(RejectedError) as caught:
        connector.fetch_order("5001")

    assert str(caught.value) == "WooCommerce refused getOrder (404): Invalid ID."


class Desk:
    """A shop with one order, in a status; remembers what it was told."""

    def __init__(self, status: str, reply: httpx.Response | Exception | None = None) -> None:
        self.status = status
        self.reply = reply
        self.told: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            self.told.append(json.loads(request.content))
            if isinstance(self.reply, Exception):
                raise self.reply
            if self.reply is not None:
                return self.reply
            self.status = self.told[-1]["status"]
        return httpx.Response(200, json=woo_order(status=self.status))


def test_a_shipment_is_told_with_its_tracking() -> None:
    desk = Desk("processing")

    receipt = connector_of(desk).push_status(UPDATE)

    assert desk.told == [
        {
            "status": "completed",
            "meta_data": [
                {"key": "_tracking_carrier", "value": "DTDC"},
                {"key": "_tracking_number", "value": "D-1"},
            ],
        }
    ]
    assert (receipt.operation, receipt.http_status) == ("updateOrder", 200)
    assert receipt.answer == "The shop has it as 'completed'."


@pytest.mark.parametrize(
    ("status", "word"),
    [(OrderStatus.CONFIRMED, "processing"), (OrderStatus.CANCELLED, "cancelled")],
)
def test_other_statuses_are_told_in_the_shops_words(status: OrderStatus, word: str) -> None:
    desk = Desk("on-hold")

    connector_of(desk).push_status(replace(UPDATE, status=status, carrier="", tracking_number=""))

    assert desk.told == [{"status": word, "meta_data": []}]


def test_telling_twice_is_harmless() -> None:
    desk = Desk("processing")
    connector = connector_of(desk)

    connector.push_status(UPDATE)
    connector.push_status(UPDATE)

    assert desk.told[0] == desk.told[1]


@pytest.mark.parametrize(
    ("status", "closed"),
    [
        (OrderStatus.SHIPPED, "cancelled"),
        (OrderStatus.SHIPPED, "refunded"),
        (OrderStatus.SHIPPED, "trash"),
        (OrderStatus.CONFIRMED, "completed"),
        (OrderStatus.CANCELLED, "completed"),
    ],
)
def test_an_order_that_the_shop_has_closed_is_left_alone(status: OrderStatus, closed: str) -> None:
    desk = Desk(closed)

    with pytest.raises(RejectedError, match=f"has this order as '{closed}' already"):
        connector_of(desk).push_status(replace(UPDATE, status=status))

    assert desk.told == []


def test_a_status_without_a_word_is_not_sent() -> None:
    desk = Desk("processing")

    with pytest.raises(RejectedError, match="no word for 'Delivered'"):
        connector_of(desk).push_status(replace(UPDATE, status=OrderStatus.DELIVERED))

    assert desk.told == []


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(500),
        httpx.Response(200, json=woo_order(id=9)),
        httpx.Response(200, html="<h1>hello</h1>"),
        httpx.ReadTimeout("slow"),
    ],
)
def test_an_answer_that_tells_nothing_leaves_the_outcome_open(
    reply: httpx.Response | Exception,
) -> None:
    with pytest.raises(OutcomeUnknownError):
        connector_of(Desk("processing", reply)).push_status(UPDATE)
