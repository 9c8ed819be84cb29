"""What Amazon's words for orders and parcels mean in ours, and what it lets us say.

Facts are the vendor's own: Orders API 2026-01-01 has no operation to acknowledge or cancel an
order; v0 `confirmShipment` takes a shipment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crm_app.channels.reading import WORD, Json, section, text
from crm_app.channels.rules import (
    INDIAN_CARRIERS,
    OWN_STEPS,
    Capabilities,
    Lateness,
    Proof,
    merged,
    push,
    refused,
)
from crm_app.channels.words import Lexicon, Vocabulary, Word
from crm_app.domain.order_status import OrderStatus as S

_MODEL: Final = "Selling Partner API model, Orders 2026-01-01"

_ORDER: Final = Vocabulary(
    key="order",
    label="Order",
    place="fulfillment.fulfillmentStatus",
    means={
        "PENDING_AVAILABILITY": S.PENDING,
        "PENDING": S.PENDING,
        "UNSHIPPED": S.CONFIRMED,
        "PARTIALLY_SHIPPED": S.CONFIRMED,
        "SHIPPED": S.SHIPPED,
        "CANCELLED": S.CANCELLED,
        "UNFULFILLABLE": S.FAILED,
    },
    documented=frozenset(
        {
            "PENDING_AVAILABILITY",
            "PENDING",
            "UNSHIPPED",
            "PARTIALLY_SHIPPED",
            "SHIPPED",
            "CANCELLED",
            "UNFULFILLABLE",
        }
    ),
    source=f"{_MODEL}, FulfillmentStatus",
)
# Read where the detailed word says nothing that we know.
_PARCEL: Final = Vocabulary(
    key="parcel",
    label="Parcel",
    place="packages[].packageStatus.status",
    means={
        "PENDING": S.PACKED,
        "IN_TRANSIT": S.SHIPPED,
        "SHIPPED": S.SHIPPED,
        "DELIVERED": S.DELIVERED,
        "CANCELLED": S.CANCELLED,
        "UNDELIVERABLE": S.FAILED,
    },
    documented=frozenset(
        {"PENDING", "IN_TRANSIT", "SHIPPED", "DELIVERED", "CANCELLED", "UNDELIVERABLE"}
    ),
    source=f"{_MODEL}, PackageStatus.status",
)
# The model's words, then those of Amazon.in's seller report.
_DETAIL: Final = Vocabulary(
    key="detail",
    label="Parcel, in detail",
    place="packages[].packageStatus.detailedStatus",
    means={
        "PENDING_SCHEDULE": S.PACKED,
        "PENDING_PICK_UP": S.READY_TO_SHIP,
        "PENDING_DROP_OFF": S.READY_TO_SHIP,
        "LABEL_CANCELLED": S.CANCELLED,
        "PICKED_UP": S.SHIPPED,
        "DROPPED_OFF": S.SHIPPED,
        "AT_ORIGIN_FC": S.SHIPPED,
        "AT_DESTINATION_FC": S.SHIPPED,
        "OUT_FOR_DELIVERY": S.OUT_FOR_DELIVERY,
        "DELIVERED": S.DELIVERED,
        "REJECTED_BY_BUYER": S.SHIPPED,
        "RETURNING_TO_SELLER": S.SHIPPED,
        "RETURNED_TO_SELLER": S.RETURNED,
        "UNDELIVERABLE": S.FAILED,
        "LOST": S.FAILED,
        "DAMAGED": S.FAILED,
        "Pending": S.CONFIRMED,
        "Pending - Waiting for Pick Up": S.READY_TO_SHIP,
        "Shipping": S.SHIPPED,
        "Shipped": S.SHIPPED,
        "Shipped - Picked Up": S.SHIPPED,
        "Shipped - Out for Delivery": S.OUT_FOR_DELIVERY,
        "Shipped - Delivered to Buyer": S.DELIVERED,
        "Shipped - Rejected by Buyer": S.SHIPPED,
        "Shipped - Returning to Seller": S.SHIPPED,
        "Shipped - Returned to Seller": S.RETURNED,
        "Shipped - Lost in Transit": S.FAILED,
        "Shipped - Damaged": S.FAILED,
        "Cancelled": S.CANCELLED,
    },
    documented=frozenset(
        {
            "PENDING_SCHEDULE",
            "PENDING_PICK_UP",
            "PENDING_DROP_OFF",
            "LABEL_CANCELLED",
            "PICKED_UP",
            "DROPPED_OFF",
            "AT_ORIGIN_FC",
            "AT_DESTINATION_FC",
            "DELIVERED",
            "REJECTED_BY_BUYER",
            "UNDELIVERABLE",
            "RETURNING_TO_SELLER",
            "RETURNED_TO_SELLER",
            "LOST",
            "OUT_FOR_DELIVERY",
            "DAMAGED",
        }
    ),
    source=f"{_MODEL}, PackageStatus.detailedStatus",
)
_COMING_BACK: Final = frozenset(
    {
        "REJECTED_BY_BUYER",
        "RETURNING_TO_SELLER",
        "Shipped - Rejected by Buyer",
        "Shipped - Returning to Seller",
    }
)
# A package with one of these is none.
TAKEN_BACK: Final = frozenset({"CANCELLED", "LABEL_CANCELLED", "Cancelled"})
VOCABULARIES: Final = (_ORDER, _PARCEL, _DETAIL)
WORDS: Final = Lexicon.of(VOCABULARIES)

CAPABILITIES: Final = Capabilities(
    statuses={
        **OWN_STEPS,
        S.SHIPPED: push(
            "order",
            "SHIPPED",
            by="confirmShipment",
            needs_tracking=True,
            not_from=("PENDING_AVAILABILITY", "PENDING", "SHIPPED", "CANCELLED", "UNFULFILLABLE"),
        ),
        S.CANCELLED: refused(
            "Amazon takes no cancellation through its Orders API: cancel it in Seller Central, and "
            "it will arrive here."
        ),
        S.CONFIRMED: refused("Amazon confirms an order itself once it is paid."),
        S.OUT_FOR_DELIVERY: refused("Amazon follows the parcel itself."),
        S.DELIVERED: refused("Amazon reports the delivery itself."),
    },
    no_way_back="Amazon keeps a confirmed shipment: it cannot be taken back.",
    lateness=Lateness(
        1.5,
        "Amazon India cancels an order that is not confirmed in time, counts it against the "
        "seller, and charges up to one and a half times its referral fee.",
    ),
    carriers=INDIAN_CARRIERS,
    accepts_channel_fulfilled=False,
    # confirmShipment names the pieces of its package.
    takes_parts=True,
    proof=Proof.KEY,
    vocabularies=VOCABULARIES,
    accepted={
        merged("order", S.PENDING): "Neither is ours to pack yet; what it waits for is Amazon's.",
        merged("order", S.CONFIRMED): "What is left is ours to pack; the lines say what has gone.",
        merged("parcel", S.SHIPPED): "Both are on the way; the parcel's detail says where.",
        merged("detail", S.READY_TO_SHIP): "Packed and waiting, whoever carries it to the other.",
        merged("detail", S.SHIPPED): "On the way, or on the way back, which is a fact of its own.",
        merged("detail", S.OUT_FOR_DELIVERY): "The model's word and the report's.",
        merged("detail", S.DELIVERED): "The model's word and the report's.",
        merged("detail", S.RETURNED): "The model's word and the report's.",
        merged("detail", S.CANCELLED): "A parcel that was taken back counts as none.",
        merged("detail", S.FAILED): "It will not arrive; a person reads why in Amazon's own word.",
    },
)

# How far a parcel has come; an order is only as far as its last parcel.
_BEFORE_SHIPPING: Final = (S.CONFIRMED, S.PACKED, S.READY_TO_SHIP)
_ON_THE_WAY: Final = (S.SHIPPED, S.OUT_FOR_DELIVERY)
# Of parcels that have all arrived somewhere, the one that needs a person most speaks first.
_ARRIVED: Final = (S.FAILED, S.DELIVERED, S.RETURNED)


@dataclass(frozen=True, slots=True)
class Reading:
    """An order's words in ours. `status` is None for a fulfillmentStatus that we do not know."""

    words: str
    status: S | None
    return_requested: bool
    unknown: tuple[Word, ...] = ()


