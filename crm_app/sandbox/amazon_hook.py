"""Amazon's ORDER_CHANGE message: a hint that an order changed, never the order itself.

Amazon writes it into the seller's own SQS queue, at least once and in any order. It calls no web
address, so the sandbox plays the function that a seller puts on that queue: it posts each message,
as it stands in the queue, with a key of the seller's choice.
"""

import uuid
from datetime import datetime
from typing import Any, Final

from crm_app.sandbox import times
from crm_app.sandbox.credentials import INDIA_MARKETPLACE_ID
from crm_app.sandbox.hooks import Event

Body = dict[str, Any]
STATUS_CHANGE: Final = "OrderStatusChange"
BUYER_REQUEST: Final = "BuyerRequestedChange"
TOPIC: Final = "ORDER_CHANGE"
_SELLER_ID: Final = "A1PALMONASIN00"
_APPLICATION: Final = "amzn1.sellerapps.app.sandbox"
_SUBSCRIPTION: Final = "8c1f9e0a-5b1d-4d0f-9a51-2f3c44d0b7e6"
# The messages still use the words of the older Orders API, where one L is enough.
_WORDS: Final = {
    "PENDING": "Pending",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Canceled",
    "UNFULFILLABLE": "Unfulfillable",
}


def order_change(body: Body, change: str, at: datetime) -> Event:
    """The message about one order; `change` is STATUS_CHANGE or BUYER_REQUEST."""
    asks = change == BUYER_REQUEST
    payload: Body = {
        "NotificationVersion": "1.0",
        "NotificationType": TOPIC,
        "PayloadVersion": "1.0",
        "EventTime": times.stamp(at),
        "Payload": {
            "OrderChangeNotification": {
                "NotificationLevel": "OrderLevel",
                "SellerId": _SELLER_ID,
                "AmazonOrderId": body["orderId"],
                "OrderChangeType": change,
                "OrderChangeTrigger": {
                    "TimeOfOrderChange": times.stamp(at),
                    "ChangeReason": "Buyer Requested Cancel" if asks else "Order Status Change",
                },
                "Summary": _summary(body),
            }
        },
        "NotificationMetadata": {
            "ApplicationId": _APPLICATION,
            "SubscriptionId": _SUBSCRIPTION,
            "PublishTime": times.stamp(at),
            "NotificationId": str(uuid.uuid4()),
        },
    }
    return Event("amazon", TOPIC, body["orderId"], payload)


def _summary(body: Body) -> Body:
    fulfillment = body["fulfillment"]
    items = [_item(item) for item in body["orderItems"]]
    shipped = sum(item["QuantityShipped"] for item in items)
    return {
        "MarketplaceId": INDIA_MARKETPLACE_ID,
        "OrderStatus": _word(body),
        "PurchaseDate": body["createdTime"],
        "DestinationPostalCode": None,
        "FulfillmentType": "AFN" if fulfillment["fulfilledBy"] == "AMAZON" else "MFN",
        "OrderType": "StandardOrder",
        "NumberOfItemsShipped": shipped,
        "NumberOfItemsUnshipped": sum(item["Quantity"] for item in items) - shipped,
        **_dates(fulfillment),
        "OrderPrograms": [],
        "ShippingPrograms": [],
        "OrderItems": items,
    }


def _dates(fulfillment: Body) -> Body:
    ship, deliver = fulfillment.get("shipByWindow", {}), fulfillment.get("deliverByWindow", {})
    told = {
        "EarliestDeliveryDate": deliver.get("earliestDateTime"),
        "LatestDeliveryDate": deliver.get("latestDateTime"),
        "EarliestShipDate": ship.get("earliestDateTime"),
        "LatestShipDate": ship.get("latestDateTime"),
    }
    return {name: moment for name, moment in told.items() if moment}


def _item(item: Body) -> Body:
    asks = "cancellationRequest" in item.get("cancellation", {})
    shipped = int(item.get("fulfillment", {}).get("quantityFulfilled", 0))
    return {
        "OrderItemId": item["orderItemId"],
        "SellerSKU": item.get("product", {}).get("sellerSku", ""),
        "SupplySourceId": None,
        "Quantity": int(item["quantityOrdered"]),
        "OrderItemStatus": "Shipped" if shipped >= int(item["quantityOrdered"]) else "Unshipped",
        "QuantityShipped": shipped,
        "IsBuyerRequestedCancel": asks,
    }


def _word(body: Body) -> str:
    status = str(body["fulfillment"]["fulfillmentStatus"])
    return _WORDS.get(status, status.title())
