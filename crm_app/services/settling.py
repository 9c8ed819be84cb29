"""The end of a disagreement about a status: by a person, or by the rule of the account."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import func
from sqlmodel import Session, col, select

from crm_app import queue
from crm_app.channels import capabilities
from crm_app.channels.capabilities import Telling
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.intent import UNSENT, IntentState
from crm_app.domain.order_status import IN_HOUSE, OrderStatus, SyncStatus
from crm_app.domain.rules import Field, Rule
from crm_app.domain.time import now
from crm_app.errors import ConflictError
from crm_app.models import ChannelAccount, FieldDispute, Order, OrderEvent, StatusIntent
from crm_app.services import field_rules, packages, stopping, urgency
from crm_app.services.audit import Deed
from crm_app.services.events import event_row
from crm_app.services.rollups import RollupChange, key_of

RULE: Final = Actor(ActorKind.SYSTEM, "Rule of the account")
# A shop that takes each change of ours back would be told for ever: then a person decides.
_MOST_A_DAY: Final = 3


class Keep(StrEnum):
    """Whose word stays when our status and the channel's disagree."""

    OURS = "ours"
    CHANNELS = "channels"


def settle(
    session: Session,
    actor: Actor,
    order: Order,
    keep: Keep,
    sums: RollupChange,
    *,
    why: str = "",
) -> Deed:
    """Send ours again, or take the channel's word.

    Args:
        session: The caller commits, and writes `sums` and the entry of the audit trail, last.
        actor: Named by the event; the caller checked the permission.
        order: Locked, in conflict with its channel or refused by it.
        keep: Whose word stays.
        sums: Collects what this does to the rollups.
        why: The rule that decided; empty where a person did.

    Raises:
        ConflictError: If the channel's word is not mapped, or there is no change of ours.
    """
    old = order.status
    if keep is Keep.CHANNELS:
        if order.status_on_channel is None:
            raise ConflictError(
                f"The channel's word {order.channel_status!r} is not mapped to a status of ours."
            )
        _supersede(session, order)
        _set_status(order, order.status_on_channel, sums)
        if order.status in IN_HOUSE:
            order.shipped_at = None
            session.flush()
            packages.forget_untold(session, [order.id])
            session.refresh(order)
        order.sync_status = SyncStatus.IN_SYNC
    else:
        _send_again(session, actor, order, why)
    _parcel_follows(session, actor, order, keep)
    return _explain(session, actor, order, f"order:settled:{keep.value}", old)


def _parcel_follows(session: Session, actor: Actor, order: Order, keep: Keep) -> None:
    """Whose status stays, theirs is the parcel that the channel named with its own."""
    row = session.get(FieldDispute, (order.id, Field.PARCEL), with_for_update=True)
    if row is None or row.decided_at is not None:
        return
    if keep is Keep.OURS:
        row.decided_at, row.decided_by = now(), actor.label
        return
    for name, value in row.theirs.items():
        setattr(order, name, value)
    session.delete(row)


def by_rule(
    session: Session,
    account: ChannelAccount,
    orders: Sequence[tuple[Order, Sequence[StatusIntent]]],
    sums: RollupChange,
) -> list[Deed]:
    """Settle what has just come into conflict, where the account has a rule for it.

    Args:
        session: Holds the lock of every order; the caller writes `sums`, then the deeds.
        account: Whose rule counts.
        orders: Each with its intents that the channel's word closed, oldest first.
        sums: Collects what this does to the rollups.
    """
    rule = field_rules.rule_of(session, account.id, Field.STATUS)
    if rule is Rule.ASK or not orders:
        return []
    deeds: list[Deed] = []
    for order, intents in orders:
        keep = _keep(rule, order, intents)
        if order.status_on_channel is None and keep is Keep.CHANNELS:
            continue
        if keep is Keep.OURS and _settled_lately(session, order) >= _MOST_A_DAY:
            continue
        why = f"Rule of the account: {rule.label.lower()}"
        deeds.append(settle(session, RULE, order, keep, sums, why=why))
    return deeds


