"""What Flipkart is to be told next of one shipment, so that it becomes what we wish; pure.

Packing is asked for and then happens: Flipkart makes labels and invoice in its own time, and only
a packed shipment can be marked ready to dispatch. So each push reads the shipment, takes the one
step that fits, and comes back for the next. A step that was taken already is not taken again.

While Flipkart holds a shipment, or before its dispatch window opens, a push waits: it raises
NotYetError with the reason, and the same intent is tried again later by itself (within a
quarter of an hour after the hold ends). To refuse it would make a person click a second time for
something that only needs time, and RateLimitedError would stop the account's other pushes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from crm_app.channels import reading
from crm_app.channels.base import StatusUpdate
from crm_app.channels.flipkart import statuses
from crm_app.channels.flipkart.mapping import is_held
from crm_app.channels.flipkart.packing import Packing, place
from crm_app.channels.reading import BadFieldError, Json, as_object, sections
from crm_app.domain.order_status import OrderStatus
from crm_app.errors import NotYetError, RejectedError

PACK: Final = "pack"
DISPATCH: Final = "dispatch"
CANCEL: Final = "cancel"
PATHS: Final[Mapping[str, str]] = {
    PACK: "/sellers/v3/shipments/labels",
    DISPATCH: "/sellers/v3/shipments/dispatch",
    CANCEL: "/sellers/v3/shipments/cancel",
}
OPERATIONS: Final[Mapping[OrderStatus, str]] = {
    OrderStatus.PACKED: PACK,
    OrderStatus.READY_TO_SHIP: DISPATCH,
    OrderStatus.CANCELLED: CANCEL,
}
CANCEL_REASONS: Final = tuple(statuses.CANCEL_REASONS)


@dataclass(frozen=True, slots=True)
class Step:
    """What one shipment needs next, and its entry in the body of that call.

    Attributes:
        location: A call is about shipments of one location only.
        is_last: After it, Flipkart has heard all of the wish.
    """

    operation: str
    entry: Any
    location: str = ""
    is_last: bool = True

    @property
    def call(self) -> tuple[str, str]:
        """Steps that are alike in this can go out in one call."""
        return self.operation, self.location


def body(call: tuple[str, str], steps: Iterable[Step]) -> dict[str, Any]:
    """The body of one call for several shipments, whose steps have this `call` in common."""
    operation, location = call
    entries = [step.entry for step in steps]
    if operation != DISPATCH:
        return {"shipments": entries}
    return {"shipmentIds": entries, **({"locationId": location} if location else {})}


def next_step(
    raw: Json, update: StatusUpdate, *, packing: Packing, cancel_reason: str, at: datetime
) -> Step | None:
    """The step that brings a shipment to `update.status`; None if it is there, or beyond.

    Args:
        raw: The shipment as Flipkart has it now.
        update: Of one of `OPERATIONS`.
        packing: Told to Flipkart when it packs.
        cancel_reason: One of `CANCEL_REASONS`, where `update` names none.
        at: The present moment.

    Raises:
        RejectedError: Flipkart would never do it.
        NotYetError: It is held, its window is closed, or its labels are being made.
    """
    words = _words(raw)
    if update.status is OrderStatus.CANCELLED:
        return _cancel(raw, words, update.cancel_reason or cancel_reason)
    if not words:
        raise RejectedError("Flipkart has this shipment as cancelled already.")
    if update.status is OrderStatus.PACKED:
        return _pack(raw, words, update, packing, at)
    return _dispatch(raw, words, update, packing, at)


def _words(raw: Json) -> set[str]:
    """The words of the items that are not cancelled."""
    found = {str(item.get("status")) for item in sections(raw, "orderItems")}
    return found - {statuses.CANCELLED}


def _pack(
    raw: Json, words: set[str], update: StatusUpdate, packing: Packing, at: datetime
) -> Step | None:
    if words <= statuses.PACKED | {statuses.PACKING}:
        return None
    if not words & statuses.TO_PACK:
        raise RejectedError(f"Flipkart does not pack a shipment that is {_told(words)}.")
    _check_open(raw, at)
    return Step(PACK, packing.asked(raw, update), _location(raw))


def _dispatch(
    raw: Json, words: set[str], update: StatusUpdate, packing: Packing, at: datetime
) -> Step | None:
    if words <= statuses.READY:
        return None
    if words & statuses.TO_PACK:
        _check_open(raw, at)
        return Step(PACK, packing.asked(raw, update), _location(raw), is_last=False)
    if statuses.PACKING in words:
        raise NotYetError("Flipkart is still making the labels of this shipment.")
    if not words <= statuses.PACKED:
        raise RejectedError(f"Flipkart does not dispatch a shipment that is {_told(words)}.")
    _check_open(raw, at)
    return Step(DISPATCH, update.external_id, _location(raw))


def _cancel(raw: Json, words: set[str], reason: str) -> Step | None:
    if not words:
        return None
    if not words <= statuses.CANCELLABLE:
        raise RejectedError(
            f"Flipkart cancels only before packing, and has this shipment as {_told(words)}."
        )
    groups = {
        str(item["cancellationGroupId"])
        for item in sections(raw, "orderItems")
        if item.get("cancellationGroupId") and item.get("status") != statuses.CANCELLED
    }
    asked = {"shipmentId": raw["shipmentId"], "reason": reason, **place(raw)}
    if groups:
        asked["cancellationGroupIds"] = sorted(groups)
    return Step(CANCEL, asked, _location(raw))


def _check_open(raw: Json, at: datetime) -> None:
    if is_held(raw):
        raise NotYetError("Flipkart holds this shipment: it is told once the hold ends.")
    try:
        opens_at = reading.moment(raw, "dispatchAfterDate")
    except BadFieldError:
        return  # Flipkart itself refuses what comes too early
    if opens_at is not None and at < opens_at:
        # Pages name the time of the next try, in the zone of the business.
        raise NotYetError(
            "Flipkart's dispatch window for this shipment is not open yet.",
            wait_s=(opens_at - at).total_seconds(),
        )


def _location(raw: Json) -> str:
    return str(raw.get("locationId") or "")


def _told(words: set[str]) -> str:
    return ", ".join(sorted(word[: reading.WORD] for word in words))


def refusal(body: Json, external_id: str) -> str | None:
    """Flipkart's words if it refuses the shipment inside a 200; None if it took it.

    Raises:
        LookupError: The answer does not say.
    """
    entries: Any = body.get("shipments")
    for entry in map(as_object, cast(list[Any], entries) if isinstance(entries, list) else []):
        if str(entry.get("shipmentId")) != external_id:
            continue
        word = str(entry.get("status") or entry.get("processingStatus")).upper()
        if word == "SUCCESS":
            return None
        if word == "FAILURE":
            told = (entry.get("errorMessage"), entry.get("errorCode"))
            return next((str(words) for words in told if words), "no reason given")
    raise LookupError(external_id)
