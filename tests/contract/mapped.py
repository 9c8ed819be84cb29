"""One recorded order a channel, and where in it stands what every mapping has to survive."""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crm_app.channels.amazon import mapping as amazon
from crm_app.channels.base import ChannelOrder
from crm_app.channels.blinkit import mapping as blinkit
from crm_app.channels.flipkart import mapping as flipkart
from crm_app.channels.reading import Json
from crm_app.channels.shopify import mapping as shopify
from crm_app.channels.swiggy import mapping as swiggy
from crm_app.channels.woocommerce import mapping as woocommerce
from tests.contract.cases import HEARD_AT, recording

Place = tuple[str | int, ...]
TEN = datetime(2026, 11, 1, 10, tzinfo=UTC)
# One moment, as the channels of two continents write it.
_ISO = ("2026-11-01T10:00:00Z", "2026-11-01T15:30:00+05:30", "2026-11-01T05:00:00.000-05:00")


@dataclass(frozen=True)
class Mapped:
    """What a mapping brings to the promises.

    Attributes:
        raw: As the channel sends it.
        word: Where its status stands; None where the kind of document is the status.
        moment: Where the time of placing stands, and spellings of ten o'clock UTC.
        amount: Every place that makes the total, and how it is spelled from paise.
    """

    name: str
    read: Callable[[Json], ChannelOrder]
    raw: Json
    word: Place | None
    moment: Place
    spellings: tuple[Any, ...]
    amount: tuple[Place, ...]
    spell: Callable[[int], Any]

    def changed(self, changes: Mapping[Place, Any]) -> ChannelOrder:
        """The order with some places changed, through JSON as it travels."""
        raw: Any = copy.deepcopy(dict(self.raw))
        for place, value in changes.items():
            holder = raw
            for step in place[:-1]:
                holder = holder[step]
            holder[place[-1]] = value
        return self.read(json.loads(json.dumps(raw)))


def _text(paise: int) -> str:
    return f"{paise // 100}.{paise % 100:02d}"


def _number(paise: int) -> float:
    return float(_text(paise))


def _blinkit(raw: Json) -> ChannelOrder:
    known = {"po": dict(raw), "first_at": HEARD_AT.isoformat(), "events": []}
    return blinkit.read(known, HEARD_AT)


def _swiggy(raw: Json) -> ChannelOrder:
    details: Any = raw["order"]["details"]
    known = {"order": raw, "first_at": HEARD_AT.isoformat(), "state": details["order_state"]}
    return swiggy.read(known, HEARD_AT)


_FLIPKART_PRICES: Place = ("orderItems", 0, "priceComponents")
MAPPED = (
    Mapped(
        "amazon",
        amazon.to_order,
        recording("amazon_order.json")["order"],
        ("fulfillment", "fulfillmentStatus"),
        ("createdTime",),
        _ISO,
        (("proceeds", "grandTotal", "amount"),),
        _text,
    ),
    Mapped(
        "flipkart",
        flipkart.to_order,
        recording("flipkart_order.json")["shipments"][0],
        ("orderItems", 0, "status"),
        ("orderItems", 0, "orderDate"),
        _ISO,
        tuple((*_FLIPKART_PRICES, key) for key in ("totalPrice", "sellingPrice")),
        _number,
    ),
    Mapped(
        "blinkit",
        _blinkit,
        recording("blinkit_hook.json"),
        None,
        # A day of India: it begins half past six in the evening before, by UTC.
        ("details", "issue_date"),
        ("2026-11-01",),
        (("details", "total_amount"),),
        _number,
    ),
    Mapped(
        "swiggy",
        _swiggy,
        recording("swiggy_hook.json"),
        ("order", "details", "order_state"),
        ("order", "details", "created"),
        (1_793_527_200_000, 1_793_527_200_000.0),
        (("order", "details", "order_total"),),
        _number,
    ),
    Mapped(
        "woocommerce",
        lambda raw: woocommerce.to_order(raw, 48),
        recording("woocommerce_order.json"),
        ("status",),
        ("date_created_gmt",),
        # By its documentation this field has no zone and is UTC.
        ("2026-11-01T10:00:00",),
        (("total",),),
        _text,
    ),
    Mapped(
        "shopify",
        lambda raw: shopify.to_order(raw, 48),
        recording("shopify_order.json")["data"]["order"],
        ("displayFulfillmentStatus",),
        ("createdAt",),
        _ISO,
        (("totalPriceSet", "shopMoney", "amount"),),
        _text,
    ),
)
