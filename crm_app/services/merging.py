"""A newer version of the channel's into an order of ours, and into its travelling intents."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlmodel import Session, col, select

from crm_app.channels import capabilities
from crm_app.channels.base import ChannelOrder
from crm_app.config import get_settings
from crm_app.domain.intent import OPEN, IntentState
from crm_app.domain.order_status import IN_HOUSE, OrderStatus, SyncStatus
from crm_app.domain.reconcile import Outcome, Travel, reconcile
from crm_app.domain.time import now
from crm_app.models import Order, StatusIntent
from crm_app.services import order_rows
from crm_app.services.rollups import RollupChange, key_of

# In the history these say that they changed, never what they were: personal data stays in one row.
_PERSONAL: Final = frozenset({"customer_name", "ship_to", "note"})
# Follow from other columns, or change with every version: no news for a person.
_SILENT: Final = frozenset(
    {"channel_updated_at", "customer_id", "placed_on", "city", "pincode", "first_title"}
)


def open_intents(session: Session, order_ids: Sequence[int]) -> dict[int, list[StatusIntent]]:
    """The intents still travelling for these (locked) orders, oldest first, by order."""
    found: defaultdict[int, list[StatusIntent]] = defaultdict(list)
    if order_ids:
        intents = session.exec(
            select(StatusIntent)
            .where(col(StatusIntent.order_id).in_(order_ids), col(StatusIntent.state).in_(OPEN))
            .order_by(col(StatusIntent.id))
            .with_for_update()
        )
        for intent in intents:
            found[intent.order_id].append(intent)
    return found


def merge(
    order: Order,
    told: ChannelOrder,
    customer_id: int | None,
    intents: Sequence[StatusIntent],
    rollups: RollupChange,
    *,
    kept: Collection[str] = (),
    shown: Collection[int] = (),
    lacks_part: bool = False,
) -> dict[str, Any]:
    """Write the channel's columns into the order and decide on its status.

    Args:
        order: Locked; changed in place.
        told: A version that is not older.
        customer_id: The buyer, if the channel tells one.
        intents: The order's open intents, oldest first; settled in place.
        rollups: Collects what this does to the sums.
        kept: Columns where our word stays (`disputes.kept_columns`).
        shown: Intents whose packages the channel shows now.
        lacks_part: The channel refused a package of ours and does not have it: that stands until
            a person decides.

    Returns:
        Changed fields as `[before, after]`, fit for an event; empty if nothing visible changed.
    """
    local = capabilities.of(order.channel).local
    waiting = _still_waiting(intents, shown)
    travel = _travel(waiting[-1]) if waiting else None
    decision = reconcile(
        order.status,
        order.sync_status,
        heard_before=order.status_on_channel,
        heard=told.status,
        travel=travel,
        local=local,
    )
    rollups.remove(key_of(order), order.total_minor)
    values = order_rows.order_values(told, customer_id, get_settings().zone)
    for name in kept:
        del values[name]
    # Taken back on both sides: what was noted of the parcel is the channel's to say again.
    has_come_back = (
        order.shipped_at is not None
        and {decision.status, told.status} <= IN_HOUSE
        # Of one that is partly shipped the parcels that left have not.
        and not any(line.quantity_shipped for line in told.lines)
    )
    for name in order_rows.KEPT_WHEN_EMPTY:
        if has_come_back and name in order_rows.OF_THE_PARCEL:
            continue
        if name in values and not values[name]:
            del values[name]
    if told.payment_status is None:
        del values["payment_status"]
    if told.status is None:
        _keep_what_the_status_says(order, values)
    if order.customer_id is not None and order_rows.is_known_by_order_only(told):
        # The channel withholds more than before: what it told of this buyer still holds.
        values.pop("customer_id", None)
    values |= {
        "on_hold": told.on_hold or order.held_at is not None,
        "status": decision.status,
        "sync_status": _agreement(decision.sync_status, order, lacks_part=lacks_part),
        "status_on_channel": told.status or order.status_on_channel,
    }
    changes = _apply(order, values)
    rollups.add(key_of(order), order.total_minor)
    _settle(waiting, decision.outcome, told, local)
    return changes


def _still_waiting(intents: Sequence[StatusIntent], shown: Collection[int]) -> list[StatusIntent]:
    """Those that are open once the parts which the channel shows are confirmed."""
    for intent in intents:
        if intent.is_part and intent.id in shown:
            _confirm(intent)
    return [intent for intent in intents if intent.state in OPEN]


def _agreement(found: SyncStatus, order: Order, *, lacks_part: bool) -> SyncStatus:
    still_refused = lacks_part and order.status in IN_HOUSE
    return SyncStatus.REJECTED if found is SyncStatus.IN_SYNC and still_refused else found


def _keep_what_the_status_says(order: Order, values: dict[str, Any]) -> None:
    """A word that nobody knows takes no deadline away, and no wish of the buyer."""
    values["ship_by"] = values["ship_by"] or order.ship_by
    for name in ("cancel_requested", "return_requested"):
        values[name] = values[name] or getattr(order, name)


def _apply(order: Order, values: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, value in values.items():
        before = getattr(order, name)
        if before == value:
            continue
        setattr(order, name, value)
        changes |= explained(name, before, value)
    if changes:
        count_change(order)
    return changes


def explained(name: str, before: Any, after: Any) -> dict[str, Any]:
    """What an event says of a column that changed; nothing where it is no news."""
    if name in _PERSONAL:
        return {name: "changed"}
    return {} if name in _SILENT else {name: [_json(before), _json(after)]}


def count_change(order: Order) -> None:
    """A person who saw the order before this has to look again."""
    order.version += 1
    order.updated_at = now()


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value


def _settle(
    intents: Sequence[StatusIntent],
    outcome: Outcome,
    told: ChannelOrder,
    local: frozenset[OrderStatus],
) -> None:
    """Close what the channel's word answers: all on an outcome, else only older sent ones.

    What is called confirmed was told. A wish that came true before we told it is superseded.
    """
    for intent in intents:
        if outcome is Outcome.CONFLICT:
            _close(intent, IntentState.NEEDS_PERSON)
            intent.reason = f"The channel says {told.channel_status!r} now."[:500]
        elif outcome is Outcome.CONFIRMED or (
            _was_told(intent)
            and told.status is not None
            and _travel(intent).is_said(told.status, local)
        ):
            _answer(intent, told, local)


def _confirm(intent: StatusIntent) -> None:
    intent.sent_at = _left_at(intent)
    _close(intent, IntentState.CONFIRMED)
    intent.reason = ""


def _left_at(intent: StatusIntent) -> datetime:
    return intent.sent_at or intent.claimed_at or now()


def _was_told(intent: StatusIntent) -> bool:
    """Whether it left, or may have: whoever called may have died before the answer."""
    return intent.state is IntentState.SENT or intent.outcome_unknown


def _answer(intent: StatusIntent, told: ChannelOrder, local: frozenset[OrderStatus]) -> None:
    """Close a change that the channel's word has an answer to, and say honestly which."""
    said = f"It says {told.channel_status!r}"
    if told.tracking_number:
        said += f", parcel {told.tracking_number}"
    if not _was_told(intent):
        _close(intent, IntentState.SUPERSEDED)
        intent.reason = f"The channel was first: nothing of ours was sent. {said}."[:500]
    elif told.status is not None and not _travel(intent).is_said(told.status, local):
        _close(intent, IntentState.SUPERSEDED)
        intent.reason = f"The channel went another way since. {said}."[:500]
    elif _is_another_parcel(intent, told):
        _close(intent, IntentState.SUPERSEDED)
        ours = f"Ours, {intent.tracking_number}, is not there."
        intent.reason = f"The channel shows another parcel. {said}. {ours}"[:500]
    else:
        _confirm(intent)


