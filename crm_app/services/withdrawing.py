"""Taking back one change that its channel was not told yet; the ledger keeps that it was made."""

from typing import Final

from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.intent import OPEN, UNSENT, IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ConflictError, NotFoundError
from crm_app.models import Order, StatusIntent
from crm_app.services import reach, status_moves
from crm_app.services.status_moves import Move

GONE: Final = "Its channel was told already."
ON_ITS_WAY: Final = "Its channel is being told at this moment, or may know of it."
PARTLY: Final = "It tells of a package that has left."
NEWER: Final = "A newer change of this order was made since."


def withdraw(session: Session, actor: Actor, intent_id: int) -> Order:
    """Take a change back before anybody called about it; the order is as it was before.

    What the change had taken the place of is wished again. Order, event, audit entry, rollup and
    intents are written in the caller's transaction.

    Args:
        session: An open transaction of `db.transaction()`.
        actor: Must hold `orders.change_status`.
        intent_id: The newest change of its order.

    Raises:
        PermissionDeniedError: If the actor may not change orders.
        NotFoundError: If there is no such change.
        ConflictError: If it left already, or the order went on since.
    """
    reach.require(session, actor, Permission.CHANGE_STATUS)
    order, intent = _locked(session, intent_id)
    if sentence := why_not(session, order, intent):
        raise ConflictError(sentence)
    before = _replaced(session, intent)
    sync = SyncStatus.QUEUED if _has_older(session, intent) else SyncStatus.IN_SYNC
    move = Move(
        order,
        intent.from_status,
        tells=before.to_status if before else None,
        parcel=(before.carrier, before.tracking_number) if before else ("", ""),
        sync=None if before else sync,
        takes_back=True,
        why=f"Change {intent.id} was withdrawn",
        never_left=order.status is OrderStatus.SHIPPED,
    )
    intent.state, intent.settled_at = IntentState.UNDONE, now()
    intent.reason = f"{actor.label} took it back before it was sent."[:500]
    status_moves.write(session, actor, [move])
    session.refresh(order)
    return order


def why_not(session: Session, order: Order, intent: StatusIntent) -> str:
    """Why a change cannot be withdrawn (any more); empty if it can be."""
    if intent.state not in UNSENT:
        return ON_ITS_WAY if intent.state is IntentState.SENDING else GONE
    if intent.outcome_unknown or intent.claimed_at is not None:
        return ON_ITS_WAY
    newer = select(StatusIntent.id).where(
        StatusIntent.order_id == order.id, StatusIntent.id > intent.id
    )
    if session.exec(newer.limit(1)).first() is not None:
        return NEWER
    if intent.is_part:
        return PARTLY
    if order.status is not intent.to_status:
        return f"It went on since: it is {order.status.label.lower()} now."
    return ""


def _locked(session: Session, intent_id: int) -> tuple[Order, StatusIntent]:
    """The order, then its intent: everybody locks in this order."""
    order = session.exec(
        select(Order)
        .join(StatusIntent, col(StatusIntent.order_id) == Order.id)
        .where(StatusIntent.id == intent_id)
        .with_for_update(of=Order)
    ).one_or_none()
    if order is None:
        raise NotFoundError("status change", intent_id)
    intent = session.exec(
        select(StatusIntent)
        .where(StatusIntent.id == intent_id)
        .with_for_update()
        # Whoever held it may have sent it while we waited.
        .execution_options(populate_existing=True)
    ).one()
    return order, intent


def _replaced(session: Session, intent: StatusIntent) -> StatusIntent | None:
    """The change whose place this one took: it is wished again."""
    return session.exec(
        select(StatusIntent).where(
            StatusIntent.order_id == intent.order_id,
            StatusIntent.state == IntentState.SUPERSEDED,
            StatusIntent.to_status == intent.from_status,
            # Both were written in one transaction, with one moment.
            StatusIntent.settled_at == intent.happened_at,
        )
    ).first()


def _has_older(session: Session, intent: StatusIntent) -> bool:
    older = select(StatusIntent.id).where(
        StatusIntent.order_id == intent.order_id,
        StatusIntent.id < intent.id,
        col(StatusIntent.state).in_(OPEN),
    )
    return session.exec(older.limit(1)).first() is not None
