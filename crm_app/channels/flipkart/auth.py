"""Flipkart's OAuth: the bearer token that every call carries.

An app that a seller made for itself (client credentials) gets a token for about 60 days by its id
and secret alone. Flipkart hands it out by GET, and so it is asked for here.
"""

import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import httpx

from crm_app.channels.http import Call, Dialect, Shape
from crm_app.channels.limits import Limiter
from crm_app.channels.oauth import KeptToken, error_code
from crm_app.channels.tokens import TokenStore

SIGN_IN_PATH: Final = "/oauth-service/oauth/token"
DIALECT: Final = Dialect("Flipkart's sign-in", error_code, "x-request-id")


@dataclass(frozen=True, slots=True)
class Credentials:
    """An application of the seller's. Never shown or logged."""

    app_id: str = field(repr=False)
    app_secret: str = field(repr=False)


class AccessToken(KeptToken):
    """A token of one app."""

    def __init__(
        self,
        client: httpx.Client,
        credentials: Credentials,
        limiter: Limiter,
        clock: Callable[[], float] = time.monotonic,
        store: TokenStore | None = None,
    ) -> None:
        """`client` carries the host below which the token endpoint stands."""
        pair = f"{credentials.app_id}:{credentials.app_secret}"
        call = Call(
            "token",
            "GET",
            SIGN_IN_PATH,
            Shape.OBJECT,
            params={"grant_type": "client_credentials", "scope": "Seller_Api"},
            headers={"authorization": f"Basic {b64encode(pair.encode()).decode()}"},
        )
        super().__init__(client, DIALECT, limiter, call, clock, store)
