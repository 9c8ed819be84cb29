"""The travel of one status change from our desk to the channel."""

from enum import StrEnum
from typing import Final


class IntentState(StrEnum):
    """Every intent is in exactly one of these; `OPEN` ones still have to travel."""

    QUEUED = "queued"  # written with the change, not tried yet
    BUDGET = "waiting_for_budget"  # the channel's limit is used up: its turn comes with the limit
    WAITING = "waiting"  # tried, or not possible yet; `next_try_at` says until when
    HELD = "held"  # the order was put on hold here: it goes out once that is released
    SENDING = "sending"  # a worker is calling the channel now
    SENT = "sent"  # the channel accepted it; not read back yet
    CONFIRMED = "confirmed"  # read back from the channel
    SUPERSEDED = "superseded"  # a newer intent took its place, or the channel was first
    REJECTED = "rejected"  # the channel refused it
    NEEDS_PERSON = "needs_person"  # both sides changed the order; a person decides
    UNDONE = "undone"  # withdrawn by a person before it was sent


# Not sent yet, or not known to be: what may still be withdrawn, replaced or held.
UNSENT: Final = (
    IntentState.QUEUED,
    IntentState.BUDGET,
    IntentState.WAITING,
    IntentState.HELD,
)
OPEN: Final = (*UNSENT, IntentState.SENDING, IntentState.SENT)
