"""Whole orders as the channels write them, invented here; each test changes what it is about."""

from typing import Any

JsonObject = dict[str, Any]


def rupees(amount: str, currency: str = "INR") -> JsonObject:
    return {"amount": amount, "currencyCode": currency}


def amazon_item(item_id: str = "11", **changes: Any) -> JsonObject:
    item: JsonObject = {
        "orderItemId": item_id,
        "quantityOrdered": 2,
        "product": {
            "asin": "B0TESTRING",
            "title": "Twist ring, gold tone",
            "sellerSku": "RING-TWIST-7",
            "price": {"unitPrice": rupees("749.50")},
        },
        "proceeds": {
            "proceedsTotal": rupees("1499.00"),
            "breakdowns": [
                {"type": "ITEM", "subtotal": rupees("1455.34")},
                {"type": "TAX", "subtotal": rupees("43.66")},
            ],
        },
        "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": 2},
    }
    return {**item, **changes}


def amazon_package(status: str, detail: str | None = None, **changes: Any) -> JsonObject:
    words = {"status": status} | ({"detailedStatus": detail} if detail else {})
    package: JsonObject = {
        "packageReferenceId": "1",
        "packageStatus": words,
        "carrier": "Delhivery",
        "shipTime": "2026-11-02T09:00:00Z",
        "trackingNumber": "TRACK-1",
        "packageItems": [{"orderItemId": "11", "quantity": 2}],
    }
    return {**package, **changes}


def amazon_order(**changes: Any) -> JsonObject:
    order: JsonObject = {
        "orderId": "405-1000001-2000002",
        "createdTime": "2026-11-01T10:00:00Z",
        "lastUpdatedTime": "2026-11-01T10:05:00.250Z",
        "programs": [],
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "A21TJRUUN4KGV"},
        "buyer": {"buyerName": "Meera Rao", "buyerEmail": "Q1W2@marketplace.amazon.in"},
        "recipient": {
            "deliveryAddress": {
                "name": "Meera Rao",
                "addressLine1": "14 Lake View",
                "addressLine2": "Baner",
                "addressLine3": "Near the temple",
                "city": "Pune",
                "stateOrRegion": "Maharashtra",
                "postalCode": "411045",
                "countryCode": "IN",
                "phone": "+91 98200 12345",
            },
            "deliveryPreference": {"addressInstruction": "Ring twice"},
        },
        "proceeds": {
            "grandTotal": rupees("1549.00"),
            "breakdowns": [
                {"type": "ITEM", "subtotal": rupees("1455.34")},
                {"type": "SHIPPING", "subtotal": rupees("100.00")},
                {"type": "DISCOUNT", "subtotal": rupees("-50.00")},
                {"type": "TAX", "subtotal": rupees("43.66")},
            ],
        },
        "payment": {"paymentExecutions": [{"paymentMethod": "CreditCard"}]},
        "fulfillment": {
            "fulfillmentStatus": "UNSHIPPED",
            "fulfilledBy": "MERCHANT",
            "shipByWindow": {"latestDateTime": "2026-11-03T18:29:59Z"},
            "deliverByWindow": {"latestDateTime": "2026-11-08T18:29:59Z"},
        },
        "orderItems": [amazon_item()],
    }
    return {**order, **changes}


def amazon_status(word: str) -> JsonObject:
    return {**amazon_order()["fulfillment"], "fulfillmentStatus": word}


def woo_line(line_id: int = 31, **changes: Any) -> JsonObject:
    line: JsonObject = {
        "id": line_id,
        "name": "Hoop earrings &ndash; small",
        "quantity": 3,
        "subtotal": "900.00",
        "subtotal_tax": "27.00",
        "total": "800.00",
        "total_tax": "24.00",
        "sku": "HOOP-S",
        "price": 266.666667,
    }
    return {**line, **changes}


def woo_order(**changes: Any) -> JsonObject:
    order: JsonObject = {
        "id": 5001,
        "number": "PAL-5001",
        "status": "processing",
        "currency": "INR",
        "date_created_gmt": "2026-11-01T10:00:00",
        "date_modified_gmt": "2026-11-01T10:05:00",
        "date_paid_gmt": "2026-11-01T10:01:00",
        "date_completed_gmt": None,
        "discount_total": "100.00",
        "discount_tax": "3.00",
        "shipping_total": "50.00",
        "shipping_tax": "0.00",
        "total": "874.00",
        "total_tax": "24.00",
        "customer_id": 0,
        "customer_note": "Gift wrap, please",
        "billing": {
            "first_name": "Arjun",
            "last_name": "Nair",
            "company": "",
            "address_1": "8 MG Road",
            "address_2": "",
            "city": "Kochi",
            "state": "KL",
            "postcode": "682016",
            "country": "IN",
            "email": "Arjun@Example.com",
            "phone": "98470 11111",
        },
        "shipping": [],
        "payment_method": "razorpay",
        "meta_data": [],
        "line_items": [woo_line()],
        "refunds": [],
    }
    return {**order, **changes}


