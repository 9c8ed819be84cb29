"""The relay that carries Swiggy's orders (UrbanPiper's form, inferred): what a merchant calls.

The relay pushes orders; a merchant sets their state, asks for a push again, and registers where
to. Over 100 calls a minute lock the merchant out for one.
"""

import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from crm_app.sandbox import channel_store, hooks, swiggy_order, times, trade
from crm_app.sandbox.channel_store import ChannelOrder
from crm_app.sandbox.credentials import SWIGGY_MERCHANT
from crm_app.sandbox.hook_wire import UPR_TYPES
from crm_app.sandbox.json_edge import as_object, field_of, read_json
from crm_app.sandbox.serving import ANY_METHOD, Endpoint, Sandbox, endpoint
from crm_app.sandbox.store import channel_orders

BASE: Final = "/external/api/v1"
NO_CANCEL: Final = "Cancellation of Swiggy orders is not allowed. Callback requested instead."


class RelayError(Exception):
    """A refusal of the relay."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _check_caller(request: Request) -> None:
    wanted = f"apikey {SWIGGY_MERCHANT.user}:{SWIGGY_MERCHANT.api_key}"
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        raise RelayError(401, "Invalid credentials")


def _read(raw: bytes) -> dict[str, Any]:
    try:
        fields = as_object(read_json(raw))
    except ValueError:
        fields = None
    if fields is None:
        raise RelayError(400, "The request body must be a JSON object.")
    return fields


def _set_status(box: Sandbox, request: Request, raw: bytes) -> Response:
    if not box.limits.take_window("swiggy", "updateStatus"):
        raise RelayError(429, "Too many requests. Locked out for a minute.")
    fields = _read(raw)
    wanted = fields.get("new_status")
    if wanted not in swiggy_order.STATES[1:]:
        allowed = ", ".join(swiggy_order.STATES[1:])
        raise RelayError(400, f"new_status must be one of {allowed}.")
    message = fields.get("message", "")
    if not isinstance(message, str):
        raise RelayError(400, "message must be a string.")
    at = box.now("swiggy")
    with box.engine.begin() as connection:
        try:
            order = channel_store.load(connection, "swiggy", str(request.path_params["order_id"]))
        except ValueError as error:
            raise RelayError(400, "The order cannot be changed.") from error
        if order is None:
            raise RelayError(404, "Order not found.")
        before = order.status
        _check_move(order, wanted)
        swiggy_order.set_state(order, wanted)
        told = [swiggy_order.status_event(order, before, message, at)]
        trade.commit(connection, order, told, at)
    return _ok("Order status updated")


def _check_move(order: ChannelOrder, wanted: str) -> None:
    if order.status in ("Completed", "Cancelled"):
        raise RelayError(400, f"The order is already {order.status}.")
    if wanted == "Cancelled":
        if not swiggy_order.can_reject(order):
            raise RelayError(400, NO_CANCEL)
        return
    if swiggy_order.FLOW.index(wanted) <= swiggy_order.FLOW.index(order.status):
        raise RelayError(400, f"An order that is {order.status} cannot become {wanted}.")


def _retry(box: Sandbox, _request: Request, _raw: bytes) -> Response:
    """Push again what was placed today: there is no other way to ask for an order."""
    if not box.limits.take_window("swiggy", "retry"):
        raise RelayError(429, "Only two retries an hour.")
    at = box.now("swiggy")
    push_again(box, _midnight(at), at)
    return _ok("Enqueued")


def _midnight(at: datetime) -> datetime:
    local = at.astimezone(times.IST)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def push_again(box: Sandbox, since: datetime, at: datetime) -> int:
    """Queue event 18 for every order placed since; how many."""
    rows = channel_orders.c
    wanted = select(rows.external_id).where(rows.channel == "swiggy", rows.created_at >= since)
    with box.engine.begin() as connection:
        found = connection.scalars(wanted.order_by(rows.created_at)).all()
        events = [hooks.Event("swiggy", "order_placed", one, None) for one in found]
        hooks.emit(connection, events, at)
    return len(found)


def _register(box: Sandbox, _request: Request, raw: bytes) -> Response:
    fields = _read(raw)
    url = fields.get("retrieval_url") or fields.get("url")
    if not isinstance(url, str):
        raise RelayError(400, "retrieval_url is required.")
    event = fields.get("event_type")
    if event is not None and event not in UPR_TYPES:
        raise RelayError(400, f"event_type must be one of {', '.join(UPR_TYPES)}.")
    header = field_of(fields.get("headers"), "Authorization")
    secret = header if isinstance(header, str) else None
    with box.engine.begin() as connection:
        try:
            topics = [event] if event else []
            target = hooks.add_target(connection, "swiggy", url, secret, topics)
        except ValueError as error:
            raise RelayError(400, str(error)) from error
    return JSONResponse({"status": "success", "webhook_id": target}, 201)


def _ok(message: str) -> Response:
    return JSONResponse({"status": "success", "message": message})


def _operation(
    name: str, run: Callable[[Sandbox, Request, bytes], Response], order_key: str = ""
) -> Endpoint:
    def handle(box: Sandbox, request: Request, raw: bytes) -> Response:
        try:
            _check_caller(request)
            return run(box, request, raw)
        except RelayError as error:
            return JSONResponse({"status": "error", "message": str(error)}, error.status)

    return endpoint("swiggy", name, handle, order_key)


def _no_route(_box: Sandbox, _request: Request, _raw: bytes) -> Response:
    raise RelayError(404, "Not found")


def routes() -> list[BaseRoute]:
    """Routes of the relay's host."""
    status = _operation("updateStatus", _set_status, "order_id")
    return [
        Route(BASE + "/orders/{order_id}/status/", status, methods=["PUT"]),
        Route(BASE + "/webhooks/retry/", _operation("retry", _retry), methods=["POST"]),
        Route(BASE + "/webhooks/", _operation("register", _register), methods=["POST"]),
        Route("/{path:path}", _operation("unknown", _no_route), methods=ANY_METHOD),
    ]
