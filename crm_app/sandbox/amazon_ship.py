"""confirmShipment of the v0 API: one parcel a call, the same reference edits it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from starlette.responses import Response

from crm_app.sandbox import amazon_order, times
from crm_app.sandbox.amazon_errors import Call, InvalidInputError, UnknownOrderError
from crm_app.sandbox.amazon_order import Body, StoredOrder
from crm_app.sandbox.credentials import INDIA_MARKETPLACE_ID
from crm_app.sandbox.json_edge import as_list, as_object, field_of, read_json

_REQUIRED: Final = ("packageReferenceId", "carrierCode", "trackingNumber", "shipDate")
_REFERENCE: Final = re.compile(r"0*[1-9][0-9]{0,18}")
_WAREHOUSE: Final = {
    "name": "Palmonas Fulfilment",
    "addressLine1": "Unit 12, Baner Road",
    "city": "Pune",
    "stateOrRegion": "Maharashtra",
    "postalCode": "411045",
    "countryCode": "IN",
}


@dataclass(frozen=True, slots=True)
class Shipment:
    """A request whose form is right; quantities by orderItemId."""

    reference: str
    carrier: str
    method: str | None
    tracking_number: str
    ship_date: datetime
    quantities: dict[str, int]


def confirm_shipment(call: Call) -> Response:
    """POST /orders/v0/orders/{orderId}/shipmentConfirmation: 204 without a body."""
    order_id = str(call.request.path_params["order_id"])
    shipment = _read_shipment(call.body)
    with call.box.engine.begin() as connection:
        try:
            order = amazon_order.load(connection, call.seller, order_id.replace("\x00", ""))
        except ValueError as error:
            raise InvalidInputError("The order cannot be confirmed.") from error
        if order is None:
            raise UnknownOrderError(order_id)
        _check_order(order, shipment)
        at = call.box.now("amazon")
        _check_date(order, shipment, at)
        _check_quantities(order.body, shipment)
        amazon_order.put_package(order.body, _package(order.body, shipment, at))
        amazon_order.save(connection, order, at)
    return Response(status_code=204)


def _read_shipment(raw: bytes) -> Shipment:
    try:
        body: Any = read_json(raw)
    except ValueError as error:
        raise InvalidInputError("The request body is not valid JSON.") from error
    if as_object(body) is None:
        raise InvalidInputError("The request body must be an object.")
    if field_of(body, "marketplaceId") != INDIA_MARKETPLACE_ID:
        raise InvalidInputError("marketplaceId is missing or is not the order's marketplace.")
    detail = as_object(field_of(body, "packageDetail"))
    if detail is None:
        raise InvalidInputError("packageDetail is required.")
    return _read_detail(detail)


def _read_detail(detail: Body) -> Shipment:
    for name in _REQUIRED:
        value = detail.get(name)
        if not isinstance(value, str) or not value.strip():
            raise InvalidInputError(f"packageDetail.{name} is required.")
    if not _REFERENCE.fullmatch(detail["packageReferenceId"]):
        raise InvalidInputError("packageReferenceId must be a positive number.")
    carrier = detail["carrierCode"]
    if carrier == "Other":
        carrier = detail.get("carrierName")
        if not isinstance(carrier, str) or not carrier.strip():
            raise InvalidInputError("carrierName is required when carrierCode is Other.")
    method = detail.get("shippingMethod")
    return Shipment(
        reference=detail["packageReferenceId"],
        carrier=carrier,
        method=method if isinstance(method, str) else None,
        tracking_number=detail["trackingNumber"],
        ship_date=_read_date(detail["shipDate"]),
        quantities=_read_quantities(detail.get("orderItems")),
    )


def _read_date(text: str) -> datetime:
    try:
        return times.parse(text)
    except ValueError as error:
        raise InvalidInputError("shipDate must be in ISO 8601 format.") from error


def _read_quantities(items: object) -> dict[str, int]:
    entries = as_list(items)
    if not entries:
        raise InvalidInputError("packageDetail.orderItems is required.")
    quantities: dict[str, int] = {}
    for entry in entries:
        item_id, quantity = field_of(entry, "orderItemId"), field_of(entry, "quantity")
        if not isinstance(item_id, str) or not item_id:
            raise InvalidInputError("orderItems.orderItemId is required.")
        # bool is an int to Python, not to JSON.
        if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
            raise InvalidInputError("orderItems.quantity must be a positive integer.")
        quantities[item_id] = quantities.get(item_id, 0) + quantity
    return quantities


def _check_order(order: StoredOrder, shipment: Shipment) -> None:
    body = order.body
    status = amazon_order.status_of(body)
    if body["fulfillment"]["fulfilledBy"] == "AMAZON":
        raise InvalidInputError("Orders fulfilled by Amazon cannot be confirmed by the seller.")
    if status in ("CANCELLED", "PENDING", "PENDING_AVAILABILITY", "UNFULFILLABLE"):
        raise InvalidInputError(f"An order in status {status} cannot be confirmed.")
    references = {package["packageReferenceId"] for package in body.get("packages", [])}
    if status == "SHIPPED" and shipment.reference not in references:
        raise InvalidInputError("The order is already shipped in another package.")


def _check_date(order: StoredOrder, shipment: Shipment, at: datetime) -> None:
    if shipment.ship_date > at + timedelta(days=1):
        raise InvalidInputError("shipDate must not be in the future.")
    if shipment.ship_date < order.created_at:
        raise InvalidInputError("shipDate must not be before the order was placed.")


def _check_quantities(body: Body, shipment: Shipment) -> None:
    shipped = amazon_order.shipped_quantities(body, without_package=shipment.reference)
    ordered = {item["orderItemId"]: item["quantityOrdered"] for item in body["orderItems"]}
    for item_id, quantity in shipment.quantities.items():
        if item_id not in ordered:
            raise InvalidInputError(f"The order has no item {item_id[:100]}.")
        if quantity > ordered[item_id] - shipped.get(item_id, 0):
            message = f"The quantity of item {item_id} is more than what is left to ship."
            raise InvalidInputError(message)


def _package(body: Body, shipment: Shipment, at: datetime) -> Body:
    """The parcel as the reply shows it; an edited one keeps how far it has come."""
    known: list[Body] = [
        package
        for package in body.get("packages", [])
        if package["packageReferenceId"] == shipment.reference
    ]
    before: Body = known[0] if known else {}
    fresh = {"status": "IN_TRANSIT", "detailedStatus": "PICKED_UP"}
    reached: Body = before.get("packageStatus", fresh)
    package: Body = {
        "packageReferenceId": shipment.reference,
        "createdTime": before.get("createdTime", times.stamp(at)),
        "packageStatus": reached if reached["status"] != "PENDING" else fresh,
        "carrier": shipment.carrier,
        "shipTime": times.stamp(shipment.ship_date),
        "trackingNumber": shipment.tracking_number,
        "shipFromAddress": _WAREHOUSE,
        "packageItems": [
            {"orderItemId": item_id, "quantity": quantity}
            for item_id, quantity in shipment.quantities.items()
        ],
    }
    if shipment.method:
        package["shippingService"] = shipment.method
    return package
