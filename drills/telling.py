"""What a channel did of what it was told, change by change, from the channel's own memory."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, cast

from crm_app.channels import capabilities
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.models import IntentAttempt, Order, StatusIntent
from crm_app.services.receipts import ACCEPTED

# The channel's words of a call that sets a status, in ours.
_WOO: Final = {
    "processing": "confirmed",
    "completed": "shipped",
    "cancelled": "cancelled",
    "on-hold": "pending",
    "pending": "pending",
}
_SWIGGY: Final = {
    "Acknowledged": "confirmed",
    "Food Ready": "packed",
    "Dispatched": "shipped",
    "Completed": "delivered",
    "Cancelled": "cancelled",
}
_FLIPKART: Final = {"pack": "packed", "dispatch": "ready_to_ship", "cancel": "cancelled"}
# Who is to be further is put through the steps before: a shipment made ready is packed first.
_ON_THE_WAY: Final[Mapping[str, Mapping[str, str]]] = {"flipkart": {"packed": "ready_to_ship"}}
_SHOPIFY_EVENTS: Final = {"OUT_FOR_DELIVERY": "out_for_delivery", "DELIVERED": "delivered"}
# It can have been told: what a bulk change or a click took back before is not among them.
_NEVER: Final = (IntentState.UNDONE, IntentState.SUPERSEDED)


class Wish(NamedTuple):
    """What tells one change of an order from another over there; `mark` is a parcel, or empty."""

    status: str
    mark: str = ""


@dataclass
class Told:
    """One order's changes against what its channel did.

    Attributes:
        doubled: Sentences: done more often than there are changes that could have been told.
        unheard: Sentences: confirmed by a receipt, and never done.
        said_again: How often a channel that cannot be read was told once more.
        explained: How many of those followed a call without an answer that we know of.
    """

    doubled: list[str] = field(default_factory=list[str])
    unheard: list[str] = field(default_factory=list[str])
    said_again: int = 0
    explained: int = 0


def acts(channel: str, truth: Mapping[str, Any]) -> Counter[Wish]:
    """How often the channel did what; a call that it refused is none."""
    return Counter(_ACTS[channel](truth))


def _taken(truth: Mapping[str, Any], *operations: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Operation and body of each write that the channel carried out."""
    return [
        (call["operation"], _body(call["request"]))
        for call in truth["calls"]
        if call["operation"] in operations and 200 <= call["status_code"] < 300
    ]


def _body(text: str) -> Mapping[str, Any]:
    try:
        found: Any = json.loads(text)
    except ValueError:
        found = {}
    return cast("Mapping[str, Any]", found if isinstance(found, dict) else {})


def _amazon(truth: Mapping[str, Any]) -> list[Wish]:
    """By parcel: said again under its own reference a shipment is edited and stays one."""
    # Our reference is the id of the change, or of the one that it says again.
    ours = {
        str(body.get("packageDetail", {}).get("packageReferenceId", ""))
        for _, body in _taken(truth, "confirmShipment")
    }
    made = [str(one["packageReferenceId"]) for one in truth["packages"]]
    return [Wish("shipped", reference) for reference in made if reference in ours]


def _woocommerce(truth: Mapping[str, Any]) -> list[Wish]:
    told = [str(body.get("status", "")) for _, body in _taken(truth, "updateOrder")]
    return [Wish(_WOO.get(word, word)) for word in told if word]


def _flipkart(truth: Mapping[str, Any]) -> list[Wish]:
    """One call is about many, and a good answer may refuse some: a second time it refuses all."""
    return [
        Wish(_FLIPKART[operation]) for operation in {one for one, _ in _taken(truth, *_FLIPKART)}
    ]


def _shopify(truth: Mapping[str, Any]) -> list[Wish]:
    """The shop writes its refusals into good answers: a parcel counts if it is there as well."""
    made = len(_taken(truth, "fulfillmentCreate"))
    found = [Wish("shipped")] * min(made, len(truth["body"]["fulfillments"]))
    for _, body in _taken(truth, "fulfillmentEventCreate"):
        event = body.get("variables", {}).get("event", {})
        word = str(event.get("status", ""))
        found.append(Wish(_SHOPIFY_EVENTS.get(word, word)))
    return found


