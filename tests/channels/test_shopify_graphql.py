"""What a GraphQL answer of Shopify means, and what it teaches."""

from typing import Any

import httpx
import pytest
from redis import Redis

from crm_app.channels.breaker import THRESHOLD, Family
from crm_app.channels.limits import Bill, RedisLimiter, UsagePlan
from crm_app.channels.shopify.connector import Credentials
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)

from .orders import JsonObject, shopify_order
from .shopify_calls import Notes, answering, connector_of, cost, error


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


@pytest.mark.parametrize(
    ("body", "is_left_alone"),
    [
        ({"errors": [error("INTERNAL_SERVER_ERROR")]}, True),
        ({"errors": [error("TIMEOUT")], "data": {"order": shopify_order()}}, True),
        ({"data": None}, True),
        ({"errors": [error("THROTTLED")], "extensions": cost(100, None, 100.0)}, False),
        ({"errors": [error("ACCESS_DENIED")]}, False),
        ({"errors": [error(None, "Field 'x' is wrong")]}, False),
    ],
)
def test_faults_inside_a_200_count_as_failures_and_refusals_do_not(
    redis: Redis, body: JsonObject, is_left_alone: bool
) -> None:
    limiter = RedisLimiter(redis, 1, {"order": UsagePlan(1000, 1000)})
    calls: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(200, json=body)

    connector = connector_of(answer, limiter)
    for _ in range(THRESHOLD + 2):
        with pytest.raises(ChannelError):
            connector.fetch_order("6001")

    assert [rest.family for rest in limiter.breaker.rests()] == [Family.READ] * is_left_alone
    assert len(calls) == (THRESHOLD if is_left_alone else THRESHOLD + 2)


def test_what_the_app_may_not_see_is_missing_and_the_order_is_read() -> None:
    whole = shopify_order(customer=None)
    body = {"errors": [error("ACCESS_DENIED")], "data": {"order": whole}}

    assert connector_of(answering(body)).fetch_order("6001").buyer.identity == ""


@pytest.mark.parametrize(
    ("extensions", "wait_s", "told"),
    [
        (cost(752, None, 666.0), 0.86, ("pay", "order", Bill(752, 0, 666, 100))),
        (cost(100, None, 100.0), 0.1, ("pay", "order", Bill(100, 0, 100, 100))),
        (cost(100, None, None), 2.0, ("block", "order", 2.0)),
        ({}, 2.0, ("block", "order", 2.0)),
    ],
)
def test_being_throttled_says_when_to_come_back(
    extensions: JsonObject, wait_s: float, told: Any
) -> None:
    notes = Notes()
    body = {"errors": [error("THROTTLED", "Throttled")], "extensions": extensions}

    with pytest.raises(RateLimitedError, match="limits order: try again in") as caught:
        connector_of(answering(body), notes).fetch_order("6001")

    assert caught.value.retry_after_s == pytest.approx(wait_s)
    assert notes.told == [told]


@pytest.mark.parametrize(
    ("extensions", "told"),
    [
        (cost(100, 40, 1900), [("pay", "order", Bill(100, 60, 1900, 100))]),
        (cost(100, None, 1900), [("pay", "order", Bill(100, 0, 1900, 100))]),
        (cost(100, 40, 30), [("pay", "order", Bill(100, 60, 30, 100))]),
        (cost(True, "40", -1), []),
        ({}, []),
    ],
)
def test_each_answer_teaches_the_limiter(extensions: JsonObject, told: list[Any]) -> None:
    notes = Notes()
    body = {"data": {"order": shopify_order()}, "extensions": extensions}

    connector_of(answering(body), notes).fetch_order("6001")

    assert notes.told == told


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
