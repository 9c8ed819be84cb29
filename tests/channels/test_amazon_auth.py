"""Login with Amazon: a token is fetched once, used again, and replaced in time."""

from collections.abc import Callable
from urllib.parse import parse_qs

import httpx
import pytest

from crm_app.channels.amazon.auth import AccessToken, Credentials
from crm_app.channels.limits import NoLimiter
from crm_app.errors import (
    AccountDisconnectedError,
    RetryableError,
)

from .amazon_calls import TOKEN_URL, UNTIL, UPDATE, Amazon, page


def test_a_token_is_fetched_once_and_used_again() -> None:
    amazon = Amazon(page(token="t1"), page(), httpx.Response(204))
    connector = amazon.connector()

    list(connector.fetch_orders(UNTIL))
    connector.push_status(UPDATE)

    assert amazon.tokens == 1


def test_a_refused_token_is_replaced_once() -> None:
    amazon = Amazon(httpx.Response(403), httpx.Response(204))

    amazon.connector().push_status(UPDATE)

    used = [request.headers["x-amz-access-token"] for request in amazon.requests]
    assert used == ["Atza|1", "Atza|2"]


def test_a_seller_who_stays_refused_is_disconnected() -> None:
    amazon = Amazon(httpx.Response(403), httpx.Response(403))

    with pytest.raises(AccountDisconnectedError):
        amazon.connector().push_status(UPDATE)

    assert (len(amazon.requests), amazon.tokens) == (2, 2)


def token_of(amazon: Amazon, clock: Callable[[], float]) -> AccessToken:
    keys = Credentials("id-1", "hush-2", "hush-3")
    return AccessToken(amazon.client(), TOKEN_URL, keys, NoLimiter(), clock)


def test_a_token_ends_a_minute_early() -> None:
    amazon, clock = Amazon(), [0.0]
    token = token_of(amazon, lambda: clock[0])

    seen: list[str] = []
    for clock[0] in (0.0, 3539.9, 3540.0, 7079.9):
        seen.append(token.get())

    assert seen == ["Atza|1", "Atza|1", "Atza|2", "Atza|2"]


def test_the_token_host_gets_a_form() -> None:
    seen: list[httpx.Request] = []

    def login(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"access_token": "Atza|9", "expires_in": 60.5})

    client = httpx.Client(transport=httpx.MockTransport(login))
    keys = Credentials("id-1", "hush-2", "hush-3")
    AccessToken(client, "https://login.test/", keys, NoLimiter()).get()

    assert str(seen[0].url) == TOKEN_URL
    assert parse_qs(seen[0].content.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["hush-3"],
        "client_id": ["id-1"],
        "client_secret": ["hush-2"],
    }
    assert "hush" not in repr(keys)


@pytest.mark.parametrize(
    ("answer", "expected", "words"),
    [
        (
            httpx.Response(400, json={"error": "invalid_grant", "error_description": "hush-3"}),
            AccountDisconnectedError,
            "Login with Amazon refused token (400): invalid_grant",
        ),
        (
            httpx.Response(401, json={"error": "invalid_client"}),
            AccountDisconnectedError,
            "Login with Amazon refuses the credentials (401): invalid_client",
        ),
        (httpx.Response(400), AccountDisconnectedError, "Login with Amazon refused token (400)."),
        (
            httpx.Response(500),
            RetryableError,
            "Login with Amazon answered 500 (token).",
        ),
        (
            httpx.Response(200, json={"access_token": "Atza|1"}),
            RetryableError,
            "Login with Amazon sent an answer without a token.",
        ),
        (
            httpx.Response(200, json={"access_token": "two\nlines", "expires_in": 3600}),
            RetryableError,
            "Login with Amazon sent an answer without a token.",
        ),
    ],
)
def test_without_a_token_nothing_is_asked(
    answer: httpx.Response, expected: type[Exception], words: str
) -> None:
    amazon = Amazon()
    amazon.token_answers = [answer]

    with pytest.raises(expected) as caught:
        amazon.connector().push_status(UPDATE)

    assert (type(caught.value), str(caught.value)) == (expected, words)
    assert amazon.requests == []
