"""Blinkit's side for suppliers (inferred): acknowledgement, shipment note, amendment.

There is no list and no way to read an order: it is pushed once.
"""

import hmac
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from crm_app.sandbox import channel_store, serving, store, times, trade
from crm_app.sandbox.blinkit_asn import AsnTypeError, Verdict, check_types, judge
from crm_app.sandbox.blinkit_order import ENDED, units_left
from crm_app.sandbox.channel_store import ChannelOrder
from crm_app.sandbox.credentials import BLINKIT_VENDORS, BlinkitVendor
from crm_app.sandbox.json_edge import as_list, as_object, field_of, read_json
from crm_app.sandbox.serving import ANY_METHOD, Endpoint, Sandbox, endpoint

BASE: Final = "/webhook/public/v1"
ACK_STATES: Final = ("PROCESSING", "ACCEPTED", "PARTIALLY_ACCEPTED", "REJECTED")
Body = dict[str, Any]
Operation = Callable[[Sandbox, Request, Body, BlinkitVendor], Response]


class VendorError(Exception):
    """A refusal with an HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _vendor(request: Request) -> BlinkitVendor:
    given = request.headers.get("api-key", "").encode()
    for vendor in BLINKIT_VENDORS:
        if hmac.compare_digest(given, vendor.api_key.encode()):
            return vendor
    raise VendorError(401, "Unauthorized")


def _load(connection: Connection, request: Request, number: object) -> ChannelOrder | None:
    if not isinstance(number, str):
        raise VendorError(400, "po_number must be a string")
    serving.touch(request, number)
    try:
        return channel_store.load(connection, "blinkit", number)
    except ValueError as error:
        raise VendorError(400, "The PO cannot be processed") from error


def _acknowledge(box: Sandbox, request: Request, fields: Body, _vendor: BlinkitVendor) -> Response:
    data = as_object(fields.get("data"))
    if not isinstance(fields.get("success"), bool) or data is None:
        raise VendorError(400, "success and data are required")
    state = str(data.get("po_status", "")).upper()
    if state not in ACK_STATES:
        raise VendorError(400, f"po_status must be one of {', '.join(ACK_STATES)}")
    at = box.now("blinkit")
    with box.engine.begin() as connection:
        order = _load(connection, request, data.get("po_number"))
        if order is None:
            raise VendorError(404, "PO not found")
        if order.status != state:
            if order.status not in ("CREATED", "PROCESSING"):
                raise VendorError(400, f"PO already processed: it is {order.status}")
            order.status = state
        order.notes["acknowledgements"] = [*order.notes.get("acknowledgements", []), fields]
        trade.commit(connection, order, [], at)
    return _ok("Acknowledgement received")


def _send_asn(box: Sandbox, request: Request, fields: Body, vendor: BlinkitVendor) -> Response:
    try:
        check_types(fields)
    except AsnTypeError as error:
        raise VendorError(400, str(error)) from error
    at = box.now("blinkit")
    with box.engine.begin() as connection:
        order = _load(connection, request, fields["po_number"])
        key = f"blinkit invoice {fields['invoice_number']}".replace("\x00", "")
        is_known = store.read_fact(connection, key) is not None
        verdict = judge(fields, order, vendor, is_known)
        reply = _asn_reply(verdict)
        if order is not None and verdict.status != "REJECTED":
            serial = channel_store.next_serial(connection, "blinkit asn")
            reply["asn_id"] = f"ASN-{serial:06d}"
            store.write_fact(connection, key, reply["asn_id"])
            _keep(order, fields, reply["asn_id"], verdict)
            trade.commit(connection, order, [], at)
    return JSONResponse(reply)


def _keep(order: ChannelOrder, fields: Body, asn_id: str, verdict: Verdict) -> None:
    notes: list[Body] = order.notes.setdefault("asns", [])
    notes.append(
        {
            "asn_id": asn_id,
            "invoice_number": fields["invoice_number"],
            "quantities": verdict.accepted,
            "tracking": field_of(fields["shipment_details"], "delivery_tracking_code"),
        }
    )
    is_complete = all(left <= 0 for left in units_left(order).values())
    is_final = is_complete or fields["po_status"] == "PO_FULFILLED"
    order.status = "FULFILLED" if is_final else "PARTIALLY_FULFILLED"


def _asn_reply(verdict: Verdict) -> Body:
    status = verdict.status
    is_refused = status == "REJECTED"
    return {
        # Only says that the note was read.
        "successful": True,
        "asn_sync_status": status,
        "message": "ASN rejected" if is_refused else "ASN processed",
        "success_count": 0 if is_refused else len(verdict.accepted),
        "error_count": len(verdict.errors),
        "data": {"errors": verdict.errors},
        "warnings": verdict.warnings,
    }


def _amend(box: Sandbox, request: Request, fields: Body, vendor: BlinkitVendor) -> Response:
    if not vendor.may_amend:
        raise VendorError(404, "Not found")
    entries = as_list(fields.get("request_data"))
    if not entries:
        raise VendorError(400, "request_data is required")
    at = box.now("blinkit")
    with box.engine.begin() as connection:
        for entry in entries:
            for variant in as_list(field_of(entry, "variants")) or []:
                for number in as_list(field_of(variant, "po_numbers")) or []:
                    order = _load(connection, request, number)
                    if order is None or order.status in ENDED:
                        raise VendorError(400, f"PO {number} cannot be amended")
                    amendments: list[Any] = order.notes.setdefault("amendments", [])
                    amendments.append(entry)
                    trade.commit(connection, order, [], at)
    return _ok("Amendment received")


def _ok(message: str) -> Response:
    return JSONResponse(
        {"success": True, "message": message, "timestamp": times.stamp(times.now())}
    )


def _operation(name: str, run: Operation) -> Endpoint:
    def handle(box: Sandbox, request: Request, raw: bytes) -> Response:
        try:
            vendor = _vendor(request)
            try:
                fields = as_object(read_json(raw))
            except ValueError:
                fields = None
            if fields is None:
                raise VendorError(400, "The body must be a JSON object")
            return run(box, request, fields, vendor)
        except VendorError as error:
            return JSONResponse({"success": False, "message": str(error)}, error.status)

    return endpoint("blinkit", name, handle)


def _no_route(_box: Sandbox, _request: Request, _raw: bytes) -> Response:
    return JSONResponse({"success": False, "message": "Not found"}, 404)


def routes() -> list[BaseRoute]:
    """Routes of the supplier host."""
    acknowledge = _operation("acknowledge", _acknowledge)
    return [
        Route(f"{BASE}/po/acknowledgement", acknowledge, methods=["POST"]),
        Route(f"{BASE}/asn", _operation("asn", _send_asn), methods=["POST"]),
        Route(f"{BASE}/po/amendment", _operation("amendment", _amend), methods=["POST"]),
        Route("/{path:path}", endpoint("blinkit", "unknown", _no_route), methods=ANY_METHOD),
    ]
