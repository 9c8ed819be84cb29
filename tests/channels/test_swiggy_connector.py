"""Telling the relay, and a cancellation that needs a call."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from crm_app.channels.base import StatusUpdate
from crm_app.channels.limits import NoLimiter
from crm_app.channels.swiggy.connector import Credentials, SwiggyConnector
from crm_app.domain.order_status import OrderStatus
from crm_app.errors import OutcomeUnknownError, RateLimitedError, RejectedError

NOW = datetime(2026, 11, 15, tzinfo=UTC)
REFUSAL = {"status": "error", "message": "Not allowed for this order."}


class Blocks(NoLimiter):
    """Remembers what it was told to wait."""

    def __init__(self) -> None:
        self.blocked: list[float] = []

    def block(self, operation: str, seconds: float) -> None:
        assert operation == "updateOrderStatus"
        self.blocked.append(seconds)


class Relay:
    def __init__(self, status: int = 200, body: Any = None, **headers: str) -> None:
        self.asked: list[httpx.Request] = []
        self.limiter = Blocks()
        self._status, self._body, self._headers = status, body or {"status": "success"}, headers

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(self._status, json=self._body, headers=self._headers)

    def push(self, status: OrderStatus) -> Any:
        client = httpx.Client(transport=httpx.MockTransport(self), base_url="https://relay.test")
        connector = SwiggyConnector(client, Credentials("biz", "k-1"), self.limiter)
        try:
            return connector.push_status(StatusUpdate("88/1", status, 42, "", "", NOW, ()))
        finally:
            connector.close()


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (OrderStatus.CONFIRMED, "Acknowledged"),
        (OrderStatus.PACKED, "Food Ready"),
        (OrderStatus.SHIPPED, "Dispatched"),
        (OrderStatus.DELIVERED, "Completed"),
        (OrderStatus.CANCELLED, "Cancelled"),
    ],
)
def test_a_status_is_put_in_the_relays_words(status: OrderStatus, word: str) -> None:
    relay = Relay()

    receipt = relay.push(status)

    (request,) = relay.asked
    assert request.method == "PUT"
    assert request.url.raw_path == b"/external/api/v1/orders/88%2F1/status/"
    assert json.loads(request.content)["new_status"] == word
    assert request.headers["authorization"] == "apikey biz:k-1"
    assert receipt.answer == f"Told {word}."


def test_a_refused_cancellation_needs_a_call() -> None:
    with pytest.raises(RejectedError, match=r"^Needs a call: .*Not allowed for this order") as it:
        Relay(400, REFUSAL).push(OrderStatus.CANCELLED)

    assert it.value.details["http_status"] == 400


@pytest.mark.parametrize("status", [200, 400])
def test_any_other_refusal_is_told_as_it_is(status: int) -> None:
    with pytest.raises(RejectedError, match="Swiggy's relay refused .*Not allowed") as caught:
        Relay(status, REFUSAL).push(OrderStatus.PACKED)

    assert "call" not in str(caught.value)


def test_a_refusal_without_words_is_a_refusal() -> None:
    with pytest.raises(RejectedError, match="no reason given"):
        Relay(200, {"status": "error", "message": 5}).push(OrderStatus.PACKED)


def test_a_lock_out_lasts_its_minute() -> None:
    relay = Relay(429, REFUSAL)

    with pytest.raises(RateLimitedError) as caught:
        relay.push(OrderStatus.PACKED)

    assert caught.value.retry_after_s == 60
    assert max(relay.limiter.blocked) == 60


def test_a_pause_that_the_relay_names_is_kept_as_it_is() -> None:
    relay = Relay(503, REFUSAL, **{"retry-after": "7"})

    with pytest.raises(RateLimitedError) as caught:
        relay.push(OrderStatus.PACKED)

    assert caught.value.retry_after_s == 7


def test_what_the_relay_cannot_do_is_said() -> None:
    relay = Relay(500)
    connector = SwiggyConnector(httpx.Client(), Credentials("biz", "k-1"), NoLimiter())

    with pytest.raises(OutcomeUnknownError):
        relay.push(OrderStatus.PACKED)
    with pytest.raises(RejectedError, match="has no word"):
        relay.push(OrderStatus.RETURNED)
    with pytest.raises(RejectedError, match="shows no order"):
        connector.fetch_order("1")
    assert list(connector.fetch_orders(None)) == []
    assert "k-1" not in repr(Credentials("biz", "k-1"))
    connector.close()