def flipkart_item(item_id: str = "71", **changes: Any) -> JsonObject:
    item: JsonObject = {
        "orderItemId": item_id,
        "orderId": "OD330000000000001000",
        "cancellationGroupId": f"grp{item_id}",
        "orderDate": "2026-11-01T15:30:00.000+05:30",
        "paymentType": "PREPAID",
        "status": "APPROVED",
        "quantity": 3,
        "sku": "HOOP-S",
        "title": "Hoop earrings, small",
        "serviceProfile": "NON_FBF",
        "priceComponents": {
            "sellingPrice": 800.0,
            "totalPrice": 850.5,
            "shippingCharge": 50.5,
            "customerPrice": 820.5,
            "flipkartDiscount": 30,
        },
    }
    return {**item, **changes}


def flipkart_shipment(*words: str, **changes: Any) -> JsonObject:
    """A shipment with an item for each of the words."""
    items = [
        flipkart_item(f"7{number}", status=word)
        for number, word in enumerate(words or ("APPROVED",), start=1)
    ]
    shipment: JsonObject = {
        "shipmentId": "S-1",
        "locationId": "LOC-1",
        "dispatchByDate": "2026-11-03T14:00:00.000+05:30",
        "dispatchAfterDate": "2022-11-01T15:40:00.000+05:30",
        "updatedAt": "2026-11-01T15:35:00.250+05:30",
        "hold": False,
        "shipmentType": "NORMAL",
        "subShipments": [{"subShipmentId": "SS-1", "packages": []}],
        "orderItems": items,
    }
    return {**shipment, **changes}


def shop_money(amount: str, currency: str = "INR") -> JsonObject:
    return {"shopMoney": {"amount": amount, "currencyCode": currency}}


def shopify_line(number: int = 11, **changes: Any) -> JsonObject:
    line: JsonObject = {
        "id": f"gid://shopify/LineItem/{number}",
        "sku": "RING-TWIST-7",
        "title": "Twist ring, gold tone",
        "quantity": 3,
        "currentQuantity": 3,
        "unfulfilledQuantity": 3,
        "originalUnitPriceSet": shop_money("300.0"),
        "discountedTotalSet": shop_money("800.0"),
    }
    return {**line, **changes}


def shopify_parcel(display: str = "FULFILLED", **changes: Any) -> JsonObject:
    parcel: JsonObject = {
        "id": "gid://shopify/Fulfillment/21",
        "status": "SUCCESS",
        "displayStatus": display,
        "createdAt": "2026-11-02T09:00:00Z",
        "trackingInfo": [{"company": "Delhivery", "number": "D-9"}],
    }
    return {**parcel, **changes}


def shopify_order(*parcels: JsonObject, **changes: Any) -> JsonObject:
    order: JsonObject = {
        "id": "gid://shopify/Order/6001",
        "legacyResourceId": "6001",
        "name": "#1001",
        "createdAt": "2026-11-01T10:00:00Z",
        "updatedAt": "2026-11-01T10:05:00Z",
        "cancelledAt": None,
        "displayFulfillmentStatus": "FULFILLED" if parcels else "UNFULFILLED",
        "displayFinancialStatus": "PAID",
        "returnStatus": "NO_RETURN",
        "currencyCode": "INR",
        "paymentGatewayNames": ["razorpay"],
        "note": "Gift wrap, please",
        "totalPriceSet": shop_money("850.0"),
        "subtotalPriceSet": shop_money("800.0"),
        "totalShippingPriceSet": shop_money("50.0"),
        "totalTaxSet": shop_money("24.0"),
        "totalDiscountsSet": shop_money("100.0"),
        "customer": {
            "id": "gid://shopify/Customer/31",
            "firstName": "Meera",
            "lastName": "Rao",
            "defaultEmailAddress": {"emailAddress": "Meera@Example.com"},
            "defaultPhoneNumber": {"phoneNumber": "+919820012345"},
        },
        "shippingAddress": {
            "name": "Meera Rao",
            "address1": "14 Lake View",
            "address2": "Baner",
            "city": "Pune",
            "province": "Maharashtra",
            "zip": "411045",
            "countryCodeV2": "IN",
            "phone": "+91 98200 12345",
        },
        "lineItems": {"nodes": [shopify_line()]},
        "fulfillments": list(parcels),
        "fulfillmentOrders": {
            "nodes": [
                {"id": "gid://shopify/FulfillmentOrder/41", "status": "OPEN", "fulfillBy": None}
            ]
        },
    }
    return {**order, **changes}