def _keep(rule: Rule, order: Order, intents: Sequence[StatusIntent]) -> Keep:
    if rule is not Rule.LATER:
        return Keep.OURS if rule is Rule.OURS else Keep.CHANNELS
    said = max((intent.happened_at for intent in intents), default=None)
    is_ours_later = said is not None and said > order.channel_updated_at
    return Keep.OURS if is_ours_later else Keep.CHANNELS


def _settled_lately(session: Session, order: Order) -> int:
    return session.exec(
        select(func.count())
        .select_from(OrderEvent)
        .where(
            OrderEvent.order_id == order.id,
            OrderEvent.kind == f"order:settled:{Keep.OURS.value}",
            OrderEvent.actor_kind == ActorKind.SYSTEM,
            col(OrderEvent.at) > now() - timedelta(days=1),
        )
    ).one()


def _send_again(session: Session, actor: Actor, order: Order, why: str) -> None:
    last = packages.refused(session, [order.id]).get(order.id) or _newest(session, order)
    if last is None:
        raise ConflictError("This order has no change of ours to send again.")
    _supersede(session, order)
    # Our desk may have gone a step further than any channel has a word for.
    is_pushed = capabilities.of(order.channel).rule(order.status).telling is Telling.PUSH
    is_pushed = is_pushed and not last.is_part
    _queue_intent(
        session,
        actor,
        order,
        last,
        origin=order.status_on_channel or last.from_status,
        target=order.status if is_pushed else last.to_status,
        why=why or _again(order),
        # We gave up without an answer, or the channel was faster: it may have it by now.
        is_read_first=last.state is IntentState.NEEDS_PERSON,
    )
    order.version += 1


def _newest(session: Session, order: Order) -> StatusIntent | None:
    return session.exec(
        select(StatusIntent)
        .where(StatusIntent.order_id == order.id)
        .order_by(col(StatusIntent.id).desc())
        .limit(1)
    ).one_or_none()


def _again(order: Order) -> str:
    """Why a person sends it once more."""
    is_conflict = order.sync_status is SyncStatus.CONFLICT
    return "Ours was kept in a conflict" if is_conflict else "Sent again after it was refused"


def _set_status(order: Order, new: OrderStatus, sums: RollupChange) -> None:
    sums.remove(key_of(order), order.total_minor)
    order.status = new
    sums.add(key_of(order), order.total_minor)
    order.version += 1
    order.updated_at = now()


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
    last: StatusIntent,
    *,
    origin: OrderStatus,
    target: OrderStatus,
    why: str,
    is_read_first: bool,
) -> None:
    moment = now()
    # The same wish once more: a channel that had it after all edits it and does not double it.
    is_same = last.to_status is target
    intent = StatusIntent(
        order_id=order.id,
        account_id=order.account_id,
        from_status=origin,
        to_status=target,
        carrier=last.carrier,
        tracking_number=last.tracking_number,
        operation=capabilities.of(order.channel).rule(target).operation,
        happened_at=moment,
        order_version=order.version,
        actor_id=actor.user_id,
        actor_label=actor.label,
        why=why,
        next_try_at=moment,
        send_by=urgency.send_by(order.ship_by, origin, moment),
        late_cost=urgency.late_cost(order),
        cancel_reason=last.cancel_reason,
        outcome_unknown=is_read_first,
        is_part=last.is_part,
        reference=(last.reference or last.id) if is_same else None,
    )
    if stopping.is_stopped(order, target) and not is_read_first:
        stopping.put_by(intent, order)
    session.add(intent)
    session.flush()
    if is_same:
        packages.send_again(session, last, intent)
    order.sync_status = SyncStatus.QUEUED
    queue.hint_push(session, order.account_id)


def _explain(session: Session, actor: Actor, order: Order, kind: str, old: OrderStatus) -> Deed:
    changes = {"status": [old.value, order.status.value]}
    if order.status is OrderStatus.SHIPPED and order.tracking_number:
        changes["tracking_number"] = [None, order.tracking_number]  # type: ignore[list-item]
    row = event_row(order.id, kind, actor, changes, version=order.version)
    session.add(OrderEvent(**row))
    after = {"status": order.status.value}
    return Deed(kind, "order", str(order.id), {"status": old.value}, after)
