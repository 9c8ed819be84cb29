"""What Flipkart's words for the items of a shipment mean in ours, and what it lets us say.

Facts are the vendor's own (Seller API v3).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crm_app.channels.rules import LOCAL, Capabilities, Proof, merged, push, refused, unreachable
from crm_app.channels.words import Lexicon, Vocabulary, Word
from crm_app.domain.order_status import OrderStatus as S

ITEM: Final = Vocabulary(
    key="item",
    label="Item",
    place="orderItems[].status",
    means={
        "APPROVED": S.CONFIRMED,
        # The labels are still being made, and that can fail: packed is what Flipkart calls so.
        "PACKING_IN_PROGRESS": S.CONFIRMED,
        "FORM_FAILED": S.FAILED,
        "PACKED": S.PACKED,
        "READY_TO_DISPATCH": S.READY_TO_SHIP,
        "PICKUP_COMPLETE": S.SHIPPED,
        "SHIPPED": S.SHIPPED,
        "DELIVERED": S.DELIVERED,
        "COMPLETED": S.DELIVERED,
        # On its way back to us: `RETURN_COMING` tells it beside the status.
        "RETURN_REQUESTED": S.DELIVERED,
        "RETURNED": S.RETURNED,
        "CANCELLED": S.CANCELLED,
    },
    documented=frozenset(
        {
            "APPROVED",
            "PACKING_IN_PROGRESS",
            "FORM_FAILED",
            "PACKED",
            "READY_TO_DISPATCH",
            "PICKUP_COMPLETE",
            "CANCELLED",
            "RETURN_REQUESTED",
            "RETURNED",
            "SHIPPED",
            "DELIVERED",
            "COMPLETED",
        }
    ),
    source="Marketplace Seller API v3, state of an order item",
)
RETURN: Final = Vocabulary(
    key="return",
    label="Return",
    place="returns[].status",
    # What is on its way back, or was called off, says nothing new of the shipment.
    means={
        "CREATED": S.DELIVERED,
        "APPROVED": S.DELIVERED,
        "IN_TRANSIT": S.DELIVERED,
        "CANCELLED": S.DELIVERED,
        "REJECTED": S.DELIVERED,
        "COMPLETED": S.RETURNED,
    },
    documented=frozenset({"COMPLETED", "CANCELLED"}),
    source="Marketplace Seller API v3, events of a return; it lists no more of their words",
)
VOCABULARIES: Final = (ITEM, RETURN)
WORDS: Final = Lexicon.of(VOCABULARIES)

RETURN_COMING: Final = "RETURN_REQUESTED"
CANCELLED: Final = "CANCELLED"
# Nothing of a return is on its way any more.
RETURN_OVER: Final = frozenset({"COMPLETED", "CANCELLED", "REJECTED"})
PACKING: Final = "PACKING_IN_PROGRESS"
# From where it packs, and what lies beyond each step: a step that was taken is not taken again.
TO_PACK: Final = frozenset({"APPROVED", "FORM_FAILED"})
READY: Final = frozenset(
    {
        "READY_TO_DISPATCH",
        "PICKUP_COMPLETE",
        "SHIPPED",
        "DELIVERED",
        "COMPLETED",
        "RETURN_REQUESTED",
        "RETURNED",
    }
)
PACKED: Final = READY | {"PACKED"}
# Flipkart still cancels these.
CANCELLABLE: Final = TO_PACK | {PACKING}
# The only reasons a seller may give.
CANCEL_REASONS: Final = {
    "cannot_procure_item": "The item cannot be procured",
    "not_enough_inventory": "Not enough stock",
    "b2b_order": "It is a business order",
}

# Flipkart's own maxima: shipments of one pack, dispatch or cancel, and shipments by their ids.
BATCH_SIZE: Final = 25
READS_AT_ONCE: Final = 100

CAPABILITIES: Final = Capabilities(
    batch_size=BATCH_SIZE,
    reads_at_once=READS_AT_ONCE,
    cancel_reasons=CANCEL_REASONS,
    statuses={
        S.CONFIRMED: refused("Flipkart confirms a shipment itself."),
        S.PACKED: push("item", "PACKED", by="pack", not_from=(CANCELLED,)),
        S.READY_TO_SHIP: push("item", "READY_TO_DISPATCH", by="dispatch", not_from=(CANCELLED,)),
        S.SHIPPED: refused(
            "Flipkart's courier reports the pickup: mark it ready to ship, and the rest will "
            "arrive here."
        ),
        S.OUT_FOR_DELIVERY: refused("Flipkart follows the parcel itself."),
        S.DELIVERED: refused("Flipkart reports the delivery itself."),
        # Only before packing; afterwards Flipkart refuses, and says so.
        S.CANCELLED: push("item", CANCELLED, by="cancel", not_from=PACKED),
        S.RETURNED: LOCAL,
        S.FAILED: LOCAL,
    },
    why_whole="Flipkart divides an order itself: each shipment of it is an order here.",
    no_way_back="Flipkart takes no step of a shipment back.",
    accepts_channel_fulfilled=False,
    proof=Proof.CALLER,
    vocabularies=VOCABULARIES,
    accepted={
        unreachable(S.PENDING): "Flipkart shows a shipment once it is approved; a hold is a fact "
        "beside the status.",
        unreachable(S.OUT_FOR_DELIVERY): "Flipkart has no word between shipped and delivered.",
        merged("item", S.CONFIRMED): "The labels are still being made, and that can fail.",
        merged("item", S.SHIPPED): "With the courier, before and after its first scan.",
        merged("item", S.DELIVERED): "It has arrived; a return on its way is a fact beside it.",
        merged("return", S.DELIVERED): "The parcel arrived; whether it comes back is a fact "
        "beside the status.",
    },
)

# A shipment is only as far as its last item; one that needs a person speaks first.
_ORDER: Final = (
    S.FAILED,
    S.PENDING,
    S.CONFIRMED,
    S.PACKED,
    S.READY_TO_SHIP,
    S.SHIPPED,
    S.OUT_FOR_DELIVERY,
    S.DELIVERED,
    S.RETURNED,
    S.CANCELLED,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A shipment's words in ours. `status` is None if one of them is unknown."""

    words: str
    status: S | None
    return_requested: bool
    unknown: tuple[Word, ...] = ()


def item_status(word: str, *, is_courier_return: bool, lexicon: Lexicon = WORDS) -> S | None:
    """One item's status; a parcel that the courier brings back never arrived."""
    if word == RETURN_COMING and is_courier_return:
        return S.SHIPPED
    return lexicon.read("item", word)


def read(items: Sequence[tuple[str, S | None]], lexicon: Lexicon = WORDS) -> Reading:
    """Read a shipment by its items, each as Flipkart's word and ours.

    Cancelled items do not count unless all are cancelled.
    """
    words = list(dict.fromkeys(word for word, _ in items))
    live = [(word, status) for word, status in items if word != CANCELLED]
    states = [status for _, status in live]
    status: S | None = None
    if not live:
        status = lexicon.read("item", CANCELLED)
    elif None not in states:
        status = min((found for found in states if found), key=_ORDER.index)
    is_partly_back = status is S.DELIVERED and S.RETURNED in states
    unknown = lexicon.unknown(Word("item", word) for word in words)
    return Reading(
        ", ".join(words)[:200], status, RETURN_COMING in words or is_partly_back, unknown
    )
