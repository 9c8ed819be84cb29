from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from crm_app.channels import http
from crm_app.channels.breaker import Family
from crm_app.channels.http import Answer, Call, Dialect, Shape, request_json
from crm_app.channels.limits import Bill
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)

DIALECT = Dialect("Shop", lambda body: body["message"] if body else "", "x-id", "x-rate")
READ = Call("list", "GET", "/orders", Shape.LIST)
WRITE = Call("ship", "POST", "/ship", Shape.OBJECT, is_write=True, json={"status": "sent"})
TELL = Call("tell", "POST", "/tell", Shape.NOTHING, is_write=True)


class Notes:
    """A limiter that allows everything and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, float]] = []
        self.ends: list[tuple[Family, bool]] = []

    def acquire(
        self, operation: str, family: Family = Family.READ, *, patience_s: float | None = None
    ) -> None:
        del family, patience_s
        self.told.append(("acquire", operation, 1))

    def ended(self, family: Family, error: ChannelError | None) -> None:
        self.ends.append((family, error is None))

    def learn(self, operation: str, rate_per_s: float) -> None:
        self.told.append(("learn", operation, rate_per_s))

    def pay(self, operation: str, bill: Bill) -> None:
        del operation, bill

    def block(self, operation: str, seconds: float) -> None:
        self.told.append(("block", operation, seconds))


def send(
    answer: httpx.Response | Exception | Callable[[httpx.Request], httpx.Response],
    call: Call = READ,
    limiter: Notes | None = None,
) -> Answer:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    transport = httpx.MockTransport(handle)
    with httpx.Client(transport=transport, base_url="https://shop.test/x") as client:
        return request_json(client, DIALECT, limiter or Notes(), call)


def failure(answer: Any, call: Call = READ) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        send(answer, call)
    return caught.value


class Broken(httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        yield b'[{"id":'
        raise httpx.ReadError("peer closed the connection")


def test_a_good_answer_carries_body_and_request_id() -> None:
    answer = send(httpx.Response(200, json=[{"id": 1}], headers={"x-id": "r-1"}))

    assert (answer.status, answer.body, answer.request_id) == (200, [{"id": 1}], "r-1")


def test_a_call_goes_below_the_base_url_with_what_it_holds() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    send(handle, Call("x", "PUT", "/a%2Fb", Shape.OBJECT, params={"q": "1,2"}, json={"a": 1}))

    assert str(seen[0].url) == "https://shop.test/x/a%2Fb?q=1%2C2"
    assert seen[0].read() == b'{"a":1}'


NEVER_SENT = [
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("no route"),
    httpx.PoolTimeout("busy"),
]
NO_ANSWER = [
    httpx.ReadTimeout("slow"),
    httpx.ReadError("reset"),
    httpx.WriteError("reset"),
    httpx.RemoteProtocolError("Server disconnected without sending a response."),
]


@pytest.mark.parametrize("error", NEVER_SENT, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("call", [READ, WRITE])
def test_a_request_that_never_went_out_can_be_repeated(error: Exception, call: Call) -> None:
    assert type(failure(error, call)) is RetryableError


@pytest.mark.parametrize("error", NO_ANSWER, ids=lambda error: type(error).__name__)
def test_after_a_lost_answer_only_a_read_can_be_repeated(error: Exception) -> None:
    assert type(failure(error, READ)) is RetryableError
    assert type(failure(error, WRITE)) is OutcomeUnknownError


NONSENSE = {
    "500": httpx.Response(500),
    "502": httpx.Response(502, html="<h1>Bad gateway</h1>"),
    "504": httpx.Response(504),
    "redirect": httpx.Response(301, headers={"location": "https://elsewhere.test/"}),
    "html": httpx.Response(200, html="<h1>Just a moment</h1>"),
    "empty": httpx.Response(200),
    "half": httpx.Response(200, text='{"orders":[{"id"'),
    "not_json": httpx.Response(200, text="NaN"),
    "wrong_shape": httpx.Response(200, json="ok"),
    "deep": httpx.Response(200, text="[" * 100_000),
    "null": httpx.Response(200, json=None),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_an_answer_that_makes_no_sense_is_never_success(name: str) -> None:
    assert type(failure(NONSENSE[name], READ)) is RetryableError
    assert type(failure(NONSENSE[name], WRITE)) is OutcomeUnknownError
    assert type(failure(NONSENSE[name], TELL)) is OutcomeUnknownError


def test_a_body_that_breaks_off_is_no_answer() -> None:
    assert type(failure(httpx.Response(200, stream=Broken()))) is RetryableError
    assert type(failure(httpx.Response(200, stream=Broken()), WRITE)) is OutcomeUnknownError


def test_a_refusal_stays_one_when_its_body_breaks_off() -> None:
    assert type(failure(httpx.Response(400, stream=Broken()), WRITE)) is RejectedError


def test_a_list_where_an_object_belongs_is_no_answer() -> None:
    assert type(failure(httpx.Response(200, json=[]), WRITE)) is OutcomeUnknownError
    assert type(failure(httpx.Response(200, json={}), READ)) is RetryableError


def test_nothing_but_204_says_that_nothing_is_all_right() -> None:
    assert send(httpx.Response(204), TELL).status == 204
    assert type(failure(httpx.Response(200, json={}), TELL)) is OutcomeUnknownError


def test_too_large_a_body_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 10)

    assert "too large" in str(failure(httpx.Response(200, json=["0123456789"])))


def test_a_body_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_READ_S", -1.0)

    assert "too long" in str(failure(httpx.Response(200, json=[])))


@pytest.mark.parametrize("call", [READ, WRITE])
@pytest.mark.parametrize("status", [408, 425, 503])
def test_a_busy_channel_did_not_act(status: int, call: Call) -> None:
    assert type(failure(httpx.Response(status), call)) is RetryableError


@pytest.mark.parametrize("call", [READ, WRITE])
@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_need_a_person(status: int, call: Call) -> None:
    error = failure(httpx.Response(status, json={"message": "Key is revoked."}), call)

    assert type(error) is AccountDisconnectedError
    assert str(error) == f"Shop refuses the credentials ({status}): Key is revoked."


def test_a_firewall_is_no_word_of_the_channel() -> None:
    error = failure(httpx.Response(403, html="<h1>Attention required</h1>"))

    assert type(error) is RetryableError


@pytest.mark.parametrize("status", [400, 404, 409, 413, 422])
def test_a_refusal_quotes_the_channel(status: int) -> None:
    answer = httpx.Response(status, json={"message": "No such\n order."}, headers={"x-id": "r-9"})

    error = failure(answer, WRITE)

    assert type(error) is RejectedError
    assert str(error) == f"Shop refused ship ({status}): No such order."
    assert error.details == {"http_status": status, "request_id": "r-9"}


def test_a_refusal_names_nobody_and_is_short() -> None:
    private = "m.rao@example.com, +91 98200 12345, Atza|abc, cs_1234 and amzn1.oa2 are wrong"

    told = str(failure(httpx.Response(400, json={"message": private})))
    long = str(failure(httpx.Response(400, json={"message": "no " * 1000})))

    assert told == "Shop refused list (400): [...], [...], [...] [...] and [...] are wrong"
    assert len(long) < 350


@pytest.mark.parametrize("body", [b"", b"<html>", b"null"])
def test_a_refusal_without_words_is_a_plain_sentence(body: bytes) -> None:
    assert str(failure(httpx.Response(400, content=body))) == "Shop refused list (400)."


def in_seconds(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0"}, 1),
        ({"retry-after": "9" * 400}, http.MAX_RETRY_S),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37 -0000"}, 1),
        ({"retry-after": "soon"}, http.DEFAULT_RETRY_S),
        ({"x-rate": "0.0056"}, 178.57),
        ({"x-rate": "0"}, http.DEFAULT_RETRY_S),
        ({"x-rate": "many"}, http.DEFAULT_RETRY_S),
        ({}, http.DEFAULT_RETRY_S),
    ],
)
@pytest.mark.parametrize("call", [READ, WRITE])
def test_429_says_when_to_come_back(headers: dict[str, str], expected: float, call: Call) -> None:
    error = failure(httpx.Response(429, headers=headers), call)

    assert isinstance(error, RateLimitedError)
    assert error.retry_after_s == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("seconds", "expected"), [(600, 600), (-600, 1)])
def test_429_may_name_a_date(seconds: int, expected: int) -> None:
    error = failure(httpx.Response(429, headers={"retry-after": in_seconds(seconds)}))

    assert isinstance(error, RateLimitedError)
    assert error.retry_after_s == pytest.approx(expected, abs=5)


def test_503_with_a_time_is_a_limit() -> None:
    error = failure(httpx.Response(503, headers={"retry-after": "12"}), WRITE)

    assert isinstance(error, RateLimitedError)
    assert error.retry_after_s == 12


def test_the_limiter_is_asked_first_and_learns_from_the_answer() -> None:
    limiter = Notes()

    send(httpx.Response(200, json=[], headers={"x-rate": "0.5"}), READ, limiter)

    assert limiter.told == [("acquire", "list", 1), ("learn", "list", 0.5)]


def test_the_limiter_is_shut_by_429() -> None:
    limiter = Notes()

    with pytest.raises(RateLimitedError):
        send(httpx.Response(429, headers={"retry-after": "9"}), READ, limiter)

    assert limiter.told == [("acquire", "list", 1), ("block", "list", 9)]


def test_no_token_no_call() -> None:
    class Empty(Notes):
        def acquire(
            self, operation: str, family: Family = Family.READ, *, patience_s: float | None = None
        ) -> None:
            del family, patience_s
            raise RateLimitedError(f"{operation} is used up", retry_after_s=60)

    def never(_: httpx.Request) -> httpx.Response:
        pytest.fail("called without a token")

    with pytest.raises(RateLimitedError):
        send(never, READ, Empty())


@pytest.mark.parametrize(("usual", "expected"), [(0.1, 1), (2, 2), (179, http.DEFAULT_RETRY_S)])
def test_429_without_a_word_waits_for_the_published_rate(usual: float, expected: float) -> None:
    dialect = Dialect("Shop", lambda _: "", "x-id", "x-rate", {"list": usual})
    transport = httpx.MockTransport(lambda _: httpx.Response(429))

    with httpx.Client(transport=transport) as client, pytest.raises(RateLimitedError) as caught:
        request_json(client, dialect, Notes(), replace(READ, url="https://shop.test"))

    assert caught.value.retry_after_s == expected
