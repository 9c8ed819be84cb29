"""Dress a draft as an Amazon order of the 2026-01-01 model."""

import random
from datetime import datetime, timedelta
from typing import Any, Final

from crm_app.sandbox import amazon_order, times
from crm_app.sandbox.amazon_order import Body, StoredOrder
from crm_app.sandbox.credentials import INDIA_MARKETPLACE_ID
from crm_app.sandbox.draft import Draft, Line, net_of, rupees

FBA_SHARE: Final = 0.12
EASY_SHIP_SHARE: Final = 0.15
CARRIERS: Final = ("Delhivery", "BlueDart", "XpressBees", "DTDC", "India Post")
CANCEL_REASONS: Final = (
    "Ordered by mistake",
    "Changed mind about purchase",
    "Found a better price",
    "Delivery would take too long",
)
_SALES_CHANNEL: Final = {
    "channelName": "AMAZON",
    "marketplaceId": INDIA_MARKETPLACE_ID,
    "marketplaceName": "Amazon.in",
}


def money(minor: int) -> dict[str, str]:
    """Paise as the model's Money."""
    return {"amount": rupees(minor), "currencyCode": "INR"}


def new_order_id(rng: random.Random) -> str:
    """An Indian order number: 3-7-7 digits, beginning with 171 or 40x."""
    head = rng.choice(("171", "402", "403", "404", "405", "406", "407", "408"))
    return f"{head}-{rng.randrange(10**7):07d}-{rng.randrange(10**7):07d}"


def dress(rng: random.Random, draft: Draft, seller: str, is_fba: bool | None = None) -> StoredOrder:
    """The whole order at the draft's stage, under a new order id.

    Args:
        is_fba: whether Amazon sends it; None: now and then.
    """
    order_id = new_order_id(rng)
    if is_fba is None:
        is_fba = rng.random() < FBA_SHARE
    body: Body = {
        "orderId": order_id,
        "createdTime": "",
        "lastUpdatedTime": "",
        "programs": _programs(rng, is_fba),
        "salesChannel": _SALES_CHANNEL,
        "buyer": {
            "buyerName": draft.buyer.name,
            "buyerEmail": f"{rng.getrandbits(56):014x}@marketplace.amazon.in",
        },
        "recipient": {"deliveryAddress": _address(draft)},
        "proceeds": _order_proceeds(draft),
        "payment": {"paymentExecutions": [_payment(rng, draft)]},
        "fulfillment": _fulfillment(rng, draft, is_fba),
        "orderItems": _items(rng, draft),
    }
    changed_at = draft.changed_at or draft.placed_at
    _advance(rng, body, draft, changed_at, is_fba)
    return StoredOrder(seller, order_id, times.cut(draft.placed_at), times.cut(changed_at), body)


def _programs(rng: random.Random, is_fba: bool) -> list[str]:
    if is_fba:
        return ["PRIME"]
    return ["AMAZON_EASY_SHIP"] if rng.random() < EASY_SHIP_SHARE else []


def _address(draft: Draft) -> dict[str, str]:
    buyer = draft.buyer
    return {
        "name": buyer.name,
        "addressLine1": buyer.line_1,
        "addressLine2": buyer.line_2,
        "city": buyer.city,
        "stateOrRegion": buyer.state,
        "postalCode": buyer.pincode,
        "countryCode": "IN",
        "phone": buyer.phone,
        "addressType": "RESIDENTIAL",
    }


def _payment(rng: random.Random, draft: Draft) -> Body:
    if draft.is_cod:
        return {"paymentMethod": "COD", "paymentAmount": money(draft.total_minor)}
    method = rng.choices(("Other", "CreditCard"), (70, 30))[0]
    execution: Body = {"paymentMethod": method, "paymentAmount": money(draft.total_minor)}
    if method == "CreditCard":
        execution["cardBrand"] = rng.choice(("Visa", "Mastercard", "RuPay"))
    return execution


def _breakdown(kind: str, minor: int) -> Body:
    return {"type": kind, "subtotal": money(minor)}


def _split(line: Line, shipping_minor: int) -> dict[str, int]:
    """What a line brings, by category; the sum is what the buyer pays for it."""
    net, net_discount = net_of(line.gross_minor), net_of(line.discount_minor)
    parts = {
        "ITEM": net,
        "SHIPPING": shipping_minor,
        "DISCOUNT": -net_discount,
        "TAX": line.paid_minor - net + net_discount,
    }
    return {kind: minor for kind, minor in parts.items() if minor}


def _splits(draft: Draft) -> list[dict[str, int]]:
    # Amazon charges shipping by item; here the first one carries it all.
    first, *others = draft.lines
    return [_split(first, draft.shipping_minor), *(_split(line, 0) for line in others)]


