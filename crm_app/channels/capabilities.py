"""What each channel lets us say, as data: read by services and pages, kept by connectors.

Facts are the vendors' own (Amazon Orders API v0 `confirmShipment`, 2026-01-01 has no operation
to acknowledge or cancel; WooCommerce REST v3 takes any status), but for those marked `is_inferred`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus


class Telling(StrEnum):
    """What a move to a status means for the channel."""

    PUSH = "push"  # the channel is told
    LOCAL = "local"  # our desk's own step; the channel has no word for it
    REFUSED = "refused"  # only the channel itself may say this


@dataclass(frozen=True, slots=True)
class StatusRule:
    """How one of our statuses travels to one channel; `why` is shown where it may not."""

    telling: Telling
    needs_tracking: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One channel's rules.

    Attributes:
        statuses: What each target status means; one that is missing is refused.
        carriers: Carriers this channel knows by name, for the form; others are allowed.
        accepts_channel_fulfilled: Whether orders the channel ships itself take our statuses.
        pulls: Whether it lists its orders; one that does not sends them by webhook only.
        reads_back: Whether one order can be read. If not, an accepted call is all the proof of a
            push, and a call without an answer is repeated.
        is_inferred: Its contract is known from others' work, not from the channel.
    """

    statuses: Mapping[OrderStatus, StatusRule]
    carriers: tuple[str, ...] = ()
    accepts_channel_fulfilled: bool = True
    pulls: bool = True
    reads_back: bool = True
    is_inferred: bool = False

    def rule(self, status: OrderStatus) -> StatusRule:
        return self.statuses.get(status, _REFUSED)

    @property
    def local(self) -> frozenset[OrderStatus]:
        """The steps that this channel has no word for."""
        return frozenset(
            status for status, rule in self.statuses.items() if rule.telling is Telling.LOCAL
        )


_REFUSED: Final = StatusRule(Telling.REFUSED, why="This channel reports that status itself.")
_LOCAL: Final = StatusRule(Telling.LOCAL)
_PUSH: Final = StatusRule(Telling.PUSH)

INDIAN_CARRIERS: Final = (
    "BlueDart",
    "Delhivery",
    "DTDC",
    "Ecom Express",
    "Ekart",
    "India Post",
    "Shadowfax",
    "XpressBees",
)

