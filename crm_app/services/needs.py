"""What waits for a person, counted: the numbers beside the navigation of every page."""

from dataclasses import dataclass

from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.services.order_query import Attention, OrderQuery
from crm_app.services.order_search import count_orders


@dataclass(frozen=True, slots=True)
class Need:
    """How many orders wait for a person, for one reason; at least so many if not exact."""

    attention: Attention
    count: int
    is_exact: bool


def count_needs(session: Session, actor: Actor) -> tuple[Need, ...]:
    """How many orders wait, one figure for each kind of `Attention` and in its order.

    Each is a short walk of a partial index, so the frame of a page never pays for a dashboard.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    return tuple(
        Need(attention, *count_orders(session, actor, OrderQuery(attention=attention)))
        for attention in Attention
    )
