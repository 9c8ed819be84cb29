"""A Shopify order as its webhooks show it: snake case, numbers as ids, the older REST form."""

from typing import Any

from crm_app.sandbox.json_edge import as_object

Body = dict[str, Any]


def number_of(any_gid: str) -> int:
    """The number at the end of a global id."""
    return int(any_gid.rpartition("/")[2].partition("?")[0])


def order_payload(body: Body) -> Body:
    """The body of orders/create, orders/updated, orders/cancelled and orders/fulfilled."""
    customer = as_object(body["customer"])
    return {
        "id": int(body["legacyResourceId"]),
        "admin_graphql_api_id": body["id"],
        "name": body["name"],
        "order_number": body["number"],
        "created_at": body["createdAt"],
        "updated_at": body["updatedAt"],
        "processed_at": body["processedAt"],
        "cancelled_at": body["cancelledAt"],
        "cancel_reason": (body["cancelReason"] or "").lower() or None,
        "closed_at": body["closedAt"],
        "test": body["test"],
        "currency": body["currencyCode"],
        "total_price": body["totalPriceSet"],
        "subtotal_price": body["subtotalPriceSet"],
        "total_tax": body["totalTaxSet"],
        "total_discounts": body["totalDiscountsSet"],
        "taxes_included": body["taxesIncluded"],
        "financial_status": str(body["displayFinancialStatus"]).lower(),
        "fulfillment_status": _fulfillment_status(body),
        "payment_gateway_names": body["paymentGatewayNames"],
        "source_name": body["sourceName"],
        "tags": ", ".join(body["tags"]),
        "note": body["note"],
        "email": body["email"] or "",
        "phone": body["phone"],
        "customer": None if customer is None else _customer(customer),
        "shipping_address": _address(body["shippingAddress"]),
        "billing_address": _address(body["billingAddress"]),
        "line_items": [_line(line) for line in body["lineItems"]],
        "fulfillments": [_fulfillment(one) for one in body["fulfillments"]],
    }


def _fulfillment_status(body: Body) -> str | None:
    words = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}
    return words.get(body["displayFulfillmentStatus"])


def _customer(customer: Body) -> Body:
    return {
        "id": number_of(customer["id"]),
        "admin_graphql_api_id": customer["id"],
        "first_name": customer["firstName"],
        "last_name": customer["lastName"],
        "email": customer["email"],
        "phone": customer["phone"],
    }


def _address(address: Body) -> Body:
    return {
        "name": address["name"],
        "first_name": address["firstName"],
        "last_name": address["lastName"],
        "address1": address["address1"],
        "address2": address["address2"],
        "city": address["city"],
        "province": address["province"],
        "province_code": address["provinceCode"],
        "zip": address["zip"],
        "country": address["country"],
        "country_code": address["countryCodeV2"],
        "phone": address["phone"],
    }


def _line(line: Body) -> Body:
    return {
        "id": number_of(line["id"]),
        "admin_graphql_api_id": line["id"],
        "sku": line["sku"],
        "title": line["title"],
        "name": line["name"],
        "quantity": line["quantity"],
        "current_quantity": line["currentQuantity"],
        "fulfillable_quantity": line["fulfillableQuantity"],
        "price": line["originalUnitPriceSet"],
        "total_discount": line["totalDiscountSet"],
        "requires_shipping": line["requiresShipping"],
    }


def _fulfillment(fulfillment: Body) -> Body:
    tracking = fulfillment["trackingInfo"]
    first: Body = tracking[0] if tracking else {}
    return {
        "id": number_of(fulfillment["id"]),
        "admin_graphql_api_id": fulfillment["id"],
        "name": fulfillment["name"],
        "status": str(fulfillment["status"]).lower(),
        "created_at": fulfillment["createdAt"],
        "updated_at": fulfillment["updatedAt"],
        "tracking_company": first.get("company"),
        "tracking_number": first.get("number"),
        "tracking_url": first.get("url"),
    }
