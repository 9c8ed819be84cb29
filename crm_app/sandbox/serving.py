"""What every route shares: faults, counting, and work done off the event loop."""

from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from crm_app.sandbox import race, store, times
from crm_app.sandbox.faults import Faults, wound
from crm_app.sandbox.limits import Limits, Mode
from crm_app.sandbox.shopify_cost import CostBucket

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
        pack_takes_s: how long Flipkart packs; None: 3 s in mode `published`, else 0.5 s.
        accounts: channels beyond Amazon and the web shop that have an account, each with the
            number of orders it starts with. The others sell nothing.
    """

    mode: Mode = "fast"
    amazon_delay_s: float | None = None
    orders: int = 2_000
    order_every_s: float = 6.0
    seed: int = 7
    pack_takes_s: float | None = None
    accounts: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, as the page shows it. `fault` is what was done to it, or empty."""

    at: datetime
    channel: str
    operation: str
    status: int
    took_ms: int
    orders: tuple[str, ...]
    fault: str


@dataclass(slots=True)
class Sandbox:
    """What the routes work on."""

    engine: Engine
    options: Options
    limits: Limits
    faults: Faults = field(default_factory=Faults)
    hook_faults: Faults = field(default_factory=Faults)
    shopify_bucket: CostBucket = field(default_factory=CostBucket)
    calls: Counter[str] = field(default_factory=Counter[str])
    recent: deque[Seen] = field(default_factory=lambda: deque[Seen](maxlen=300))
    # Seconds by which a channel's clock is fast (or slow, if negative).
    skew_s: dict[str, float] = field(default_factory=dict[str, float])
    # When deliveries to a target failed lately.
    hook_failures: dict[int, deque[datetime]] = field(default_factory=dict[int, deque[datetime]])

    @property
    def amazon_delay_s(self) -> float:
        if self.options.amazon_delay_s is not None:
            return self.options.amazon_delay_s
        return 120.0 if self.limits.mode == "published" else 2.0

    @property
    def pack_takes_s(self) -> float:
        if self.options.pack_takes_s is not None:
            return self.options.pack_takes_s
        return 3.0 if self.limits.mode == "published" else 0.5

    @property
    def hook_pace(self) -> float:
        """What the pauses between two tries of a hook are multiplied with."""
        return 1.0 if self.limits.mode == "published" else 1 / 600

    def now(self, channel: str) -> datetime:
        """The time that the channel believes it is."""
        return times.now() + timedelta(seconds=self.skew_s.get(channel, 0.0))


Handler = Callable[[Sandbox, Request, bytes], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint(channel: str, operation: str, handler: Handler, order_key: str = "") -> Endpoint:
    """Wrap a synchronous handler into a route.

    Args:
        order_key: the path parameter that names the order; its calls are kept as history.
            Without one, the handler says by `touch` which orders it worked on.
    """
    return endpoint_named(channel, lambda _: operation, handler, order_key)


def touch(request: Request, external_id: str) -> None:
    """Remember that a call worked on this order."""
    named = touched(request)
    if external_id not in named:
        request.state.touched = [*named, external_id]


def touched(request: Request) -> list[str]:
    """Orders that a call has worked on."""
    found: list[str] = getattr(request.state, "touched", [])
    return found


def endpoint_named(
    channel: str, name: Callable[[bytes], str], handler: Handler, order_key: str = ""
) -> Endpoint:
    """The same for a route whose operation only its body tells."""

    async def serve(request: Request) -> Response:
        box: Sandbox = request.app.state.sandbox
        began = monotonic()
        body = await request.body()
        operation = name(body)
        fault = box.faults.take(channel, operation)
        reply: Response | None = None
        if fault is not None and fault.kind == "buyer_cancels":
            await run_in_threadpool(race.cancel_named, box.engine, channel, request, body)
        elif fault is not None and fault.phase == "before":
            reply = await wound(fault, channel)
        # What it did, which a fault on the way back does not undo. One that was answered in the
        # channel's place did nothing, however good the answer looks.
        did = 0 if reply is None or reply.status_code < 300 else reply.status_code
        if reply is None:
            reply = await run_in_threadpool(handler, box, request, body)
            did = reply.status_code
            if fault is not None and fault.phase == "after":
                reply = await wound(fault, channel) or reply
        box.calls[f"{channel} {operation} {reply.status_code}"] += 1
        named = [str(request.path_params[order_key])] if order_key else touched(request)
        took_ms = int((monotonic() - began) * 1_000)
        wounded_by = fault.kind if fault is not None else ""
        box.recent.append(
            Seen(
                times.now(),
                channel,
                operation,
                reply.status_code,
                took_ms,
                tuple(named),
                wounded_by,
            )
        )
        text = body.decode("utf-8", "replace") or str(request.url.query)
        for external_id in named:
            call = store.ApiCall(channel, external_id, operation, did, text)
            await run_in_threadpool(_record, box, call)
        return reply

    return serve


def _record(box: Sandbox, call: store.ApiCall) -> None:
    with box.engine.begin() as connection:
        store.record_call(connection, call)
