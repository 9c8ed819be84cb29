import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from crm_app.channels.base import StatusUpdate
from crm_app.domain.order_status import OrderStatus
from crm_app.errors import (
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)

from .amazon_calls import UNTIL, UPDATE, Amazon, Answer, ids, order, page
from .orders import amazon_order


def test_a_first_import_asks_for_its_window() -> None:
    amazon = Amazon(page(order(1)))

    (only,) = amazon.connector(first_import_days=30).fetch_orders(None)

    asked = amazon.params(0)
    since = datetime.fromisoformat(asked.pop("lastUpdatedAfter"))
    assert datetime.now(UTC) - since - timedelta(days=30) < timedelta(minutes=1)
    assert asked == {
        "marketplaceIds": "A21TJRUUN4KGV",
        "includedData": "BUYER,RECIPIENT,PROCEEDS,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,"
        "TAX,PAYMENT",
        "maxResultsPerPage": "100",
    }
    assert amazon.requests[0].url.path == "/orders/2026-01-01/orders"
    assert only.cursor == UNTIL


def test_a_call_carries_the_token_and_the_time() -> None:
    amazon = Amazon(page())

    list(amazon.connector().fetch_orders(None))

    headers = amazon.requests[0].headers
    assert headers["x-amz-access-token"] == "Atza|1"
    datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%S%z")


def test_a_role_without_personal_data_does_not_ask_for_it() -> None:
    amazon = Amazon(page())

    list(amazon.connector(personal_data=False).fetch_orders(None))

    assert amazon.params(0)["includedData"].startswith("PROCEEDS,")


def test_a_sweep_begins_a_little_before_its_cursor() -> None:
    amazon = Amazon(page(until="2026-11-01T13:00:00+00:00"))

    (only,) = amazon.connector(overlap_s=90).fetch_orders(UNTIL)

    assert amazon.params(0)["lastUpdatedAfter"] == "2026-11-01T11:58:30Z"
    assert only.cursor == "2026-11-01T13:00:00Z"


def test_pages_follow_the_token_with_the_same_search() -> None:
    amazon = Amazon(
        page(order(1), token="t1", until="2026-11-01T12:00:00Z"),
        page(token="t2", until="2026-11-01T11:59:00Z"),
        page(order(2), until="2026-11-01T12:01:00Z"),
    )

    pages = list(amazon.connector().fetch_orders(UNTIL))

    assert [ids(page) for page in pages] == [["405-1"], [], ["405-2"]]
    assert amazon.params(1) == {**amazon.params(0), "paginationToken": "t1"}
    assert amazon.params(2) == {**amazon.params(0), "paginationToken": "t2"}
    # The earliest bound of the sweep: what it was complete up to on every page.
    assert [page.cursor for page in pages] == [None, None, "2026-11-01T11:59:00Z"]
    assert [page.resume is None for page in pages] == [False, False, True]


def test_a_sweep_goes_on_where_it_stopped() -> None:
    amazon = Amazon(
        page(order(1), token="t1", until="2026-11-01T11:00:00Z"),
        httpx.Response(503),
        page(order(2)),
    )
    connector = amazon.connector()
    sweep = connector.fetch_orders(UNTIL)
    first = next(sweep)
    with pytest.raises(RetryableError):
        next(sweep)

    (second,) = connector.fetch_orders(UNTIL, first.resume)

    assert amazon.params(2) == {**amazon.params(0), "paginationToken": "t1"}
    assert (ids(second), second.cursor) == (["405-2"], "2026-11-01T11:00:00Z")


def test_a_token_that_ran_out_begins_the_sweep_again() -> None:
    amazon = Amazon(page(token="t1"), httpx.Response(400), page(order(1)))
    connector = amazon.connector()
    first = next(connector.fetch_orders(UNTIL))

    (only,) = connector.fetch_orders(UNTIL, first.resume)

    assert "paginationToken" not in amazon.params(2)
    assert (ids(only), only.cursor) == (["405-1"], UNTIL)


