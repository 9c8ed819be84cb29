"""Amazon's API from a list of answers, for tests of its connector and of its sign-in."""

from datetime import UTC, datetime
from typing import Any

import httpx

from crm_app.channels.amazon.auth import Credentials
from crm_app.channels.amazon.connector import AmazonConnector, Options
from crm_app.channels.base import OrderPage, StatusUpdate
from crm_app.channels.limits import NoLimiter
from crm_app.domain.order_status import OrderStatus

from .orders import amazon_order

TOKEN_URL = "https://login.test/auth/o2/token"
UNTIL = "2026-11-01T12:00:00Z"
UPDATE = StatusUpdate(
    external_id="405-1/..",
    status=OrderStatus.SHIPPED,
    reference=42,
    carrier="delhivery",
    tracking_number="D-1",
    happened_at=datetime(2026, 11, 2, 15, 30, 1, 5, tzinfo=UTC),
    lines=(("11", 2), ("12", 0)),
)

Answer = httpx.Response | Exception


class Amazon:
    """Plays the API from a list of answers, and the token host; remembers what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.token_answers: list[httpx.Response] = []
        self.tokens = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if str(request.url) == TOKEN_URL:
            self.tokens += 1
            if self.token_answers:
                return self.token_answers.pop(0)
            body = {"access_token": f"Atza|{self.tokens}", "expires_in": 3600}
            return httpx.Response(200, json=body)
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self) -> httpx.Client:
        transport = httpx.MockTransport(self)
        return httpx.Client(transport=transport, base_url="https://api.test")

    def connector(self, **options: Any) -> AmazonConnector:
        keys = Credentials("id-1", "hush-2", "hush-3")
        return AmazonConnector(
            self.client(), keys, Options(auth_url="https://login.test", **options), NoLimiter()
        )

    def params(self, index: int) -> dict[str, str]:
        return dict(self.requests[index].url.params)


def page(*orders: Any, token: str | None = None, until: str | None = UNTIL) -> httpx.Response:
    body: dict[str, Any] = {"orders": list(orders)}
    if token is not None:
        body["pagination"] = {"nextToken": token}
    if until is not None:
        body["lastUpdatedBefore"] = until
    return httpx.Response(200, json=body)


def order(number: int) -> dict[str, Any]:
    return amazon_order(orderId=f"405-{number}")


def ids(page: OrderPage) -> list[str]:
    return [order.external_id for order in page.orders]
