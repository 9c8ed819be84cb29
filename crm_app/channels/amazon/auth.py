"""Login with Amazon: the access token that every Selling Partner API call carries."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from crm_app.channels.http import Answer, Call, Dialect, Shape, request_json
from crm_app.channels.limits import Limiter
from crm_app.channels.reading import as_object
from crm_app.channels.tokens import NoStore, TokenStore
from crm_app.errors import AccountDisconnectedError, RejectedError, RetryableError

PRODUCTION_URL: Final = "https://api.amazon.com/auth/o2/token"
# A token that ends during a call would be refused halfway through a sweep.
MARGIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """What Seller Central gives to an app that a seller authorised. Never shown or logged."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)


def _words(body: Any) -> str:
    """The OAuth error code alone; its description may quote what was sent."""
    code = as_object(body).get("error")
    return code if isinstance(code, str) else ""


DIALECT: Final = Dialect("Login with Amazon", _words, "x-amzn-RequestId")


class AccessToken:
    """A token of one seller, kept until a minute before it ends."""

    def __init__(
        self,
        client: httpx.Client,
        url: str,
        credentials: Credentials,
        limiter: Limiter,
        clock: Callable[[], float] = time.monotonic,
        store: TokenStore | None = None,
    ) -> None:
        """`url` is the whole token endpoint, or the host below which `/auth/o2/token` stands.

        `store` keeps the token for other connectors of the same account.
        """
        self._client = client
        self._url = url if url.endswith("/token") else url.rstrip("/") + "/auth/o2/token"
        self._credentials = credentials
        self._limiter = limiter
        self._clock = clock
        self._store = store or NoStore()
        self._token = ""
        self._ends_at = 0.0

    def get(self) -> str:
        """The token; asks for one if there is none that still lasts.

        Raises:
            AccountDisconnectedError: Amazon refuses the app's or the seller's credentials.
            RetryableError: No answer, or none that makes sense.
        """
        if not self._token or self._clock() >= self._ends_at:
            asked_at = self._clock()
            self._token, lasts_s = self._store.load() or self._new()
            self._ends_at = asked_at + lasts_s
        return self._token

    def forget(self) -> None:
        """Drop a token that was refused."""
        self._token = ""
        self._store.drop()

    def _new(self) -> tuple[str, float]:
        token, lifetime_s = _read_token(self._ask())
        lasts_s = lifetime_s - MARGIN_S
        self._store.save(token, lasts_s)
        return token, lasts_s

    def _ask(self) -> Answer:
        call = Call(
            operation="token",
            method="POST",
            url=self._url,
            shape=Shape.OBJECT,
            form={
                "grant_type": "refresh_token",
                "refresh_token": self._credentials.refresh_token,
                "client_id": self._credentials.client_id,
                "client_secret": self._credentials.client_secret,
            },
        )
        try:
            return request_json(self._client, DIALECT, self._limiter, call)
        except RejectedError as error:
            # OAuth says 400 for a refresh token that was revoked: a person must reconnect.
            raise AccountDisconnectedError(str(error), details=error.details) from error


def _read_token(answer: Answer) -> tuple[str, float]:
    token, lifetime_s = answer.body.get("access_token"), answer.body.get("expires_in")
    is_token = isinstance(token, str) and token.isascii() and token.isprintable() and token
    is_lifetime = isinstance(lifetime_s, int | float) and 0 < lifetime_s < 1e9
    if not is_token or not is_lifetime:
        raise RetryableError("Login with Amazon sent an answer without a token.")
    return str(token), float(lifetime_s)
