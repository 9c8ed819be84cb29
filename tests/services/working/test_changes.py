"""Working data of orders: one rule for one order and for many, explained, and nothing else."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, text
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.time import now
from crm_app.domain.working import HoldReason, Priority, TagColour
from crm_app.errors import (
    ConflictError,
    InvalidInputError,
    InvalidTransitionError,
    NotFoundError,
    PermissionDeniedError,
)
from crm_app.jobs.working import release_due
from crm_app.models import AuditEntry, Order, OrderEvent, OrderTag
from crm_app.services import history, orders
from crm_app.services.importing import save_orders
from crm_app.services.working import archiving, assigning, holding, people, tagging, watching
from crm_app.services.working.changes import MOST_AT_ONCE, Made
from tests.factories import AccountFactory, OrderFactory, UserFactory
from tests.services.fakes import told

S = OrderStatus


def run(act: Any, *args: Any, **kwargs: Any) -> Any:
    with db.transaction() as session:
        return act(session, *args, **kwargs)


def said(session: Session, order: Order) -> list[str]:
    session.expire_all()
    events = session.exec(
        select(OrderEvent).where(OrderEvent.order_id == order.id).order_by(col(OrderEvent.id))
    )
    return [history.sentence(event.kind, event.data, order) for event in events]


def deeds(session: Session) -> list[str]:
    return list(session.exec(select(AuditEntry.action).order_by(col(AuditEntry.id))))


@pytest.fixture
def shelf(session: Session) -> list[Order]:
    made: list[Order] = [OrderFactory(status=s) for s in (S.CONFIRMED, S.PACKED, S.DELIVERED)]
    session.commit()
    return made


def ids(shelf: list[Order]) -> list[int]:
    return [order.id for order in shelf]


def test_many_orders_are_given_to_a_colleague_and_each_says_so(
    session: Session, asha: Actor, shelf: list[Order]
) -> None:
    ravi = UserFactory(name="Ravi Menon")
    session.commit()
    first = run(assigning.assign, asha, ids(shelf)[:1], asha.user_id)

    made = run(assigning.assign, asha, ids(shelf), ravi.id)
    again = run(assigning.assign, asha, ids(shelf)[:1], ravi.id)

    assert first == Made((shelf[0].id,))
    assert made == Made(tuple(ids(shelf)))
    assert again == Made((), {shelf[0].id: "Ravi Menon has it already."})
    with pytest.raises(ConflictError):
        again.require()
    assert said(session, shelf[0]) == [
        "gave it to Support person",
        "gave it to Ravi Menon, from Support person",
    ]
    assert [order.assignee_id for order in shelf] == [ravi.id] * 3
    assert [order.version for order in shelf] == [1, 1, 1]
    entry = session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc())).first()
    assert entry is not None
    assert (entry.action, entry.subject_id) == ("order:assigned", str(shelf[2].id))
    assert entry.after == {"assignee": "Ravi Menon", "assignee_id": ravi.id}


def test_priority_is_set_and_taken_back(session: Session, asha: Actor, shelf: list[Order]) -> None:
    run(assigning.set_priority, asha, ids(shelf), Priority.URGENT)
    made = run(assigning.set_priority, asha, ids(shelf)[:1], Priority.URGENT)

    assert made.refused == {shelf[0].id: "Its priority is urgent already."}
    assert said(session, shelf[1]) == ["set the priority to urgent"]
    assert shelf[1].priority is Priority.URGENT


def test_work_is_given_to_nobody_who_left(
    session: Session, asha: Actor, shelf: list[Order]
) -> None:
    gone = UserFactory(is_active=False)
    session.commit()

    for unknown in (gone.id, 10**9):
        with pytest.raises(InvalidInputError) as caught:
            run(assigning.assign, asha, ids(shelf), unknown)
        assert list(caught.value.details) == ["assignee"]
    assert said(session, shelf[0]) == deeds(session) == []
    assert [one.name for one in run(people.colleagues, asha)] == ["Support person"]


@pytest.mark.parametrize(
    "act",
    [
        lambda session, actor, order: assigning.assign(session, actor, [order], None),
        lambda session, actor, order: assigning.set_priority(
            session, actor, [order], Priority.HIGH
        ),
        lambda session, actor, order: holding.hold(session, actor, [order], HoldReason.STOCK),
        lambda session, actor, order: holding.release(session, actor, [order]),
        lambda session, actor, order: archiving.archive(session, actor, [order], True),
        lambda session, actor, order: tagging.put_tag(session, actor, [order], 1, is_on=True),
        lambda session, actor, _: tagging.make_tag(session, actor, "VIP"),
        lambda session, actor, _: tagging.change_tag(session, actor, 1, name="VIP"),
    ],
)
def test_a_reader_changes_nothing(
    session: Session, reader: Actor, shelf: list[Order], act: Any
) -> None:
    with pytest.raises(PermissionDeniedError):
        run(act, reader, shelf[0].id)

    assert said(session, shelf[0]) == deeds(session) == []


def test_one_unknown_order_stops_all_and_so_do_too_many(
    session: Session, asha: Actor, shelf: list[Order]
) -> None:
    with pytest.raises(NotFoundError):
        run(assigning.set_priority, asha, [shelf[0].id, 10**9], Priority.HIGH)
    with pytest.raises(InvalidInputError):
        run(assigning.set_priority, asha, range(1, MOST_AT_ONCE + 2), Priority.HIGH)

    assert said(session, shelf[0]) == deeds(session) == []


def test_a_held_order_goes_nowhere_until_it_is_released(
    session: Session, asha: Actor, shelf: list[Order]
) -> None:
    made = run(holding.hold, asha, ids(shelf), HoldReason.ADDRESS, note="  no house\nnumber ")

    assert made.changed == (shelf[0].id, shelf[1].id)
    assert made.refused == {shelf[2].id: "It is delivered: there is nothing to hold."}
    with pytest.raises(InvalidTransitionError, match="release it first"):
        run(orders.change_status, asha, shelf[0].id, S.PACKED)
    session.expire_all()
    held = shelf[0]
    assert (held.on_hold, held.held_by, held.hold_note) == (
        True,
        "Support person",
        "no house number",
    )
    run(holding.release, asha, ids(shelf)[:2])
    run(orders.change_status, asha, shelf[0].id, S.PACKED)
    assert said(session, shelf[0]) == [
        "put it on hold: address to be checked",
        "released it: address to be checked",
        "changed the status from Confirmed to Packed",
    ]
    assert (held.on_hold, held.held_at, held.hold_reason, held.hold_note) == (False, None, None, "")


def test_a_hold_s_words_have_to_make_sense(
    session: Session, asha: Actor, shelf: list[Order]
) -> None:
    for until in (now() - timedelta(seconds=1), now() + timedelta(days=366)):
        with pytest.raises(InvalidInputError) as caught:
            run(holding.hold, asha, ids(shelf), HoldReason.STOCK, until=until, note="x" * 501)
        assert list(caught.value.details) == ["until", "note"]
    assert deeds(session) == []


def test_the_clock_releases_what_is_due_and_what_is_over(
    session: Session, asha: Actor, shelf: list[Order]
) -> None:
    soon = now() + timedelta(days=1)
    run(holding.hold, asha, ids(shelf)[:2], HoldReason.STOCK, until=soon)
    assert release_due() == 0
    session.execute(
        text("UPDATE orders SET held_until = now() WHERE id = :id"), {"id": ids(shelf)[0]}
    )
    session.execute(
        text("UPDATE orders SET status = 'cancelled' WHERE id = :id"), {"id": ids(shelf)[1]}
    )
    session.commit()

    assert (release_due(), release_due()) == (2, 0)

    session.expire_all()
    assert [order.on_hold for order in shelf] == [False, False, False]
    newest = session.exec(select(OrderEvent).order_by(col(OrderEvent.id).desc())).first()
    assert newest is not None
    assert (newest.kind, newest.actor_label) == ("order:released", "System")


def test_a_channel_s_hold_is_the_channel_s_and_ours_outlives_an_import(
    session: Session, asha: Actor
) -> None:
    account = AccountFactory(channel=Channel.SHOPIFY)
    save_orders(session, account, [told("a", on_hold=True), told("b")])
    session.commit()
    theirs, ours = session.exec(select(Order).order_by(Order.external_id)).all()
    run(holding.hold, asha, [theirs.id, ours.id], HoldReason.FRAUD)

    later = theirs.channel_updated_at + timedelta(hours=1)
    save_orders(
        session,
        account,
        [
            told("a", on_hold=True, updated_at=later, note="again"),
            told("b", updated_at=later, note="again"),
        ],
    )
    session.commit()

    session.expire_all()
    assert (theirs.on_hold, ours.on_hold, ours.hold_reason) == (True, True, HoldReason.FRAUD)
    assert run(holding.release, asha, [theirs.id, ours.id]).changed == (theirs.id, ours.id)
    session.expire_all()
    assert (theirs.on_hold, ours.on_hold) == (True, False)
    assert run(holding.release, asha, [theirs.id, ours.id]).refused == {
        theirs.id: "Shopify holds it: only Shopify can release it.",
        ours.id: "It is not on hold.",
    }


def test_what_is_to_ship_is_not_put_away(session: Session, asha: Actor, shelf: list[Order]) -> None:
    made = run(archiving.archive, asha, ids(shelf), True)

    assert made.changed == (shelf[2].id,)
    assert made.refused[shelf[0].id] == "It is confirmed: ship or cancel it before you archive it."
    run(archiving.archive, asha, [shelf[2].id], False)
    assert said(session, shelf[2]) == ["put it into the archive", "took it out of the archive"]


def test_tags_are_put_on_and_taken_off(session: Session, asha: Actor, shelf: list[Order]) -> None:
    vip = run(tagging.make_tag, asha, " VIP  buyer ", TagColour.PURPLE)
    same = run(tagging.make_tag, asha, "vip buyer", TagColour.RED)
    run(tagging.put_tag, asha, ids(shelf), vip.id, is_on=True)
    again = run(tagging.put_tag, asha, ids(shelf)[:1], vip.id, is_on=True)
    run(tagging.put_tag, asha, ids(shelf)[:1], vip.id, is_on=False)

    assert (vip.name, vip.colour, same) == ("VIP buyer", TagColour.PURPLE, vip)
    assert again.refused == {shelf[0].id: "It has the tag VIP buyer already."}
    assert said(session, shelf[0]) == [
        "put the tag VIP buyer on it",
        "took the tag VIP buyer off it",
    ]
    assert tagging.tags_of(session, ids(shelf)) == {shelf[1].id: [vip], shelf[2].id: [vip]}


def test_a_tag_s_list_follows_the_time_of_placing(
    session: Session, asha: Actor, shelf: list[Order]
) -> None:
    tag = run(tagging.make_tag, asha, "VIP")
    run(tagging.put_tag, asha, ids(shelf)[:1], tag.id, is_on=True)

    session.execute(text("UPDATE orders SET placed_at = placed_at - interval '1 day'"))
    session.commit()

    session.expire_all()
    assert session.exec(select(OrderTag.placed_at)).one() == shelf[0].placed_at


def test_a_tag_is_renamed_retired_and_offered_again(session: Session, asha: Actor) -> None:
    tag = run(tagging.make_tag, asha, "VIP")
    run(tagging.make_tag, asha, "Gift")

    renamed = run(tagging.change_tag, asha, tag.id, name="Vip", colour=TagColour.TEAL)
    with pytest.raises(ConflictError):
        run(tagging.change_tag, asha, tag.id, name="gift")
    for name in ("", "x" * 41, "a\u202eb"):
        with pytest.raises(InvalidInputError):
            run(tagging.make_tag, asha, name)
    run(tagging.change_tag, asha, tag.id, is_retired=True)

    assert [one.name for one in run(tagging.list_tags, asha)] == ["Gift"]
    assert run(tagging.make_tag, asha, "VIP") == renamed
    assert deeds(session) == [
        "tag:created",
        "tag:created",
        "tag:changed",
        "tag:changed",
        "tag:offered",
    ]


def test_a_person_watches_for_themselves(
    session: Session, reader: Actor, shelf: list[Order]
) -> None:
    run(watching.watch, reader, ids(shelf), is_on=True)
    run(watching.watch, reader, ids(shelf)[:1], is_on=False)

    names = [[one.name for one in watching.watchers(session, key)] for key in ids(shelf)]
    assert names == [[], ["Read-only person"], ["Read-only person"]]
    assert session.exec(select(func.count()).select_from(OrderEvent)).one() == 0
