"""The Swiggy relay (UrbanPiper shape): statuses are told, orders are never read.

The contract is inferred from public integrations. The relay pushes orders and repeats today's
only, so what it answers to a call is all the proof there will be. Telling a status twice is
harmless.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final
from urllib.parse import quote

import httpx

from crm_app.channels.base import ChannelOrder, OrderPage, Receipt, StatusUpdate
from crm_app.channels.http import Call, Dialect, Shape, quotable, request_json
from crm_app.channels.limits import Limiter, UsagePlan, pauses_s
from crm_app.channels.reading import as_object
from crm_app.channels.swiggy import statuses
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.errors import RateLimitedError, RejectedError

_OPERATION: Final = "updateOrderStatus"
# 100 a minute, and a minute of silence for whoever asks more often.
PLANS: Final[Mapping[str, UsagePlan]] = {_OPERATION: UsagePlan(1.5, 10)}
_LOCKED_OUT_S: Final = 60.0


def _words(body: Any) -> str:
    message = as_object(body).get("message")
    return message if isinstance(message, str) else ""


DIALECT: Final = Dialect("Swiggy's relay", _words, "x-request-id", pauses_s=pauses_s(PLANS))


@dataclass(frozen=True, slots=True)
class Credentials:
    """A merchant's key pair of the relay. Never shown or logged."""

    user: str = field(repr=False)
    api_key: str = field(repr=False)


class SwiggyConnector:
    """One merchant account; see `Connector` for what each method promises."""

    channel: ClassVar[Channel] = Channel.SWIGGY

    def __init__(self, client: httpx.Client, keys: Credentials, limiter: Limiter) -> None:
        self._client = client
        self._limiter = limiter
        self._headers = {"authorization": f"apikey {keys.user}:{keys.api_key}"}

    def fetch_orders(self, cursor: str | None, resume: str | None = None) -> Iterator[OrderPage]:
        """Nothing: the relay sends its orders and lists none."""
        del cursor, resume
        yield from ()

    def fetch_order(self, external_id: str) -> ChannelOrder:
        """Always refused: see `Capabilities.reads_back`."""
        raise RejectedError(f"Swiggy's relay shows no order; it sends {external_id} itself.")

    def push_status(self, update: StatusUpdate) -> Receipt:
        """Tell a status. A cancellation that Swiggy refuses needs a call, not another try."""
        shows = statuses.CAPABILITIES.rule(update.status).shows
        if shows is None:
            raise RejectedError(f"Swiggy has no word for {update.status.label!r}.")
        try:
            return self._put(update.external_id, shows.text)
        except RejectedError as error:
            if update.status is not OrderStatus.CANCELLED:
                raise
            message = f"Needs a call: cancel it with Swiggy by phone. {error}"
            raise RejectedError(message, details=error.details) from error

    def close(self) -> None:
        self._client.close()

    def _put(self, external_id: str, word: str) -> Receipt:
        call = Call(
            _OPERATION,
            "PUT",
            f"/external/api/v1/orders/{quote(external_id, safe='')}/status/",
            Shape.OBJECT,
            is_write=True,
            json={"new_status": word, "message": ""},
            headers=self._headers,
        )
        try:
            answer = request_json(self._client, DIALECT, self._limiter, call)
        except RateLimitedError as error:
            if error.details.get("http_status") == httpx.codes.TOO_MANY_REQUESTS:
                self._limiter.block(_OPERATION, _LOCKED_OUT_S)
                error.retry_after_s = max(error.retry_after_s, _LOCKED_OUT_S)
            raise
        if answer.body.get("status") == "error":
            said = quotable(_words(answer.body)) or "no reason given"
            raise RejectedError(
                f"Swiggy's relay refused {word}: {said}",
                details={"http_status": answer.status, "request_id": answer.request_id},
            )
        return Receipt(_OPERATION, answer.status, answer.request_id, f"Told {word}.")
