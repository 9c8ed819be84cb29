"""Amazon's Selling Partner API: the routes of the orders host, their refusals and headers."""

import secrets
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from crm_app.sandbox import lwa, times
from crm_app.sandbox.amazon_errors import AmazonError, Call
from crm_app.sandbox.amazon_search import get_order, search_orders
from crm_app.sandbox.amazon_ship import confirm_shipment
from crm_app.sandbox.serving import ANY_METHOD, Endpoint, Sandbox, endpoint

Operation = Callable[[Call], Response]
_DENIED: Final = "Access to requested resource is denied."


def _seller(box: Sandbox, request: Request) -> str:
    token = request.headers.get("x-amz-access-token")
    if not token:
        raise AmazonError(403, "Unauthorized", _DENIED, "Access token is missing in the header.")
    with box.engine.connect() as connection:
        found = lwa.seller_of(connection, token)
    if found is None:
        detail = "The access token you provided is revoked, malformed or invalid."
        raise AmazonError(403, "Unauthorized", _DENIED, detail)
    seller, expires_at = found
    if seller is None:
        detail = "A grantless token opens no orders."
        raise AmazonError(403, "Unauthorized", _DENIED, detail)
    if expires_at <= times.now():
        detail = "The access token you provided has expired."
        raise AmazonError(403, "Unauthorized", _DENIED, detail)
    return seller


def _answer(box: Sandbox, request: Request, body: bytes, name: str, run: Operation) -> Response:
    try:
        seller = _seller(box, request)
        if not box.limits.take(seller, name):
            message = "You exceeded your quota for the requested resource."
            raise AmazonError(429, "QuotaExceeded", message)
        reply = run(Call(box, seller, request, body))
    except AmazonError as error:
        reply = JSONResponse({"errors": [error.as_json()]}, error.status)
    # The model gives the limit on successes, 400 and 404 only.
    if reply.status_code in (200, 204, 400, 404):
        reply.headers["x-amzn-RateLimit-Limit"] = f"{box.limits.plan_of(name).rate:g}"
    reply.headers["x-amzn-RequestId"] = _request_id()
    return reply


def _request_id() -> str:
    digits = secrets.token_hex(16)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _operation(name: str, run: Operation, order_key: str = "") -> Endpoint:
    def handle(box: Sandbox, request: Request, body: bytes) -> Response:
        return _answer(box, request, body, name, run)

    return endpoint("amazon", name, handle, order_key)


def _unknown(_box: Sandbox, _request: Request, _body: bytes) -> Response:
    error = AmazonError(404, "NotFound", "The resource specified does not exist.")
    headers = {"x-amzn-RequestId": _request_id()}
    return JSONResponse({"errors": [error.as_json()]}, 404, headers)


def routes() -> list[BaseRoute]:
    """Routes of the Selling Partner API host."""
    orders = "/orders/2026-01-01/orders"
    ship = "/orders/v0/orders/{order_id}/shipmentConfirmation"
    search = _operation("searchOrders", search_orders)
    get = _operation("getOrder", get_order, "order_id")
    confirm = _operation("confirmShipment", confirm_shipment, "order_id")
    return [
        Route(orders, search, methods=["GET"]),
        Route(orders + "/{order_id}", get, methods=["GET"]),
        Route(ship, confirm, methods=["POST"]),
        Route("/{path:path}", endpoint("amazon", "unknown", _unknown), methods=ANY_METHOD),
    ]


def auth_routes() -> list[BaseRoute]:
    """Routes of the token host."""
    token = endpoint("amazon", "token", lwa.issue_token)
    return [Route("/auth/o2/token", token, methods=["POST"])]
