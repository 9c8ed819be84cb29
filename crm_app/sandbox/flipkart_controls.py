"""The test controls that Flipkart's own sandbox offers: make an order, push it along."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from crm_app.sandbox import channel_store, flipkart_order, serving, trade
from crm_app.sandbox.catalogue import PRODUCTS
from crm_app.sandbox.channel_store import Body, ChannelOrder
from crm_app.sandbox.draft import Draft, Line, invent_order
from crm_app.sandbox.flipkart_auth import FlipkartError, read_moment, read_object
from crm_app.sandbox.flipkart_search import settle
from crm_app.sandbox.json_edge import as_list, field_of
from crm_app.sandbox.serving import Sandbox
from crm_app.sandbox.store import channel_orders

Control = Callable[[Sandbox, Request, bytes], Response]
_BY_LISTING: Final = {f"LST{product.asin[3:]}PLM": product for product in PRODUCTS}


def create_orders(box: Sandbox, request: Request, raw: bytes) -> Response:
    """POST test_orders with {shipmentType, locationId, orderItems: [{listingId, quantity}]}."""
    wanted = as_list(read_object(raw).get("orderItems"))
    if not wanted:
        raise FlipkartError(400, "BAD_REQUEST", "orderItems is required.")
    at = box.now("flipkart")
    rng = random.Random()  # noqa: S311 - an invented shop, no secret
    draft = invent_order(rng, at, line_count=1)
    lines: list[Line] = []
    for entry in wanted:
        product = _BY_LISTING.get(str(field_of(entry, "listingId")))
        quantity = field_of(entry, "quantity")
        if product is None:
            raise FlipkartError(400, "BAD_REQUEST", "listingId is not one of the seller's.")
        if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
            raise FlipkartError(400, "BAD_REQUEST", "quantity must be a positive integer.")
        lines.append(Line(product, quantity, product.price_minor * quantity, 0))
    with box.engine.begin() as connection:
        whole: Draft = replace(draft, lines=tuple(lines), shipping_minor=0)
        orders = trade.place(connection, "flipkart", rng, whole)
    items = [item for order in orders for item in order.body["orderItems"]]
    for order in orders:
        serving.touch(request, order.external_id)
    shown = [{key: item[key] for key in ("orderItemId", "listingId", "quantity")} for item in items]
    return JSONResponse({"orderId": orders[0].group_id, "orderItems": shown})


def _of_item(connection: Connection, fields: Body) -> ChannelOrder:
    item_id = fields.get("orderItemId")
    rows = channel_orders.c
    wanted = select(rows.external_id).where(
        rows.channel == "flipkart",
        rows.is_raw.is_(False),
        rows.body.contains(f'"orderItemId":"{item_id}"', autoescape=True),
    )
    shipment_id = None
    if isinstance(item_id, str) and item_id.isalnum():
        # The newest: an item that was issued again is in two shipments.
        shipment_id = connection.scalar(wanted.order_by(rows.created_at.desc()).limit(1))
    order = None
    if shipment_id is not None:
        order = channel_store.load(connection, "flipkart", shipment_id)
    if order is None:
        raise FlipkartError(400, "BAD_REQUEST", "orderItemId is not known.")
    return order


def move_to(state: str) -> Control:
    """A control that brings the shipment of {orderItemId} into a state."""

    def control(box: Sandbox, request: Request, raw: bytes) -> Response:
        fields, at = read_object(raw), box.now("flipkart")
        with box.engine.begin() as connection:
            settle(connection, at)
            order = _of_item(connection, fields)
            try:
                trade.advance(connection, order, state, at)
            except ValueError as error:
                raise FlipkartError(400, "BAD_REQUEST", str(error)) from error
        serving.touch(request, order.external_id)
        return JSONResponse({"response": f"orderItem {fields['orderItemId']}: {state}"})

    return control


def create_return(box: Sandbox, request: Request, raw: bytes) -> Response:
    """POST create_returns with {orderItemId, returnType}: courier, or customer."""
    kind = str(read_object(raw).get("returnType") or "customer").lower()
    if "courier" in kind:
        return move_to("COURIER_RETURN")(box, request, raw)
    if "customer" in kind:
        return move_to("RETURN_REQUESTED")(box, request, raw)
    raise FlipkartError(400, "BAD_REQUEST", "returnType must be courier or customer.")


def end_return(box: Sandbox, request: Request, raw: bytes) -> Response:
    """POST return_events with {orderItemId, eventType}: return_completed, or return_cancelled."""
    kind = str(read_object(raw).get("eventType") or "return_completed").lower()
    if "complete" in kind:
        return move_to("RETURNED")(box, request, raw)
    if "cancel" in kind:
        return move_to("RETURN_CANCELLED")(box, request, raw)
    message = "eventType must be return_completed or return_cancelled."
    raise FlipkartError(400, "BAD_REQUEST", message)


def update_slot(box: Sandbox, request: Request, raw: bytes) -> Response:
    """POST update_dispatch_slot with {orderItemId, dispatch_after_date, dispatch_by_date}."""
    fields, at = read_object(raw), box.now("flipkart")
    after: datetime = read_moment(fields.get("dispatch_after_date"), "dispatch_after_date")
    by = read_moment(fields.get("dispatch_by_date"), "dispatch_by_date")
    if by <= after:
        raise FlipkartError(400, "BAD_REQUEST", "dispatch_by_date must be the later one.")
    with box.engine.begin() as connection:
        order = _of_item(connection, fields)
        told = flipkart_order.set_slot(order, after, by, at)
        trade.commit(connection, order, told, at)
    serving.touch(request, order.external_id)
    return JSONResponse({"response": f"orderItem {fields['orderItemId']}: slot changed"})
