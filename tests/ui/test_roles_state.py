"""The pages of roles and of who has them, driven as a person does."""

import pytest
from sqlmodel import Session, select

from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission, Role
from crm_app.domain.reach import ReachKind
from crm_app.models import AuditEntry, RoleGrant, StaffRole, User, UserSession
from crm_app.services import granting, roles
from crm_app.services.roles import RoleDraft
from crm_app.ui.orders.state import OrdersState
from crm_app.ui.pages import PAGES
from crm_app.ui.roles.draft import DraftState
from crm_app.ui.roles.state import RolesState
from crm_app.ui.roles.view_as import ViewAsState
from crm_app.ui.shared.shell_state import ShellState
from crm_app.ui.users.grants import GrantsState
from crm_app.ui.users.state import UsersState
from tests.factories import (
    AccountFactory,
    OrderFactory,
    OrderLineFactory,
    StaffRoleFactory,
    UserFactory,
    give,
)
from tests.ui.browser import open_state, tab
from tests.ui.conftest import SignIn, SignInAs


async def test_the_matrix_says_who_may_do_what(session: Session, sign_in: SignIn) -> None:
    give(session, UserFactory(role=None), StaffRoleFactory(name="Packer", needs_two_factor=True))
    session.commit()
    state = await open_state(RolesState, "/roles", sign_in(Role.ADMIN))

    await state.load()

    assert [(row.name, row.people) for row in state.rows] == [
        ("Admin", "1 person has it"),
        ("Support", "Nobody has it"),
        ("Read-only", "Nobody has it"),
        ("Packer", "1 person has it"),
    ]
    packer = state.rows[-1]
    assert (packer.sentence, packer.asks_factor, packer.is_built_in) == (
        "May see orders.",
        True,
        False,
    )
    assert {row.word for row in state.verbs} == {one.value for one in Permission}
    held = {row.word: [cell.holds for cell in row.cells] for row in state.verbs}
    assert held["orders.view"] == [True, True, True, True]
    assert held["orders.cancel"] == [True, True, False, False]
    assert [row.group for row in state.verbs if row.group] == [
        "Orders",
        "People and money",
        "Desk",
        "Settings",
    ]
    assert (state.count, state.width) == ("3 built in, 1 of your own", 5)


async def test_a_role_is_made_with_its_meaning_said_at_once(
    session: Session, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.ADMIN)
    state = await open_state(DraftState, "/roles", cookie)

    await state.make()
    assert (state.sentence, state.is_open) == ("May do nothing.", True)
    await state.tick("orders.cancel")
    await state.tick("orders.view")
    await state.tick("no.such.verb")
    assert state.sentence == "May see orders and cancel an order."
    await state.save()
    assert set(state.mistakes) == {"name"}
    await state.rename("Lead")
    await state.describe("Looks after a channel.")
    await state.tick_factor()
    await state.save()

    made = session.exec(select(StaffRole).where(StaffRole.name == "Lead")).one()
    assert (made.verbs, made.needs_two_factor) == (["orders.view", "orders.cancel"], True)
    assert not state.is_open


async def test_a_copy_of_a_built_in_role_can_differ(session: Session, sign_in: SignIn) -> None:
    state = await open_state(DraftState, "/roles", sign_in(Role.ADMIN))
    support = granting.everywhere(session, Role.SUPPORT).role_id

    await state.change(support)
    assert (state.is_built_in, state.name) == (True, "Support")
    await state.tick("orders.cancel")
    await state.save()
    assert "is built in. Copy it" in state.failure
    await state.copy_role(support)
    await state.tick("orders.cancel")
    await state.save()

    copy = session.exec(select(StaffRole).where(StaffRole.name == "Copy of Support")).one()
    assert "orders.cancel" not in copy.verbs
    assert "orders.change_status" in copy.verbs


async def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    session: Session, sign_in: SignIn, admin: Actor
) -> None:
    role = StaffRoleFactory(name="Lead")
    session.commit()
    state = await open_state(DraftState, "/roles", sign_in(Role.ADMIN))
    await state.change(role.id)

    roles.change(session, admin, role.id, RoleDraft("Lead", "Other", ["orders.view"]))
    session.commit()
    await state.describe("Mine")
    await state.save()

    assert "changed this role meanwhile" in state.failure
    session.refresh(role)
    assert role.description == "Other"


async def test_only_what_one_holds_can_be_put_into_a_role(
    session: Session, sign_in_as: SignInAs
) -> None:
    cookie = sign_in_as(["orders.view", "roles.manage"])
    state = await open_state(DraftState, "/roles", cookie)

    await state.make()
    may = {one.word for group in state.groups for one in group.verbs if one.may_give}
    await state.rename("Mine")
    await state.tick("orders.cancel")
    await state.save()

    assert may == {"orders.view", "roles.manage"}
    assert "by who holds all of it" in state.failure
    assert session.exec(select(StaffRole).where(StaffRole.name == "Mine")).all() == []


