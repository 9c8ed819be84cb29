"""Who hears of what happens to orders: those who watch them, and whoever is given one."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence

from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.models import Order, OrderWatcher
from crm_app.services import notices
from crm_app.services.working.among import one_of


def watchers(
    session: Session,
    actor: Actor,
    order_ids: Sequence[int],
    sentence: Callable[[int], str],
    *,
    subject: str,
    without: Collection[int] = (),
) -> None:
    """Tell the watchers of these orders; nobody hears of their own deed.

    Args:
        session: The transaction of the change.
        actor: Who did it.
        order_ids: The orders that changed.
        sentence: By order: what was done, without its subject and without personal data.
        subject: What it is about: nobody is told twice of one subject that they have not read.
        without: People who are told in another way.
    """
    rows = session.exec(
        select(OrderWatcher.order_id, Order.order_number, OrderWatcher.user_id)
        .join(Order, col(Order.id) == OrderWatcher.order_id)
        .where(one_of(order_ids, col(OrderWatcher.order_id)))
        .order_by(col(OrderWatcher.order_id))
    )
    found: defaultdict[tuple[int, str], set[int]] = defaultdict(set)
    for order_id, number, user_id in rows:
        if user_id != actor.user_id and user_id not in without:
            found[order_id, number].add(user_id)
    for (order_id, number), people in found.items():
        notices.tell(
            session,
            people,
            kind="watch",
            sentence=f"{number}: {actor.label} {sentence(order_id)}",
            href=f"/orders/{order_id}",
            key=f"order:{order_id}:{subject}",
        )


def given(
    session: Session, actor: Actor, user_id: int, order_ids: Sequence[int], run_id: int | None
) -> None:
    """Tell a person that they were given orders; not what they took themselves."""
    if user_id == actor.user_id:
        return
    is_one = len(order_ids) == 1 and run_id is None
    number = session.exec(select(Order.order_number).where(Order.id == order_ids[0])).one()
    what = (
        f"order {number}" if is_one else "some orders" if run_id else f"{len(order_ids):,} orders"
    )
    notices.tell(
        session,
        [user_id],
        kind="assigned",
        sentence=f"{actor.label} gave you {what}",
        href=f"/orders/{order_ids[0]}" if is_one else f"/orders?assignee={user_id}",
        key=f"run:{run_id}:assigned" if run_id else f"order:{order_ids[0]}:assigned",
    )


def mentioned(
    session: Session, actor: Actor, user_ids: Collection[int], order_id: int, comment_id: int
) -> None:
    """Tell people that a comment names them."""
    number = session.exec(select(Order.order_number).where(Order.id == order_id)).one()
    notices.tell(
        session,
        [user_id for user_id in user_ids if user_id != actor.user_id],
        kind="mention",
        sentence=f"{actor.label} named you in a comment on {number}",
        href=f"/orders/{order_id}",
        key=f"order:{order_id}:comment:{comment_id}",
    )
