"""Whose work an order is, and how urgent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.working import Priority
from crm_app.models import Order
from crm_app.services import reach
from crm_app.services.working import people, telling
from crm_app.services.working.changes import Fate, Made, make, set_columns
from crm_app.services.working.people import Colleague


@dataclass(frozen=True, slots=True)
class Assign:
    """Give orders to a colleague; None takes them from whoever has them."""

    to: Colleague | None
    kind: str = "order:assigned"
    permission: Permission = Permission.ASSIGN_ORDERS

    def looks_at(self) -> tuple[Any, ...]:
        """See `Change`: the present colleague's id and name."""
        return col(Order.assignee_id), people.name_of(col(Order.assignee_id))

    def fate(self, *seen: Any) -> Fate:
        """See `Change`."""
        now_id, now_name = seen
        if self.to is None:
            return (
                Fate(f"Taken from {now_name}") if now_id else Fate("It is nobody's already.", False)
            )
        if now_id == self.to.id:
            return Fate(f"{self.to.name} has it already.", False)
        return Fate(f"From {now_name or 'nobody'} to {self.to.name}")

    def told(self, *seen: Any) -> dict[str, Any]:
        """See `Change`."""
        now_id, now_name = seen
        to = self.to
        return {
            "assignee": [now_name, to.name if to else None],
            "assignee_id": [now_id, to.id if to else None],
        }

    def write(
        self, session: Session, actor: Actor, order_ids: Sequence[int], run_id: int | None
    ) -> None:
        """See `Change`."""
        set_columns(session, order_ids, assignee_id=self.to.id if self.to else None)
        if self.to:
            telling.given(session, actor, self.to.id, order_ids, run_id)


@dataclass(frozen=True, slots=True)
class SetPriority:
    """Say how urgent orders are."""

    priority: Priority
    kind: str = "order:priority:set"
    permission: Permission = Permission.ASSIGN_ORDERS

    def looks_at(self) -> tuple[Any, ...]:
        """See `Change`."""
        return (col(Order.priority),)

    def fate(self, *seen: Any) -> Fate:
        """See `Change`."""
        (present,) = seen
        new = self.priority.label.lower()
        if present is self.priority:
            return Fate(f"Its priority is {new} already.", False)
        return Fate(f"Priority from {present.label.lower()} to {new}")

    def told(self, *seen: Any) -> dict[str, Any]:
        """See `Change`."""
        return {"priority": [seen[0].value, self.priority.value]}

    def write(
        self, session: Session, actor: Actor, order_ids: Sequence[int], run_id: int | None
    ) -> None:
        """See `Change`."""
        del actor, run_id
        set_columns(session, order_ids, priority=self.priority)


def assign(session: Session, actor: Actor, order_ids: Sequence[int], to: int | None) -> Made:
    """Give orders to the colleague with this id; None gives them to nobody.

    Raises:
        InvalidInputError: If there is no such colleague; else as `changes.make`.
    """
    reach.require(session, actor, Permission.ASSIGN_ORDERS)
    colleague = None if to is None else people.colleague(session, to)
    return make(session, actor, Assign(colleague), order_ids)


def set_priority(
    session: Session, actor: Actor, order_ids: Sequence[int], priority: Priority
) -> Made:
    """Say how urgent orders are. Raises as `changes.make`."""
    return make(session, actor, SetPriority(priority), order_ids)
