"""WooCommerce's REST API v3: orders with paging headers, one order, its update."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, asc, desc, func, select
from sqlalchemy import cast as sql_cast
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from crm_app.sandbox import channel_store, times, woo_order, woo_webhooks
from crm_app.sandbox.json_edge import as_list, as_object, field_of, read_json
from crm_app.sandbox.serving import ANY_METHOD, Endpoint, Sandbox, endpoint
from crm_app.sandbox.store import woo_orders
from crm_app.sandbox.woo_auth import WooError, authenticate
from crm_app.sandbox.woo_order import STATUSES, Body

BASE: Final = "/wp-json/wc/v3/orders"
_ORDER_BY: Final = {
    "date": "created_at",
    "modified": "modified_at",
    "id": "id",
    "include": "id",
    "title": "created_at",
    "slug": "id",
}
_BOUNDS: Final = {
    "after": ("created_at", True),
    "before": ("created_at", False),
    "modified_after": ("modified_at", True),
    "modified_before": ("modified_at", False),
}
_DATE: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(?P<offset>Z|[+-]\d\d(:?\d\d)?)?", re.ASCII
)
_ID: Final = r"/{order_id:int}"
_LIST_REFUSAL: Final = ("woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
_VIEW_REFUSAL: Final = ("woocommerce_rest_cannot_view", "Sorry, you cannot view this resource.")
_EDIT_REFUSAL: Final = (
    "woocommerce_rest_cannot_edit",
    "Sorry, you are not allowed to edit this resource.",
)
# What a PUT may change besides status and meta data, copied as it comes.
_PLAIN_FIELDS: Final = ("customer_note", "transaction_id", "payment_method", "payment_method_title")


def _bad_param(name: str, message: str) -> WooError:
    return WooError("rest_invalid_param", f"Invalid parameter(s): {name}", 400, {name: message})


@dataclass(frozen=True, slots=True)
class Listing:
    """A checked query for a page of orders."""

    conditions: list[ColumnElement[bool]]
    order: list[ColumnElement[Any]]
    page: int
    per_page: int
    offset: int


def list_orders(box: Sandbox, request: Request, _body: bytes) -> Response:
    """GET orders: a page by offset, with its totals in the headers."""
    authenticate(request, _LIST_REFUSAL)
    listing = _read_listing(request.query_params)
    table = woo_orders
    # One snapshot for page and total; between two pages the list may still drift, as it does
    # in a real shop.
    with box.engine.connect() as connection:
        total = connection.scalar(
            select(func.count()).select_from(table).where(*listing.conditions)
        )
        bodies = connection.scalars(
            select(table.c.body)
            .where(*listing.conditions)
            .order_by(*listing.order)
            .limit(listing.per_page)
            .offset(listing.offset)
        ).all()
    count = int(total or 0)
    pages = -(-count // listing.per_page)
    reply = Response(f"[{','.join(bodies)}]", media_type="application/json; charset=UTF-8")
    reply.headers["X-WP-Total"] = str(count)
    reply.headers["X-WP-TotalPages"] = str(pages)
    links = _links(request, listing.page, pages)
    if links:
        reply.headers["Link"] = links
    return reply


def get_order(box: Sandbox, request: Request, _body: bytes) -> Response:
    """GET orders/{id}."""
    authenticate(request, _VIEW_REFUSAL)
    wanted = select(woo_orders.c.body).where(woo_orders.c.id == _order_id(request))
    with box.engine.connect() as connection:
        body = connection.scalar(wanted)
    if body is None:
        raise WooError("woocommerce_rest_shop_order_invalid_id", "Invalid ID.", 404)
    return Response(body, media_type="application/json; charset=UTF-8")


def update_order(box: Sandbox, request: Request, body: bytes) -> Response:
    """PUT (or POST, PATCH) orders/{id} with {status?, meta_data?, ...}: the order as it is now."""
    authenticate(request, _EDIT_REFUSAL)
    change = _read_change(body)
    with box.engine.begin() as connection:
        try:
            order = woo_order.load(connection, _order_id(request))
        except ValueError as error:
            raise WooError("woocommerce_rest_cannot_update", str(error), 400) from error
        if order is None:
            # The real one answers 404 to a read of an unknown order and 400 to a write.
            raise WooError("woocommerce_rest_shop_order_invalid_id", "Invalid ID.", 400)
        at = box.now("woocommerce")
        _apply(order.body, change, at)
        woo_order.save(connection, order, at)
        text = woo_order.row_of(order)["body"]
    return Response(text, media_type="application/json; charset=UTF-8")


def _order_id(request: Request) -> int:
    # Larger than a bigint is simply an order that nobody has.
    return min(int(request.path_params["order_id"]), 2**63 - 1)


def _read_change(raw: bytes) -> Body:
    try:
        change: Any = read_json(raw or b"{}")
    except ValueError as error:
        raise WooError("rest_invalid_json", "Invalid JSON body passed.", 400) from error
    fields = as_object(change)
    if fields is None:
        raise WooError("rest_invalid_json", "Invalid JSON body passed.", 400)
    status = fields.get("status")
    if "status" in fields and status not in STATUSES:
        raise _bad_param("status", f"status is not one of {', '.join(STATUSES)}.")
    for name in _PLAIN_FIELDS:
        if name in fields and not isinstance(fields[name], str):
            raise _bad_param(name, f"{name} is not of type string.")
    for name in ("billing", "shipping"):
        if name in fields and as_object(fields[name]) is None:
            raise _bad_param(name, f"{name} is not of type object.")
    entries = as_list(fields.get("meta_data", []))
    if entries is None:
        raise _bad_param("meta_data", "meta_data is not of type array.")
    if not all(isinstance(field_of(one, "key"), str) for one in entries):
        raise _bad_param("meta_data", "meta_data[0][key] is not of type string.")
    return fields


def _apply(body: Body, change: Body, at: datetime) -> None:
    if "status" in change:
        woo_order.set_status(body, change["status"], at)
    elif change.get("set_paid") is True:
        woo_order.set_status(body, "processing", at)
    for name in _PLAIN_FIELDS:
        if name in change:
            body[name] = change[name]
    for name in ("billing", "shipping"):
        if name in change:
            body[name] = {**body.get(name, {}), **change[name]}
    woo_order.put_meta(body, change.get("meta_data", []), int(at.timestamp() * 1000) % 10**10)


def _read_listing(query: QueryParams) -> Listing:
    per_page = _whole(query, "per_page", 10, 1, 100)
    page = _whole(query, "page", 1, 1, 10**9)
    offset = _whole(query, "offset", (page - 1) * per_page, 0, 10**12)
    name = _one_of(query, "orderby", "date", tuple(_ORDER_BY))
    direction = asc if _one_of(query, "order", "desc", ("asc", "desc")) == "asc" else desc
    column = woo_orders.c[_ORDER_BY[name]]
    order: list[ColumnElement[Any]] = [direction(column)]
    if column is not woo_orders.c.id:
        order.append(direction(woo_orders.c.id))
    return Listing(_conditions(query), order, page, per_page, offset)


def _conditions(query: QueryParams) -> list[ColumnElement[bool]]:
    is_listed = channel_store.is_listed("woocommerce", sql_cast(woo_orders.c.id, Text))
    found: list[ColumnElement[bool]] = [is_listed]
    is_gmt = query.get("dates_are_gmt", "false").lower() in ("true", "1", "yes")
    for name, (column, is_lower) in _BOUNDS.items():
        if query.get(name):
            moment = _moment(query[name], name, is_gmt)
            field = woo_orders.c[column]
            found.append(field > moment if is_lower else field < moment)
    statuses = _list(query, "status")
    unknown = set(statuses) - {*STATUSES, "any"}
    if unknown:
        raise _bad_param("status", f"status[0] is not one of any, {', '.join(STATUSES)}.")
    if statuses and "any" not in statuses:
        found.append(woo_orders.c.status.in_(statuses))
    else:
        found.append(woo_orders.c.status.not_in(("trash", "auto-draft", "checkout-draft")))
    included, excluded = _ids(query, "include"), _ids(query, "exclude")
    if included:
        found.append(woo_orders.c.id.in_(included))
    if excluded:
        found.append(woo_orders.c.id.not_in(excluded))
    return found


def _list(query: QueryParams, name: str) -> list[str]:
    """`name=a,b`, `name[]=a&name[]=b` and `name[0]=a` mean the same."""
    pattern = re.compile(rf"{name}(\[\d*\])?")
    values = [value for key, value in query.multi_items() if pattern.fullmatch(key)]
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def _ids(query: QueryParams, name: str) -> list[int]:
    values = _list(query, name)
    if not all(value.isascii() and value.isdigit() and len(value) < 19 for value in values):
        raise _bad_param(name, f"{name}[0] is not of type integer.")
    return [int(value) for value in values]


def _whole(query: QueryParams, name: str, default: int, low: int, high: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise _bad_param(name, f"{name} is not of type integer.")
    if not low <= int(text) <= high:
        between = f"{name} must be between {low} (inclusive) and {high} (inclusive)"
        raise _bad_param(name, between)
    return int(text)


def _one_of(query: QueryParams, name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = query.get(name, default)
    if value not in allowed:
        raise _bad_param(name, f"{name} is not one of {', '.join(allowed)}.")
    return value


def _moment(text: str, name: str, is_gmt: bool) -> datetime:
    """A naive time is the shop's, unless the caller says that it is GMT."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise _bad_param(name, "Invalid date.")
    try:
        moment = datetime.fromisoformat(text)
        if match["offset"] is None and not is_gmt:
            moment = moment.replace(tzinfo=times.SHOP_ZONE)
        return times.parse(moment.isoformat())
    except (ValueError, OverflowError) as error:
        raise _bad_param(name, "Invalid date.") from error