def test_a_refusal_of_another_kind_is_told() -> None:
    amazon = Amazon(page(token="t1"), httpx.Response(404))
    connector = amazon.connector()
    first = next(connector.fetch_orders(UNTIL))

    with pytest.raises(RejectedError):
        list(connector.fetch_orders(UNTIL, first.resume))


@pytest.mark.parametrize("resume", ["", "nonsense", "7", "{}", '{"query": 1, "token": "t"}'])
def test_a_note_that_cannot_be_read_begins_the_sweep_again(resume: str) -> None:
    amazon = Amazon(page())

    list(amazon.connector().fetch_orders(UNTIL, resume))

    assert "paginationToken" not in amazon.params(0)


def test_a_note_of_another_search_begins_the_sweep_again() -> None:
    amazon = Amazon(page(token="t1"), page())
    first = next(amazon.connector().fetch_orders(UNTIL))

    list(amazon.connector(personal_data=False).fetch_orders(UNTIL, first.resume))

    assert "paginationToken" not in amazon.params(1)


def test_a_repeated_token_stops_the_sweep_and_the_cursor_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    amazon = Amazon(page(order(1), token="t1"), page(order(2), token="t1"))

    pages = list(amazon.connector().fetch_orders(UNTIL))

    assert [ids(page) for page in pages] == [["405-1"], ["405-2"]]
    assert (pages[1].cursor, pages[1].resume) == (None, None)
    assert "page token twice" in caplog.text


def test_a_circle_of_tokens_stops_too() -> None:
    amazon = Amazon(page(token="t1"), page(token="t2"), page(token="t1"))

    pages = list(amazon.connector().fetch_orders(UNTIL))

    assert (len(pages), pages[-1].cursor, pages[-1].resume) == (3, None, None)


def test_without_a_bound_the_cursor_stays() -> None:
    (later,) = Amazon(page(until=None)).connector().fetch_orders(UNTIL)
    amazon = Amazon(page(until=None))
    (first,) = amazon.connector().fetch_orders(None)

    assert later.cursor == UNTIL
    assert first.cursor == amazon.params(0)["lastUpdatedAfter"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"orders": None},
        {"orders": {}},
        {"orders": [], "lastUpdatedBefore": "soon"},
        {"orders": [], "lastUpdatedBefore": 7},
        {"orders": [], "pagination": {"nextToken": 7}},
    ],
)
def test_a_page_that_makes_no_sense_is_no_page(body: dict[str, Any]) -> None:
    amazon = Amazon(httpx.Response(200, json=body))

    with pytest.raises(RetryableError):
        list(amazon.connector().fetch_orders(UNTIL))


def test_bad_orders_are_set_aside_and_the_others_go_on() -> None:
    nameless = amazon_order(orderId=None)
    amazon = Amazon(page(order(1), {**order(2), "createdTime": None}, nameless, 7, order(3)))

    (only,) = amazon.connector().fetch_orders(UNTIL)

    assert ids(only) == ["405-1", "405-3"]
    assert [(bad.external_id, bad.reason) for bad in only.bad] == [
        ("405-2", "createdTime is missing."),
        ("", "orderId is missing."),
        ("", "The element is not an object."),
    ]
    assert only.bad[0].raw["orderId"] == "405-2"
    assert only.bad[2].raw == {"element": 7}
    assert only.cursor == UNTIL


def test_one_order_is_read_by_its_number() -> None:
    amazon = Amazon(httpx.Response(200, json={"order": order(1)}))

    found = amazon.connector().fetch_order("405-1/../x")

    assert found.external_id == "405-1"
    assert amazon.requests[0].url.raw_path.startswith(
        b"/orders/2026-01-01/orders/405-1%2F..%2Fx?includedData=BUYER"
    )


