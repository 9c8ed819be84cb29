"""The colleagues that work can be given to, and that a comment can name."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError
from crm_app.models import Order, User
from crm_app.services import reach

_NOBODY: Final = "Choose somebody who works here."


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person by name only: addresses are for those who manage people."""

    id: int
    name: str


def colleagues(session: Session, actor: Actor) -> list[Colleague]:
    """Everybody who may sign in, by name.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    active = select(User.id, User.name).where(col(User.is_active), ~col(User.is_service))
    by_name = active.order_by(func.lower(User.name), col(User.id))
    return [Colleague(*found) for found in session.exec(by_name)]


def colleague(session: Session, user_id: int) -> Colleague:
    """One of them.

    Raises:
        InvalidInputError: If there is no such person, or they may not sign in any more.
    """
    user = session.get(User, user_id)
    if user is None or not user.is_active or user.is_service:
        raise InvalidInputError(_NOBODY, details={"assignee": _NOBODY})
    return Colleague(user.id, user.name)


def name_of(user_id: Any) -> Any:
    """The name behind a column of user ids, for a statement over `orders`."""
    return columns(col(User.name)).where(col(User.id) == user_id).correlate(Order).scalar_subquery()
