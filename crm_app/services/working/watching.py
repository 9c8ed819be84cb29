"""Who wants to hear what happens to an order. A person decides that for themselves."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.models import OrderWatcher, User
from crm_app.services import audit, reach
from crm_app.services.audit import Deed
from crm_app.services.working.among import one_of
from crm_app.services.working.changes import lock
from crm_app.services.working.people import Colleague


def watch(session: Session, actor: Actor, order_ids: Sequence[int], *, is_on: bool) -> None:
    """Begin to watch orders, or stop it. No event: it changes nothing about the order.

    Raises:
        PermissionDeniedError: Without `orders.view`, or if nobody signed in is behind it.
        NotFoundError: If one of the orders does not exist.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    if actor.user_id is None:
        return
    lock(session, sorted(set(order_ids)))
    if is_on:
        for order_id in order_ids:
            add(session, actor, order_id, [actor.user_id])
        return
    mine = (
        one_of(order_ids, col(OrderWatcher.order_id)),
        col(OrderWatcher.user_id) == actor.user_id,
    )
    gone = session.execute(
        delete(OrderWatcher).where(*mine).returning(col(OrderWatcher.order_id))
    ).scalars()
    person = {"watcher": actor.user_id}
    audit.record_many(
        session,
        actor,
        [Deed("order:unwatched", "order", str(one), person, {}) for one in sorted(gone)],
    )


def add(session: Session, actor: Actor, order_id: int, user_ids: Iterable[int]) -> None:
    """Let these people watch an order; for callers that have checked the permission."""
    rows = [{"order_id": order_id, "user_id": user_id} for user_id in sorted(set(user_ids))]
    if not rows:
        return
    added = session.execute(
        upsert(OrderWatcher)
        .values(rows)
        .on_conflict_do_nothing()
        .returning(col(OrderWatcher.user_id))
    ).scalars()
    audit.record_many(
        session,
        actor,
        [
            Deed("order:watched", "order", str(order_id), {}, {"watcher": one})
            for one in sorted(added)
        ],
    )


def watchers(session: Session, order_id: int) -> list[Colleague]:
    """Who watches an order and still works here, by name."""
    found = (
        select(User.id, User.name)
        .join(OrderWatcher, col(OrderWatcher.user_id) == User.id)
        .where(OrderWatcher.order_id == order_id, col(User.is_active))
    )
    return [Colleague(*row) for row in session.exec(found.order_by(func.lower(User.name)))]
