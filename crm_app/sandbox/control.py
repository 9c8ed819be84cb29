"""Levers for demos and tests below `/_sandbox`. JSON, no sign-in, from this machine only."""

import ipaddress
import random
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import func, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from crm_app.sandbox import control_hooks, control_watch, life, lwa, orders_control, times, trade
from crm_app.sandbox.channel_store import ExtraChannel
from crm_app.sandbox.credentials import AMAZON_SELLER, AMAZON_SELLERS
from crm_app.sandbox.draft import Stage, invent_order
from crm_app.sandbox.faults import Fault, Kind
from crm_app.sandbox.json_edge import read_json
from crm_app.sandbox.limits import Mode
from crm_app.sandbox.orders_control import UnknownError
from crm_app.sandbox.serving import ANY_METHOD, Sandbox
from crm_app.sandbox.store import amazon_orders, woo_orders

Json = dict[str, Any]
Channel = Literal["amazon", "woocommerce", "flipkart", "shopify", "swiggy", "blinkit"]
CHANNELS: Final[tuple[str, ...]] = get_args(Channel)
Lever = Callable[[Sandbox, Request, bytes], Json]
SELLER_KEYS: Final = tuple(seller.key for seller in AMAZON_SELLERS)
_STAGES: Final[dict[str, Stage]] = {
    "PENDING": "pending",
    "UNSHIPPED": "open",
    "SHIPPED": "shipped",
    "OUT_FOR_DELIVERY": "out_for_delivery",
    "DELIVERED": "delivered",
    "RETURNED": "returned",
    "CANCELLED": "cancelled",
    "PROCESSING": "open",
    "COMPLETED": "delivered",
    "REFUNDED": "returned",
    "FAILED": "failed",
}


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FaultInput(_Input):
    """See `faults.Fault`."""

    kind: Kind
    channel: Channel | Literal["*"] = "*"
    operation: str = "*"
    times: int = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0)
    delay_s: float = Field(default=1.0, ge=0, le=600)
    phase: Literal["before", "after"] = "before"


class OrdersInput(_Input):
    """New orders: `status` in the channel's words, `lines` how many lines."""

    channel: Channel
    seller: str = AMAZON_SELLER.key
    count: int = Field(default=1, ge=1, le=1_000)
    status: str | None = None
    cod: bool | None = None
    lines: int | None = Field(default=None, ge=1, le=200)
    placed_at: AwareDatetime | None = None
    cancel_requested: bool = False
    fulfilled_by: Literal["MERCHANT", "AMAZON"] = "MERCHANT"


class RawInput(_Input):
    """An order served as it is: `body` is rendered, `text` not even that."""

    channel: Channel
    seller: str = AMAZON_SELLER.key
    body: Any = None
    text: str | None = None
    external_id: str | None = None
    updated_at: AwareDatetime | None = None


class AdvanceInput(_Input):
    """Where an order shall go."""

    to: str
    seller: str = AMAZON_SELLER.key


class HideInput(_Input):
    """Whether lists forget the order."""

    hidden: bool = True


class ClockInput(_Input):
    """By how much a channel's clock is fast; slow, if negative."""

    channel: Channel
    skew_s: float = Field(ge=-86_400 * 400, le=86_400 * 400)


class AccountInput(_Input):
    """A channel begins to sell, with so many orders of the last 90 days."""

    channel: ExtraChannel
    orders: int = Field(default=0, ge=0, le=100_000)


class ModeInput(_Input):
    """Rate limits as published, or much larger."""

    mode: Mode


class LifeInput(_Input):
    """Mean seconds between two new orders; 0 stops."""

    every_s: float = Field(ge=0)


def _add_fault(box: Sandbox, _request: Request, raw: bytes) -> Json:
    fields = FaultInput.model_validate(read_json(raw))
    box.faults.add(Fault(**fields.model_dump()))
    return _pending(box)


def _pending(box: Sandbox) -> Json:
    return {"pending": [asdict(fault) for fault in box.faults.pending()]}


def _list_faults(box: Sandbox, _request: Request, _raw: bytes) -> Json:
    return _pending(box)


def _clear_faults(box: Sandbox, request: Request, _raw: bytes) -> Json:
    return {"cleared": box.faults.clear(**control_hooks.chosen(request))}


