"""What every route shares: faults, counting, and work done off the event loop."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from crm_app.sandbox import store
from crm_app.sandbox.faults import Faults, wound
from crm_app.sandbox.limits import Limits, Mode

ANY_METHOD: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(slots=True)
class Options:
    """What an operator may set.

    Args:
        mode: published rate limits, or the same multiplied.
        amazon_delay_s: how old a change must be for a search to show it; None: 120 s in mode
            `published`, as documented, and 2 s in mode `fast`, so that a demo feels alive.
        orders: how many the shop starts with. seed: the same seed invents the same shop.
        order_every_s: mean seconds between two new orders; 0 stops life.
    """

    mode: Mode = "fast"
    amazon_delay_s: float | None = None
    orders: int = 2_000
    order_every_s: float = 6.0
    seed: int = 7


@dataclass(slots=True)
class Sandbox:
    """What the routes work on."""

    engine: Engine
    options: Options
    limits: Limits
    faults: Faults = field(default_factory=Faults)
    calls: Counter[str] = field(default_factory=Counter[str])

    @property
    def amazon_delay_s(self) -> float:
        if self.options.amazon_delay_s is not None:
            return self.options.amazon_delay_s
        return 120.0 if self.limits.mode == "published" else 2.0


Handler = Callable[[Sandbox, Request, bytes], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint(channel: str, operation: str, handler: Handler, order_key: str = "") -> Endpoint:
    """Wrap a synchronous handler into a route.

    Args:
        order_key: the path parameter that names the order; its calls are kept as history.
    """

    async def serve(request: Request) -> Response:
        box: Sandbox = request.app.state.sandbox
        body = await request.body()
        fault = box.faults.take(channel, operation)
        reply: Response | None = None
        if fault is not None and fault.phase == "before":
            reply = await wound(fault, channel)
        if reply is None:
            reply = await run_in_threadpool(handler, box, request, body)
            if fault is not None and fault.phase == "after":
                reply = await wound(fault, channel) or reply
        box.calls[f"{channel} {operation} {reply.status_code}"] += 1
        if order_key:
            external_id = str(request.path_params[order_key])
            text = body.decode("utf-8", "replace") or str(request.url.query)
            call = store.ApiCall(channel, external_id, operation, reply.status_code, text)
            await run_in_threadpool(_record, box, call)
        return reply

    return serve


def _record(box: Sandbox, call: store.ApiCall) -> None:
    with box.engine.begin() as connection:
        store.record_call(connection, call)
