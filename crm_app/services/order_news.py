"""What came in since a list was drawn."""

from sqlalchemy import func, literal
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.models import Order
from crm_app.services.order_query import OrderQuery
from crm_app.services.order_search import conditions_of

# Beyond that a person reloads whatever the number is.
MOST_NEW = 99


def newest_id(session: Session, actor: Actor) -> int:
    """The id of the order that came in last; ids grow with arrival, whatever a list is sorted by.

    Raises:
        PermissionDeniedError: If the actor may not view orders.
    """
    actor.require(Permission.VIEW_ORDERS)
    return session.exec(select(func.max(col(Order.id)))).one() or 0


def count_new(session: Session, actor: Actor, query: OrderQuery, after: int) -> int:
    """How many orders of this filter came in after that id; not more than `MOST_NEW + 1`.

    Raises:
        PermissionDeniedError: If the actor may not view orders.
    """
    if newest_id(session, actor) <= after:
        return 0
    rows = (
        select(literal(1))
        .select_from(Order)
        .where(col(Order.id) > after, *conditions_of(session, actor, query))
        .limit(MOST_NEW + 1)
    )
    return session.exec(select(func.count()).select_from(rows.subquery())).one()
