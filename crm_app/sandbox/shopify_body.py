"""Dress a draft as a Shopify order, the node that GraphQL serves."""

import json
import random
from datetime import datetime
from typing import Final

from crm_app.sandbox.channel_store import Body, ChannelOrder
from crm_app.sandbox.draft import Draft, Line, Stage, net_of, rupees
from crm_app.sandbox.people import Buyer
from crm_app.sandbox.shopify_order import advance, gid, stamp

STAGES: Final[dict[Stage, str]] = {
    "pending": "PENDING",
    "open": "OPEN",
    "shipped": "FULFILLED",
    "out_for_delivery": "OUT_FOR_DELIVERY",
    "delivered": "DELIVERED",
    "returned": "RETURNED",
    "cancelled": "CANCELLED",
    "failed": "CANCELLED",
}
_FIRST_ID: Final = 6_100_000_000_000
# Protected data that the app may not see comes as null, and some buyers leave no account.
_NO_CUSTOMER_SHARE: Final = 0.12


def dress(rng: random.Random, draft: Draft, serial: int) -> list[ChannelOrder]:
    """One order at the draft's stage."""
    number = str(_FIRST_ID + serial * 37)
    placed_at = draft.placed_at.replace(microsecond=0)
    lines = [_line(number, index, line) for index, line in enumerate(draft.lines)]
    body: Body = {
        "__typename": "Order",
        "id": gid("Order", number),
        "legacyResourceId": number,
        "name": f"#{1_000 + serial}",
        "number": 1_000 + serial,
        **_moments(placed_at),
        **_states(draft),
        **_money(draft),
        "test": False,
        "sourceName": "web",
        "tags": ["gift"] if draft.gift_message else [],
        "note": draft.gift_message,
        "currencyCode": "INR",
        "presentmentCurrencyCode": "INR",
        **_people(rng, draft, number),
        "lineItems": lines,
        "subtotalLineItemsQuantity": sum(line["quantity"] for line in lines),
        "fulfillments": [],
        "fulfillmentOrders": [_fulfillment_order(number, lines, placed_at)],
    }
    order = ChannelOrder("shopify", number, body["name"], placed_at, placed_at, "OPEN", body)
    stage = STAGES[draft.stage]
    if stage not in ("OPEN", "PENDING"):
        at = max((draft.changed_at or placed_at).replace(microsecond=0), placed_at)
        advance(order, stage, rng, at)
    return [order]


def reissue(order: ChannelOrder, serial: int, at: datetime) -> ChannelOrder:
    """What the shop's "duplicate" makes: the same goods for the same buyer, under other ids."""
    if order.body["fulfillments"] or order.body["cancelledAt"]:
        raise ValueError("the order has left, or is cancelled")
    number, at = str(_FIRST_ID + serial * 37), at.replace(microsecond=0)
    # Every id of a line or a part is built from the order's.
    body: Body = json.loads(json.dumps(order.body).replace(order.external_id, number))
    body |= {"name": f"#{1_000 + serial}", "number": 1_000 + serial, **_moments(at)}
    return ChannelOrder("shopify", number, body["name"], at, at, "OPEN", body)


def _moments(placed_at: datetime) -> Body:
    at = stamp(placed_at)
    return {
        "createdAt": at,
        "updatedAt": at,
        "processedAt": at,
        "cancelledAt": None,
        "cancelReason": None,
        "closedAt": None,
        "closed": False,
    }


def _states(draft: Draft) -> Body:
    is_paid = not draft.is_cod and draft.stage != "pending"
    gateway = "Cash on Delivery (COD)" if draft.is_cod else "Razorpay Secure"
    return {
        "confirmed": True,
        "fullyPaid": is_paid,
        "displayFinancialStatus": "PAID" if is_paid else "PENDING",
        "displayFulfillmentStatus": "UNFULFILLED",
        "returnStatus": "NO_RETURN",
        "paymentGatewayNames": [gateway],
    }


