"""Login with Amazon: the access token that every Selling Partner API call carries."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import httpx

from crm_app.channels.http import Call, Dialect, Shape
from crm_app.channels.limits import Limiter
from crm_app.channels.oauth import KeptToken, error_code
from crm_app.channels.tokens import TokenStore

PRODUCTION_URL: Final = "https://api.amazon.com/auth/o2/token"
DIALECT: Final = Dialect("Login with Amazon", error_code, "x-amzn-RequestId")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What Seller Central gives to an app that a seller authorised. Never shown or logged."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)


class AccessToken(KeptToken):
    """A token of one seller."""

    def __init__(
        self,
        client: httpx.Client,
        url: str,
        credentials: Credentials,
        limiter: Limiter,
        clock: Callable[[], float] = time.monotonic,
        store: TokenStore | None = None,
    ) -> None:
        """`url` is the whole token endpoint, or the host below which `/auth/o2/token` stands."""
        call = Call(
            operation="token",
            method="POST",
            url=url if url.endswith("/token") else url.rstrip("/") + "/auth/o2/token",
            shape=Shape.OBJECT,
            form={
                "grant_type": "refresh_token",
                "refresh_token": credentials.refresh_token,
                "client_id": credentials.client_id,
                "client_secret": credentials.client_secret,
            },
        )
        super().__init__(client, DIALECT, limiter, call, clock, store)
