"""How each channel signs and sends its hooks, and how often it tries.

Flipkart signs address and time but not the body; the relay and Blinkit sign nothing and show a
fixed header; WooCommerce and Shopify sign the raw body. Amazon calls nobody: what is sent for it
comes from a function of the seller's on the queue that Amazon writes to.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final

from sqlalchemy import Row

from crm_app.sandbox import times
from crm_app.sandbox.credentials import FLIPKART_SELLER, SHOPIFY_SHOP, SWIGGY_MERCHANT
from crm_app.sandbox.hooks import PING

Delivery = Row[*tuple[Any, ...]]
SHOP_ADDRESS: Final = "https://shop.palmonas.test/"
JSON_TYPE: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a channel does about a receiver that does not answer well.

    Args:
        retries_s: pauses before each further try. timeout_s: how long it waits for an answer.
        keeps_order: a failed event holds back the later ones of its group.
        disables_after: failures in a row that switch the target off; 0: never.
        deletes_target: the target is deleted when the last try of any delivery fails.
        breaker: more failures than this within a minute pause the target for a minute.
    """

    retries_s: tuple[float, ...] = ()
    timeout_s: float = 5.0
    keeps_order: bool = False
    disables_after: int = 0
    deletes_target: bool = False
    breaker: int = 0


POLICIES: Final = {
    # The queue shows a message again until somebody took it, for four days.
    "amazon": Policy(retries_s=(30, 30, 60, 120, 300, 600, *[1_800.0] * 190), timeout_s=10.0),
    "woocommerce": Policy(disables_after=5),
    # Eight more tries within four hours.
    "shopify": Policy(
        retries_s=(60, 120, 300, 600, 1_200, 2_400, 3_600, 6_000), deletes_target=True
    ),
    # How often is not published; for a good part of a day.
    "flipkart": Policy(
        retries_s=(60, 120, 300, 600, *[1_800.0] * 20), timeout_s=10.0, keeps_order=True
    ),
    # Nobody says that it tries again, and nothing can be pulled: what is lost is lost.
    "blinkit": Policy(timeout_s=10.0),
    "swiggy": Policy(retries_s=(10, 30, 60), breaker=15),
}
# The relay numbers its events.
UPR_TYPES: Final = {"order_placed": "18", "order_status": "60008", "rider_status": "60012"}


def headers_of(delivery: Delivery, target: Delivery, body: bytes, at: datetime) -> dict[str, str]:
    """Headers of one attempt at the channel's time `at`."""
    match delivery.channel:
        case "amazon":
            return {"Content-Type": JSON_TYPE, "X-Api-Key": target.secret}
        case "woocommerce":
            return _woo(delivery, target, body)
        case "shopify":
            return _shopify(delivery, target, body, at)
        case "flipkart":
            return _flipkart(target, at)
        case "blinkit":
            return {"Content-Type": JSON_TYPE, "Api-Key": target.secret}
        case _:
            return {
                "Content-Type": JSON_TYPE,
                "Authorization": target.secret,
                "X-UPR-Event-Type": UPR_TYPES[delivery.topic],
                "X-UPR-Biz-Id": str(SWIGGY_MERCHANT.biz_id),
            }


def _hmac_base64(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def _woo(delivery: Delivery, target: Delivery, body: bytes) -> dict[str, str]:
    if delivery.topic == PING:
        return {"Content-Type": "application/x-www-form-urlencoded"}
    resource, _, event = delivery.topic.partition(".")
    return {
        "Content-Type": JSON_TYPE,
        "User-Agent": "WooCommerce/9.8.5 Hookshot (WordPress/6.8)",
        "X-WC-Webhook-Source": SHOP_ADDRESS,
        "X-WC-Webhook-Topic": delivery.topic,
        "X-WC-Webhook-Resource": resource,
        "X-WC-Webhook-Event": event,
        "X-WC-Webhook-Signature": _hmac_base64(target.secret, body),
        "X-WC-Webhook-ID": str(target.id),
        "X-WC-Webhook-Delivery-ID": delivery.key.replace("-", ""),
    }


def _shopify(delivery: Delivery, target: Delivery, body: bytes, at: datetime) -> dict[str, str]:
    return {
        "Content-Type": JSON_TYPE,
        "X-Shopify-Topic": delivery.topic,
        "X-Shopify-Hmac-Sha256": _hmac_base64(target.secret, body),
        "X-Shopify-Shop-Domain": SHOPIFY_SHOP.domain,
        "X-Shopify-API-Version": "2026-10",
        "X-Shopify-Webhook-Id": delivery.key,
        "X-Shopify-Triggered-At": times.stamp(at),
    }


def _flipkart(target: Delivery, at: datetime) -> dict[str, str]:
    epoch = int(at.timestamp())
    signed = f"{epoch}{target.url}POST{target.secret}"
    # SHA-1 is the channel's choice: weak, and the body is not even covered.
    signature = hashlib.sha1(signed.encode()).hexdigest()  # noqa: S324
    pair = base64.b64encode(f"{FLIPKART_SELLER.app_id}:{signature}".encode()).decode()
    return {
        "Content-Type": JSON_TYPE,
        "X_Date": format_datetime(at.replace(microsecond=0), usegmt=True),
        "X_Authorization": f"FKLOGIN {pair}",
    }
