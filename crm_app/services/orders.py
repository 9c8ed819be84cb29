"""One order: what a person sees of it, and the changes that people make."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlmodel import Session, col, select

from crm_app import queue
from crm_app.channels import capabilities
from crm_app.channels.capabilities import StatusRule, Telling
from crm_app.domain.actor import Actor
from crm_app.domain.intent import UNSENT, IntentState
from crm_app.domain.order_status import NEXT, OrderStatus, SyncStatus, check_transition
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import (
    ConflictError,
    InvalidInputError,
    InvalidTransitionError,
    NotFoundError,
)
from crm_app.models import Order, OrderEvent, StatusIntent
from crm_app.services import audit, importing, status_moves
from crm_app.services.rollups import RollupChange, key_of
from crm_app.services.status_moves import Move

_MAX_CARRIER: Final = 80
_MAX_TRACKING: Final = 120


class Keep(StrEnum):
    """Whose word stays when our status and the channel's disagree."""

    OURS = "ours"
    CHANNELS = "channels"


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
            why_not=_why_not(order, rule),
        )
        for status in following
        for rule in (capabilities.of(order.channel).rule(status),)
    )


def _why_not(order: Order, rule: StatusRule) -> str:
    if rule.telling is Telling.REFUSED:
        return rule.why
    of_channel = capabilities.of(order.channel)
    if order.fulfilled_by_channel and not of_channel.accepts_channel_fulfilled:
        return f"{order.channel.label} packs and ships this order itself."
    if order.sync_status is SyncStatus.CONFLICT:
        return "Decide first whose status stays: ours or the channel's."
    return ""


def change_status(
    session: Session,
    actor: Actor,
    order_id: int,
    new: OrderStatus,
    *,
    carrier: str = "",
    tracking_number: str = "",
    cancel_reason: str = "",
    expected_version: int | None = None,
) -> Order:
    """Move an order to a new status and queue the change for its channel.

    Order, event, audit entry and intent are written in the caller's transaction; after its
    commit a worker is told. The channel is not called here. A new intent supersedes those of
    this order that were not sent yet.

    Args:
        session: An open transaction of `db.transaction()`.
        actor: Must hold `orders.change_status`.
        order_id: Our id, not the channel's.
        new: The status to move to. Moving to the current status does nothing.
        carrier: Who carries the parcel; required where the channel demands tracking.
        tracking_number: Required where the channel demands tracking.
        cancel_reason: A code of the channel's `cancel_reasons`; empty for the account's own.
        expected_version: The version the person saw; None to skip that check.

    Returns:
        The order, locked until the transaction ends.

    Raises:
        PermissionDeniedError: If the actor may not change orders.
        NotFoundError: If there is no such order.
        ConflictError: If somebody changed the order since `expected_version`.
        InvalidTransitionError: If our rules or the channel's do not allow the move.
        InvalidInputError: If carrier or tracking number is missing or unusable.
    """
    actor.require(Permission.CHANGE_STATUS)
    order = _locked(session, order_id)
    if order.status == new:
        return order
    move = decide(
        order,
        new,
        (carrier, tracking_number),
        cancel_reason=cancel_reason,
        expected_version=expected_version,
    )
    status_moves.write(session, actor, [move])
    session.refresh(order)
    return order


def decide(
    order: Order,
    new: OrderStatus,
    parcel: tuple[str, str] = ("", ""),
    *,
    cancel_reason: str = "",
    expected_version: int | None = None,
) -> Move:
    """What moving this order to `new` means; pure, for one order and for thousands alike.

    Args:
        order: As it stands now, and not at `new`.
        new: The status to move to.
        parcel: Carrier and tracking number.
        cancel_reason: A code of the channel's `cancel_reasons`, or empty.
        expected_version: The version the person saw; None to skip that check.

    Raises:
        ConflictError: If somebody changed the order since `expected_version`.
        InvalidTransitionError: If our rules or the channel's do not allow the move.
        InvalidInputError: If carrier or tracking number is missing or unusable.
    """
    _check_version(order, expected_version)
    check_transition(order.status, new)
    rule = capabilities.of(order.channel).rule(new)
    if why_not := _why_not(order, rule):
        raise InvalidTransitionError(why_not, details={"from": order.status.value, "to": new.value})
    return Move(
        order,
        new,
        tells=new if rule.telling is Telling.PUSH else None,
        parcel=_check_parcel(rule, *parcel),
        cancel_reason=_check_reason(order, new, cancel_reason),
    )