CAPABILITIES: Final[Mapping[Channel, Capabilities]] = {
    Channel.AMAZON: Capabilities(
        statuses={
            OrderStatus.PACKED: _LOCAL,
            OrderStatus.READY_TO_SHIP: _LOCAL,
            OrderStatus.SHIPPED: StatusRule(Telling.PUSH, needs_tracking=True),
            OrderStatus.CANCELLED: StatusRule(
                Telling.REFUSED,
                why="Amazon takes no cancellation through its Orders API: cancel it in Seller "
                "Central, and it will arrive here.",
            ),
            OrderStatus.CONFIRMED: StatusRule(
                Telling.REFUSED, why="Amazon confirms an order itself once it is paid."
            ),
            OrderStatus.OUT_FOR_DELIVERY: StatusRule(
                Telling.REFUSED, why="Amazon follows the parcel itself."
            ),
            OrderStatus.DELIVERED: StatusRule(
                Telling.REFUSED, why="Amazon reports the delivery itself."
            ),
            OrderStatus.RETURNED: _LOCAL,
            OrderStatus.FAILED: _LOCAL,
        },
        carriers=INDIAN_CARRIERS,
        accepts_channel_fulfilled=False,
    ),
    Channel.WOOCOMMERCE: Capabilities(
        statuses={
            OrderStatus.CONFIRMED: _PUSH,
            OrderStatus.PACKED: _LOCAL,
            OrderStatus.READY_TO_SHIP: _LOCAL,
            # WooCommerce has no "shipped"; this shop reads `completed` so.
            OrderStatus.SHIPPED: _PUSH,
            OrderStatus.OUT_FOR_DELIVERY: _LOCAL,
            OrderStatus.DELIVERED: _LOCAL,
            OrderStatus.CANCELLED: _PUSH,
            OrderStatus.RETURNED: _LOCAL,
            OrderStatus.FAILED: _LOCAL,
        },
        carriers=INDIAN_CARRIERS,
    ),
    Channel.FLIPKART: Capabilities(
        statuses={
            OrderStatus.CONFIRMED: StatusRule(
                Telling.REFUSED, why="Flipkart confirms a shipment itself."
            ),
            OrderStatus.PACKED: _PUSH,
            OrderStatus.READY_TO_SHIP: _PUSH,
            OrderStatus.SHIPPED: StatusRule(
                Telling.REFUSED,
                why="Flipkart's courier reports the pickup: mark it ready to ship, and the rest "
                "will arrive here.",
            ),
            OrderStatus.OUT_FOR_DELIVERY: StatusRule(
                Telling.REFUSED, why="Flipkart follows the parcel itself."
            ),
            OrderStatus.DELIVERED: StatusRule(
                Telling.REFUSED, why="Flipkart reports the delivery itself."
            ),
            # Only before packing; afterwards Flipkart refuses, and says so.
            OrderStatus.CANCELLED: _PUSH,
            OrderStatus.RETURNED: _LOCAL,
            OrderStatus.FAILED: _LOCAL,
        },
        accepts_channel_fulfilled=False,
    ),
    Channel.SHOPIFY: Capabilities(
        statuses={
            OrderStatus.CONFIRMED: _LOCAL,
            OrderStatus.PACKED: _LOCAL,
            OrderStatus.READY_TO_SHIP: _LOCAL,
            OrderStatus.SHIPPED: _PUSH,
            OrderStatus.OUT_FOR_DELIVERY: _PUSH,
            OrderStatus.DELIVERED: _PUSH,
            OrderStatus.CANCELLED: _PUSH,
            OrderStatus.RETURNED: _LOCAL,
            OrderStatus.FAILED: _LOCAL,
        },
        carriers=INDIAN_CARRIERS,
    ),
    Channel.BLINKIT: Capabilities(
        statuses={
            OrderStatus.CONFIRMED: _PUSH,
            OrderStatus.PACKED: _LOCAL,
            OrderStatus.READY_TO_SHIP: _LOCAL,
            OrderStatus.SHIPPED: _PUSH,
            OrderStatus.OUT_FOR_DELIVERY: _LOCAL,
            # Blinkit tells nothing of goods received.
            OrderStatus.DELIVERED: _LOCAL,
            OrderStatus.CANCELLED: StatusRule(
                Telling.REFUSED,
                why="Blinkit takes no cancellation from a supplier: ask your buyer at Blinkit, and "
                "it will arrive here.",
            ),
            OrderStatus.RETURNED: _LOCAL,
            OrderStatus.FAILED: _LOCAL,
        },
        carriers=INDIAN_CARRIERS,
        pulls=False,
        reads_back=False,
        is_inferred=True,
    ),
    Channel.SWIGGY: Capabilities(
        statuses={
            OrderStatus.CONFIRMED: _PUSH,
            OrderStatus.PACKED: _PUSH,
            # The relay's one word for both is told when the order is packed.
            OrderStatus.READY_TO_SHIP: _LOCAL,
            OrderStatus.SHIPPED: _PUSH,
            OrderStatus.OUT_FOR_DELIVERY: StatusRule(
                Telling.REFUSED, why="Swiggy follows its rider itself."
            ),
            OrderStatus.DELIVERED: _PUSH,
            # Swiggy refuses most: then a person has to call.
            OrderStatus.CANCELLED: _PUSH,
            OrderStatus.RETURNED: _LOCAL,
            OrderStatus.FAILED: _LOCAL,
        },
        pulls=False,
        reads_back=False,
        is_inferred=True,
    ),
    # Behind a file there is nobody to tell: every status is our own word.
    Channel.DOCUMENT: Capabilities(
        statuses=dict.fromkeys(OrderStatus, _LOCAL),
        carriers=INDIAN_CARRIERS,
        pulls=False,
        reads_back=False,
    ),
}


def of(channel: Channel) -> Capabilities:
    """The rules of a channel; one without an entry takes no status from us."""
    return CAPABILITIES.get(channel, Capabilities(statuses={}))
