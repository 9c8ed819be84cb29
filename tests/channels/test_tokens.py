"""Access tokens between jobs: encrypted, as short as they last, and never a reason to fail."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from redis import Redis

from crm_app.channels import registry
from crm_app.channels.amazon.auth import AccessToken, Credentials
from crm_app.channels.flipkart import auth as flipkart_auth
from crm_app.channels.limits import NoLimiter
from crm_app.channels.tokens import RedisTokens
from crm_app.config import get_settings
from crm_app.domain.channel import Channel

KEYS = Credentials("id-1", "hush-2", "hush-3")
SECRETS = ("the-first-secret-that-is-long-enough-here", "another-secret-that-is-long-enough-too")


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setenv("CRM_SECRET_KEYS", SECRETS[0])
    get_settings.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    get_settings.cache_clear()


@dataclass
class Login:
    """Hands out numbered tokens and counts them."""

    count: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        del request
        self.count += 1
        return httpx.Response(200, json={"access_token": f"Atza|{self.count}", "expires_in": 3600})

    def connector_token(self, store: RedisTokens) -> AccessToken:
        client = httpx.Client(transport=httpx.MockTransport(self))
        return AccessToken(client, "https://login.test/token", KEYS, NoLimiter(), store=store)


@dataclass
class Account:
    """As much of a stored account as connectors look at."""

    id: int | None = 7
    channel: Channel = Channel.AMAZON
    base_url: str = "https://api.test"
    options: dict[str, Any] = field(default_factory=dict[str, Any])


def test_the_next_job_uses_the_token_of_the_one_before(redis: Redis) -> None:
    login = Login()

    tokens = [login.connector_token(RedisTokens(redis, 7, "a")).get() for _ in range(3)]

    assert (tokens, login.count) == (["Atza|1"] * 3, 1)


def test_a_kept_token_is_encrypted_and_ends_before_the_channel_ends_it(redis: Redis) -> None:
    Login().connector_token(RedisTokens(redis, 7, "a")).get()

    (key,) = redis.keys("*")  # pyright: ignore[reportUnknownVariableType, reportGeneralTypeIssues]
    kept: Any = redis.get(key)  # pyright: ignore[reportUnknownArgumentType]
    assert b"Atza" not in kept
    assert 3_530 < redis.ttl(key) <= 3_540  # pyright: ignore[reportOperatorIssue, reportUnknownArgumentType]


def test_a_refused_token_is_refused_for_the_next_job_too(redis: Redis) -> None:
    login, store = Login(), RedisTokens(redis, 7, "a")
    token = login.connector_token(store)
    token.get()

    token.forget()

    assert (store.load(), token.get(), login.count) == (None, "Atza|2", 2)


def test_accounts_and_replaced_credentials_share_no_token(redis: Redis) -> None:
    kept = registry.tokens_for(redis, Account(), b"sealed")
    kept.save("Atza|1", 600)

    assert kept.load() is not None
    assert registry.tokens_for(redis, Account(), b"sealed anew").load() is None
    assert registry.tokens_for(redis, Account(id=8), b"sealed").load() is None


def test_a_token_of_a_lost_key_is_asked_for_anew(redis: Redis, secret: pytest.MonkeyPatch) -> None:
    store = RedisTokens(redis, 7, "a")
    store.save("Atza|1", 600)
    secret.setenv("CRM_SECRET_KEYS", SECRETS[1])
    get_settings.cache_clear()

    assert store.load() is None


def test_a_token_about_to_end_is_not_kept(redis: Redis) -> None:
    store = RedisTokens(redis, 7, "a")

    store.save("Atza|1", 0.5)
    store.save("Atza|1", -60)

    assert store.load() is None


def test_without_redis_each_connector_signs_in_by_itself() -> None:
    login = Login()
    # redis-py leaves the extra arguments untyped.
    nowhere: Redis = Redis.from_url("redis://127.0.0.1:1/0")  # pyright: ignore[reportUnknownMemberType]
    token = login.connector_token(RedisTokens(nowhere, 7, "a"))

    first = token.get()
    token.forget()

    assert (first, token.get(), login.count) == ("Atza|1", "Atza|2", 2)


def test_flipkart_signs_in_once_for_several_jobs_too(redis: Redis) -> None:
    login = Login()

    def next_job() -> str:
        client = httpx.Client(transport=httpx.MockTransport(login), base_url="https://fk.test")
        keys = flipkart_auth.Credentials("app-1", "hush-2")
        store = RedisTokens(redis, 7, "a")
        return flipkart_auth.AccessToken(client, keys, NoLimiter(), store=store).get()

    assert ([next_job(), next_job()], login.count) == (["Atza|1"] * 2, 1)
