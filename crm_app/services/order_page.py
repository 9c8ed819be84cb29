"""All that the page of an order shows, in one transaction."""

from dataclasses import dataclass

from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.services import order_view
from crm_app.services.order_view import OrderDetail
from crm_app.services.working import people, reading, tagging
from crm_app.services.working.people import Colleague
from crm_app.services.working.reading import Work
from crm_app.services.working.tagging import TagView


@dataclass(frozen=True, slots=True)
class OrderPage:
    """An order in full, the desk's own data on it, and what its menus offer."""

    detail: OrderDetail
    work: Work
    people: tuple[Colleague, ...]
    tags: tuple[TagView, ...]


def read(
    session: Session, actor: Actor, order_id: int, *, most_events: int = order_view.MOST_EVENTS
) -> OrderPage:
    """Read an order's page; `most_events` is how far back its timeline goes.

    Raises:
        PermissionDeniedError: If the actor may not view orders.
        NotFoundError: If there is no such order.
    """
    return OrderPage(
        detail=order_view.get_order(session, actor, order_id, most_events=most_events),
        work=reading.work_of(session, actor, order_id),
        people=tuple(people.colleagues(session, actor)),
        tags=tuple(tagging.list_tags(session, actor)),
    )
