"""Holds of the desk: with a reason, until a day or until released. A channel's own are its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import or_
from sqlmodel import Session, col, select

from crm_app.domain.actor import SYSTEM, Actor
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.domain.working import HOLDABLE, HoldReason
from crm_app.errors import InvalidInputError
from crm_app.models import Order
from crm_app.services import reach, stopping
from crm_app.services.working.changes import Fate, Made, make, make_on, set_columns

LONGEST_NOTE: Final = 500
LONGEST: Final = timedelta(days=365)
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Hold:
    """Put orders on hold. `until` None: until somebody releases them."""

    reason: HoldReason
    until: datetime | None = None
    note: str = ""
    kind: str = "order:held"
    permission: Permission = Permission.HOLD_ORDERS

    def looks_at(self) -> tuple[Any, ...]:
        """See `Change`."""
        note = col(Order.hold_note)
        seen = col(Order.status), col(Order.hold_reason), col(Order.held_until), note
        return *seen, stopping.is_here().label("is_here")

    def fate(self, *seen: Any) -> Fate:
        """See `Change`."""
        status: OrderStatus = seen[0]
        reason: HoldReason | None = seen[1]
        # A shipment that its channel was not told yet can still be stopped.
        if status not in HOLDABLE and not seen[4]:
            return Fate(f"It is {status.label.lower()}: there is nothing to hold.", False)
        if (reason, *seen[2:4]) == (self.reason, self.until, self.note):
            return Fate("It is on hold for this reason already.", False)
        if reason is not None:
            return Fate(f"On hold already ({reason.label.lower()}); the reason changes")
        return Fate("Put on hold")

    def told(self, *seen: Any) -> dict[str, Any]:
        """See `Change`. The note stays out: people write names and numbers into it."""
        return {
            "hold_reason": [seen[1].value if seen[1] else None, self.reason.value],
            "held_until": [_stamp(seen[2]), _stamp(self.until)],
        }

    def write(
        self, session: Session, actor: Actor, order_ids: Sequence[int], run_id: int | None
    ) -> None:
        """See `Change`."""
        del run_id
        set_columns(
            session,
            order_ids,
            on_hold=True,
            held_at=now(),
            held_until=self.until,
            held_by=actor.label,
            hold_reason=self.reason,
            hold_note=self.note,
        )
        stopping.stop(session, order_ids, self.reason.label.lower())


@dataclass(frozen=True, slots=True)
class Release:
    """Let orders go on; one that its channel holds stays on hold there."""

    kind: str = "order:released"
    permission: Permission = Permission.HOLD_ORDERS

    def looks_at(self) -> tuple[Any, ...]:
        """See `Change`."""
        by_channel = col(Order.held_by_channel)
        return col(Order.hold_reason), col(Order.held_until), by_channel, col(Order.channel)

    def fate(self, *seen: Any) -> Fate:
        """See `Change`."""
        reason, _, by_channel, channel = seen
        if reason is None and by_channel:
            return Fate(f"{channel.label} holds it: only {channel.label} can release it.", False)
        if reason is None:
            return Fate("It is not on hold.", False)
        if by_channel:
            return Fate(f"Released here; {channel.label} still holds it")
        return Fate(f"Released ({reason.label.lower()})")

    def told(self, *seen: Any) -> dict[str, Any]:
        """See `Change`."""
        return {"hold_reason": [seen[0].value, None], "held_until": [_stamp(seen[1]), None]}

    def write(
        self, session: Session, actor: Actor, order_ids: Sequence[int], run_id: int | None
    ) -> None:
        """See `Change`."""
        del actor, run_id
        set_columns(
            session,
            order_ids,
            on_hold=Order.held_by_channel,
            held_at=None,
            held_until=None,
            held_by="",
            hold_reason=None,
            hold_note="",
        )
        stopping.let_go(session, order_ids)


def hold(
    session: Session,
    actor: Actor,
    order_ids: Sequence[int],
    reason: HoldReason,
    *,
    until: datetime | None = None,
    note: str = "",
) -> Made:
    """Put orders on hold: while it lasts no status but Cancelled can be set on them here.

    Args:
        session: An open transaction.
        actor: Must hold `orders.hold`.
        order_ids: As `changes.make`.
        reason: Why.
        until: The moment at which the clock releases them; None: a person does.
        note: In a person's own words, at most `LONGEST_NOTE` characters.

    Raises:
        InvalidInputError: If the moment or the note cannot be used; else as `changes.make`.
    """
    reach.require(session, actor, Permission.HOLD_ORDERS)
    return make(session, actor, checked(reason, until, note), order_ids)


def checked(reason: HoldReason, until: datetime | None, note: str) -> Hold:
    """A hold that makes sense.

    Raises:
        InvalidInputError: `details` names `until` or `note`.
    """
    mistakes: dict[str, str] = {}
    moment = now()
    words = " ".join(note.split())
    if until is not None and not moment < until <= moment + LONGEST:
        mistakes["until"] = "Choose a release date within the next year."
    if len(words) > LONGEST_NOTE or not words.isprintable():
        mistakes["note"] = f"At most {LONGEST_NOTE} characters that can be printed."
    if mistakes:
        raise InvalidInputError(" ".join(mistakes.values()), details=mistakes)
    return Hold(reason, until, words)


def release(session: Session, actor: Actor, order_ids: Sequence[int]) -> Made:
    """Let orders go on. Raises as `changes.make`."""
    return make(session, actor, Release(), order_ids)


def release_due(session: Session) -> int:
    """Release a batch of those whose date has come or that are over; how many it was.

    The clock calls it, in the name of the system. Safe to run twice, and beside itself.
    """
    moment = now()
    due = (
        select(Order.id)
        .where(
            col(Order.held_at).is_not(None),
            or_(
                col(Order.held_until) <= moment,
                col(Order.status).not_in(HOLDABLE) & ~stopping.is_here(),
            ),
        )
        .order_by(col(Order.id))
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    ids = session.exec(due).all()
    return len(make_on(session, SYSTEM, Release(), ids).changed)


def _stamp(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
