"""Who hears of what happens to an order, and who does not."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.working import HoldReason
from crm_app.models import Notice, Order
from crm_app.services import orders
from crm_app.services.importing import save_orders
from crm_app.services.working import assigning, comments, holding, watching
from tests.factories import AccountFactory, UserFactory
from tests.services.fakes import told
from tests.services.working.test_changes import run


@pytest.fixture
def order(session: Session) -> Order:
    save_orders(session, AccountFactory(), [told("405-1")])
    session.commit()
    return session.exec(select(Order)).one()


def heard(session: Session, user_id: int | None) -> list[tuple[str, str]]:
    session.expire_all()
    mine = select(Notice).where(Notice.user_id == user_id).order_by(col(Notice.id))
    return [(one.kind, one.sentence) for one in session.exec(mine)]


def test_a_watcher_hears_of_colleagues_and_of_the_channel_and_not_of_themselves(
    session: Session, asha: Actor, reader: Actor, order: Order
) -> None:
    for person in (asha, reader):
        run(watching.watch, person, [order.id], is_on=True)
    run(holding.hold, asha, [order.id], HoldReason.STOCK)
    run(holding.release, asha, [order.id])
    run(orders.change_status, asha, order.id, OrderStatus.PACKED)
    later = order.channel_updated_at + timedelta(hours=1)
    account = session.get_one(type(AccountFactory.build()), order.account_id)
    newer = told("405-1", cancel_requested=True, updated_at=later)
    save_orders(session, account, [newer])
    session.commit()

    number = order.order_number
    assert heard(session, reader.user_id) == [
        ("watch", f"{number}: Support person put it on hold: out of stock"),
        ("watch", f"{number}: Support person released it: out of stock"),
        ("watch", f"{number}: Support person set the status to packed"),
    ]
    # One unread notice a subject: the status is one that they know of already.
    assert heard(session, asha.user_id) == [
        ("watch", f"{number}: Amazon says that the buyer wants to cancel")
    ]


def test_whoever_is_named_or_given_work_is_told_once(
    session: Session, asha: Actor, order: Order
) -> None:
    ravi = UserFactory(name="Ravi Menon")
    session.commit()
    first = run(comments.add_comment, asha, order.id, "@Ravi Menon please look")
    run(comments.edit_comment, asha, first.id, "@Ravi Menon please look soon")
    run(comments.add_comment, asha, order.id, "and again")
    run(assigning.assign, asha, [order.id], ravi.id)
    run(assigning.assign, asha, [order.id], asha.user_id)

    number = order.order_number
    assert heard(session, ravi.id) == [
        ("mention", f"Support person named you in a comment on {number}"),
        ("watch", f"{number}: Support person wrote a comment"),
        ("assigned", f"Support person gave you order {number}"),
        ("watch", f"{number}: Support person gave it to Ravi Menon"),
    ]
    assert heard(session, asha.user_id) == []
