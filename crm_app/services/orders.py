"""One order: what a person sees of it, and the changes that people make."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlmodel import Session, select

from crm_app.channels import capabilities
from crm_app.channels.capabilities import StatusRule, Telling
from crm_app.domain.actor import Actor
from crm_app.domain.order_status import NEXT, OrderStatus, SyncStatus, check_transition
from crm_app.domain.permissions import Permission
from crm_app.errors import (
    ConflictError,
    InvalidInputError,
    InvalidTransitionError,
    NotFoundError,
)
from crm_app.models import Order
from crm_app.services import audit, edits, packages, reach, settling, status_moves
from crm_app.services.rollups import RollupChange
from crm_app.services.settling import Keep as Keep
from crm_app.services.status_moves import Move

_MAX_CARRIER: Final = 80
_MAX_TRACKING: Final = 120
MAX_NOTE: Final = 200
_LOOKED_AT: Final = frozenset(
    {
        "status",
        "sync_status",
        "cancel_requested",
        "return_requested",
        "on_hold",
        "ship_to",
        "lines",
        "fulfilled_by_channel",
    }
)
_PARCEL: Final = frozenset({"carrier", "tracking_number"})


@dataclass(frozen=True, slots=True)
class StatusChoice:
    """A status that our rules allow next; `why_not` says why the channel does not."""

    status: OrderStatus
    is_pushed: bool
    needs_tracking: bool
    why_not: str = ""


def choices(order: Order) -> tuple[StatusChoice, ...]:
    """Every next status by our rules, in the order of the lifecycle, with the channel's say."""
    following = [status for status in OrderStatus if status in NEXT[order.status]]
    return tuple(
        StatusChoice(
            status=status,
            is_pushed=rule.telling is Telling.PUSH,
            needs_tracking=rule.needs_tracking,
            why_not=_why_not(order, status, rule),
        )
        for status in following
        for rule in (capabilities.of(order.channel).rule(status),)
    )


def _why_not(order: Order, new: OrderStatus, rule: StatusRule) -> str:
    if rule.telling is Telling.REFUSED:
        return rule.why
    of_channel = capabilities.of(order.channel)
    if order.fulfilled_by_channel and not of_channel.accepts_channel_fulfilled:
        return f"{order.channel.label} packs and ships this order itself."
    if order.sync_status is SyncStatus.CONFLICT:
        return "Decide first whose status stays: ours or the channel's."
    if order.held_at is not None and new is not OrderStatus.CANCELLED:
        return "It is on hold here: release it first."
    if new is OrderStatus.CANCELLED and packages.is_partly(order):
        return "A part of it has left: what was sent cannot be cancelled."
    return ""


def needed_for(new: OrderStatus) -> tuple[Permission, ...]:
    """What somebody must hold to move an order there: to cancel one is more than to move it on."""
    if new is OrderStatus.CANCELLED:
        return Permission.CHANGE_STATUS, Permission.CANCEL_ORDERS
    return (Permission.CHANGE_STATUS,)


def change_status(
    session: Session,
    actor: Actor,
    order_id: int,
    new: OrderStatus,
    *,
    carrier: str = "",
    tracking_number: str = "",
    cancel_reason: str = "",
    why: str = "",
    expected_version: int | None = None,
) -> Order:
    """Move an order to a new status and queue the change for its channel.

    Order, event, audit entry and intent are written in the caller's transaction; after its
    commit a worker is told. The channel is not called here. A new intent supersedes those of
    this order that were not sent yet.

    Args:
        session: An open transaction of `db.transaction()`.
        actor: Must hold `orders.change_status`, and to cancel `orders.cancel` too.
        order_id: Our id, not the channel's.
        new: The status to move to. Moving to the current status does nothing.
        carrier: Who carries the parcel; required where the channel demands tracking.
        tracking_number: Required where the channel demands tracking.
        cancel_reason: A code of the channel's `cancel_reasons`; empty for the account's own.
        why: A note of the person's own, kept in the ledger and in the history; no channel sees it.
        expected_version: The version the person saw; None to skip that check.

    Returns:
        The order, locked until the transaction ends.

    Raises:
        PermissionDeniedError: If the actor may not change orders.
        NotFoundError: If there is no such order.
        ConflictError: If somebody changed what this looks at since `expected_version`; what
            they changed is in its details (`edits.check`).
        InvalidTransitionError: If our rules or the channel's do not allow the move.
        InvalidInputError: If carrier or tracking number is missing or unusable.
    """
    reach.require(session, actor, *needed_for(new))
    order = locked(session, order_id)
    if order.status == new:
        return order
    edits.check(session, order, expected_version, looked_at(new))
    move = decide(order, new, (carrier, tracking_number), cancel_reason=cancel_reason)
    seen = {"why": checked_note(why), "seen_version": expected_version}
    status_moves.write(session, actor, [replace(move, **seen)])
    session.refresh(order)
    return order


