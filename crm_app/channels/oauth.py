"""The access token of an OAuth account: asked for once, kept until a minute before it ends."""

import time
from collections.abc import Callable
from typing import Any, Final

import httpx

from crm_app.channels.http import Answer, Call, Dialect, request_json
from crm_app.channels.limits import Limiter
from crm_app.channels.reading import as_object
from crm_app.channels.tokens import NoStore, TokenStore
from crm_app.errors import AccountDisconnectedError, RejectedError, RetryableError

# A token that ends during a call would be refused halfway through a sweep.
MARGIN_S: Final = 60.0


def error_code(body: Any) -> str:
    """The OAuth error code alone; its description may quote what was sent."""
    code = as_object(body).get("error")
    return code if isinstance(code, str) else ""


class KeptToken:
    """A token of one account. A channel says with which call it is asked for."""

    def __init__(
        self,
        client: httpx.Client,
        dialect: Dialect,
        limiter: Limiter,
        call: Call,
        clock: Callable[[], float] = time.monotonic,
        store: TokenStore | None = None,
    ) -> None:
        """`store` keeps the token for other connectors of the same account."""
        self._client = client
        self._dialect = dialect
        self._limiter = limiter
        self._call = call
        self._clock = clock
        self._store = store or NoStore()
        self._token = ""
        self._ends_at = 0.0

    def get(self) -> str:
        """The token; asks for one if there is none that still lasts.

        Raises:
            AccountDisconnectedError: The channel refuses the credentials.
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
        token, lifetime_s = self._read(self._ask())
        lasts_s = lifetime_s - MARGIN_S
        self._store.save(token, lasts_s)
        return token, lasts_s

    def _ask(self) -> Answer:
        try:
            return request_json(self._client, self._dialect, self._limiter, self._call)
        except RejectedError as error:
            # OAuth says 400 for what was revoked or is not known: a person must reconnect.
            raise AccountDisconnectedError(str(error), details=error.details) from error

    def _read(self, answer: Answer) -> tuple[str, float]:
        token, lifetime_s = answer.body.get("access_token"), answer.body.get("expires_in")
        is_token = isinstance(token, str) and token.isascii() and token.isprintable() and token
        is_lifetime = isinstance(lifetime_s, int | float) and 0 < lifetime_s < 1e9
        if not is_token or not is_lifetime:
            raise RetryableError(f"{self._dialect.name} sent an answer without a token.")
        return str(token), float(lifetime_s)