def _add_orders(box: Sandbox, _request: Request, raw: bytes) -> Json:
    fields = OrdersInput.model_validate(read_json(raw))
    _check_seller(fields.seller)
    if fields.channel not in ("amazon", "woocommerce"):
        with box.engine.begin() as connection:
            made = orders_control.place_extra(
                connection,
                fields.channel,
                fields.count,
                fields.status,
                fields.lines,
                fields.cod,
                fields.placed_at,
                box.now(fields.channel),
            )
        return {"external_ids": made}
    if fields.lines is not None and fields.lines > 20:
        raise ValueError("lines must be 20 at most on this channel")
    stage = _STAGES.get((fields.status or "UNSHIPPED").upper())
    if stage is None:
        raise ValueError(f"status must be one of {', '.join(_STAGES)}")
    rng = random.Random()  # noqa: S311 - an invented shop, no secret
    at = times.now()
    placed_at = times.cut(fields.placed_at or at)
    ids: list[str] = []
    with box.engine.begin() as connection:
        for _ in range(fields.count):
            draft = invent_order(rng, placed_at, line_count=fields.lines, is_cod=fields.cod)
            draft = replace(
                draft, stage=stage, changed_at=at, is_cancel_requested=fields.cancel_requested
            )
            if fields.channel == "amazon":
                is_fba = fields.fulfilled_by == "AMAZON"
                ids.append(life.place_on_amazon(connection, rng, draft, fields.seller, is_fba))
            else:
                ids.append(str(life.place_on_woo(connection, rng, draft)))
    return {"external_ids": ids}


def _add_raw(box: Sandbox, _request: Request, raw: bytes) -> Json:
    fields = RawInput.model_validate(read_json(raw))
    _check_seller(fields.seller)
    at: datetime = times.cut(fields.updated_at or times.now())
    with box.engine.begin() as connection:
        if fields.channel == "amazon":
            external_id = orders_control.put_raw_amazon(
                connection, fields.seller, fields.body, fields.text, fields.external_id, at
            )
        elif fields.channel != "woocommerce":
            external_id = orders_control.put_raw_extra(
                connection, fields.channel, fields.body, fields.text, fields.external_id, at
            )
        else:
            external_id = orders_control.put_raw_woo(
                connection, fields.body, fields.text, fields.external_id, at
            )
    return {"external_id": external_id}


def _check_seller(seller: str) -> None:
    if seller not in SELLER_KEYS:
        raise ValueError(f"seller must be one of {', '.join(SELLER_KEYS)}")


def _advance(box: Sandbox, request: Request, raw: bytes) -> Json:
    fields = AdvanceInput.model_validate(read_json(raw))
    channel, external_id = _order_key(request)
    with box.engine.begin() as connection:
        if channel == "amazon":
            orders_control.advance_amazon(connection, fields.seller, external_id, fields.to)
        elif channel != "woocommerce":
            orders_control.advance_extra(
                connection, channel, external_id, fields.to, box.now(channel)
            )
        else:
            orders_control.advance_woo(connection, external_id, fields.to)
    return _truth(box, request, raw)


def _truth(box: Sandbox, request: Request, _raw: bytes) -> Json:
    channel, external_id = _order_key(request)
    with box.engine.connect() as connection:
        return orders_control.read_truth(connection, channel, external_id)


def _order_key(request: Request) -> tuple[str, str]:
    channel = str(request.path_params["channel"])
    if channel not in CHANNELS:
        raise UnknownError(f"there is no channel {channel} here")
    return channel, str(request.path_params["external_id"])


def _hide(box: Sandbox, request: Request, raw: bytes) -> Json:
    fields = HideInput.model_validate(read_json(raw or b"{}"))
    channel, external_id = _order_key(request)
    with box.engine.begin() as connection:
        orders_control.read_truth(connection, channel, external_id)
        orders_control.set_hidden(connection, channel, external_id, fields.hidden)
    return {"hidden": fields.hidden}


def _reissue(box: Sandbox, request: Request, _raw: bytes) -> Json:
    channel, external_id = _order_key(request)
    with box.engine.begin() as connection:
        fresh = orders_control.reissue(connection, channel, external_id, box.now(channel))
    return {"external_id": fresh}


def _set_clock(box: Sandbox, _request: Request, raw: bytes) -> Json:
    fields = ClockInput.model_validate(read_json(raw))
    box.skew_s[fields.channel] = fields.skew_s
    return {"skew_s": box.skew_s}


def _open_account(box: Sandbox, _request: Request, raw: bytes) -> Json:
    fields = AccountInput.model_validate(read_json(raw))
    seed = box.options.seed
    made = trade.open_account(box.engine, fields.channel, fields.orders, seed, times.now())
    return {"invented": made}


