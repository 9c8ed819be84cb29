"""Two people on one order, and two words of one field, as the page shows them."""

import dataclasses

import pytest
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.order_status import OrderStatus as S
from crm_app.domain.permissions import Role
from crm_app.domain.rules import Field, Rule
from crm_app.models import Order, OrderEvent
from crm_app.services import field_rules, importing, merging, orders
from crm_app.services.importing import save_orders
from crm_app.ui.account.rules import RulesState
from crm_app.ui.order.state import OrderState
from tests.factories import AccountFactory, OrderFactory
from tests.services.fakes import at, told
from tests.services.test_field_rules import AWAY, HOME
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn

PARCEL = {"carrier": "BlueDart", "tracking_number": "BD1"}


@pytest.fixture
def order(session: Session) -> Order:
    made: Order = OrderFactory(account=AccountFactory())
    session.commit()
    return made


async def opened(order: Order, cookie: str) -> OrderState:
    state = await open_state(OrderState, f"/orders/{order.id}", cookie)
    async for _ in state.load():
        pass
    return state


def edit(session: Session, actor: Actor, order: Order, name: str, *values: object) -> None:
    session.refresh(order)
    merging.count_change(order)
    row = importing.event_row(
        order.id, "order:edited", actor, {name: list(values)}, version=order.version
    )
    session.add(OrderEvent(**row))
    session.commit()


async def test_what_a_colleague_did_while_the_question_was_open_is_shown_and_typing_kept(
    session: Session, order: Order, admin: Actor, sign_in: SignIn
) -> None:
    state = await opened(order, sign_in(Role.SUPPORT))
    await state.take_step("shipped")
    with db.transaction() as own:
        orders.change_status(own, admin, order.id, S.PACKED)
    # The page reads itself anew behind the question: what the person saw stays what it was.
    await state.refresh()

    await state.answer(PARCEL)
    asked = state.question
    await state.answer(PARCEL)

    assert asked.is_open
    assert [(one.label, one.before, one.after, one.who) for one in asked.changes] == [
        ("Status", "Confirmed", "Packed", "Admin person")
    ]
    assert asked.verb == "Ship all the same"
    session.refresh(order)
    assert not state.question.is_open
    assert (order.status, order.tracking_number) == (S.SHIPPED, "BD1")


async def test_a_tag_of_a_colleague_stands_in_nobody_s_way(
    session: Session, order: Order, admin: Actor, sign_in: SignIn
) -> None:
    state = await opened(order, sign_in(Role.SUPPORT))
    await state.take_step("shipped")
    edit(session, admin, order, "tags", [], ["gift"])

    await state.answer(PARCEL)

    session.refresh(order)
    assert not state.question.is_open
    assert order.status is S.SHIPPED


async def test_a_mistake_stands_at_its_field_and_no_change_is_invented(
    order: Order, sign_in: SignIn
) -> None:
    state = await opened(order, sign_in(Role.SUPPORT))
    await state.take_step("shipped")

    await state.answer({"carrier": "BlueDart", "tracking_number": ""})

    assert set(state.question.mistakes) == {"tracking_number"}
    assert (state.question.changes, state.question.failure) == ([], "")


async def test_both_addresses_stand_beside_each_other_and_one_is_kept(
    session: Session, admin: Actor, sign_in: SignIn
) -> None:
    account = AccountFactory(name="Shop")
    field_rules.set_rule(session, admin, account.id, Field.ADDRESS, Rule.ASK)
    first = told(address=HOME)
    save_orders(session, account, [first])
    session.commit()
    order = session.exec(select(Order)).one()
    orders.change_status(session, admin, order.id, S.PACKED)
    session.commit()
    later = dataclasses.replace(first, address=AWAY, updated_at=at(5), raw={"later": 1})
    save_orders(session, account, [later])
    session.commit()
    state = await opened(order, sign_in(Role.SUPPORT))

    (shown,) = state.disputes
    await state.keep_field("address", "channels")

    assert (shown.ours.status, shown.theirs.status) == (
        "Meera Iyer, 14 Hill Road, Mumbai, 400050",
        "Meera Iyer, 2 Lake View, Pune, 411001",
    )
    assert state.disputes == []
    session.refresh(order)
    assert order.city == "Pune"
    assert state.entries[0].sentence == "took the channel's address"


async def test_an_admin_sets_a_rule_on_the_account_s_page(
    session: Session, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.ADMIN)
    account = AccountFactory()
    session.commit()
    state = await open_state(RulesState, f"/accounts/{account.id}", cookie)
    await state.load()
    before = [(row.name, row.rule, row.by) for row in state.rows]

    await state.set_rule("status", "later")
    await state.set_rule("parcel", "nonsense")

    assert before == [
        ("status", "ask", ""),
        ("parcel", "channels", ""),
        ("address", "channels", ""),
    ]
    assert [row.rule for row in state.rows] == ["later", "channels", "channels"]
    assert state.rows[0].by.endswith("by Admin Person")
    assert field_rules.rule_of(session, account.id, Field.STATUS) is Rule.LATER
