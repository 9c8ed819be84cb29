"""An Amazon order as its reply body: the changes that can happen to it, and its row.

The body is the truth. Every change goes through `load` (which locks the row) and `save`, so the
columns that searches use never disagree with what is shown.
"""

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, select, update

from crm_app.sandbox import amazon_hook, hooks, times
from crm_app.sandbox.credentials import AMAZON_SELLER
from crm_app.sandbox.store import amazon_orders, dump, later

Body = dict[str, Any]

DATASETS: Final = (
    "BUYER",
    "RECIPIENT",
    "PROCEEDS",
    "EXPENSE",
    "PROMOTION",
    "CANCELLATION",
    "FULFILLMENT",
    "PACKAGES",
    "TAX",
    "PAYMENT",
    "FULFILLMENT_ORDERS",
)
BIT: Final = {name: 1 << index for index, name in enumerate(DATASETS)}
_ORDER_KEYS: Final = {
    "BUYER": "buyer",
    "RECIPIENT": "recipient",
    "PROCEEDS": "proceeds",
    "FULFILLMENT": "fulfillment",
    "PACKAGES": "packages",
    "TAX": "tax",
    "PAYMENT": "payment",
    "FULFILLMENT_ORDERS": "fulfillmentOrders",
}
_ITEM_KEYS: Final = {
    "PROCEEDS": "proceeds",
    "EXPENSE": "expense",
    "PROMOTION": "promotion",
    "CANCELLATION": "cancellation",
    "FULFILLMENT": "fulfillment",
    "TAX": "tax",
}
# What a PENDING order does not show: nothing is charged and nobody is named yet.
_WITHHELD: Final = {"BUYER", "RECIPIENT", "PROCEEDS", "PAYMENT"}


@dataclass(slots=True)
class StoredOrder:
    """One locked row. `body` is complete, also while the order is PENDING."""

    seller: str
    order_id: str
    created_at: datetime
    updated_at: datetime
    body: Body
    # What sellers were told last: status, and whether the buyer asks to cancel.
    was: tuple[str, bool] = ("", False)


def datasets_in(body: Body) -> int:
    """Bits of the optional datasets that the body holds."""
    bits = sum(BIT[name] for name, key in _ORDER_KEYS.items() if key in body)
    for item in body["orderItems"]:
        for name, key in _ITEM_KEYS.items():
            if key in item:
                bits |= BIT[name]
    return bits


def prune(body: Body, keep: Iterable[str]) -> Body:
    """Drop, in place, the optional datasets that are not named in `keep`."""
    wanted = set(keep)
    for name, key in _ORDER_KEYS.items():
        if name not in wanted:
            body.pop(key, None)
    for item in body["orderItems"]:
        for name, key in _ITEM_KEYS.items():
            if name not in wanted:
                item.pop(key, None)
    return body


def row_of(order: StoredOrder) -> dict[str, Any]:
    """The row of an order: `body` as shown, `withheld` the rest while it is PENDING."""
    body = order.body
    body["createdTime"] = times.stamp(order.created_at)
    body["lastUpdatedTime"] = times.stamp(order.updated_at)
    is_pending = status_of(body) == "PENDING"
    shown = prune(copy.deepcopy(body), set(DATASETS) - _WITHHELD) if is_pending else body
    return {
        "seller": order.seller,
        "order_id": order.order_id,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
        "status": status_of(body),
        "fulfilled_by": body["fulfillment"]["fulfilledBy"],
        "datasets": datasets_in(shown),
        "is_raw": False,
        "is_moving": any(_package_status(one) == "IN_TRANSIT" for one in body.get("packages", [])),
        "body": dump(shown),
        "withheld": dump(body) if is_pending else None,
    }


def load(connection: Connection, seller: str, order_id: str) -> StoredOrder | None:
    """Read and lock an order; None if the seller has none of this id.

    Raises:
        ValueError: its stored body is one that somebody broke on purpose.
    """
    table = amazon_orders
    statement = select(table).where(table.c.seller == seller, table.c.order_id == order_id)
    row = connection.execute(statement.with_for_update()).one_or_none()
    return None if row is None else from_row(row)


def from_row(row: Row[*tuple[Any, ...]]) -> StoredOrder:
    """Rebuild the order from its row. Raises ValueError for a body that is no order."""
    body: Any = json.loads(row.withheld or row.body)
    try:
        for item in body["orderItems"]:
            _ = item["orderItemId"], int(item["quantityOrdered"])
        _ = body["fulfillment"]["fulfillmentStatus"], body["fulfillment"]["fulfilledBy"]
    except (KeyError, TypeError) as error:
        raise ValueError("the stored body is no complete order") from error
    was = (status_of(body), is_cancel_requested(body))
    return StoredOrder(row.seller, row.order_id, row.created_at, row.updated_at, body, was)