def read(word: str, packages: Sequence[Json], lexicon: Lexicon = WORDS) -> Reading:
    """Read an order's fulfillmentStatus and refine it by its parcels.

    Parcels only refine what the order says: an UNSHIPPED order can be packed or ready to ship,
    a SHIPPED one out for delivery, delivered, returned or failed. Any other word stands alone, and
    so does one of these two that an admin gave another meaning.

    Raises:
        BadFieldError: A parcel's status is not text.
    """
    coarse = lexicon.read("order", word)
    found = [Word("order", word)]
    details: list[str] = []
    states: list[S] = []
    for package in packages:
        detail, state, met = _parcel(package, lexicon)
        found += met
        if detail and detail != word and detail not in details:
            details.append(detail)
        if state is not None and state is not S.CANCELLED:
            states.append(state)
    words = f"{word} / {', '.join(details)}" if details else word
    is_coming_back = not _COMING_BACK.isdisjoint(details)
    status = _refine(word, coarse, states)
    is_partly_returned = status is S.DELIVERED and S.RETURNED in states
    return Reading(
        words[:200], status, is_coming_back or is_partly_returned, lexicon.unknown(found)
    )


def _parcel(package: Json, lexicon: Lexicon) -> tuple[str, S | None, Sequence[Word]]:
    """The parcel's finest word, what it means (None if both are unknown), and both words."""
    status = section(package, "packageStatus")
    word, detail = text(status, "status", WORD), text(status, "detailedStatus", WORD)
    state = lexicon.read("detail", detail) or lexicon.read("parcel", word)
    return detail or word, state, (Word("parcel", word), Word("detail", detail))


def _refine(word: str, coarse: S | None, states: list[S]) -> S | None:
    is_unshipped = word == "UNSHIPPED" and coarse is S.CONFIRMED
    if is_unshipped and states and all(state in _BEFORE_SHIPPING for state in states):
        return min(states, key=_BEFORE_SHIPPING.index)
    is_shipped = word == "SHIPPED" and coarse is S.SHIPPED
    if not is_shipped or any(state in _BEFORE_SHIPPING for state in states):
        return coarse
    moving = [state for state in states if state in _ON_THE_WAY]
    if moving:
        return min(moving, key=_ON_THE_WAY.index)
    return next((state for state in _ARRIVED if state in states), coarse)