def _links(request: Request, page: int, pages: int) -> str:
    found: list[str] = []
    if page > 1:
        previous = min(page - 1, max(pages, 1))
        found.append(f'<{request.url.include_query_params(page=previous)}>; rel="prev"')
    if page < pages:
        found.append(f'<{request.url.include_query_params(page=page + 1)}>; rel="next"')
    return ", ".join(found)


def _operation(
    name: str, run: Callable[[Sandbox, Request, bytes], Response], order_key: str = ""
) -> Endpoint:
    def handle(box: Sandbox, request: Request, body: bytes) -> Response:
        try:
            return run(box, request, body)
        except WooError as error:
            return JSONResponse(error.as_json(), error.status)

    return endpoint("woocommerce", name, handle, order_key)


def _no_route(_box: Sandbox, _request: Request, _body: bytes) -> Response:
    message = "No route was found matching the URL and request method."
    raise WooError("rest_no_route", message, 404)


def routes() -> list[BaseRoute]:
    """Routes of the shop's host."""
    update = _operation("updateOrder", update_order, "order_id")
    read = _operation("getOrder", get_order, "order_id")
    hooks = "/wp-json/wc/v3/webhooks"
    create_hook = _operation("createWebhook", woo_webhooks.create_webhook)
    read_hook = _operation("getWebhook", woo_webhooks.get_webhook)
    update_hook = _operation("updateWebhook", woo_webhooks.update_webhook)
    return [
        Route(BASE, _operation("listOrders", list_orders), methods=["GET"]),
        Route(BASE + _ID, read, methods=["GET"]),
        Route(BASE + _ID, update, methods=["PUT", "POST", "PATCH"]),
        Route(hooks, _operation("listWebhooks", woo_webhooks.list_webhooks), methods=["GET"]),
        Route(hooks, create_hook, methods=["POST"]),
        Route(hooks + "/{webhook_id:int}", read_hook, methods=["GET"]),
        Route(hooks + "/{webhook_id:int}", update_hook, methods=["PUT", "POST", "PATCH"]),
        Route("/{path:path}", _operation("unknown", _no_route), methods=ANY_METHOD),
    ]
