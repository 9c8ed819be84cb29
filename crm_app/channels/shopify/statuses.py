"""What Shopify's words for an order and its parcels mean in ours, and what it lets us say.

Facts are the vendor's own (GraphQL Admin API, 2026-10).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crm_app.channels.rules import (
    INDIAN_CARRIERS,
    LOCAL,
    OWN_STEPS,
    Capabilities,
    Proof,
    merged,
    push,
    unconfirmed,
)
from crm_app.channels.words import Lexicon, Vocabulary, Word
from crm_app.domain.order_status import OrderStatus as S

_SCHEMA: Final = "GraphQL Admin API 2026-10"

ORDER: Final = Vocabulary(
    key="order",
    label="Order",
    place="displayFulfillmentStatus",
    means={
        "UNFULFILLED": S.CONFIRMED,
        "OPEN": S.CONFIRMED,
        "IN_PROGRESS": S.CONFIRMED,
        "PENDING_FULFILLMENT": S.CONFIRMED,
        # The fulfilment service said no: it is ours again.
        "REQUEST_DECLINED": S.CONFIRMED,
        # A hold is a fact of its own beside the status.
        "ON_HOLD": S.CONFIRMED,
        # What is left is ours to pack; the lines say how much has gone.
        "PARTIALLY_FULFILLED": S.CONFIRMED,
        "SCHEDULED": S.PENDING,
        "FULFILLED": S.SHIPPED,
        # Nothing of it is ever sent.
        "FULFILLMENT_NOT_REQUIRED": S.DELIVERED,
        "RESTOCKED": S.CANCELLED,
    },
    documented=frozenset(
        {
            "FULFILLED",
            "FULFILLMENT_NOT_REQUIRED",
            "IN_PROGRESS",
            "ON_HOLD",
            "OPEN",
            "PARTIALLY_FULFILLED",
            "PENDING_FULFILLMENT",
            "REQUEST_DECLINED",
            "RESTOCKED",
            "SCHEDULED",
            "UNFULFILLED",
        }
    ),
    source=f"{_SCHEMA}, OrderDisplayFulfillmentStatus",
)
HELD: Final = "ON_HOLD"

# A parcel that was taken back is none.
VOID: Final = frozenset({"CANCELED", "CANCELLED"})
PARCEL: Final = Vocabulary(
    key="parcel",
    label="Parcel",
    place="fulfillments[].displayStatus",
    means={
        "LABEL_PURCHASED": S.READY_TO_SHIP,
        "LABEL_PRINTED": S.READY_TO_SHIP,
        "READY_FOR_PICKUP": S.READY_TO_SHIP,
        "LABEL_VOIDED": S.READY_TO_SHIP,
        "SUBMITTED": S.SHIPPED,
        "CONFIRMED": S.SHIPPED,
        "FULFILLED": S.SHIPPED,
        "MARKED_AS_FULFILLED": S.SHIPPED,
        "CARRIER_PICKED_UP": S.SHIPPED,
        "IN_TRANSIT": S.SHIPPED,
        "DELAYED": S.SHIPPED,
        "OUT_FOR_DELIVERY": S.OUT_FOR_DELIVERY,
        "ATTEMPTED_DELIVERY": S.OUT_FOR_DELIVERY,
        "DELIVERED": S.DELIVERED,
        # By the buyer, at our counter.
        "PICKED_UP": S.DELIVERED,
        "NOT_DELIVERED": S.FAILED,
        "FAILURE": S.FAILED,
    },
    documented=frozenset(
        {
            "ATTEMPTED_DELIVERY",
            "CANCELED",
            "CARRIER_PICKED_UP",
            "CONFIRMED",
            "DELAYED",
            "DELIVERED",
            "FAILURE",
            "FULFILLED",
            "IN_TRANSIT",
            "LABEL_PRINTED",
            "LABEL_PURCHASED",
            "LABEL_VOIDED",
            "MARKED_AS_FULFILLED",
            "NOT_DELIVERED",
            "OUT_FOR_DELIVERY",
            "PICKED_UP",
            "READY_FOR_PICKUP",
            "SUBMITTED",
        }
    ),
    source=f"{_SCHEMA}, FulfillmentDisplayStatus",
    silent=dict.fromkeys(VOID, "A parcel that was taken back is none."),
)
VOCABULARIES: Final = (ORDER, PARCEL)
WORDS: Final = Lexicon.of(VOCABULARIES)
# Shopify's OrderCancelReason.
CANCEL_REASONS: Final = {
    "CUSTOMER": "The customer wanted to cancel",
    "DECLINED": "The payment was declined",
    "FRAUD": "Fraud",
    "INVENTORY": "Not enough stock",
    "STAFF": "A mistake of staff",
    "OTHER": "Another reason",
}

CAPABILITIES: Final = Capabilities(
    cancel_reasons=CANCEL_REASONS,
    statuses={
        **OWN_STEPS,
        S.CONFIRMED: LOCAL,
        S.SHIPPED: push("order", "FULFILLED", by="fulfillmentCreate"),
        S.OUT_FOR_DELIVERY: push("parcel", "OUT_FOR_DELIVERY", by="fulfillmentEventCreate"),
        S.DELIVERED: push("parcel", "DELIVERED", by="fulfillmentEventCreate"),
        S.CANCELLED: push(by="orderCancel", not_from=("PARTIALLY_FULFILLED", "FULFILLED")),
    },
    no_way_back="A fulfilment or cancellation is taken back in Shopify's admin only.",
    carriers=INDIAN_CARRIERS,
    # fulfillmentCreate names lines and quantities.
    takes_parts=True,
    proof=Proof.BODY,
    registers_hooks=True,
    vocabularies=VOCABULARIES,
    by_fact={
        S.CANCELLED: "the order carries the time of its cancellation (cancelledAt)",
        S.RETURNED: "its return has arrived (returnStatus)",
    },
    accepted={
        unconfirmed(S.CANCELLED): "A cancelled order is known by its cancelledAt, not by a word.",
        merged("order", S.CONFIRMED): "All are ours to send; holds and lines are facts beside it.",
        merged("parcel", S.READY_TO_SHIP): "It has a label and has not left.",
        merged("parcel", S.SHIPPED): "With the carrier, at whichever of its stops.",
        merged("parcel", S.OUT_FOR_DELIVERY): "A failed attempt goes out again.",
        merged("parcel", S.DELIVERED): "The buyer has it, by the carrier or at our counter.",
        merged("parcel", S.FAILED): "It will not arrive; a person reads why in Shopify.",
    },
)

# An order is only as far as its last parcel; of those that have ended, failure speaks first.
_WAY: Final = (
    S.PENDING,
    S.CONFIRMED,
    S.PACKED,
    S.READY_TO_SHIP,
    S.SHIPPED,
    S.OUT_FOR_DELIVERY,
    S.FAILED,
    S.DELIVERED,
    S.RETURNED,
    S.CANCELLED,
)
_UNPAID: Final = frozenset({"PENDING", "AUTHORIZED", "EXPIRED"})
_MONEY_BACK: Final = frozenset({"VOIDED", "REFUNDED"})
_CAME_BACK: Final = frozenset({"RETURNED", "INSPECTION_COMPLETE"})
_COMING_BACK: Final = frozenset({"RETURN_REQUESTED", "IN_PROGRESS"})


@dataclass(frozen=True, slots=True)
class Facts:
    """Shopify's words about one order; `parcels` are those of the live ones."""

    fulfilment: str
    payment: str
    returning: str
    parcels: Sequence[str]
    is_cancelled: bool
    is_cod: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """The words that decided, and ours. `status` is None if the fulfilment word is unknown."""

    words: str
    status: S | None
    return_requested: bool


