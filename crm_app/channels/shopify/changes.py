"""What Shopify is to be told of an order, given what it has of it now; pure.

Each change is worked out from the order as it stands, so a repeat tells only what is still
missing, and nothing if all of it was told already.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from crm_app.channels.base import StatusUpdate
from crm_app.channels.reading import Json, section, sections
from crm_app.channels.shopify import statuses
from crm_app.channels.shopify.graphql import Query
from crm_app.channels.shopify.mapping import ORDER_GID
from crm_app.channels.shopify.queries import CANCEL, FULFILL, TELL_EVENT
from crm_app.domain.order_status import OrderStatus
from crm_app.errors import NotYetError, RejectedError

OPERATIONS: Final[Mapping[OrderStatus, str]] = {
    OrderStatus.SHIPPED: "fulfillmentCreate",
    OrderStatus.OUT_FOR_DELIVERY: "fulfillmentEventCreate",
    OrderStatus.DELIVERED: "fulfillmentEventCreate",
    OrderStatus.CANCELLED: "orderCancel",
}
# Where each mutation writes what it refuses.
ERRORS: Final[Mapping[str, str]] = {
    "fulfillmentCreate": "userErrors",
    "fulfillmentEventCreate": "userErrors",
    "orderCancel": "orderCancelUserErrors",
}
CANCEL_REASONS: Final = tuple(statuses.CANCEL_REASONS)
_EVENTS: Final[Mapping[OrderStatus, str]] = {
    OrderStatus.SHIPPED: "IN_TRANSIT",
    OrderStatus.OUT_FOR_DELIVERY: "OUT_FOR_DELIVERY",
    OrderStatus.DELIVERED: "DELIVERED",
}
_ARRIVED: Final = (OrderStatus.DELIVERED, OrderStatus.FAILED)
_OPEN: Final = ("OPEN", "IN_PROGRESS")
_WAITING: Final = ("ON_HOLD", "SCHEDULED")


@dataclass(frozen=True, slots=True)
class Manner:
    """How an account tells.

    Attributes:
        notify_customer: Whether Shopify writes to the buyer about it.
        cancel_reason: Given with every cancellation; one of `CANCEL_REASONS`.
        refund_on_cancel: Whether a cancellation sends the money back too. Off: a person decides.
        restock_on_cancel: Whether the pieces can be sold again.
    """

    notify_customer: bool = False
    cancel_reason: str = "OTHER"
    refund_on_cancel: bool = False
    restock_on_cancel: bool = True


def to_tell(order: Json, update: StatusUpdate, manner: Manner) -> list[Query]:
    """The mutations that bring an order to `update.status`; none if it is there already.

    Args:
        order: What `queries.PARCELS` found.
        update: Of one of `OPERATIONS`.
        manner: Of the account.

    Raises:
        RejectedError: Shopify would never do it.
        NotYetError: Shopify holds what is to be sent.
    """
    is_cancelled = bool(order.get("cancelledAt"))
    if update.status is OrderStatus.CANCELLED:
        return [] if is_cancelled else [_cancel(order, update, manner)]
    if is_cancelled:
        raise RejectedError("Shopify has this order as cancelled already.")
    if update.status is OrderStatus.SHIPPED:
        return _ship(order, update, manner)
    return _follow(order, update)


def _ship(order: Json, update: StatusUpdate, manner: Manner) -> list[Query]:
    """One parcel for each place that sends something: Shopify takes no parcel from two."""
    waiting, groups = False, dict[str, list[Json]]()
    for part in sections(section(order, "fulfillmentOrders"), "nodes"):
        left = sections(section(part, "lineItems"), "nodes")
        if not any(_remaining(line) > 0 for line in left):
            continue
        if part.get("status") in _WAITING:
            waiting = True
        if part.get("status") in _OPEN:
            place = str(section(part, "assignedLocation").get("name"))
            groups.setdefault(place, []).append(part)
    if update.left:
        return _ship_part(order, update, manner, groups, is_waiting=waiting)
    if groups:
        return [_fulfill(_whole(parts), update, manner) for parts in groups.values()]
    if waiting:
        raise NotYetError("Shopify holds what is to be sent: it is told once that ends.")
    if not _parcels(order):
        raise RejectedError("Nothing of this order is left to ship.")
    return [
        _event(parcel, update)
        for parcel in _parcels(order)
        if _state(parcel) is OrderStatus.READY_TO_SHIP
    ]


def _whole(parts: list[Json]) -> list[Json]:
    return [{"fulfillmentOrderId": str(part.get("id"))} for part in parts]


def _ship_part(
    order: Json,
    update: StatusUpdate,
    manner: Manner,
    groups: Mapping[str, list[Json]],
    *,
    is_waiting: bool,
) -> list[Query]:
    """Only what is in this parcel; nothing if Shopify has the parcel already.

    A parcel is known again by its tracking number. Without one, what is left by Shopify's count
    says whether it was told: then only what is missing of it is.
    """
    if update.tracking_number in _numbers(order) - {""}:
        return []
    missing = dict(update.lines)
    if not update.tracking_number:
        stay, there = dict(update.left), _remaining_by_line(groups)
        missing = {key: min(n, there.get(key, 0) - stay.get(key, 0)) for key, n in missing.items()}
    told: list[Query] = []
    for parts in groups.values():
        inside = [entry for part in parts if (entry := _take(part, missing))]
        if inside:
            told.append(_fulfill(inside, update, manner))
    if not told and is_waiting:
        raise NotYetError("Shopify holds what is to be sent: it is told once that ends.")
    if not told and not _parcels(order):
        raise RejectedError("Nothing of this part is left to ship.")
    return told


def _take(part: Json, missing: dict[str, int]) -> Json:
    """Pieces of one fulfilment order, taken off `missing`; empty if it has none of them."""
    items: list[Json] = []
    for line in sections(section(part, "lineItems"), "nodes"):
        key = _key(line)
        count = min(_remaining(line), missing.get(key, 0))
        if count > 0:
            missing[key] -= count
            items.append({"id": line.get("id"), "quantity": count})
    if not items:
        return {}
    return {"fulfillmentOrderId": str(part.get("id")), "fulfillmentOrderLineItems": items}


def _remaining_by_line(groups: Mapping[str, list[Json]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in (one for parts in groups.values() for one in parts):
        for line in sections(section(part, "lineItems"), "nodes"):
            found[_key(line)] = found.get(_key(line), 0) + _remaining(line)
    return found


def _key(line: Json) -> str:
    """The number of the order's line: gid://shopify/LineItem/11 -> 11."""
    return str(section(line, "lineItem").get("id")).rpartition("/")[2]


