"""What an order is according to the channel, read from the sandbox's own record of it.

Written from the channels' documents and not from the product's mappings, so that a mistake in
those shows as a difference.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """One order in plain words. Money in paise; None is what the channel does not tell.

    Attributes:
        statuses: Our words that say what the channel says.
        lines: Article number and units, sorted.
        tracking: Every number that the channel knows; empty if it keeps none.
    """

    statuses: frozenset[str]
    total_minor: int | None
    lines: tuple[tuple[str, int], ...]
    placed_at: datetime | None
    name: str | None
    pincode: str | None
    tracking: frozenset[str]
    is_cod: bool | None


def read(channel: str, order: Body) -> Facts:
    """Facts of one element of `/_sandbox/orders/CHANNEL`."""
    return _READERS[channel](order)


def _minor(amount: Any) -> int:
    return int((Decimal(str(amount)) * 100).to_integral_value())


def _one(*words: str) -> frozenset[str]:
    return frozenset(words)


def _amazon(order: Body) -> Facts:
    body = order["body"]
    word = str(body["fulfillment"]["fulfillmentStatus"])
    parcels = [one["packageStatus"] for one in body.get("packages", [])]
    status = {
        "PENDING": "pending",
        "UNSHIPPED": "confirmed",
        "PARTIALLY_SHIPPED": "confirmed",
        "CANCELLED": "cancelled",
    }.get(word, "shipped")
    if status == "shipped" and parcels:
        status = _amazon_parcel(parcels[-1])
    total = body.get("proceeds", {}).get("grandTotal")
    methods = {str(one.get("paymentMethod", "")) for one in _executions(body)}
    recipient = body.get("recipient", {}).get("deliveryAddress", {})
    return Facts(
        statuses=_one(status),
        total_minor=_minor(total["amount"]) if total else None,
        lines=_lines(
            body["orderItems"], lambda one: one["product"]["sellerSku"], "quantityOrdered"
        ),
        placed_at=datetime.fromisoformat(body["createdTime"]),
        name=body.get("buyer", {}).get("buyerName") or None,
        pincode=recipient.get("postalCode") or None,
        tracking=frozenset(one["trackingNumber"] for one in body.get("packages", [])),
        is_cod=any("cod" in one.lower().replace("_", "") for one in methods) if methods else None,
    )


def _executions(body: Body) -> list[Body]:
    found: Any = body.get("payment", {}).get("paymentExecutions", [])
    return found


def _amazon_parcel(status: Body) -> str:
    detail = str(status.get("detailedStatus"))
    return {
        "OUT_FOR_DELIVERY": "out_for_delivery",
        "DELIVERED": "delivered",
        "RETURNED_TO_SELLER": "returned",
        "LOST": "failed",
        "DAMAGED": "failed",
    }.get(detail, "shipped")


def _woocommerce(order: Body) -> Facts:
    body = order["body"]
    status = {
        "processing": "confirmed",
        "completed": "shipped",
        "cancelled": "cancelled",
        "trash": "cancelled",
        "failed": "failed",
        "refunded": "returned",
    }.get(str(body["status"]), "pending")
    shipping, billing = body["shipping"], body["billing"]
    return Facts(
        statuses=_one(status),
        total_minor=_minor(body["total"]),
        lines=_lines(body["line_items"], lambda one: one["sku"], "quantity"),
        placed_at=datetime.fromisoformat(body["date_created_gmt"]).replace(tzinfo=UTC),
        name=f"{billing['first_name']} {billing['last_name']}".strip() or None,
        pincode=shipping["postcode"] or billing["postcode"] or None,
        tracking=_woo_tracking(body),
        is_cod=body["payment_method"] == "cod",
    )


def _woo_tracking(body: Body) -> frozenset[str]:
    found: set[str] = set()
    for meta in body["meta_data"]:
        if meta["key"] == "_tracking_number":
            found.add(str(meta["value"]))
        elif meta["key"] == "_wc_shipment_tracking_items":
            found |= {str(one["tracking_number"]) for one in meta["value"]}
    return frozenset(found)


def _flipkart(order: Body) -> Facts:
    body = order["body"]
    items = body["orderItems"]
    live = [one for one in items if one["status"] != "CANCELLED"]
    word = str(live[0]["status"]) if live else "CANCELLED"
    status = {
        "APPROVED": "confirmed",
        "PACKING_IN_PROGRESS": "confirmed",
        "FORM_FAILED": "failed",
        "PACKED": "packed",
        "READY_TO_DISPATCH": "ready_to_ship",
        "PICKUP_COMPLETE": "shipped",
        "SHIPPED": "shipped",
        "RETURNED": "returned",
        "CANCELLED": "cancelled",
    }.get(word, "delivered")
    return Facts(
        statuses=_one(status),
        total_minor=sum(_minor(one["priceComponents"]["totalPrice"]) for one in live or items),
        lines=_lines(items, lambda one: one["sku"], "quantity"),
        placed_at=min(datetime.fromisoformat(one["orderDate"]) for one in items),
        # The buyer is on the label only.
        name=None,
        pincode=None,
        tracking=frozenset(),
        is_cod=any(one["paymentType"] == "COD" for one in items),
    )


def _shopify(order: Body) -> Facts:
    body = order["body"]
    address: Body = body["shippingAddress"] or {}
    customer: Body = body["customer"] or {}
    gateways = [str(one).lower() for one in body["paymentGatewayNames"]]
    return Facts(
        statuses=_one(_shopify_status(body)),
        total_minor=_minor(body["totalPriceSet"]),
        lines=_lines(body["lineItems"], lambda one: one["sku"], "quantity"),
        placed_at=datetime.fromisoformat(body["createdAt"]),
        name=customer.get("displayName") or address.get("name") or None,
        pincode=address.get("zip") or None,
        tracking=frozenset(
            str(info["number"]) for one in body["fulfillments"] for info in one["trackingInfo"]
        ),
        is_cod=any("cash on delivery" in one for one in gateways),
    )


def _shopify_status(body: Body) -> str:
    money = str(body["displayFinancialStatus"])
    is_cod = any("cash on delivery" in str(one).lower() for one in body["paymentGatewayNames"])
    if body["cancelledAt"]:
        return "cancelled"
    if body["displayFulfillmentStatus"] == "FULFILLED":
        if body["returnStatus"] == "RETURNED":
            return "returned"
        shown = str(body["fulfillments"][-1]["displayStatus"])
        return {"OUT_FOR_DELIVERY": "out_for_delivery", "DELIVERED": "delivered"}.get(
            shown, "shipped"
        )
    if money in ("REFUNDED", "VOIDED"):
        return "cancelled"
    is_unpaid = money in ("PENDING", "AUTHORIZED", "EXPIRED")
    return "pending" if is_unpaid and not is_cod else "confirmed"


def _swiggy(order: Body) -> Facts:
    body = order["body"]
    details = body["order"]["details"]
    words = {
        "Placed": ("pending",),
        "Acknowledged": ("confirmed",),
        "Food Ready": ("packed",),
        # Where the rider is comes by an event of its own.
        "Dispatched": ("shipped", "out_for_delivery"),
        "Completed": ("delivered",),
        "Cancelled": ("cancelled",),
    }[str(details["order_state"])]
    return Facts(
        statuses=_one(*words),
        total_minor=_minor(details["order_total"]),
        lines=_lines(body["order"]["items"], lambda one: one["merchant_id"], "quantity"),
        placed_at=datetime.fromtimestamp(details["created"] / 1_000, UTC),
        name=body["customer"]["name"],
        pincode=body["customer"]["address"]["pin"],
        tracking=frozenset(),
        is_cod=any(one["option"] == "cash" for one in body["order"]["payment"]),
    )


def _blinkit(order: Body) -> Facts:
    body = order["body"]
    status = {
        "CREATED": ("pending",),
        # Heard, and not decided: the word that decides is on its way or was refused.
        "PROCESSING": ("pending", "confirmed"),
        "ACCEPTED": ("confirmed",),
        "PARTIALLY_ACCEPTED": ("confirmed",),
        "PARTIALLY_FULFILLED": ("shipped",),
        "FULFILLED": ("shipped",),
        "CANCELLED": ("cancelled",),
    }[str(order["status"])]
    details = body["details"]
    return Facts(
        statuses=_one(*status),
        total_minor=_minor(details["total_amount"]),
        lines=_lines(details["item_data"], lambda one: one["sku_code"], "units_ordered"),
        placed_at=None,
        name=details["buyer_details"]["name"],
        pincode=details["buyer_details"]["destination_address"]["postal_code"],
        # Blinkit keeps the number in its notes on each shipping note.
        tracking=frozenset(),
        is_cod=None,
    )


def _lines(
    items: list[Body], sku_of: Callable[[Body], str], quantity: str
) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((str(sku_of(one)), int(one[quantity])) for one in items))


_READERS: Final[Mapping[str, Callable[[Body], Facts]]] = {
    "amazon": _amazon,
    "woocommerce": _woocommerce,
    "flipkart": _flipkart,
    "shopify": _shopify,
    "swiggy": _swiggy,
    "blinkit": _blinkit,
}
