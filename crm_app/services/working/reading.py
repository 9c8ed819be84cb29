"""The desk's own data of one order, and what is read beside it for its page."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select as columns
from sqlmodel import Session, col

from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.working import HOLDABLE, TO_SHIP, HoldReason, Priority
from crm_app.errors import NotFoundError
from crm_app.models import Order, User
from crm_app.services import reach, stopping
from crm_app.services.working import comments, tagging, watching
from crm_app.services.working.comments import CommentView
from crm_app.services.working.people import Colleague
from crm_app.services.working.tagging import TagView

_MOST_OTHERS = 8


@dataclass(frozen=True, slots=True)
class HoldView:
    """A hold. `reason` is None where only the channel holds the order."""

    reason: HoldReason | None
    note: str
    by: str
    since: datetime | None
    until: datetime | None
    is_channels: bool


@dataclass(frozen=True, slots=True)
class OtherOrder:
    """Another order of the same customer; money in minor units."""

    id: int
    order_number: str
    channel: Channel
    status: OrderStatus
    total_minor: int | None
    currency: str | None
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class Work:
    """What the desk keeps on an order, and what this actor may do with it."""

    tags: tuple[TagView, ...]
    assignee: Colleague | None
    priority: Priority
    hold: HoldView | None
    can_be_held: bool
    can_be_archived: bool
    archived_at: datetime | None
    watchers: tuple[Colleague, ...]
    is_watched: bool
    comments: tuple[CommentView, ...]
    others: tuple[OtherOrder, ...]
    may: frozenset[Permission]


def work_of(session: Session, actor: Actor, order_id: int) -> Work:
    """Read it in a fixed handful of statements.

    Raises:
        PermissionDeniedError: Without `orders.view`.
        NotFoundError: If there is no such order.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    order = session.get(Order, order_id)
    if order is None:
        raise NotFoundError("order", order_id)
    actor = actor.on_account(order.account_id)
    assignee = session.get(User, order.assignee_id) if order.assignee_id else None
    watchers = watching.watchers(session, order_id)
    sees_people = actor.may(Permission.SEE_PERSONAL_DATA)
    return Work(
        tags=tuple(tagging.tags_of(session, [order_id]).get(order_id, ())),
        assignee=Colleague(assignee.id, assignee.name) if assignee else None,
        priority=order.priority,
        hold=_hold(order, sees_people=sees_people),
        can_be_held=order.status in HOLDABLE or _has_unsent(session, order),
        can_be_archived=order.status not in TO_SHIP,
        archived_at=order.archived_at,
        watchers=tuple(watchers),
        is_watched=any(one.id == actor.user_id for one in watchers),
        comments=tuple(comments.list_comments(session, actor, order_id)),
        others=_others(session, order, sees_money=actor.may(Permission.SEE_MONEY))
        if sees_people
        else (),
        may=actor.permissions,
    )


def _has_unsent(session: Session, order: Order) -> bool:
    """A shipment that its channel was not told yet can still be stopped by a hold."""
    is_here = columns(col(Order.id)).where(col(Order.id) == order.id, stopping.is_here())
    return session.execute(is_here).first() is not None


def _hold(order: Order, *, sees_people: bool) -> HoldView | None:
    if not order.on_hold:
        return None
    return HoldView(
        reason=order.hold_reason,
        # People write names and numbers into it.
        note=order.hold_note if sees_people else "",
        by=order.held_by,
        since=order.held_at,
        until=order.held_until,
        is_channels=order.held_by_channel,
    )


def _others(session: Session, order: Order, *, sees_money: bool) -> tuple[OtherOrder, ...]:
    """The customer's newest other orders."""
    if order.customer_id is None:
        return ()
    names = [getattr(Order, name) for name in OtherOrder.__dataclass_fields__]
    rows = session.execute(
        columns(*names)
        .where(col(Order.customer_id) == order.customer_id, col(Order.id) != order.id)
        .order_by(col(Order.placed_at).desc(), col(Order.id).desc())
        .limit(_MOST_OTHERS)
    )
    found = (OtherOrder(*row) for row in rows)
    return tuple(one if sees_money else replace(one, total_minor=None) for one in found)