def test_an_answer_without_the_order_is_none() -> None:
    with pytest.raises(RetryableError):
        Amazon(httpx.Response(200, json={"order": []})).connector().fetch_order("1")


def test_one_order_that_cannot_be_read_is_a_value_error() -> None:
    amazon = Amazon(httpx.Response(200, json={"order": {"orderId": "1"}}))

    with pytest.raises(ValueError, match="fulfillmentStatus is missing"):
        amazon.connector().fetch_order("1")


def test_an_unknown_order_is_refused_in_amazons_words() -> None:
    errors = [
        {"code": "NotFound", "message": "No such order.", "details": "Look again."},
        {"code": "X", "message": "Same", "details": "Same"},
        "odd",
    ]
    amazon = Amazon(httpx.Response(404, json={"errors": errors}))

    with pytest.raises(RejectedError) as caught:
        amazon.connector().fetch_order("1")

    told = "Amazon refused getOrder (404): No such order. (Look again.); Same"
    assert str(caught.value) == told


def test_a_shipment_is_confirmed_with_all_that_is_left() -> None:
    amazon = Amazon(httpx.Response(204, headers={"x-amzn-RequestId": "r-1"}))

    receipt = amazon.connector().push_status(UPDATE)

    request = amazon.requests[0]
    assert (request.method, request.url.raw_path) == (
        "POST",
        b"/orders/v0/orders/405-1%2F../shipmentConfirmation",
    )
    assert json.loads(request.content) == {
        "marketplaceId": "A21TJRUUN4KGV",
        "packageDetail": {
            "packageReferenceId": "42",
            "carrierCode": "Delhivery",
            "trackingNumber": "D-1",
            "shipDate": "2026-11-02T15:30:01.000Z",
            "orderItems": [{"orderItemId": "11", "quantity": 2}],
        },
    }
    assert (receipt.operation, receipt.http_status) == ("confirmShipment", 204)
    assert (receipt.request_id, receipt.answer) == ("r-1", "Accepted.")


def test_a_carrier_that_amazon_does_not_know_goes_by_name() -> None:
    amazon = Amazon(httpx.Response(204))

    amazon.connector().push_status(replace(UPDATE, carrier="Uncle's van"))

    detail = json.loads(amazon.requests[0].content)["packageDetail"]
    assert (detail["carrierCode"], detail["carrierName"]) == ("Other", "Uncle's van")


@pytest.mark.parametrize(
    ("update", "words"),
    [
        (replace(UPDATE, status=OrderStatus.DELIVERED), "no status 'Delivered'"),
        (replace(UPDATE, tracking_number=""), "a carrier and a tracking number"),
        (replace(UPDATE, carrier=""), "a carrier and a tracking number"),
        (replace(UPDATE, lines=(("11", 0),)), "left to ship"),
    ],
)
def test_what_amazon_would_refuse_is_not_sent(update: StatusUpdate, words: str) -> None:
    amazon = Amazon()

    with pytest.raises(RejectedError, match=words):
        amazon.connector().push_status(update)

    assert amazon.requests == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(400), RejectedError),
        (httpx.Response(429), RateLimitedError),
        (httpx.Response(500), OutcomeUnknownError),
        (httpx.Response(503), RetryableError),
        (httpx.Response(200, html="<h1>hello</h1>"), OutcomeUnknownError),
        (httpx.ReadTimeout("slow"), OutcomeUnknownError),
        (httpx.ConnectError("refused"), RetryableError),
    ],
)
def test_a_shipment_that_was_not_accepted_is_never_a_receipt(
    answer: Answer, expected: type[Exception]
) -> None:
    with pytest.raises(expected) as caught:
        Amazon(answer).connector().push_status(UPDATE)

    assert type(caught.value) is expected


def test_closing_gives_the_connections_back() -> None:
    amazon = Amazon()
    connector = amazon.connector()

    connector.close()

    with pytest.raises(RuntimeError, match="closed"):
        connector.fetch_order("1")
