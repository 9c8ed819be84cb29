"""Two people on one order: what changed since somebody looked, field by field, and by whom.

Every event that changes an order carries the version it led to. So a save that names the version
it was made from is refused only where somebody changed what it looks at; the rest goes through.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast

from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain.money import to_text
from crm_app.domain.order_status import OrderStatus, PaymentStatus, SyncStatus
from crm_app.errors import ConflictError
from crm_app.models import Order, OrderEvent

# What the history says of personal data: that it changed, never what it was.
CHANGED: Final = "changed"
# Follow from another field that is named as well.
_SILENT: Final = frozenset({"status_on_channel", "line_count", "unit_count", "sync_status"})
# What becomes of a wish at its channel changes the order only where it is not what was wished.
_TROUBLE: Final = ("intent:rejected", "intent:needs_person", "order:settled:")
_LABELS: Final = {
    "channel_status": "Channel's own word",
    "sync_status": "Agreement with the channel",
    "ship_to": "Address",
    "lines": "Items",
    "units_shipped": "Pieces shipped",
    "ship_by": "Ship-by",
    "deliver_by": "Deliver-by",
    "on_hold": "Hold",
    "cancel_requested": "Buyer asks to cancel",
    "return_requested": "Return",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One field that changed since: what the person saw, what it is now, by whom and when.

    `was` and `became` are JSON values as the history keeps them, `before` and `after` the same in
    words; both words are empty where the history keeps only that it changed.
    """

    field: str
    was: Any
    became: Any
    before: str
    after: str
    who: str
    at: datetime

    @property
    def label(self) -> str:
        """The field in words: `Tracking number`."""
        return label_of(self.field)

    def as_json(self) -> dict[str, Any]:
        """For the details of an error."""
        return {
            "field": self.field,
            "label": self.label,
            "before": self.before,
            "after": self.after,
            "who": self.who,
            "at": self.at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Since:
    """What changed since a version, by field.

    `is_complete` is False where a version in between is explained by no event (it is from a
    release that did not note it): then anything may have changed.
    """

    changes: dict[str, Change]
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that two people changed: both values in words, and who set the other one, when."""

    field: str
    label: str
    yours: str
    theirs: str
    who: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Merge:
    """What of a form may be saved, and what a person has to decide.

    Attributes:
        free: Fields that nobody else touched, with the values that were typed.
        clashes: Fields that both changed to different values.
        version: The order's version that this was found at: to send along with the decision.
    """

    free: dict[str, Any]
    clashes: tuple[Clash, ...]
    version: int


def since(session: Session, order: Order, seen: int) -> Since:
    """What changed on an order after the version that somebody saw; the newest of each field.

    A field that was changed and changed back is not named.
    """
    if seen == order.version:
        return Since({})
    events = session.exec(
        select(OrderEvent)
        .where(OrderEvent.order_id == order.id, col(OrderEvent.version) > seen)
        .order_by(col(OrderEvent.id))
    ).all()
    found: dict[str, Change] = {}
    for event in events:
        for field, was, became in _fields(event):
            earlier = found.get(field)
            found[field] = _change(order, event, field, earlier.was if earlier else was, became)
    explained = {event.version for event in events}
    expected = set(range(seen + 1, order.version + 1))
    kept = {field: one for field, one in found.items() if one.was != one.became or not one.after}
    return Since(kept, is_complete=bool(expected) and expected <= explained)


def check(session: Session, order: Order, seen: int | None, looks_at: Collection[str]) -> None:
    """Let a save pass unless somebody changed what it looks at.

    Args:
        session: An open transaction.
        order: Locked.
        seen: The version that the person saw; None to skip the check.
        looks_at: The fields that the save changes, and those it was decided on.

    Raises:
        ConflictError: With `version`, `status` and `changes` (see `Change.as_json`) in its
            details.
    """
    if seen is None or seen == order.version:
        return
    found = since(session, order, seen)
    touching = [change for field, change in found.changes.items() if field in looks_at]
    if touching or not found.is_complete:
        raise ConflictError(_sentence(order, touching), details=_details(order, touching))


def merge(
    session: Session,
    order: Order,
    *,
    seen: int | None,
    wanted: Mapping[str, Any],
    current: Mapping[str, Any],
) -> Merge:
    """Divide what a form would save: what may be saved now, and what both sides changed.

    A field that the person left as it was when they looked is no edit of theirs: a colleague's
    value stays, and nobody is asked.

    Args:
        session: An open transaction.
        order: Locked.
        seen: The version that the person saw; None lets everything through.
        wanted: Field -> the value that was typed, of JSON types as events keep them.
        current: The same fields as they are stored now.
    """
    found = Since({}) if seen is None else since(session, order, seen)
    free: dict[str, Any] = {}
    clashes: list[Clash] = []
    for field, value in wanted.items():
        change = found.changes.get(field)
        if value == current[field] or (change is not None and value == change.was):
            continue
        if change is None and found.is_complete:
            free[field] = value
            continue
        is_personal = change is not None and not change.after
        clashes.append(
            Clash(
                field,
                label_of(field),
                yours=text_of(field, value, order),
                theirs=CHANGED if is_personal else text_of(field, current[field], order),
                who=change.who if change else "Somebody",
                at=change.at if change else None,
            )
        )
    return Merge(free, tuple(clashes), order.version)


def refusal(order: Order, clashes: Collection[Clash]) -> ConflictError:
    """The error of a save of which nothing could be kept: `clashes` in its details."""
    names = ", ".join(clash.label.lower() for clash in clashes)
    who = next((clash.who for clash in clashes), "Somebody")
    return ConflictError(
        f"{who} changed the same meanwhile: {names}. Decide which value stays.",
        details={
            "version": order.version,
            "clashes": [
                {
                    "field": clash.field,
                    "label": clash.label,
                    "yours": clash.yours,
                    "theirs": clash.theirs,
                    "who": clash.who,
                    "at": clash.at.isoformat() if clash.at else None,
                }
                for clash in clashes
            ],
        },
    )


def label_of(field: str) -> str:
    """A field in words: `tracking_number` -> `Tracking number`."""
    name = field.removesuffix("_minor").removesuffix("_id")
    return _LABELS.get(field, name.replace("_", " ").capitalize())


def text_of(field: str, value: Any, order: Order) -> str:
    """A value in words: `Ready to ship`, `₹1,499.00`, `20 Nov 10:30`, `yes`, `nothing`."""
    if value is None or value == "" or value == []:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in cast("list[Any]", value))
    if field.endswith("_minor") and isinstance(value, int):
        return to_text(value, order.currency or "")
    if field in _WORDS and value in list(_WORDS[field]):
        return _WORDS[field](value).label
    if field.endswith(("_at", "_by")):
        return _moment(str(value))
    return str(value)


_WORDS: Final[dict[str, Any]] = {
    "status": OrderStatus,
    "payment_status": PaymentStatus,
    "sync_status": SyncStatus,
}


def _moment(value: str) -> str:
    try:
        local = datetime.fromisoformat(value).astimezone(get_settings().zone)
    except ValueError:
        return value
    return f"{local.day} {local:%b %H:%M}"


def _fields(event: OrderEvent) -> list[tuple[str, Any, Any]]:
    """Field, value before and value after, of everything that an event changed."""
    found: list[tuple[str, Any, Any]] = []
    if event.kind.startswith(_TROUBLE):
        found.append(("sync_status", None, event.kind.rpartition(":")[2]))
    if event.kind.startswith("intent:"):
        return found
    for field, change in event.data.items():
        if field in _SILENT:
            continue
        if change == CHANGED:
            found.append((field, None, CHANGED))
        elif isinstance(change, list) and len(cast("list[Any]", change)) == 2:
            was, became = cast("list[Any]", change)
            if was != became or field == "lines":
                found.append((field, was, became))
    return found


def _change(order: Order, event: OrderEvent, field: str, was: Any, became: Any) -> Change:
    change = Change(field, was, became, "", "", event.actor_label, event.at)
    if became == CHANGED or field == "lines":
        return change
    if field == "sync_status":
        return replace(change, after=_AGREEMENT.get(became, str(became)))
    return replace(change, before=text_of(field, was, order), after=text_of(field, became, order))


_AGREEMENT: Final = {
    "rejected": "refused by the channel",
    "needs_person": "a disagreement that a person decides",
    "ours": "ours, sent again",
    "channels": "the channel's word",
}


def _sentence(order: Order, touching: Collection[Change]) -> str:
    again = "Look again before you change it."
    if not touching:
        status = order.status.label.lower()
        return f"Somebody changed this order meanwhile: it is {status} now. {again}"
    said = "; ".join(f"{one.who} changed {one.label.lower()}{_from_to(one)}" for one in touching)
    return f"Meanwhile {said}. {again}"


def _from_to(change: Change) -> str:
    if not change.after:
        return ""
    return f" from {change.before} to {change.after}" if change.before else f" to {change.after}"


def _details(order: Order, touching: Collection[Change]) -> dict[str, Any]:
    return {
        "version": order.version,
        "status": order.status.value,
        "changes": [change.as_json() for change in touching],
    }