def checked_note(why: str) -> str:
    """A person's note in one line.

    Raises:
        InvalidInputError: If it is too long or cannot be printed.
    """
    words = " ".join(why.split())
    if len(words) > MAX_NOTE or not words.isprintable():
        said = f"At most {MAX_NOTE} characters that can be printed."
        raise InvalidInputError(said, details={"why": said})
    return words


def looked_at(new: OrderStatus) -> frozenset[str]:
    """The fields that a move to `new` changes, and those that a person decides it by.

    A tag, a note or a total that changed meanwhile is no reason to stop somebody who packs.
    """
    return _LOOKED_AT | _PARCEL if new is OrderStatus.SHIPPED else _LOOKED_AT


def decide(
    order: Order,
    new: OrderStatus,
    parcel: tuple[str, str] = ("", ""),
    *,
    cancel_reason: str = "",
) -> Move:
    """What moving this order to `new` means; pure, for one order and for thousands alike.

    Args:
        order: As it stands now, and not at `new`.
        new: The status to move to.
        parcel: Carrier and tracking number.
        cancel_reason: A code of the channel's `cancel_reasons`, or empty.

    Raises:
        InvalidTransitionError: If our rules or the channel's do not allow the move.
        InvalidInputError: If carrier or tracking number is missing or unusable.
    """
    check_transition(order.status, new)
    rule = capabilities.of(order.channel).rule(new)
    if why_not := _why_not(order, new, rule):
        raise InvalidTransitionError(why_not, details={"from": order.status.value, "to": new.value})
    return Move(
        order,
        new,
        tells=new if rule.telling is Telling.PUSH else None,
        parcel=_check_parcel(rule, *parcel),
        cancel_reason=_check_reason(order, new, cancel_reason),
    )


def part_of(move: Move, lines: Mapping[str, int]) -> Move:
    """A shipment, allowed as a whole, of these pieces only: the status stays until the last."""
    return replace(move, new=move.order.status, lines=dict(lines))


def settle(session: Session, actor: Actor, order_id: int, keep: Keep) -> Order:
    """End a rejection or a conflict: send ours again, or take the channel's word.

    Raises:
        PermissionDeniedError: If the actor may not change orders.
        NotFoundError: If there is no such order.
        ConflictError: If nothing is to be decided on this order (any more).
    """
    reach.require(session, actor, Permission.CHANGE_STATUS)
    order = locked(session, order_id)
    if order.sync_status not in (SyncStatus.REJECTED, SyncStatus.CONFLICT):
        raise ConflictError("Nothing is left to decide: this order agrees with its channel.")
    sums = RollupChange()
    deed = settling.settle(session, actor, order, keep, sums)
    session.flush()
    sums.write(session)
    audit.record_many(session, actor, [deed])
    return order


def locked(session: Session, order_id: int) -> Order:
    """An order, locked until the transaction ends.

    Raises:
        NotFoundError: If there is no such order.
    """
    order = session.exec(select(Order).where(Order.id == order_id).with_for_update()).one_or_none()
    if order is None:
        raise NotFoundError("order", order_id)
    return order


def _check_reason(order: Order, new: OrderStatus, reason: str) -> str:
    if not reason:
        return ""
    known = capabilities.of(order.channel).cancel_reasons
    if new is not OrderStatus.CANCELLED or reason not in known:
        said = f"{order.channel.label} knows no such reason for this."
        raise InvalidInputError(said, details={"cancel_reason": said})
    return reason


def _check_parcel(rule: StatusRule, carrier: str, tracking_number: str) -> tuple[str, str]:
    carrier, tracking_number = carrier.strip(), tracking_number.strip()
    mistakes: dict[str, str] = {}
    fields = (
        ("carrier", carrier, "The channel needs to know the carrier.", _MAX_CARRIER),
        ("tracking_number", tracking_number, "The channel needs a tracking number.", _MAX_TRACKING),
    )
    for name, value, missing, longest in fields:
        if rule.needs_tracking and not value:
            mistakes[name] = missing
        elif len(value) > longest:
            mistakes[name] = f"At most {longest} characters."
        elif not value.isprintable():
            mistakes[name] = "Only characters that can be printed."
    if mistakes:
        raise InvalidInputError(" ".join(mistakes.values()), details=mistakes)
    return carrier, tracking_number