def settle(session: Session, actor: Actor, order_id: int, keep: Keep) -> Order:
    """End a rejection or a conflict: send ours again, or take the channel's word.

    Raises:
        PermissionDeniedError: If the actor may not change orders.
        NotFoundError: If there is no such order.
        ConflictError: If nothing is to be decided on this order (any more).
    """
    actor.require(Permission.CHANGE_STATUS)
    order = _locked(session, order_id)
    if order.sync_status not in (SyncStatus.REJECTED, SyncStatus.CONFLICT):
        raise ConflictError("Nothing is left to decide: this order agrees with its channel.")
    old = order.status
    if keep is Keep.CHANNELS:
        if order.status_on_channel is None:
            raise ConflictError(
                f"The channel's word {order.channel_status!r} is not mapped to a status of ours."
            )
        _supersede(session, order)
        _set_status(session, order, order.status_on_channel)
        order.sync_status = SyncStatus.IN_SYNC
    else:
        _send_again(session, actor, order)
    _explain(session, actor, order, f"order:settled:{keep.value}", old)
    return order


def _send_again(session: Session, actor: Actor, order: Order) -> None:
    last = session.exec(
        select(StatusIntent)
        .where(StatusIntent.order_id == order.id)
        .order_by(col(StatusIntent.id).desc())
        .limit(1)
    ).one_or_none()
    if last is None:
        raise ConflictError("This order has no change of ours to send again.")
    _supersede(session, order)
    # Our desk may have gone a step further than any channel has a word for.
    is_pushed = capabilities.of(order.channel).rule(order.status).telling is Telling.PUSH
    _queue_intent(
        session,
        actor,
        order,
        origin=order.status_on_channel or last.from_status,
        target=order.status if is_pushed else last.to_status,
        parcel=(last.carrier, last.tracking_number),
    )
    order.version += 1


def _locked(session: Session, order_id: int) -> Order:
    order = session.exec(select(Order).where(Order.id == order_id).with_for_update()).one_or_none()
    if order is None:
        raise NotFoundError("order", order_id)
    return order


def _check_version(order: Order, expected: int | None) -> None:
    if expected is not None and order.version != expected:
        raise ConflictError(
            f"Somebody changed this order meanwhile: it is {order.status.label.lower()} now. "
            "Look again before you change it.",
            details={"version": order.version, "status": order.status.value},
        )


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


def _set_status(session: Session, order: Order, new: OrderStatus) -> None:
    rollups = RollupChange()
    rollups.remove(key_of(order), order.total_minor)
    order.status = new
    rollups.add(key_of(order), order.total_minor)
    order.version += 1
    order.updated_at = now()
    session.flush()
    rollups.write(session)


def _supersede(session: Session, order: Order) -> None:
    unsent = session.exec(
        select(StatusIntent)
        .where(StatusIntent.order_id == order.id, col(StatusIntent.state).in_(UNSENT))
        .with_for_update()
    )
    for intent in unsent:
        if intent.outcome_unknown:
            continue  # the channel may have acted on it: it is read first, and settles itself
        intent.state = IntentState.SUPERSEDED
        intent.settled_at = now()


def _queue_intent(
    session: Session,
    actor: Actor,
    order: Order,
    *,
    origin: OrderStatus,
    target: OrderStatus,
    parcel: tuple[str, str],
) -> None:
    moment = now()
    session.add(
        StatusIntent(
            order_id=order.id,
            account_id=order.account_id,
            from_status=origin,
            to_status=target,
            carrier=parcel[0],
            tracking_number=parcel[1],
            happened_at=moment,
            order_version=order.version,
            actor_id=actor.user_id,
            actor_label=actor.label,
            next_try_at=moment,
        )
    )
    order.sync_status = SyncStatus.QUEUED
    queue.hint_push(session, order.account_id)


def _explain(session: Session, actor: Actor, order: Order, kind: str, old: OrderStatus) -> None:
    changes = {"status": [old.value, order.status.value]}
    if order.status is OrderStatus.SHIPPED and order.tracking_number:
        changes["tracking_number"] = [None, order.tracking_number]  # type: ignore[list-item]
    session.add(OrderEvent(**importing.event_row(order.id, kind, actor, changes)))
    audit.record(
        session,
        actor,
        kind,
        subject_type="order",
        subject_id=order.id,
        before={"status": old.value},
        after={"status": order.status.value},
    )
