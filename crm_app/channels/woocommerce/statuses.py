"""What WooCommerce's words for an order mean in ours, and what the shop is told.

Facts are the vendor's own (REST v3). WooCommerce itself takes any status after any other, so what
may follow what is ours to refuse.
"""

from typing import Final

from crm_app.channels.rules import (
    INDIAN_CARRIERS,
    LOCAL,
    OWN_STEPS,
    Capabilities,
    Proof,
    merged,
    push,
)
from crm_app.channels.words import Lexicon, Vocabulary
from crm_app.domain.order_status import OrderStatus as S

ORDER: Final = Vocabulary(
    key="order",
    label="Order",
    place="status",
    means={
        "pending": S.PENDING,
        "on-hold": S.PENDING,
        "checkout-draft": S.PENDING,
        "processing": S.CONFIRMED,
        # WooCommerce has no "shipped"; this shop reads `completed` so.
        "completed": S.SHIPPED,
        "cancelled": S.CANCELLED,
        "trash": S.CANCELLED,
        "failed": S.FAILED,
        "refunded": S.RETURNED,
    },
    documented=frozenset(
        {
            "pending",
            "processing",
            "on-hold",
            "completed",
            "cancelled",
            "refunded",
            "failed",
            "trash",
            "checkout-draft",
        }
    ),
    source="REST API v3, order status; plugins add words of their own",
)
VOCABULARIES: Final = (ORDER,)
WORDS: Final = Lexicon.of(VOCABULARIES)

CAPABILITIES: Final = Capabilities(
    statuses={
        **OWN_STEPS,
        S.CONFIRMED: push(
            "order",
            "processing",
            by="updateOrder",
            not_from=("completed", "cancelled", "refunded", "trash"),
        ),
        S.SHIPPED: push(
            "order",
            "completed",
            by="updateOrder",
            not_from=("cancelled", "refunded", "failed", "trash"),
        ),
        S.CANCELLED: push(
            "order", "cancelled", by="updateOrder", not_from=("completed", "refunded", "trash")
        ),
        S.OUT_FOR_DELIVERY: LOCAL,
        S.DELIVERED: LOCAL,
    },
    takes_back=frozenset({S.SHIPPED, S.CANCELLED}),
    no_way_back="The shop takes back only shipped and cancelled.",
    carriers=INDIAN_CARRIERS,
    why_whole="WooCommerce completes an order as a whole: it has no word for a part that left.",
    proof=Proof.BODY,
    registers_hooks=True,
    vocabularies=VOCABULARIES,
    accepted={
        merged("order", S.PENDING): "Not paid, stopped by a person, or still in the checkout: "
        "none is ours to pack.",
        merged("order", S.CANCELLED): "An order in the bin is not sent either.",
    },
)