def _list_accounts(box: Sandbox, _request: Request, _raw: bytes) -> Json:
    with box.engine.connect() as connection:
        return {"accounts": ["amazon", "woocommerce", *trade.accounts(connection)]}


def _stats(box: Sandbox, _request: Request, _raw: bytes) -> Json:
    sold, shop = amazon_orders.c, woo_orders.c
    by_seller = select(sold.seller, sold.status, func.count()).group_by(sold.seller, sold.status)
    by_status = select(shop.status, func.count()).group_by(shop.status)
    amazon: dict[str, dict[str, int]] = {}
    with box.engine.connect() as connection:
        for seller, status, count in connection.execute(by_seller):
            amazon.setdefault(seller, {})[status] = count
        woo: dict[str, int] = {row.status: row[1] for row in connection.execute(by_status)}
        extra = orders_control.count_extra(connection)
    return {
        "orders": {"amazon": amazon, "woocommerce": woo, **extra},
        "calls": dict(box.calls),
        "mode": box.limits.mode,
        "amazon_delay_s": box.amazon_delay_s,
        "order_every_s": box.options.order_every_s,
        "faults": len(box.faults.pending()),
        "dealt": control_watch.dealt(box),
    }


def _expire_tokens(box: Sandbox, _request: Request, _raw: bytes) -> Json:
    with box.engine.begin() as connection:
        return {"expired": lwa.expire_tokens(connection, times.now())}


def _set_mode(box: Sandbox, _request: Request, raw: bytes) -> Json:
    box.limits.switch(ModeInput.model_validate(read_json(raw)).mode)
    return {"mode": box.limits.mode, "amazon_delay_s": box.amazon_delay_s}


def _set_life(box: Sandbox, _request: Request, raw: bytes) -> Json:
    box.options.order_every_s = LifeInput.model_validate(read_json(raw)).every_s
    return {"every_s": box.options.order_every_s}


def _is_local(request: Request) -> bool:
    # Without a client the call came from inside the process.
    if request.client is None:
        return True
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _is_foreign(request: Request) -> bool:
    """Whether a page of somebody else's, open in a browser of this machine, pulls the lever."""
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")


def _lever(path: str, **by_method: Lever) -> Route:
    async def serve(request: Request) -> JSONResponse:
        if not _is_local(request) or _is_foreign(request):
            return JSONResponse({"error": "only from this machine"}, 403)
        lever = by_method.get(request.method)
        if lever is None:
            return JSONResponse({"error": "method not allowed"}, 405)
        raw = await request.body()
        box: Sandbox = request.app.state.sandbox
        try:
            return JSONResponse(await run_in_threadpool(lever, box, request, raw))
        except UnknownError as error:
            return JSONResponse({"error": str(error)}, 404)
        except ValidationError as error:
            return JSONResponse(
                {"error": error.errors(include_url=False, include_context=False)}, 400
            )
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)

    return Route(path, serve, methods=ANY_METHOD)


def routes() -> list[BaseRoute]:
    """Routes of the levers."""
    order = "/orders/{channel}/{external_id}"
    return [
        _lever("/faults", GET=_list_faults, POST=_add_fault, DELETE=_clear_faults),
        _lever("/orders", POST=_add_orders),
        _lever("/orders/raw", POST=_add_raw),
        _lever("/orders/{channel}", GET=control_watch.list_orders),
        _lever(order + "/advance", POST=_advance),
        _lever(order + "/hide", POST=_hide),
        _lever(order + "/reissue", POST=_reissue),
        _lever(order, GET=_truth),
        _lever("/stats", GET=_stats),
        _lever("/watch", GET=control_watch.watch),
        _lever("/calm", POST=control_watch.calm),
        _lever("/privacy", POST=control_watch.send_privacy),
        _lever("/tokens/expire", POST=_expire_tokens),
        _lever("/clock", POST=_set_clock),
        _lever("/accounts", GET=_list_accounts, POST=_open_account),
        _lever("/mode", POST=_set_mode),
        _lever("/life", POST=_set_life),
        _lever(
            "/hooks",
            GET=control_hooks.list_targets,
            POST=control_hooks.add_target,
            DELETE=control_hooks.clear_targets,
        ),
        _lever("/hooks/resend", POST=control_watch.resend),
        _lever("/hooks/revive", POST=control_hooks.revive),
        _lever("/hooks/faults", POST=control_hooks.add_fault, DELETE=control_hooks.clear_faults),
        _lever("/hooks/deliveries", GET=control_hooks.list_deliveries),
    ]
