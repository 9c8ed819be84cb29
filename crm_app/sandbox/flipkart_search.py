"""Flipkart's three lists of shipments, their relative next page, and shipments by id."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    and_,
    asc,
    case,
    cast,
    desc,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB
from starlette.requests import Request
from starlette.responses import Response

from crm_app.sandbox import channel_store, flipkart_order, serving, times, trade
from crm_app.sandbox.channel_store import Body
from crm_app.sandbox.flipkart_auth import FlipkartError, read_moment, read_object
from crm_app.sandbox.json_edge import as_list, as_object, field_of
from crm_app.sandbox.serving import Sandbox
from crm_app.sandbox.store import channel_orders

PATH: Final = "/v3/shipments/filter"
_ROWS: Final = channel_orders.c
_PAGE: Final = 20
_MOST_IDS: Final = 100
# Bodies that were broken on purpose are no JSON, and must not be read as such.
_BODY: Final = cast(case((_ROWS.is_raw, "{}"), else_=_ROWS.body), JSONB)
_ITEM: Final = _BODY["orderItems"][0]
_DATES: Final[Mapping[str, ColumnElement[Any]]] = {
    "orderDate": _ROWS.created_at,
    "modifiedDate": _ROWS.updated_at,
    "dispatchAfterDate": cast(_BODY["dispatchAfterDate"].astext, DateTime(timezone=True)),
    "dispatchByDate": cast(_BODY["dispatchByDate"].astext, DateTime(timezone=True)),
    # A cancelled shipment does not change any more.
    "cancellationDate": _ROWS.updated_at,
}
_SORTS: Final = ("dispatchByDate", "orderDate", "modifiedDate", "dispatchAfterDate")
_CANCELLATIONS: Final = {
    "sellerCancellation": "seller_cancellation",
    "buyerCancellation": "buyer_cancellation",
    "marketplaceCancellation": "marketplace_cancellation",
}


def filter_shipments(box: Sandbox, _request: Request, raw: bytes) -> Response:
    """POST filter with {filter, pagination?, sort?}: the first page."""
    fields = read_object(raw)
    wanted = as_object(fields.get("filter"))
    if wanted is None:
        raise FlipkartError(400, "BAD_REQUEST", "filter is required.")
    sort = as_object(fields.get("sort")) or {}
    name, direction = sort.get("field", "orderDate"), sort.get("order", "asc")
    if name not in _SORTS or direction not in ("asc", "desc"):
        raise FlipkartError(400, "BAD_REQUEST", "sort is not understood.")
    size = field_of(fields.get("pagination"), "pageSize")
    size = _PAGE if size is None else size
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= 100:
        raise FlipkartError(400, "BAD_REQUEST", "pageSize must be 1 to 100.")
    page = {"filter": wanted, "sort": [name, direction], "size": size}
    return _page(box, page)


def next_page(box: Sandbox, request: Request, _raw: bytes) -> Response:
    """GET filter?next_token=...: the page after."""
    token = request.query_params.get("next_token", "")
    try:
        page = as_object(json.loads(base64.urlsafe_b64decode(token.encode())))
    except (ValueError, binascii.Error):
        page = None
    if page is None or not {"filter", "sort", "size", "last"} <= set(page):
        raise FlipkartError(400, "BAD_REQUEST", "next_token is not understood.")
    return _page(box, page)


def shipments_by_id(box: Sandbox, request: Request, _raw: bytes) -> Response:
    """GET shipments?shipmentIds= | orderIds= | orderItemIds=, or the ids in the path."""
    names = ("shipmentIds", "orderIds", "orderItemIds")
    given = {name: request.query_params[name] for name in names if name in request.query_params}
    if "shipment_ids" in request.path_params:
        given = {"shipmentIds": str(request.path_params["shipment_ids"])}
    if len(given) != 1:
        message = "Exactly one of shipmentIds, orderIds and orderItemIds is expected."
        raise FlipkartError(400, "BAD_REQUEST", message)
    [(name, text)] = given.items()
    ids = [one.strip().replace("\x00", "") for one in text.split(",") if one.strip()]
    if not 1 <= len(ids) <= _MOST_IDS:
        raise FlipkartError(400, "BAD_REQUEST", f"1 to {_MOST_IDS} ids are expected.")
    columns: Mapping[str, ColumnElement[bool]] = {
        "shipmentIds": _ROWS.external_id.in_(ids),
        "orderIds": _ROWS.group_id.in_(ids),
        "orderItemIds": or_(*(_BODY["orderItems"].contains([{"orderItemId": one}]) for one in ids)),
    }
    found = (
        select(_ROWS.external_id, _ROWS.body)
        .where(_ROWS.channel == "flipkart", columns[name])
        .order_by(_ROWS.created_at, _ROWS.external_id)
    )
    with box.engine.begin() as connection:
        settle(connection, box.now("flipkart"))
        rows = connection.execute(found).all()
    for row in rows:
        serving.touch(request, row.external_id)
    return Response(_joined([row.body for row in rows]), media_type="application/json")


def _joined(bodies: list[str]) -> str:
    # As text, so that a body that is no JSON is served as it is.
    return f'{{"shipments":[{",".join(bodies)}]}}'


def settle(connection: Connection, at: datetime) -> None:
    """Finish what Flipkart does by itself: packing, a moment after labels were asked for."""
    due = (
        select(channel_orders)
        .where(_ROWS.channel == "flipkart", _ROWS.status == "PACKING_IN_PROGRESS")
        .where(_ROWS.due_at <= at, _ROWS.is_raw.is_(False))
        .with_for_update(skip_locked=True)
    )
    for row in connection.execute(due).all():
        order = channel_store.from_row(row)
        trade.advance(connection, order, "PACKED", at)


def _page(box: Sandbox, page: Body) -> Response:
    conditions = _conditions(page["filter"])
    name, direction = page["sort"]
    column, order = _DATES[name], asc if direction == "asc" else desc
    last = page.get("last")
    if last is not None:
        conditions.append(_beyond(column, last, direction == "desc"))
    found = (
        select(_ROWS.external_id, _ROWS.body, _ROWS.is_raw, column.label("sorted_by"))
        .where(_ROWS.channel == "flipkart", *conditions)
        .where(channel_store.is_listed("flipkart", _ROWS.external_id))
        .order_by(order(column), order(_ROWS.external_id))
        .limit(page["size"] + 1)
    )
    with box.engine.begin() as connection:
        settle(connection, box.now("flipkart"))
        rows = connection.execute(found).all()
    shown = rows[: page["size"]]
    has_more = len(rows) > len(shown)
    following = ""
    if has_more:
        end = shown[-1]
        moment = times.stamp(end.sorted_by) if end.sorted_by else ""
        place = {**page, "last": [moment, end.external_id]}
        token = base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
        # Relative to /sellers, as the real one is.
        following = f',"nextPageUrl":"{PATH}?next_token={token}"'
    # The stored text as it is: to read and write it anew was half of the work of a page.
    shipments = ",".join(_quoted(row.body) if row.is_raw else row.body for row in shown)
    text = f'{{"hasMore":{json.dumps(has_more)},"shipments":[{shipments}]{following}}}'
    return Response(text, media_type="application/json")


def _quoted(body: str) -> str:
    """What somebody broke on purpose: as JSON if it is any, else as text within the list."""
    try:
        json.loads(body)
    except ValueError:
        return json.dumps(body)
    return body


def _beyond(column: ColumnElement[Any], last: Any, is_down: bool) -> ColumnElement[bool]:
    if as_list(last) is None or len(last) != 2:
        raise FlipkartError(400, "BAD_REQUEST", "next_token is not understood.")
    moment, external_id = read_moment(last[0], "next_token"), str(last[1])
    # Compared as a pair, an index leads to the place; with AND and OR it is walked from its start.
    place, here = tuple_(column, _ROWS.external_id), tuple_(moment, external_id)
    return place < here if is_down else place > here


def _conditions(wanted: Body) -> list[ColumnElement[bool]]:
    list_name = wanted.get("type")
    if list_name not in flipkart_order.LISTS:
        names = ", ".join(flipkart_order.LISTS)
        raise FlipkartError(400, "BAD_REQUEST", f"filter.type must be one of {names}.")
    states = flipkart_order.LISTS[list_name]
    asked = as_list(wanted.get("states"))
    if asked is not None:
        if not set(map(str, asked)) <= set(flipkart_order.STATES):
            raise FlipkartError(400, "BAD_REQUEST", "filter.states holds an unknown state.")
        states = tuple(state for state in states if state in asked)
    found: list[ColumnElement[bool]] = [_is_in(str(list_name), states)]
    for name, column in _DATES.items():
        bounds = as_object(wanted.get(name)) or {}
        if bounds.get("from"):
            found.append(column >= read_moment(bounds["from"], f"{name}.from"))
        if bounds.get("to"):
            found.append(column <= read_moment(bounds["to"], f"{name}.to"))
    if wanted.get("locationId"):
        found.append(_BODY["locationId"].astext == str(wanted["locationId"]))
    skus = as_list(wanted.get("sku"))
    if skus:
        found.append(or_(*(_BODY["orderItems"].contains([{"sku": str(one)}]) for one in skus)))
    cancellation = wanted.get("cancellationType")
    if cancellation is not None:
        word = _CANCELLATIONS.get(str(cancellation), "")
        found.append(_ITEM["cancellationReason"].astext == word)
    return found


@lru_cache
def _is_in(list_name: str, states: tuple[str, ...]) -> ColumnElement[bool]:
    """Whether a shipment is in a list and one of these states. Kept: each page asks for it."""
    return or_(_ROWS.status.in_(states), and_(_ROWS.is_raw, _is_elsewhere(list_name)))


def _is_elsewhere(list_name: str) -> ColumnElement[bool]:
    """A broken shipment in a state that nobody knows shows in the first list."""
    if list_name != "preDispatch":
        return _ROWS.channel.is_(None)
    return _ROWS.status.not_in(flipkart_order.STATES)
