"""What a seller does with shipments: pack (labels), ready to dispatch, cancel.

Every shipment of a batch has its own result, and a failed one comes inside HTTP 200.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from crm_app.sandbox import channel_store, flipkart_order, serving, times, trade
from crm_app.sandbox.channel_store import Body, ChannelOrder
from crm_app.sandbox.flipkart_auth import FlipkartError, read_object
from crm_app.sandbox.flipkart_pack import check_entry, misfit
from crm_app.sandbox.flipkart_search import settle
from crm_app.sandbox.json_edge import as_list, as_object
from crm_app.sandbox.serving import Sandbox

MOST_AT_ONCE: Final = 25
Work = Callable[[ChannelOrder, Body], None]


class ShipmentError(Exception):
    """One shipment of a batch is refused."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def pack(box: Sandbox, request: Request, raw: bytes) -> Response:
    """POST labels with {shipments: [{shipmentId, locationId?, invoices?, ...}]}.

    The shipment is PACKING_IN_PROGRESS at once and PACKED a moment later.
    """
    entries = _entries(read_object(raw).get("shipments"))
    for entry in entries:
        check_entry(entry)
    at = box.now("flipkart")

    def work(order: ChannelOrder, entry: Body) -> None:
        _check_free(order, at)
        if order.status not in ("APPROVED", "FORM_FAILED"):
            raise _wrong_state(order)
        if reason := misfit(entry, order.body):
            raise ShipmentError("INVALID_PACK_REQUEST", reason)
        flipkart_order.set_status(order, "PACKING_IN_PROGRESS")
        order.due_at = at + timedelta(seconds=box.pack_takes_s)

    return _batch(box, request, entries, at, work)


def dispatch(box: Sandbox, request: Request, raw: bytes) -> Response:
    """POST dispatch with {shipmentIds, locationId}: ready to be picked up."""
    fields = read_object(raw)
    ids = as_list(fields.get("shipmentIds"))
    location = fields.get("locationId")
    entries = _entries(
        None if ids is None else [{"shipmentId": one, "locationId": location} for one in ids]
    )
    at = box.now("flipkart")

    def work(order: ChannelOrder, _entry: Body) -> None:
        _check_free(order, at)
        if order.status != "PACKED":
            raise _wrong_state(order)
        flipkart_order.set_status(order, "READY_TO_DISPATCH")

    return _batch(box, request, entries, at, work)


def cancel(box: Sandbox, request: Request, raw: bytes) -> Response:
    """POST cancel with {shipments: [{shipmentId, reason, locationId?, cancellationGroupIds?}]}."""
    entries = _entries(read_object(raw).get("shipments"))
    at = box.now("flipkart")

    def work(order: ChannelOrder, entry: Body) -> None:
        if entry.get("reason") not in flipkart_order.CANCEL_REASONS:
            reasons = ", ".join(flipkart_order.CANCEL_REASONS)
            raise ShipmentError("INVALID_REASON", f"reason must be one of {reasons}")
        if order.status not in ("APPROVED", "PACKING_IN_PROGRESS", "FORM_FAILED"):
            raise _wrong_state(order)
        known = {item["cancellationGroupId"] for item in order.body["orderItems"]}
        groups = as_list(entry.get("cancellationGroupIds"))
        if groups is not None and not set(map(str, groups)) <= known:
            message = "cancellationGroupIds does not belong to the shipment"
            raise ShipmentError("INVALID_CANCELLATION_GROUP", message)
        entry["told"] = flipkart_order.cancel_items(
            order, groups or None, "seller_cancellation", str(entry["reason"]), at
        )

    return _batch(box, request, entries, at, work)


def _entries(shipments: object) -> list[Body]:
    entries = as_list(shipments)
    if entries is None or not 1 <= len(entries) <= MOST_AT_ONCE:
        message = f"1 to {MOST_AT_ONCE} shipments are expected."
        raise FlipkartError(400, "BAD_REQUEST", message)
    found: list[Body] = []
    for entry in entries:
        fields = as_object(entry)
        if fields is None or not isinstance(fields.get("shipmentId"), str):
            raise FlipkartError(400, "BAD_REQUEST", "shipmentId is required.")
        found.append(dict(fields))
    locations = {str(one.get("locationId")) for one in found if one.get("locationId")}
    if len(locations) > 1:
        message = "All shipments of a call must be of one location."
        raise FlipkartError(400, "BAD_REQUEST", message)
    return found


def _batch(
    box: Sandbox, request: Request, entries: list[Body], at: datetime, work: Work
) -> Response:
    results: list[Body] = []
    with box.engine.begin() as connection:
        settle(connection, at)
        for entry in entries:
            shipment_id = entry["shipmentId"]
            result: Body = {"shipmentId": shipment_id, "status": "SUCCESS"}
            try:
                _work_on(connection, entry, at, work)
            except ShipmentError as error:
                result |= {
                    "status": "FAILURE",
                    "errorCode": error.code,
                    "errorMessage": str(error),
                }
            serving.touch(request, shipment_id)
            results.append(result)
    return JSONResponse({"shipments": results})


def _work_on(connection: Connection, entry: Body, at: datetime, work: Work) -> None:
    try:
        order = channel_store.load(connection, "flipkart", entry["shipmentId"])
    except ValueError as error:
        raise ShipmentError("INVALID_SHIPMENT", "The shipment cannot be changed") from error
    if order is None:
        raise ShipmentError("SHIPMENT_NOT_FOUND", "No shipment of this seller has this id")
    location = entry.get("locationId")
    if location and location != order.body["locationId"]:
        raise ShipmentError("INVALID_LOCATION", "The shipment is of another location")
    work(order, entry)
    told: Any = entry.pop("told", None)
    if told is None and order.status == "READY_TO_DISPATCH":
        word = "READY_TO_DISPATCH"
        topic = "shipment_ready_to_dispatch"
        told = [flipkart_order.event(order, topic, {"status": word}, at)]
    trade.commit(connection, order, told or [], at)


def _check_free(order: ChannelOrder, at: datetime) -> None:
    if order.body["hold"]:
        raise ShipmentError("SHIPMENT_ON_HOLD", "The shipment is on hold")
    if times.parse(order.body["dispatchAfterDate"]) > at:
        message = "The shipment cannot be processed before its dispatchAfterDate"
        raise ShipmentError("DISPATCH_AFTER_DATE_NOT_REACHED", message)


def _wrong_state(order: ChannelOrder) -> ShipmentError:
    message = f"The operation is not allowed for a shipment in state {order.status}"
    return ShipmentError("INVALID_STATE", message)