def _money(draft: Draft) -> Body:
    tax = sum(line.paid_minor - net_of(line.paid_minor) for line in draft.lines)
    paid = sum(line.paid_minor for line in draft.lines)
    total = rupees(draft.total_minor)
    return {
        "taxesIncluded": True,
        "totalPriceSet": total,
        "currentTotalPriceSet": total,
        "originalTotalPriceSet": total,
        "subtotalPriceSet": rupees(paid),
        "totalTaxSet": rupees(tax),
        "totalDiscountsSet": rupees(sum(line.discount_minor for line in draft.lines)),
        "totalShippingPriceSet": rupees(draft.shipping_minor),
        "totalRefundedSet": "0.00",
    }


def _people(rng: random.Random, draft: Draft, number: str) -> Body:
    buyer = draft.buyer
    is_unknown = rng.random() < _NO_CUSTOMER_SHARE
    customer: Body = {
        "__typename": "Customer",
        "id": gid("Customer", f"7{number[1:]}"),
        "firstName": buyer.first_name,
        "lastName": buyer.last_name,
        "displayName": buyer.name,
        "email": buyer.email,
        "phone": buyer.phone,
        "defaultEmailAddress": {"emailAddress": buyer.email},
        "defaultPhoneNumber": {"phoneNumber": buyer.phone},
    }
    address = _address(buyer, number)
    return {
        "customer": None if is_unknown else customer,
        "email": None if is_unknown else buyer.email,
        "phone": None if is_unknown else buyer.phone,
        "shippingAddress": address,
        "billingAddress": address,
    }


def _address(buyer: Buyer, number: str) -> Body:
    return {
        "id": gid("MailingAddress", f"{number}?model_name=Address"),
        "name": buyer.name,
        "firstName": buyer.first_name,
        "lastName": buyer.last_name,
        "company": None,
        "address1": buyer.line_1,
        "address2": buyer.line_2,
        "city": buyer.city,
        "province": buyer.state,
        "provinceCode": buyer.state_code,
        "zip": buyer.pincode,
        "country": "India",
        "countryCodeV2": "IN",
        "phone": buyer.phone,
    }


def _line(number: str, index: int, line: Line) -> Body:
    unit = line.product.price_minor
    return {
        "id": gid("LineItem", f"{number}1{index:03d}"),
        "sku": line.product.sku,
        "title": line.product.title,
        "name": line.product.title,
        "variantTitle": None,
        "vendor": "Palmonas",
        "quantity": line.quantity,
        "currentQuantity": line.quantity,
        "unfulfilledQuantity": line.quantity,
        "fulfillableQuantity": line.quantity,
        "refundableQuantity": line.quantity,
        "requiresShipping": True,
        "taxable": True,
        "originalUnitPriceSet": rupees(unit),
        "originalTotalSet": rupees(line.gross_minor),
        # As Shopify has it: after offers on the line, before those on the whole order.
        "discountedTotalSet": rupees(line.paid_minor),
        "discountedUnitPriceSet": rupees(line.paid_minor // line.quantity),
        "totalDiscountSet": rupees(line.discount_minor),
        "taxLines": [
            {
                "title": "GST",
                "rate": 0.03,
                "priceSet": rupees(line.paid_minor - net_of(line.paid_minor)),
            }
        ],
        "customAttributes": [],
    }


def _fulfillment_order(number: str, lines: list[Body], at: datetime) -> Body:
    return {
        "__typename": "FulfillmentOrder",
        "id": gid("FulfillmentOrder", f"{number}2"),
        "orderId": gid("Order", number),
        "status": "OPEN",
        "requestStatus": "UNSUBMITTED",
        "createdAt": stamp(at),
        "updatedAt": stamp(at),
        "fulfillAt": stamp(at),
        "fulfillBy": None,
        "assignedLocation": {"name": "Palmonas Fulfilment, Pune", "countryCode": "IN"},
        "lineItems": [
            {
                "id": gid("FulfillmentOrderLineItem", f"{number}3{index:03d}"),
                "sku": line["sku"],
                "productTitle": line["title"],
                "totalQuantity": line["quantity"],
                "remainingQuantity": line["quantity"],
                "lineItem": line["id"],
            }
            for index, line in enumerate(lines)
        ],
    }
