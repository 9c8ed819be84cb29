"""The desk's own data of the orders of one page of a list, in two statements."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select as columns
from sqlmodel import Session, col

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.working import HoldReason, Priority
from crm_app.models import Order
from crm_app.services import reach
from crm_app.services.working import people
from crm_app.services.working.changes import one_of
from crm_app.services.working.tagging import TagView, tags_of


@dataclass(frozen=True, slots=True)
class Working:
    """What the desk keeps on an order. `hold_reason` is None where only the channel holds it."""

    assignee_id: int | None = None
    assignee: str = ""
    priority: Priority = Priority.NORMAL
    hold_reason: HoldReason | None = None
    tags: tuple[TagView, ...] = ()


def working_of(session: Session, actor: Actor, order_ids: Sequence[int]) -> dict[int, Working]:
    """The desk's data of each of these orders that exists.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    tags = tags_of(session, order_ids)
    found = session.execute(
        columns(
            col(Order.id),
            col(Order.assignee_id),
            people.name_of(col(Order.assignee_id)),
            col(Order.priority),
            col(Order.hold_reason),
        ).where(one_of(order_ids))
    )
    return {
        order_id: Working(assignee_id, name or "", priority, reason, tuple(tags.get(order_id, ())))
        for order_id, assignee_id, name, priority, reason in found
    }
