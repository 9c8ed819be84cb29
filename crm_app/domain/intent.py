"""The travel of one status change from our desk to the channel."""

from enum import StrEnum
from typing import Final


class IntentState(StrEnum):
    """Every intent is in exactly one of these; `OPEN` ones still have to travel."""

    QUEUED = "queued"  # written with the change, not tried yet
    WAITING = "waiting"  # tried or held back by a limit; `next_try_at` says until when
    SENDING = "sending"  # a worker is calling the channel now
    SENT = "sent"  # the channel accepted it; not read back yet
    CONFIRMED = "confirmed"  # read back from the channel
    SUPERSEDED = "superseded"  # a newer intent took its place before it was sent
    REJECTED = "rejected"  # the channel refused it
    NEEDS_PERSON = "needs_person"  # both sides changed the order; a person decides
    UNDONE = "undone"  # withdrawn by a person before it was sent


OPEN: Final = (IntentState.QUEUED, IntentState.WAITING, IntentState.SENDING, IntentState.SENT)
UNSENT: Final = (IntentState.QUEUED, IntentState.WAITING)