def _order_proceeds(draft: Draft) -> Body:
    totals: dict[str, int] = {}
    for split in _splits(draft):
        for kind, minor in split.items():
            totals[kind] = totals.get(kind, 0) + minor
    return {
        "grandTotal": money(draft.total_minor),
        "breakdowns": [_breakdown(kind, minor) for kind, minor in totals.items()],
    }


def _items(rng: random.Random, draft: Draft) -> list[Body]:
    items: list[Body] = []
    for index, (line, split) in enumerate(zip(draft.lines, _splits(draft), strict=True)):
        item: Body = {
            "orderItemId": f"{rng.randrange(10**13, 10**14)}",
            "quantityOrdered": line.quantity,
            "product": {
                "asin": line.product.asin,
                "title": line.product.title,
                "sellerSku": line.product.sku,
                "condition": {"conditionType": "NEW", "conditionSubtype": "NEW"},
                "price": {"unitPrice": money(line.gross_minor // line.quantity)},
            },
            "proceeds": {
                "proceedsTotal": money(sum(split.values())),
                "breakdowns": [_breakdown(kind, minor) for kind, minor in split.items()],
            },
            "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": line.quantity},
        }
        if line.discount_minor:
            item["promotion"] = {"breakdowns": [{"promotionId": "IN Festive 10 Percent Off"}]}
        if draft.gift_message and index == 0:
            gift = {"giftMessage": draft.gift_message, "giftWrapLevel": "Classic"}
            item["fulfillment"]["packing"] = {"giftOption": gift}
        items.append(item)
    return items


def _fulfillment(rng: random.Random, draft: Draft, is_fba: bool) -> Body:
    is_fast = is_fba or rng.random() < 0.2
    ship_days, deliver_days = (1, 3) if is_fast else (2, 7)
    placed = draft.placed_at
    return {
        "fulfillmentStatus": "UNSHIPPED",
        "fulfilledBy": "AMAZON" if is_fba else "MERCHANT",
        "fulfillmentServiceLevel": "EXPEDITED" if is_fast else "STANDARD",
        "shipByWindow": {
            "earliestDateTime": times.stamp(placed),
            "latestDateTime": times.stamp(times.day_end(placed, ship_days)),
        },
        "deliverByWindow": {
            "earliestDateTime": times.stamp(placed + timedelta(days=ship_days)),
            "latestDateTime": times.stamp(times.day_end(placed, deliver_days)),
        },
    }


def _advance(rng: random.Random, body: Body, draft: Draft, at: datetime, is_fba: bool) -> None:
    """Bring a fresh body to the draft's stage."""
    if draft.is_cancel_requested:
        amazon_order.request_cancel(body, rng.choice(CANCEL_REASONS))
    match draft.stage:
        case "pending":
            body["fulfillment"]["fulfillmentStatus"] = "PENDING"
        case "open":
            pass
        case "cancelled" | "failed":
            who = rng.choices(("BUYER", "MERCHANT", "AMAZON"), (70, 15, 15))[0]
            amazon_order.cancel(body, who, rng.choice(CANCEL_REASONS))
        case _:
            shipped_at = min(draft.placed_at + timedelta(hours=rng.randint(8, 40)), at)
            ship_all(rng, body, shipped_at)
            amazon_order.track(body, *PACKAGE_STATUS[draft.stage])
            if is_fba:
                # Parcels that Amazon sends are not shown to the seller.
                del body["packages"]


PACKAGE_STATUS: Final = {
    "shipped": ("IN_TRANSIT", "PICKED_UP"),
    "out_for_delivery": ("IN_TRANSIT", "OUT_FOR_DELIVERY"),
    "delivered": ("DELIVERED", "DELIVERED"),
    "returned": ("UNDELIVERABLE", "RETURNED_TO_SELLER"),
}


def ship_all(rng: random.Random, body: Body, at: datetime) -> None:
    """One parcel with everything that is not in a parcel yet."""
    shipped = amazon_order.shipped_quantities(body)
    left: list[dict[str, Any]] = []
    for item in body["orderItems"]:
        quantity = item["quantityOrdered"] - shipped.get(item["orderItemId"], 0)
        if quantity > 0:
            left.append({"orderItemId": item["orderItemId"], "quantity": quantity})
    amazon_order.put_package(
        body,
        {
            "packageReferenceId": str(len(body.get("packages", [])) + 1),
            "createdTime": times.stamp(at),
            "packageStatus": {"status": "IN_TRANSIT", "detailedStatus": "PICKED_UP"},
            "carrier": rng.choice(CARRIERS),
            "shipTime": times.stamp(at),
            "trackingNumber": f"{rng.randrange(10**11, 10**12)}",
            "packageItems": left,
        },
    )
