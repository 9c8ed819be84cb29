from typing import Any

import httpx
import pytest

from crm_app.channels.flipkart.auth import AccessToken, Credentials
from crm_app.channels.limits import NoLimiter
from crm_app.errors import AccountDisconnectedError, RetryableError

KEYS = Credentials("app-1", "hush-2")


class SignIn:
    """Flipkart's sign-in: answers in turn, and remembers what it was shown."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = list(answers)
        self.seen: list[httpx.Request] = []
        self.now = 0.0

    def token(self) -> AccessToken:
        def handle(request: httpx.Request) -> httpx.Response:
            self.seen.append(request)
            return self.answers.pop(0)

        client = httpx.Client(transport=httpx.MockTransport(handle), base_url="https://fk.test")
        return AccessToken(client, KEYS, NoLimiter(), lambda: self.now)


def granted(token: Any, lasts_s: Any = 3600) -> httpx.Response:
    return httpx.Response(200, json={"access_token": token, "expires_in": lasts_s})


def test_a_token_is_asked_for_by_the_apps_id_and_kept_until_it_ends() -> None:
    sign_in = SignIn(granted("one"), granted("two"), granted("three"))
    token = sign_in.token()

    first, kept = token.get(), token.get()
    sign_in.now = 3541
    second = token.get()
    token.forget()

    assert (first, kept, second, token.get()) == ("one", "one", "two", "three")
    (asked, *_) = sign_in.seen
    assert asked.headers["authorization"] == "Basic YXBwLTE6aHVzaC0y"
    assert dict(asked.url.params) == {"grant_type": "client_credentials", "scope": "Seller_Api"}
    assert "hush" not in repr(KEYS)


@pytest.mark.parametrize("status", [400, 401])
def test_refused_keys_disconnect_the_account(status: int) -> None:
    refusal = {"error": "invalid_client", "error_description": "app-1 hush-2"}

    with pytest.raises(AccountDisconnectedError, match="invalid_client") as caught:
        SignIn(httpx.Response(status, json=refusal)).token().get()

    assert "hush-2" not in str(caught.value)


@pytest.mark.parametrize(
    "answer", [granted(""), granted(None), granted("a\nb"), granted("a", 0), granted("a", "long")]
)
def test_a_sign_in_without_a_token_is_no_answer(answer: httpx.Response) -> None:
    with pytest.raises(RetryableError, match="without a token"):
        SignIn(answer).token().get()


def test_a_refused_sign_in_without_words_says_only_that() -> None:
    with pytest.raises(AccountDisconnectedError):
        SignIn(httpx.Response(400, json={"error": 7})).token().get()