def _is_another_parcel(intent: StatusIntent, told: ChannelOrder) -> bool:
    """Whether the channel names parcels, and none of them is this change's."""
    numbers = (told.tracking_number, *(one.tracking_number for one in told.packages or ()))
    theirs = {number for one in numbers if (number := _number(one))}
    ours = _number(intent.tracking_number)
    return bool(ours and theirs) and ours not in theirs


def _number(tracking: str) -> str:
    return "".join(tracking.split()).casefold()


def _travel(intent: StatusIntent) -> Travel:
    return Travel(intent.from_status, intent.to_status, intent.takes_back, intent.is_part)


def _close(intent: StatusIntent, state: IntentState) -> None:
    if _was_told(intent):
        # Remembered whatever it ends as: a shipment may be packed over there because of it.
        intent.sent_at = _left_at(intent)
    intent.state = state
    intent.settled_at = now()
    intent.claimed_at = None
    intent.outcome_unknown = False


def settled(intents: Sequence[StatusIntent]) -> list[tuple[str, dict[str, Any]]]:
    """Kind and data of the events that tell what `merge` did to the intents."""
    return [
        (
            f"intent:{intent.state.value}",
            {"intent": intent.id, "status": intent.to_status.value, "reason": intent.reason}
            | ({"is_part": True} if intent.is_part else {}),
        )
        for intent in intents
        if intent.state in _NEWS
    ]


_NEWS: Final = (IntentState.CONFIRMED, IntentState.SUPERSEDED, IntentState.NEEDS_PERSON)