def _numbers(order: Json) -> set[str]:
    return {
        str(tracking.get("number") or "")
        for parcel in _parcels(order)
        for tracking in sections(parcel, "trackingInfo")
    }


def _fulfill(inside: list[Json], update: StatusUpdate, manner: Manner) -> Query:
    tracking = {"company": update.carrier, "number": update.tracking_number}
    told = {key: value for key, value in tracking.items() if value}
    fulfillment: dict[str, Any] = {
        "lineItemsByFulfillmentOrder": inside,
        "notifyCustomer": manner.notify_customer,
    }
    if told:
        fulfillment["trackingInfo"] = told
    return _change("fulfillmentCreate", FULFILL, {"fulfillment": fulfillment})


def _follow(order: Json, update: StatusUpdate) -> list[Query]:
    """Say of each parcel that is not that far yet how far it is."""
    parcels = _parcels(order)
    if not parcels:
        raise RejectedError("Shopify has no parcel of this order: ship it first.")
    return [
        _event(parcel, update)
        for parcel in parcels
        if _state(parcel) not in (update.status, *_ARRIVED)
    ]


def _event(parcel: Json, update: StatusUpdate) -> Query:
    event = {
        "fulfillmentId": parcel.get("id"),
        "status": _EVENTS[update.status],
        "happenedAt": update.happened_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    }
    return _change("fulfillmentEventCreate", TELL_EVENT, {"event": event})


def _cancel(order: Json, update: StatusUpdate, manner: Manner) -> Query:
    if _parcels(order):
        raise RejectedError("Shopify has sent parcels of this order: it is too late to cancel.")
    variables = {
        "orderId": f"{ORDER_GID}{update.external_id}",
        "reason": update.cancel_reason or manner.cancel_reason,
        "restock": manner.restock_on_cancel,
        "refundMethod": {"originalPaymentMethodsRefund": manner.refund_on_cancel},
        "notifyCustomer": manner.notify_customer,
    }
    return _change("orderCancel", CANCEL, variables)


def _change(name: str, document: str, variables: Mapping[str, Any]) -> Query:
    return Query(name, document, variables, root=name, is_write=True)


def _parcels(order: Json) -> list[Json]:
    return [
        parcel
        for parcel in sections(order, "fulfillments")
        if parcel.get("status") not in statuses.VOID
        and parcel.get("displayStatus") not in statuses.VOID
    ]


def _state(parcel: Json) -> OrderStatus:
    return statuses.PARCEL.means.get(str(parcel.get("displayStatus")), OrderStatus.SHIPPED)


def _remaining(line: Json) -> int:
    value = line.get("remainingQuantity")
    return value if type(value) is int else 0