def _swiggy(truth: Mapping[str, Any]) -> list[Wish]:
    words = [str(body.get("new_status", "")) for _, body in _taken(truth, "updateStatus")]
    return [Wish(_SWIGGY.get(word, word)) for word in words]


def _blinkit(truth: Mapping[str, Any]) -> list[Wish]:
    """The first of the two steps, that it is being processed, is not the word that counts."""
    notes = truth["notes"]
    words = [one["data"]["po_status"].upper() for one in notes.get("acknowledgements", ())]
    return [
        *(Wish("confirmed") for word in words if word != "PROCESSING"),
        *(Wish("shipped") for _ in notes.get("asns", ())),
    ]


_ACTS: Final = {
    "amazon": _amazon,
    "woocommerce": _woocommerce,
    "flipkart": _flipkart,
    "shopify": _shopify,
    "swiggy": _swiggy,
    "blinkit": _blinkit,
}


def judge(
    order: Order,
    intents: Sequence[StatusIntent],
    attempts: Mapping[int, Sequence[IntentAttempt]],
    truth: Mapping[str, Any],
) -> Told:
    """Hold the changes of one order against what its channel did."""
    told = Told()
    reads_back = capabilities.of(order.channel).reads_back
    done = acts(order.channel.value, truth)
    by_wish: defaultdict[Wish, list[StatusIntent]] = defaultdict(list)
    for intent in intents:
        by_wish[_wish(order.channel, intent)].append(intent)
    for wish, times in done.items():
        further = _ON_THE_WAY.get(order.channel.value, {}).get(wish.status, "")
        asked = [*by_wish[wish], *by_wish.get(Wish(further), ())]
        able = [one for one in asked if _may_have_been_told(one, attempts)]
        more = times - len(able)
        if more <= 0:
            continue
        if reads_back:
            held = ", ".join(f"{one.id} {one.to_status} {one.state}" for one in intents)
            told.doubled.append(
                f"{wish.status} {wish.mark}: {times} times, {len(able)} changes; all: {held}"
            )
            continue
        told.said_again += more
        lost = sum(_unanswered(attempts.get(one.id, ())) for one in able)
        told.explained += min(more, lost)
    _unheard(by_wish, attempts, done, told)
    return told


def _wish(channel: Channel, intent: StatusIntent) -> Wish:
    # A change that is sent again keeps the reference of the first: it edits that one's parcel.
    mark = str(intent.reference or intent.id) if channel is Channel.AMAZON else ""
    return Wish(intent.to_status.value, mark)


def _may_have_been_told(
    intent: StatusIntent, attempts: Mapping[int, Sequence[IntentAttempt]]
) -> bool:
    """Not if it was taken back or replaced before anybody called about it."""
    if intent.state not in _NEVER or intent.sent_at is not None:
        return True
    return any(not one.is_read for one in attempts.get(intent.id, ()))


def _unanswered(attempts: Sequence[IntentAttempt]) -> int:
    return sum(one.outcome == "OutcomeUnknownError" for one in attempts)


def _unheard(
    by_wish: Mapping[Wish, Sequence[StatusIntent]],
    attempts: Mapping[int, Sequence[IntentAttempt]],
    done: Counter[Wish],
    told: Told,
) -> None:
    """A change that we hold a receipt for was carried out."""
    for wish, intents in by_wish.items():
        if wish.status == "cancelled":
            continue  # a cancelled order shows it, and the comparison of orders looks at that
        accepted = [
            intent
            for intent in intents
            if any(
                one.outcome == ACCEPTED and not one.answer.endswith("has it so already.")
                for one in attempts.get(intent.id, ())
            )
        ]
        if len(accepted) > done[wish]:
            told.unheard.append(
                f"{wish.status} {wish.mark}: {len(accepted)} receipts, {done[wish]} times done"
            )