def save(connection: Connection, order: StoredOrder, at: datetime) -> None:
    """Write a changed order; its lastUpdatedTime moves forward to `at` or just past the last."""
    order.updated_at = later(at, order.updated_at)
    table = amazon_orders
    key = and_(table.c.seller == order.seller, table.c.order_id == order.order_id)
    connection.execute(update(table).where(key).values(row_of(order)))
    tell(connection, order, order.updated_at)


def tell(connection: Connection, order: StoredOrder, at: datetime) -> None:
    """Put ORDER_CHANGE messages into the seller's queue, where something changed that they name."""
    if order.seller != AMAZON_SELLER.key:
        return
    status, asks = status_of(order.body), is_cancel_requested(order.body)
    changes: list[str] = []
    if status != order.was[0]:
        changes.append(amazon_hook.STATUS_CHANGE)
    if asks and not order.was[1]:
        changes.append(amazon_hook.BUYER_REQUEST)
    events = [amazon_hook.order_change(order.body, change, at) for change in changes]
    hooks.emit(connection, events, at)
    order.was = status, asks


def status_of(body: Body) -> str:
    """Its fulfillmentStatus."""
    return str(body["fulfillment"]["fulfillmentStatus"])


def is_cancel_requested(body: Body) -> bool:
    """Whether the buyer asked the seller to cancel."""
    return any("cancellationRequest" in item.get("cancellation", {}) for item in body["orderItems"])


def release(body: Body) -> None:
    """Payment is authorised: PENDING becomes UNSHIPPED."""
    body["fulfillment"]["fulfillmentStatus"] = "UNSHIPPED"


def request_cancel(body: Body, reason: str) -> None:
    """The buyer asks the seller to cancel; the status stays."""
    for item in body["orderItems"]:
        request = {"requester": "BUYER", "cancelReason": reason}
        item.setdefault("cancellation", {})["cancellationRequest"] = request


def cancel(body: Body, cancelled_by: str, reason: str) -> None:
    """Cancel the whole order. `cancelled_by`: BUYER, MERCHANT or AMAZON."""
    body["fulfillment"]["fulfillmentStatus"] = "CANCELLED"
    for item in body["orderItems"]:
        execution = {"cancelledBy": cancelled_by, "cancelReason": reason}
        item.setdefault("cancellation", {})["cancellationExecution"] = execution
        if "fulfillment" in item:
            item["fulfillment"].update(quantityFulfilled=0, quantityUnfulfilled=0)


def track(body: Body, status: str, detailed_status: str) -> None:
    """Every parcel of the order reaches a new point on its way."""
    for package in body.get("packages", []):
        package["packageStatus"] = {"status": status, "detailedStatus": detailed_status}


def put_package(body: Body, package: Body) -> None:
    """Add a parcel, or replace the one of the same reference, and count what is shipped."""
    packages: list[Body] = body.setdefault("packages", [])
    reference = package["packageReferenceId"]
    known = [index for index, one in enumerate(packages) if one["packageReferenceId"] == reference]
    if known:
        packages[known[0]] = package
    else:
        packages.append(package)
    shipped = shipped_quantities(body)
    is_complete = True
    for item in body["orderItems"]:
        done = shipped.get(item["orderItemId"], 0)
        left = item["quantityOrdered"] - done
        is_complete = is_complete and left <= 0
        item["fulfillment"] = {
            **item.get("fulfillment", {}),
            "quantityFulfilled": done,
            "quantityUnfulfilled": left,
        }
    body["fulfillment"]["fulfillmentStatus"] = "SHIPPED" if is_complete else "PARTIALLY_SHIPPED"


def _package_status(package: Body) -> str:
    return str(package["packageStatus"]["status"])


def shipped_quantities(body: Body, without_package: str = "") -> dict[str, int]:
    """Units in parcels that have left, by orderItemId."""
    shipped: dict[str, int] = {}
    for package in body.get("packages", []):
        if package["packageReferenceId"] == without_package:
            continue
        if _package_status(package) in ("PENDING", "CANCELLED"):
            continue
        for item in package.get("packageItems", []):
            key = item["orderItemId"]
            shipped[key] = shipped.get(key, 0) + int(item["quantity"])
    return shipped
