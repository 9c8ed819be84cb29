"""What Blinkit's documents mean for a purchase order, and what Blinkit is told.

The contract is inferred from public implementations: none is published.
"""

from typing import Final

from crm_app.channels.rules import (
    INDIAN_CARRIERS,
    LOCAL,
    OWN_STEPS,
    Capabilities,
    Proof,
    push,
    refused,
    unconfirmed,
)
from crm_app.channels.words import Lexicon, Vocabulary
from crm_app.domain.order_status import OrderStatus as S

CREATION: Final = "PO_CREATION"
CANCEL: Final = "PO_CANCEL"
AMENDMENT: Final = "PO_AMENDMENT"

ORDER: Final = Vocabulary(
    key="order",
    label="Purchase order",
    place="type",
    means={CREATION: S.PENDING, CANCEL: S.CANCELLED},
    documented=frozenset({"PO_CREATION", "PO_CANCEL", "PO_AMENDMENT"}),
    source="inferred: document types of public vendor integrations",
    silent={AMENDMENT: "It changes articles, not how far the order has come."},
)
VOCABULARIES: Final = (ORDER,)
WORDS: Final = Lexicon.of(VOCABULARIES)

_NO_READING: Final = "Blinkit shows no purchase order: the call that it accepted is the proof."

CAPABILITIES: Final = Capabilities(
    statuses={
        **OWN_STEPS,
        S.CONFIRMED: push(by="acknowledge", not_from=(CANCEL,)),
        S.SHIPPED: push(by="shippingNote", not_from=(CANCEL,)),
        S.OUT_FOR_DELIVERY: LOCAL,
        # Blinkit tells nothing of goods received.
        S.DELIVERED: LOCAL,
        S.CANCELLED: refused(
            "Blinkit takes no cancellation from a supplier: ask your buyer at Blinkit, and it "
            "will arrive here."
        ),
    },
    no_way_back="Blinkit takes no acknowledgement or shipping note back.",
    carriers=INDIAN_CARRIERS,
    # A shipping note says PARTIALLY_FULFILLED and the pieces of each item.
    takes_parts=True,
    pulls=False,
    reads_back=False,
    is_inferred=True,
    proof=Proof.KEY,
    vocabularies=VOCABULARIES,
    accepted={
        unconfirmed(S.CONFIRMED): _NO_READING,
        unconfirmed(S.SHIPPED): _NO_READING,
    },
)
