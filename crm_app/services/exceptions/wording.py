"""What is wrong and what to do about it: one plain sentence each. Pure."""

from typing import Any, Final

from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.rules import Field
from crm_app.domain.trouble import Cause, Source

# Kinds of inbox entries; in the inbox a webhook's kind begins with "hook:".
PULLED: Final = "order"


def summary(source: Source, cause: Cause, channel: Channel | None, about: str) -> str:
    """What is wrong, without the channel's own words."""
    wish = _status(about)
    if channel is None:
        return _OF_OURS[source]
    match source:
        case Source.CHANGE if cause is Cause.CONFLICT:
            ours = f"We say {wish}" if wish else "Both sides changed it"
            return f"{ours}, {channel.label} does not"
        case Source.CHANGE if cause is Cause.REMOTE:
            return f"{wish or 'A change'} could not be told to {channel.label}"
        case Source.CHANGE:
            return f"{channel.label} did not take {wish}" if wish else f"{channel.label} refused"
        case Source.WAIT:
            return f"{wish} has not arrived at {channel.label}"
        case Source.INBOX:
            return _of_inbox(cause, about)
        case Source.FIELD if about == Field.PARCEL:
            return f"{channel.label} names another parcel than we do"
        case _:
            return _OF_ACCOUNTS[source].format(channel=channel.label)


_OF_OURS: Final = {
    Source.RUN: "It stands still",
    Source.ROWS: "Orders were left undone by a mistake of ours",
    Source.DOWNLOAD: "A file could not be made",
    Source.DOCUMENT: "An import stands still",
    Source.MESSAGE: "Alerts reach nobody on this way",
}
_OF_ACCOUNTS: Final = {
    Source.QUEUE: "Bulk changes are told to {channel} later than they should be",
    Source.SKU: "{channel} sells a SKU that the account's list does not name",
    Source.ACCOUNT: "{channel} lets us in no more",
    Source.FAILING: "Every pull from {channel} fails",
    Source.PAUSED: "Paused by a person, and changes wait",
    Source.SWEEP: "The last deep sweep did not come out even with {channel}",
    Source.HOOKS: "Webhooks without a valid proof are refused",
    Source.WORD: "A status word of {channel} without a meaning here",
    Source.FIELD: "{channel} has another address for an order that is packed",
}


def _status(about: str) -> str:
    return OrderStatus(about).label if about in list(OrderStatus) else ""


def _of_inbox(cause: Cause, about: str) -> str:
    kind, _, topic = about.partition(" ")
    what = "Order" if kind == PULLED else f"Webhook {topic}" if topic else "Webhook"
    return f"{what} waits to be used" if cause is Cause.WAITING else f"{what} was set aside"


_ADVICE: Final[dict[tuple[Source, Cause], str]] = {
    (Source.CHANGE, Cause.CONFLICT): "Compare both words and decide whose stays.",
    (Source.CHANGE, Cause.TRANSITION): (
        "Read the channel's reason; send it again once it is cured, or take the channel's word."
    ),
    (Source.CHANGE, Cause.REMOTE): (
        "We stopped trying. Send it again once the channel answers, or take the channel's word."
    ),
    (Source.FIELD, Cause.CONFLICT): (
        "Compare both words with what stands on the parcel, and decide which one stays."
    ),
    (Source.WAIT, Cause.QUOTA): (
        "The channel's limit is used up; it goes out by itself as soon as there is room."
    ),
    (Source.WAIT, Cause.REMOTE): (
        "The channel fails or does not answer; it is tried again by itself, or now by you."
    ),
    (Source.WAIT, Cause.NOT_READY): (
        "The channel takes it only later, as its words say; it is tried again by itself then."
    ),
    (Source.QUEUE, Cause.QUOTA): (
        "The channel's limit is used up by what goes first. Pause bulk changes that can wait, or "
        "ask the channel for a higher limit."
    ),
    (Source.QUEUE, Cause.REMOTE): (
        "The account is left alone after failures; they go out by themselves once it answers."
    ),
    (Source.QUEUE, Cause.WAITING): (
        "Nothing keeps them that we know of. Look whether the worker runs, below the sidebar."
    ),
    (Source.SKU, Cause.SKU): (
        "Say which SKU of yours it is: then it leaves, for every order that carries it."
    ),
    (Source.RUN, Cause.WORK): (
        "Open it: resume it, or undo what was done. Until then its changes are told to nobody."
    ),
    (Source.ROWS, Cause.WORK): (
        "Open it and try those orders again; the log says what went wrong. It leaves once they are."
    ),
    (Source.DOWNLOAD, Cause.WORK): "Ask for the file again; it leaves when somebody did.",
    (Source.DOCUMENT, Cause.WORK): (
        "Look whether the worker runs, below the sidebar: then it goes on by itself. Else open the "
        "file, stop it, and upload it anew; nothing is written twice."
    ),
    (Source.MESSAGE, Cause.WORK): (
        "Look at the address on the page of alerts and send a test, then try these again."
    ),
    (Source.WAIT, Cause.WAITING): (
        "Look at the order on the channel's own site; try again if it shows nothing."
    ),
    (Source.INBOX, Cause.POISON): (
        "Read the reason; replay it when the cause is cured, or close it with a note."
    ),
    (Source.INBOX, Cause.WAITING): (
        "It is tried again when its order arrives; replay it now, or close it if none will come."
    ),
    (Source.ACCOUNT, Cause.CREDENTIALS): (
        "Renew the account's credentials; everything that waits goes out afterwards."
    ),
    (Source.HOOKS, Cause.CREDENTIALS): (
        "Compare the webhook secret of the account with the one at the channel; if they are "
        "equal, somebody is guessing, and was refused."
    ),
    (Source.FAILING, Cause.REMOTE): (
        "It is tried again by itself; if it lasts, look at the channel's status page and at the "
        "account's address."
    ),
    (Source.SWEEP, Cause.REMOTE): (
        "The account's page names the orders: ask the channel what became of them, and close this "
        "with a note. Nothing is deleted here. It leaves once a sweep comes out even."
    ),
    (Source.PAUSED, Cause.WAITING): "Resume the account when the changes may go out.",
    (Source.WORD, Cause.MAPPING): (
        "Say which status of ours it means; orders that carry it keep their status until then."
    ),
}


def advice(source: Source, cause: Cause) -> str:
    """What to do about it."""
    return _ADVICE[(source, cause)]


def deed(action: str, after: dict[str, Any]) -> str:
    """What a person did, without its subject: "closed it: called the shop"."""
    match action:
        case "exception:assigned":
            name = after.get("assignee")
            return f"gave it to {name}" if name else "gave it back to nobody"
        case "exception:snoozed":
            return "snoozed it" if after.get("until") else "woke it up"
        case "exception:decided" if "sku" in after:
            return f"named it {after['sku']}"
        case "exception:decided":
            return "kept ours" if after.get("kept") == "ours" else "took the channel's word"
        case "exception:closed":
            return f"closed it: {after.get('note', '')}"
        case "exception:retried":
            return "tried it again"
        case _:
            return "looked at what arrived"
