"""What every connector promises. A new one adds a case and its recordings."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from crm_app.channels.base import ChannelOrder, OrderPage, StatusUpdate
from crm_app.domain.order_status import OrderStatus
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)

from .cases import CASES, PULLED, SENT, Case, Handler

each_connector = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
each_reader = pytest.mark.parametrize("case", PULLED, ids=lambda case: case.name)
each_sender = pytest.mark.parametrize("case", SENT, ids=lambda case: case.name)

SINCE = "2026-11-01T00:00:00+00:00"
# Whatever the channel says, none of this may reach an error text.
SECRETS = ("s3cr3t", "t0k3n", "m.rao@example.com", "98200")
PRIVATE = {"secret": "s3cr3t", "buyer": "m.rao@example.com, +91 98200 12345", "token": "t0k3n"}


class Broken(httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        yield b'{"orders": ['
        raise httpx.ReadError("peer closed the connection")


def update_of(case: Case) -> StatusUpdate:
    return StatusUpdate(
        external_id=case.ids[0],
        status=case.says,
        reference=42,
        carrier="Delhivery",
        tracking_number="D-1",
        happened_at=datetime(2026, 11, 2, tzinfo=UTC),
        lines=(("70010", 2),),
        known={} if case.is_pulled else case.arrived().raw,
    )


def orders_of(pages: Iterable[OrderPage]) -> list[ChannelOrder]:
    return [order for page in pages for order in page.orders]


def ids_by_page(pages: Iterable[OrderPage]) -> list[list[str]]:
    """Of the pages that hold orders: some channels have empty ones in between."""
    return [[order.external_id for order in page.orders] for page in pages if page.orders]


def raising(error: Exception) -> Handler:
    def handle(_: httpx.Request) -> httpx.Response:
        raise error

    return handle


def answering(response: httpx.Response) -> Handler:
    # Built anew each time: a stream can be read once.
    def handle(_: httpx.Request) -> httpx.Response:
        stream = Broken() if isinstance(response.stream, Broken) else None
        content = None if stream else response.content
        return httpx.Response(
            response.status_code, headers=response.headers, content=content, stream=stream
        )

    return handle


READS: dict[str, tuple[Handler, type[ChannelError]]] = {
    "400": (answering(httpx.Response(400, json=PRIVATE)), RejectedError),
    "401": (answering(httpx.Response(401, json=PRIVATE)), AccountDisconnectedError),
    "403": (answering(httpx.Response(403, json=PRIVATE)), AccountDisconnectedError),
    "404": (answering(httpx.Response(404, json=PRIVATE)), RejectedError),
    "429": (answering(httpx.Response(429, json=PRIVATE)), RateLimitedError),
    "500_empty": (answering(httpx.Response(500)), RetryableError),
    "503": (answering(httpx.Response(503, json=PRIVATE)), RetryableError),
    "redirect": (answering(httpx.Response(302, headers={"location": "/x"})), RetryableError),
    "html": (answering(httpx.Response(200, html="<h1>s3cr3t</h1>")), RetryableError),
    "empty": (answering(httpx.Response(200)), RetryableError),
    "half_json": (answering(httpx.Response(200, text='{"orders": [{"a')), RetryableError),
    "wrong_json": (answering(httpx.Response(200, json="s3cr3t")), RetryableError),
    "breaks_off": (answering(httpx.Response(200, stream=Broken())), RetryableError),
    "refused": (raising(httpx.ConnectError("s3cr3t")), RetryableError),
    "timeout": (raising(httpx.ReadTimeout("s3cr3t")), RetryableError),
    "dropped": (raising(httpx.RemoteProtocolError("s3cr3t")), RetryableError),
}
MAYBE_DONE = (
    "500_empty",
    "redirect",
    "html",
    "empty",
    "half_json",
    "wrong_json",
    "breaks_off",
    "timeout",
    "dropped",
)
WRITES = {
    name: (handler, OutcomeUnknownError if name in MAYBE_DONE else kind)
    for name, (handler, kind) in READS.items()
}


@each_reader
def test_reads_every_page_and_gives_the_cursor_last(case: Case) -> None:
    pages = list(case.connect(case.play).fetch_orders(SINCE))

    *earlier, last = pages
    assert earlier
    assert all(page.resume and page.cursor is None for page in earlier)
    assert last.resume is None
    assert last.cursor
    # Never past what the channel, or its clock, says that it has told.
    assert datetime.fromisoformat(last.cursor) <= datetime(2026, 11, 3, 8, tzinfo=UTC)
    assert ids_by_page(pages) == [[case.ids[0]], [case.ids[1]]]


@each_reader
def test_an_order_means_the_same_from_everywhere(case: Case) -> None:
    first, second = orders_of(case.connect(case.play).fetch_orders(SINCE))

    order = first
    assert (order.status, order.currency, order.total_minor) == (
        OrderStatus.CONFIRMED,
        "INR",
        149_900,
    )
    assert order.placed_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert order.ship_by is not None
    told = [(line.sku, line.quantity, line.unit_price_minor) for line in order.lines]
    assert told == [("PENDANT-LEAF", 2, 74_950)]
    assert bool(order.buyer.identity) is case.tells_buyer
    assert second.updated_at == datetime(2026, 11, 3, 7, 15, tzinfo=UTC)


@each_reader
def test_a_bad_order_is_set_aside_with_its_reason(case: Case) -> None:
    pages = list(case.connect(case.play).fetch_orders(SINCE))

    ((page, bad),) = [(page, bad) for page in pages for bad in page.bad]
    assert bad.external_id == case.ids[2]
    assert bad.reason.endswith("is missing.")
    assert bad.raw
    assert len(page.orders) == 1


@each_reader
def test_a_sweep_goes_on_where_it_stopped(case: Case) -> None:
    connector = case.connect(case.play)
    pages = list(connector.fetch_orders(SINCE))

    for number, page in enumerate(pages[:-1], start=1):
        again = list(connector.fetch_orders(SINCE, page.resume))

        assert ids_by_page(again) == ids_by_page(pages[number:])
        assert again[-1].cursor == pages[-1].cursor


@each_reader
def test_one_order_is_read(case: Case) -> None:
    order = case.connect(case.play).fetch_order(case.ids[0])

    assert (order.external_id, order.total_minor) == (case.ids[0], 149_900)


@each_sender
def test_what_only_sends_is_never_asked(case: Case) -> None:
    connector = case.connect(lambda _: pytest.fail("asked"))

    assert list(connector.fetch_orders(SINCE)) == []
    with pytest.raises(RejectedError, match=case.ids[0]):
        connector.fetch_order(case.ids[0])


@each_sender
def test_an_order_that_is_sent_means_the_same_too(case: Case) -> None:
    order = case.arrived()

    assert (order.external_id, order.status) == (case.ids[0], case.fresh)
    assert (order.currency, order.total_minor) == ("INR", 149_900)
    assert order.placed_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert order.ship_by is not None
    told = [(line.sku, line.quantity, line.unit_price_minor) for line in order.lines]
    assert told == [("PENDANT-LEAF", 2, 74_950)]
    assert bool(order.buyer.identity) is case.tells_buyer


@each_connector
def test_a_status_is_told_and_receipted(case: Case) -> None:
    connector = case.connect(case.play)

    first, again = connector.push_status(update_of(case)), connector.push_status(update_of(case))

    assert first == again
    assert first.operation
    assert 200 <= first.http_status < 300


@each_reader
@pytest.mark.parametrize("failure", READS)
def test_a_failed_read_becomes_our_error(case: Case, failure: str) -> None:
    handler, expected = READS[failure]

    with pytest.raises(ChannelError) as caught:
        list(case.connect(handler).fetch_orders(SINCE))

    assert type(caught.value) is expected
    assert not any(secret in str(caught.value) for secret in SECRETS)


@each_connector
@pytest.mark.parametrize("failure", WRITES)
def test_a_failed_write_says_whether_it_may_have_counted(case: Case, failure: str) -> None:
    handler, expected = WRITES[failure]

    with pytest.raises(ChannelError) as caught:
        case.connect_writing(handler).push_status(update_of(case))

    assert type(caught.value) is expected
    assert not any(secret in str(caught.value) for secret in SECRETS)


@each_connector
def test_a_refusal_is_told_in_the_channels_own_words(case: Case) -> None:
    refusal = answering(httpx.Response(case.refusal_status, json=case.refusal))

    with pytest.raises(RejectedError, match="The order is already shipped."):
        case.connect_writing(refusal).push_status(update_of(case))


@each_reader
def test_pages_before_a_failure_stay_good(case: Case) -> None:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return case.play(request) if len(asked) == 1 else httpx.Response(503)

    sweep = case.connect(handle).fetch_orders(SINCE)
    first = next(sweep)

    with pytest.raises(RetryableError):
        next(sweep)

    assert first.orders
    assert first.resume


@each_connector
def test_a_status_that_the_channel_has_no_word_for_is_not_sent(case: Case) -> None:
    update = replace(update_of(case), status=case.unsaid)

    with pytest.raises(RejectedError):
        case.connect(lambda _: pytest.fail("sent")).push_status(update)
