"""What the Swiggy relay's words for an order mean in ours, and what it is told.

The contract is inferred from public integrations (UrbanPiper shape).
"""

from typing import Final

from crm_app.channels.rules import LOCAL, Capabilities, Proof, merged, push, refused
from crm_app.channels.words import Lexicon, Vocabulary
from crm_app.domain.order_status import OrderStatus as S

# Our word for an order whose place another one took.
MODIFIED: Final = "Modified"

ORDER: Final = Vocabulary(
    key="order",
    label="Order",
    place="new_state, order_state",
    means={
        "Placed": S.PENDING,
        "Acknowledged": S.CONFIRMED,
        "Food Ready": S.PACKED,
        "Dispatched": S.SHIPPED,
        "Completed": S.DELIVERED,
        "Cancelled": S.CANCELLED,
        "customer_cancelled": S.CANCELLED,
        MODIFIED: S.CANCELLED,
    },
    documented=frozenset(
        {
            "Placed",
            "Acknowledged",
            "Food Ready",
            "Dispatched",
            "Completed",
            "Cancelled",
            "customer_cancelled",
        }
    ),
    source="inferred: order states of public UrbanPiper integrations",
)
# Read only while the order itself has been dispatched.
RIDER: Final = Vocabulary(
    key="rider",
    label="Rider",
    place="delivery_info.current_state",
    means={"out-for-delivery": S.OUT_FOR_DELIVERY},
    documented=frozenset({"out-for-delivery"}),
    source="inferred: rider events of public UrbanPiper integrations",
    silent={
        "assigned": "Nothing has left yet.",
        "at-store": "Nothing has left yet.",
        "delivered": "The order itself says that it is completed.",
    },
)
VOCABULARIES: Final = (ORDER, RIDER)
WORDS: Final = Lexicon.of(VOCABULARIES)

CAPABILITIES: Final = Capabilities(
    statuses={
        S.CONFIRMED: push("order", "Acknowledged", by="updateOrderStatus"),
        S.PACKED: push("order", "Food Ready", by="updateOrderStatus"),
        # The relay's one word for both is told when the order is packed.
        S.READY_TO_SHIP: LOCAL,
        S.SHIPPED: push("order", "Dispatched", by="updateOrderStatus"),
        S.OUT_FOR_DELIVERY: refused("Swiggy follows its rider itself."),
        S.DELIVERED: push("order", "Completed", by="updateOrderStatus"),
        # Swiggy refuses most: then a person has to call.
        S.CANCELLED: push("order", "Cancelled", by="updateOrderStatus"),
        S.RETURNED: LOCAL,
        S.FAILED: LOCAL,
    },
    why_whole="Swiggy's rider takes an order as a whole.",
    no_way_back="Swiggy takes no status back.",
    pulls=False,
    reads_back=False,
    is_inferred=True,
    proof=Proof.KEY,
    vocabularies=VOCABULARIES,
    accepted={
        merged("order", S.CANCELLED): "Whoever cancelled it, or put another in its place: it is "
        "not made.",
    },
)
