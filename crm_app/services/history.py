"""Events in words: what happened, as a sentence whose subject is the actor."""

import re
from typing import Any, Final, cast

from crm_app.domain.money import to_text
from crm_app.domain.order_status import OrderStatus, PaymentStatus
from crm_app.models import Order
from crm_app.services.working import words as desk_words

_FIELD_NAMES: Final = {
    "channel_status": "its own status",
    "status_on_channel": "",
    "held_by_channel": "its own hold",
    "payment_status": "the payment",
    "sync_status": "",
    "ship_by": "the ship-by time",
    "deliver_by": "the deliver-by time",
    "shipped_at": "the time of shipping",
    "total_minor": "the total",
    "subtotal_minor": "",
    "shipping_minor": "the shipping charge",
    "tax_minor": "the tax",
    "discount_minor": "the discount",
    "lines": "the lines",
    "line_count": "",
    "unit_count": "",
    "units_shipped": "",
    "customer_name": "the customer's name",
    "ship_to": "the address",
    "note": "the note",
    "carrier": "the carrier",
    "tracking_number": "the tracking number",
    "order_number": "the order number",
    "currency": "the currency",
    "placed_at": "the time of placing",
}
# How `ChannelError`s of a refused call begin: "Amazon refused confirmShipment (400): ".
_REFUSAL: Final = re.compile(r"^[\w ]+ refused \w+ \(\d{3}\): ")


def sentence(kind: str, data: dict[str, Any], order: Order) -> str:
    """Prose for a timeline, such as `changed the status from Confirmed to Shipped`."""
    if kind == "order:imported":
        if data.get("by_hand"):
            return f"wrote the order by hand as {_status(_after(data, 'status'))}"
        if "file" in data:
            return f"imported the order from {data['file']} as {_status(_after(data, 'status'))}"
        return f"sent the order; it came in as {_status(_after(data, 'status'))}"
    if kind == "order:status:changed":
        return _changed_status(data)
    if kind == "order:part:shipped":
        before, after = data["units_shipped"]
        tracking = _after(data, "tracking_number")
        text = f"shipped {after - before} of {data.get('of', after)} pieces"
        return f"{text}, tracking {tracking}" if tracking else text
    if kind == "order:status:undone":
        before, after = data["status"]
        return f"took {_status(before)} back: it is {_status(after)} again{_of_run(data)}"
    if kind.startswith("order:settled:"):
        if kind.endswith("ours"):
            return f"kept our status {_status(_after(data, 'status'))} and sent it again"
        return f"took the channel's word: {_status(_after(data, 'status'))}"
    if kind.startswith("order:field:"):
        whose = "kept our" if kind.endswith("ours") else "took the channel's"
        return f"{whose} {data['field']}"
    if kind == "order:person:erased":
        return f"took the person out of the order ({data['why']}); amounts and places stay"
    if kind == "order:remapped":
        said = _updated(data, order)
        return "read it again with the desk's words" + (f": {said}" if said != _NO_NEWS else "")
    if kind in desk_words.KINDS:
        return desk_words.sentence(kind, data) + _of_run(data)
    if kind.startswith("intent:"):
        return _intent(kind, data)
    return _updated(data, order)


def _changed_status(data: dict[str, Any]) -> str:
    before, after = data["status"]
    text = f"changed the status from {_status(before)} to {_status(after)}"
    tracking = _after(data, "tracking_number")
    text = f"{text}, tracking {tracking}" if tracking else text
    if reason := _after(data, "cancel_reason"):
        text = f"{text}, because of {str(reason).replace('_', ' ').lower()}"
    if note := data.get("why"):
        text = f"{text}: “{note}”"
    return text + _of_run(data)


def _of_run(data: dict[str, Any]) -> str:
    """Names the bulk change that a change was part of."""
    return f", in bulk change {data['run']}" if data.get("run") else ""


def _intent(kind: str, data: dict[str, Any]) -> str:
    status = "a part as shipped" if data.get("is_part") else _status(data.get("status"))
    reason = data.get("reason") or ""
    if kind == "intent:sent":
        return f"accepted {status}"
    if kind == "intent:confirmed":
        return f"shows {status}: confirmed by reading it back"
    if kind == "intent:rejected":
        # Its words alone: who refused, and what, stands before them.
        words = _REFUSAL.sub("", reason, count=1)
        return f"refused {status}: {words}" if words else f"refused {status}"
    if kind == "intent:superseded":
        return f"answered our change to {status} in its own way. {reason}".rstrip()
    if kind == "intent:undone":
        return f"took {status} back before the channel was told"
    return f"disagrees with our change to {status}; a person decides"


_NO_NEWS: Final = "sent a newer version without a visible change"


def _updated(data: dict[str, Any], order: Order) -> str:
    parts: list[str] = []
    told = {"channel_status", "tracking_number"} if "status" in data else set[str]()
    if "status" in data:
        parts.append(_changed_status(data))
    if _after(data, "cancel_requested") is True:
        parts.append("passed on that the buyer wants to cancel")
    if _after(data, "return_requested") is True:
        parts.append("passed on that the parcel is coming back")
    for name, said in _FIELD_NAMES.items():
        if name in data and said and name not in told:
            parts.append(_field(name, said, data[name], order))
    if data.get("by_hand") and not parts:
        return "edited the order"
    by_file = f" by importing {data['file']}" if "file" in data else ""
    return ("; ".join(parts) or _NO_NEWS) + by_file


def _field(name: str, said: str, change: Any, order: Order) -> str:
    if not isinstance(change, list):
        return f"changed {said}"
    before, after = cast("list[Any]", change)
    if name.endswith("_minor"):
        currency = order.currency or ""
        return f"changed {said} from {to_text(before, currency)} to {to_text(after, currency)}"
    if name == "payment_status":
        return f"changed {said} from {PaymentStatus(before).label} to {PaymentStatus(after).label}"
    if name in ("channel_status", "carrier", "tracking_number", "order_number", "currency"):
        return f"set {said} to {after}" if after else f"removed {said}"
    return f"changed {said}"


def _after(data: dict[str, Any], name: str) -> Any:
    change = data.get(name)
    return cast("list[Any]", change)[1] if isinstance(change, list) else None


def _status(word: Any) -> str:
    return OrderStatus(word).label if word else "without a status"
