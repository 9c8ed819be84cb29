"""Why something waits for a person: the causes of the exceptions page, and what may be done."""

from enum import StrEnum
from typing import Final


class Cause(StrEnum):
    """In the order in which one usually helps the next: the first ones hold back many orders."""

    CREDENTIALS = "credentials"  # the channel lets us in no more, or a stranger knocks
    CONFLICT = "conflict"  # both sides changed the order
    TRANSITION = "transition"  # the channel refused a status change
    POISON = "poison"  # an order or event that could not be read
    REMOTE = "remote"  # the channel fails
    NOT_READY = "not_ready"  # the channel does not take the change yet
    QUOTA = "quota"  # waits long for the channel's limit
    MAPPING = "mapping"  # a status word that we do not know
    SKU = "sku"  # a SKU that the account's list does not name
    WORK = "work"  # bulk changes, files and messages of our own that came to nothing
    WAITING = "waiting"  # nothing is wrong that we know of, and yet it does not move

    @property
    def label(self) -> str:
        """What staff read."""
        return _LABELS[self]


_LABELS: Final[dict[Cause, str]] = {
    Cause.CREDENTIALS: "Credentials",
    Cause.CONFLICT: "Conflict",
    Cause.TRANSITION: "Change refused",
    Cause.POISON: "Set aside",
    Cause.REMOTE: "Channel errors",
    Cause.NOT_READY: "Not ready there",
    Cause.QUOTA: "Channel limit",
    Cause.MAPPING: "Status word",
    Cause.SKU: "SKU",
    Cause.WORK: "Our own work",
    Cause.WAITING: "Waiting too long",
}


class Source(StrEnum):
    """Where an exception is seen. It is the first word of its key."""

    CHANGE = "change"  # an order whose change was refused, or that disagrees with its channel
    WAIT = "wait"  # a change that is open for too long
    QUEUE = "queue"  # changes of bulk changes that are late on an account
    INBOX = "inbox"  # an order or event that was set aside, or waits too long
    ACCOUNT = "account"  # an account that is disconnected
    FAILING = "failing"  # an account whose pulls fail in a row
    PAUSED = "paused"  # a paused account on which changes wait
    SWEEP = "sweep"  # an account whose last deep sweep found what it cannot put right
    HOOKS = "hooks"  # an account whose webhooks come without a proof
    WORD = "word"  # a status word without a meaning
    SKU = "sku"  # a SKU that a list does not name
    RUN = "run"  # a bulk change that stands still
    ROWS = "rows"  # a bulk change that left orders undone by a mistake of ours
    DOWNLOAD = "download"  # a file that could not be made
    DOCUMENT = "document"  # an uploaded file that nothing goes on with
    MESSAGE = "message"  # alerts that reach nobody on one way
    FIELD = "field"  # a field of an order, other than its status, where both sides have a word


class Way(StrEnum):
    """What a person can do about it, beside assigning and snoozing."""

    RETRY = "retry"
    KEEP_OURS = "ours"
    KEEP_CHANNELS = "channels"
    RESOLVE = "resolve"
