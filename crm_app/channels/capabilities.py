"""What each channel lets us say, as data: read by services and pages, kept by connectors.

Facts are the vendors' own (Amazon Orders API v0 `confirmShipment`, 2026-01-01 has no operation
to acknowledge or cancel; WooCommerce REST v3 takes any status).
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
    """

    statuses: Mapping[OrderStatus, StatusRule]
    carriers: tuple[str, ...] = ()
    accepts_channel_fulfilled: bool = True

    def rule(self, status: OrderStatus) -> StatusRule:
        return self.statuses.get(status, _REFUSED)


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
}


def of(channel: Channel) -> Capabilities:
    """The rules of a channel; one without an entry takes no status from us."""
    return CAPABILITIES.get(channel, Capabilities(statuses={}))