async def test_a_role_that_somebody_has_is_not_deleted(session: Session, sign_in: SignIn) -> None:
    role = StaffRoleFactory(name="Lead")
    user = UserFactory(role=None)
    give(session, user, role)
    session.commit()
    state = await open_state(RolesState, "/roles", sign_in(Role.ADMIN))
    await state.load()

    await state.ask_remove(role.id)
    assert state.asked_name == "Lead"
    await state.remove()
    assert "1 person has the role Lead" in state.notice
    give(session, user, Role.SUPPORT)
    session.commit()
    await state.ask_remove(role.id)
    await state.remove()

    assert (state.notice, state.asked) == ("", 0)
    assert "Lead" not in [row.name for row in state.rows]


async def test_several_roles_are_given_and_said_in_sum(session: Session, sign_in: SignIn) -> None:
    person: User = UserFactory(name="Kabir Shah", role=Role.READ_ONLY)
    lead = StaffRoleFactory(name="Lead", verbs=["orders.view", "orders.cancel", "users.manage"])
    shop = AccountFactory(name="Shop", channel=Channel.WOOCOMMERCE)
    session.commit()
    state = await open_state(GrantsState, "/users", sign_in(Role.ADMIN))

    await state.show(person.id)
    assert [(one.where, one.what) for one in state.sums] == [
        ("All accounts", "May see orders, see amounts of money and see the dashboard.")
    ]
    await state.add()
    line = state.lines[-1]
    await state.choose_role(line.key, str(lead.id))
    await state.choose_reach(line.key, "channels")
    await state.save()
    assert "Choose at least one" in state.failure
    await state.tick(line.key, "woocommerce")
    # Of the verbs about the whole desk a part is nothing.
    assert [(one.where, one.what) for one in state.sums][1:] == [
        ("WooCommerce", "May cancel an order.")
    ]
    await state.choose_reach(line.key, "accounts")
    await state.tick(line.key, str(shop.id))
    await state.save()

    grants = session.exec(
        select(RoleGrant).where(RoleGrant.user_id == person.id).order_by("id")
    ).all()
    assert [(one.role_id == lead.id, one.reach, one.account_ids) for one in grants] == [
        (False, ReachKind.ALL, []),
        (True, ReachKind.ACCOUNTS, [shop.id]),
    ]
    people = await open_state(UsersState, "/users", state.router.headers.cookie)
    await people.load()
    said = next(row.role_label for row in people.rows if row.id == person.id)
    assert said == "Read-only; Lead on Shop"


@pytest.mark.parametrize("sent", ["king", "", "9" * 30])
async def test_a_role_that_no_form_sends_is_refused(
    session: Session, sign_in: SignIn, sent: str
) -> None:
    person: User = UserFactory(role=Role.SUPPORT)
    session.commit()
    state = await open_state(GrantsState, "/users", sign_in(Role.ADMIN))
    await state.show(person.id)

    await state.choose_role(state.lines[0].key, sent)
    await state.save()

    assert state.failure != ""
    grant = session.exec(select(RoleGrant).where(RoleGrant.user_id == person.id)).one()
    assert grant.role_id == granting.everywhere(session, Role.SUPPORT).role_id


async def test_one_looks_as_a_role_and_the_tab_forgets_what_it_showed(
    session: Session, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.ADMIN)
    OrderFactory(customer_name="Meera Iyer")
    AccountFactory(channel=Channel.FLIPKART)
    session.commit()
    role = granting.everywhere(session, Role.READ_ONLY).role_id

    async with tab(cookie) as opened:
        await opened.call(OrdersState.load)
        assert "Meera Iyer" in str(opened.deltas)
        opened.deltas.clear()
        await opened.call(ViewAsState.ask, "/roles", role_id=role)
        await opened.call(ViewAsState.choose_reach, "/roles", key=0, word="channels")
        await opened.call(ViewAsState.tick, "/roles", key=0, word="amazon")
        await opened.call(ViewAsState.start, "/roles")
        await opened.call(OrdersState.load)
        await opened.call(ShellState.load)

    assert opened.shown(ShellState)["viewing"] == "Read-only on Amazon"
    assert len(opened.shown(OrdersState)["rows"]) == 1
    assert "Meera Iyer" not in str(opened.deltas)
    assert "'path': '/'" in opened.said()


async def test_every_page_opens_for_who_looks_as_an_admin_and_writes_nothing(
    session: Session, sign_in: SignIn
) -> None:
    order = OrderFactory()
    OrderLineFactory(order=order)
    cookie = sign_in(Role.ADMIN)
    role = granting.everywhere(session, Role.ADMIN)
    row = session.exec(select(UserSession)).one()
    row.viewing = {
        "role_id": role.role_id,
        "label": "Admin",
        "reach": "all",
        "channels": [],
        "account_ids": [],
    }
    session.commit()

    async with tab(cookie) as opened:
        for page in PAGES:
            path = page.route.replace("[order_id]", str(order.id))
            path = path.replace("[account_id]", str(order.account_id))
            for load in page.on_load:
                await opened.call(load, path)

    assert "as a role" not in opened.said()
    assert "as a role" not in str(opened.deltas)
    entries = session.exec(select(AuditEntry.action)).all()
    assert set(entries) == {"session:opened"}
