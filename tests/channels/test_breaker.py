"""A channel that keeps failing is left alone for a growing while; anything else is no failure."""

from datetime import UTC, datetime

import httpx
import pytest
from redis import Redis

from crm_app.channels import breaker
from crm_app.channels.breaker import Breaker, Family
from crm_app.channels.http import Call, Dialect, Shape, request_json
from crm_app.channels.limits import RedisLimiter, UsagePlan
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    LeftAloneError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)

DOWN = RetryableError("Shop answered 503.")
DIALECT = Dialect("Shop", lambda _: "", "x-id")
READ = Call("list", "GET", "https://shop.test/orders", Shape.LIST)
WRITE = Call("ship", "POST", "https://shop.test/ship", Shape.OBJECT, is_write=True)


def make(redis: Redis, account_id: int = 1, first_pause_s: float = 30.0) -> Breaker:
    return Breaker(redis, account_id, first_pause_s=first_pause_s, jitter=lambda: 1.0)


def fail(circuit: Breaker, times: int, error: ChannelError = DOWN) -> None:
    for _ in range(times):
        circuit.ended(Family.READ, error)


def wait_of(circuit: Breaker, family: Family = Family.READ) -> float:
    """Seconds until a call may go out; 0 if one may (and does)."""
    try:
        circuit.admit(family)
    except LeftAloneError as error:
        return error.retry_after_s
    return 0


def test_failures_in_a_row_open_it_for_every_process(redis: Redis) -> None:
    fail(make(redis), breaker.THRESHOLD - 1)
    before = wait_of(make(redis))
    fail(make(redis), 1)

    assert before == 0
    assert wait_of(make(redis)) == pytest.approx(30, abs=0.5)
    assert wait_of(make(redis), Family.WRITE) == 0
    assert wait_of(make(redis, account_id=2)) == 0


def test_it_says_until_when_and_why(redis: Redis) -> None:
    circuit = make(redis)
    fail(circuit, breaker.THRESHOLD)

    (rest,) = circuit.rests()

    assert (rest.family, rest.failures, rest.why) == (Family.READ, 5, "Shop answered 503.")
    assert (rest.until - datetime.now(UTC)).total_seconds() == pytest.approx(30, abs=1)
    with pytest.raises(LeftAloneError, match=r"after 5 failures in a row: Shop answered 503\."):
        circuit.admit(Family.READ)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        RateLimitedError("slow down", retry_after_s=9),
        RejectedError("no such order"),
        AccountDisconnectedError("key revoked"),
    ],
    ids=["good", "429", "4xx", "401"],
)
def test_whatever_is_an_answer_is_no_failure(redis: Redis, answer: ChannelError | None) -> None:
    circuit = make(redis)
    fail(circuit, breaker.THRESHOLD - 1)

    circuit.ended(Family.READ, answer)
    fail(circuit, breaker.THRESHOLD - 1)

    assert wait_of(circuit) == 0


def test_when_the_pause_is_over_one_call_goes_out_and_the_others_wait(redis: Redis) -> None:
    circuit = make(redis)
    fail(circuit, breaker.THRESHOLD)
    circuit.try_now()

    waits = [wait_of(make(redis)) for _ in range(3)]

    assert waits[0] == 0
    assert min(waits[1:]) > 0


def test_a_good_probe_closes_it(redis: Redis) -> None:
    circuit = make(redis)
    fail(circuit, breaker.THRESHOLD)
    circuit.try_now()
    circuit.admit(Family.READ)

    circuit.ended(Family.READ, None)

    assert circuit.rests() == ()
    assert [wait_of(circuit) for _ in range(3)] == [0, 0, 0]


def test_each_probe_that_fails_doubles_the_pause_up_to_a_cap(redis: Redis) -> None:
    circuit = make(redis, first_pause_s=100)
    fail(circuit, breaker.THRESHOLD)
    pauses = [wait_of(circuit)]
    for _ in range(5):
        circuit.try_now()
        circuit.admit(Family.READ)
        fail(circuit, 1)
        pauses.append(wait_of(circuit))

    assert pauses == pytest.approx([100, 200, 400, 800, 900, 900], abs=1)


def test_a_probe_that_was_not_sent_lets_the_next_one_try(redis: Redis) -> None:
    plans = {"list": UsagePlan(0.001, 1)}
    limiter = RedisLimiter(redis, 1, plans, breaker=make(redis))
    limiter.acquire("list")
    fail(limiter.breaker, breaker.THRESHOLD)
    limiter.breaker.try_now()

    with pytest.raises(RateLimitedError) as caught:
        limiter.acquire("list")

    assert not isinstance(caught.value, LeftAloneError)
    assert wait_of(limiter.breaker) == 0


def test_a_call_that_was_on_its_way_when_it_opened_counts_no_more(redis: Redis) -> None:
    circuit = make(redis)

    fail(circuit, breaker.THRESHOLD + 4)

    (rest,) = circuit.rests()
    assert rest.failures == breaker.THRESHOLD


def test_pauses_of_several_accounts_are_not_in_step(redis: Redis) -> None:
    circuits = [Breaker(redis, account_id) for account_id in range(1, 9)]

    for circuit in circuits:
        fail(circuit, breaker.THRESHOLD)

    waits = {round(wait_of(circuit), 1) for circuit in circuits}
    assert len(waits) > 2
    assert all(25 < wait < 35 for wait in waits)


@pytest.mark.parametrize(
    ("answer", "is_open"),
    [
        (httpx.Response(500), True),
        (httpx.Response(503), True),
        (httpx.Response(200, text="<html>", headers={"content-type": "text/html"}), True),
        (httpx.Response(200, text='[{"id": 1'), True),
        (httpx.ConnectError("refused"), True),
        (httpx.ReadTimeout("slow"), True),
        (httpx.Response(404, json={}), False),
        (httpx.Response(401, json={}), False),
    ],
    ids=["500", "503", "html", "half json", "no connection", "time-out", "404", "401"],
)
def test_what_the_wire_brings_opens_it_or_not(
    redis: Redis, answer: httpx.Response | httpx.HTTPError, is_open: bool
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        del request
        if isinstance(answer, httpx.HTTPError):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    limiter = RedisLimiter(redis, 1, {"list": UsagePlan(100, 100)}, breaker=make(redis))
    with httpx.Client(transport=httpx.MockTransport(handle)) as client:
        for _ in range(breaker.THRESHOLD):
            with pytest.raises(ChannelError):
                request_json(client, DIALECT, limiter, READ)

    assert (wait_of(limiter.breaker) > 0) is is_open


def test_writes_that_break_stop_no_reading(redis: Redis) -> None:
    limiter = RedisLimiter(redis, 1, {"list": UsagePlan(100, 100)}, breaker=make(redis))

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500) if request.method == "POST" else httpx.Response(200, json=[])

    with httpx.Client(transport=httpx.MockTransport(handle)) as client:
        for _ in range(breaker.THRESHOLD):
            with pytest.raises(RetryableError):
                request_json(client, DIALECT, limiter, WRITE)
        with pytest.raises(LeftAloneError):
            request_json(client, DIALECT, limiter, WRITE)
        answer = request_json(client, DIALECT, limiter, READ)

    assert answer.status == 200
