"""Flipkart's OAuth: the bearer token that every call carries.

An app that a seller made for itself (client credentials) gets a token for about 60 days by its id
and secret alone. Flipkart hands it out by GET, and so it is asked for here.
"""

import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from crm_app.channels.http import Answer, Call, Dialect, Shape, request_json
from crm_app.channels.limits import Limiter
from crm_app.channels.reading import as_object
from crm_app.errors import AccountDisconnectedError, RejectedError, RetryableError

SIGN_IN_PATH: Final = "/oauth-service/oauth/token"
# A token that ends during a call would be refused halfway through a sweep.
MARGIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """An application of the seller's. Never shown or logged."""

    app_id: str = field(repr=False)
    app_secret: str = field(repr=False)


def _words(body: Any) -> str:
    """The OAuth error code alone; its description may quote what was sent."""
    code = as_object(body).get("error")
    return code if isinstance(code, str) else ""


DIALECT: Final = Dialect("Flipkart's sign-in", _words, "x-request-id")


class AccessToken:
    """A token of one app, kept in memory until a minute before it ends."""

    def __init__(
        self,
        client: httpx.Client,
        credentials: Credentials,
        limiter: Limiter,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`client` carries the host below which the token endpoint stands."""
        self._client = client
        pair = f"{credentials.app_id}:{credentials.app_secret}"
        self._basic = f"Basic {b64encode(pair.encode()).decode()}"
        self._limiter = limiter
        self._clock = clock
        self._token = ""
        self._ends_at = 0.0

    def get(self) -> str:
        """The token; asks for one if there is none that still lasts.

        Raises:
            AccountDisconnectedError: Flipkart refuses the app's id or secret.
            RetryableError: No answer, or none that makes sense.
        """
        if not self._token or self._clock() >= self._ends_at:
            asked_at = self._clock()
            self._token, lifetime_s = _read_token(self._ask())
            self._ends_at = asked_at + lifetime_s - MARGIN_S
        return self._token

    def forget(self) -> None:
        """Drop a token that was refused."""
        self._token = ""

    def _ask(self) -> Answer:
        call = Call(
            "token",
            "GET",
            SIGN_IN_PATH,
            Shape.OBJECT,
            params={"grant_type": "client_credentials", "scope": "Seller_Api"},
            headers={"authorization": self._basic},
        )
        try:
            return request_json(self._client, DIALECT, self._limiter, call)
        except RejectedError as error:
            # OAuth says 400 for a client that it does not know: a person must reconnect.
            raise AccountDisconnectedError(str(error), details=error.details) from error


def _read_token(answer: Answer) -> tuple[str, float]:
    token, lifetime_s = answer.body.get("access_token"), answer.body.get("expires_in")
    is_token = isinstance(token, str) and token.isascii() and token.isprintable() and token
    is_lifetime = isinstance(lifetime_s, int | float) and 0 < lifetime_s < 1e9
    if not is_token or not is_lifetime:
        raise RetryableError("Flipkart sent an answer without a token.")
    return str(token), float(lifetime_s)