def unknown_words(facts: Facts, lexicon: Lexicon = WORDS) -> tuple[Word, ...]:
    """What nobody has mapped yet, of the order and of its parcels."""
    parcels = (Word("parcel", word) for word in facts.parcels)
    return lexicon.unknown((Word("order", facts.fulfilment), *parcels))


def read(facts: Facts, lexicon: Lexicon = WORDS) -> Reading:
    """Read an order by its fulfilment, refined by its parcels, its payment and its return.

    Before anything was sent, money decides too: an order that is not paid yet (and not to be paid
    at the door) is pending, one whose money went back is cancelled.
    """
    word = facts.fulfilment
    coarse = lexicon.read("order", word)
    if facts.is_cancelled:
        return Reading(f"{word} / cancelled", S.CANCELLED, return_requested=False)
    if coarse is S.CONFIRMED and not facts.parcels:
        if facts.payment in _MONEY_BACK:
            return Reading(f"{word} / payment {facts.payment}", S.CANCELLED, False)
        if facts.payment in _UNPAID and not facts.is_cod:
            return Reading(f"{word} / payment {facts.payment}", S.PENDING, False)
    if coarse is not S.SHIPPED:
        return Reading(word, coarse, return_requested=facts.returning in _COMING_BACK)
    return _sent(facts, word, lexicon)


def _sent(facts: Facts, word: str, lexicon: Lexicon) -> Reading:
    words = [word, *dict.fromkeys(one for one in facts.parcels if one and one != word)]
    if facts.returning in _CAME_BACK | _COMING_BACK:
        words.append(f"return {facts.returning}")
    told = " / ".join(words)[:200]
    if facts.returning in _CAME_BACK:
        return Reading(told, S.RETURNED, return_requested=False)
    known = [found for one in facts.parcels if (found := lexicon.read("parcel", one))]
    status = min(known, key=_WAY.index) if known else S.SHIPPED
    return Reading(told, status, return_requested=facts.returning in _COMING_BACK)
