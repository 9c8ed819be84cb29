"""Nobody runs a handler without a session and a permission, by whatever name it is called."""

import inspect
import uuid
from typing import Any

import pytest
from reflex_base.registry import RegisteredEventHandler, RegistrationContext
from sqlmodel import Session, select

from crm_app.crm_app import app
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import ROLE_PERMISSIONS, Permission, Role
from crm_app.models import AuditEntry, Order, StatusIntent, User
from crm_app.services import auth, refusals, users
from crm_app.ui.login.state import LoginState
from crm_app.ui.order.state import OrderState
from crm_app.ui.orders.state import OrdersState
from crm_app.ui.shared.guard import FRAMEWORK_EVENTS, OUR_PACKAGE
from crm_app.ui.shared.permission import Mark, mark_of, public, requires
from crm_app.ui.shared.shell_state import ShellState
from crm_app.ui.users.state import UsersState
from crm_app.ui.welcome.state import WelcomeState
from tests.factories import OrderFactory, UserFactory
from tests.ui.browser import cookie_of, tab
from tests.ui.conftest import SignIn

assert app

HYDRATE = "reflex___state____state.hydrate_and_load"


def _handlers() -> dict[str, RegisteredEventHandler]:
    return RegistrationContext.ensure_context().event_handlers


def _ours() -> dict[str, RegisteredEventHandler]:
    return {
        name: found
        for name, found in _handlers().items()
        if any(cls.__module__.startswith(f"{OUR_PACKAGE}.") for cls in found.states)
    }


def _mark(found: RegisteredEventHandler) -> Mark | None:
    return mark_of(found.handler.fn)


def _payload(found: RegisteredEventHandler) -> dict[str, Any]:
    """Something for each argument: the guard must decide before it is looked at."""
    names = list(inspect.signature(found.handler.fn).parameters)[1:]
    return {name: {"carrier": "x"} if name == "form" else "1" for name in names}


MARKED = sorted(name for name, found in _ours().items() if _mark(found))
UNMARKED = sorted(name for name, found in _ours().items() if not _mark(found))


def test_every_handler_of_ours_carries_a_mark_except_what_reflex_adds() -> None:
    assert len(MARKED) > 15
    assert {name.rpartition(".")[2] for name in UNMARKED} == {"setvar"}


def test_public_handlers_are_the_known_few() -> None:
    found = {name for name in MARKED if (mark := _mark(_ours()[name])) and mark.public_because}

    assert {name.rpartition(".")[0] for name in found} == {
        LoginState.get_full_name(),
        WelcomeState.get_full_name(),
    }


@pytest.mark.parametrize(
    ("handler", "permission"),
    [
        (OrdersState.load, Permission.VIEW_ORDERS),
        (OrderState.take_step, Permission.CHANGE_STATUS),
        (OrderState.answer, Permission.CHANGE_STATUS),
        (OrderState.keep, Permission.CHANGE_STATUS),
        (OrderState.reveal, Permission.SEE_PERSONAL_DATA),
        (UsersState.create, Permission.MANAGE_USERS),
        (UsersState.make_link, Permission.MANAGE_USERS),
    ],
)
def test_handler_asks_for_the_permission_of_what_it_does(
    handler: Any, permission: Permission
) -> None:
    mark = mark_of(handler.fn)

    assert mark is not None
    assert permission in mark.permissions


def test_framework_events_that_pass_exist() -> None:
    assert set(_handlers()) >= FRAMEWORK_EVENTS


@pytest.mark.parametrize("cookie", ["", cookie_of("forged"), "crm_session"], ids=repr)
async def test_stranger_runs_no_handler(session: Session, cookie: str) -> None:
    order = OrderFactory()
    session.commit()

    async with tab(cookie) as opened:
        for name in MARKED + UNMARKED:
            if name.startswith((LoginState.get_full_name(), WelcomeState.get_full_name())):
                continue
            opened.events.clear()
            opened.socket = uuid.uuid4().hex  # or so many at once would be too many clicks
            path = f"/orders/{order.id}?q=a b"
            await opened.send(name, path, **_payload(_ours()[name]))
            expected = "_redirect" if name in MARKED else "Your role does not allow this."
            assert expected in opened.said(), name

    session.refresh(order)
    assert order.status is OrderStatus.CONFIRMED
    assert session.exec(select(StatusIntent)).all() == []
    assert "Meera" not in str(opened.deltas)


async def test_stranger_is_sent_to_sign_in_and_back(database: str) -> None:
    del database
    async with tab() as opened:
        await opened.call(OrdersState.load, "/orders?status=packed&q=a")

    assert "/login?next=%2Forders%3Fstatus%3Dpacked%26q%3Da" in opened.said()
    # Who was never in is not told that anything ended.
    assert "done=over" not in opened.said()


async def test_reader_runs_only_what_reading_needs(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.READ_ONLY)
    order, people = OrderFactory(), len(session.exec(select(User)).all())
    session.commit()
    may = ROLE_PERMISSIONS[Role.READ_ONLY]

    refused: set[str] = set()
    async with tab(cookie) as opened:
        for name in MARKED:
            mark = _mark(_ours()[name])
            assert mark is not None
            if may.issuperset(mark.permissions):
                continue
            # No limit to what is noted: this asks more in a second than a person does in a day.
            refusals.BOUND.forget()
            refused.add(".".join(name.rsplit(".", 2)[-2:]).rpartition("___")[2][:64])
            opened.events.clear()
            opened.deltas.clear()
            opened.socket = uuid.uuid4().hex
            await opened.send(name, f"/orders/{order.id}", **_payload(_ours()[name]))
            assert opened.deltas == [] or not _fields(opened.deltas), name
            if not mark.is_quiet:
                assert "Your role does not allow this." in opened.said(), name

    session.refresh(order)
    assert order.status is OrderStatus.CONFIRMED
    assert len(session.exec(select(User)).all()) == people
    # Each of them left that it was refused, and nothing else.
    entries = session.exec(select(AuditEntry).where(AuditEntry.action != "session:opened")).all()
    assert {one.action for one in entries} == {"event:refused"}
    assert {one.subject_id for one in entries} == refused


def _fields(deltas: list[Any]) -> set[str]:
    """Names of our states in what was sent."""
    return {name for delta in deltas for name in delta if OUR_PACKAGE in name and delta[name]}


async def test_setvar_changes_nothing_for_anybody(sign_in: SignIn) -> None:
    cookie = sign_in(Role.ADMIN)

    async with tab(cookie) as opened:
        for name in UNMARKED:
            opened.socket = uuid.uuid4().hex
            await opened.send(name, var_name="verbs", value=["users.manage"])
        await opened.call(ShellState.setvar, var_name="person", value="Mallory")

    assert "Mallory" not in str(opened.deltas)
    assert opened.said().count("Your role does not allow this.") == len(UNMARKED) + 1


@pytest.mark.parametrize(
    "name",
    [
        "reflex___state____state.setvar",
        "reflex___state____state.reflex___state____update_vars_internal_state.update_vars_internal",
    ],
)
async def test_framework_events_that_write_are_refused(sign_in: SignIn, name: str) -> None:
    assert name in _handlers()
    cookie = sign_in(Role.ADMIN)

    async with tab(cookie) as opened:
        is_internal = name.endswith("internal")
        payload: dict[str, Any] = {"vars": {}} if is_internal else {"var_name": "x", "value": 1}
        await opened.send(name, "/orders", **payload)

    assert "Your role does not allow this." in opened.said()


async def test_deactivated_person_is_out_at_the_next_click(
    session: Session, sign_in: SignIn
) -> None:
    cookie, boss = sign_in(Role.SUPPORT), UserFactory(role=Role.ADMIN)
    OrderFactory()
    session.commit()

    async with tab(cookie) as opened:
        await opened.call(OrdersState.load)
        assert len(opened.shown(OrdersState)["rows"]) == 1
        person = session.exec(select(User).where(User.name == "Support Person")).one()
        users.update_user(session, auth.person(session, boss), person.id or 0, is_active=False)
        session.commit()
        await opened.call(OrdersState.load)

    assert "/login?next=%2Forders&done=over" in opened.said()
    # What was on the screen is taken away as well.
    assert opened.shown(OrdersState)["rows"] == []


async def test_next_person_in_the_tab_gets_nothing_of_the_last(
    session: Session, sign_in: SignIn
) -> None:
    first, second = sign_in(Role.ADMIN), sign_in(Role.READ_ONLY)
    OrderFactory(customer_name="Meera Iyer")
    session.commit()

    async with tab(first) as opened:
        await opened.send(HYDRATE)
        await opened.call(OrdersState.load)
        await opened.call(UsersState.load, "/users")
        assert "Meera Iyer" in str(opened.deltas)
        opened.cookie = second
        opened.deltas.clear()
        await opened.send(HYDRATE, "/login")

    assert "Meera" not in str(opened.deltas)
    assert "palmonas.test" not in str(opened.deltas)


async def test_same_person_keeps_the_page_over_a_reload(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    OrderFactory()
    session.commit()

    async with tab(cookie) as opened:
        await opened.send(HYDRATE, "/login")
        await opened.call(OrdersState.load)
        opened.deltas.clear()
        await opened.send(HYDRATE, "/login")

    assert len(opened.shown(OrdersState)["rows"]) == 1


async def test_support_may_do_the_work(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    order: Order = OrderFactory()
    session.commit()

    async with tab(cookie) as opened:
        await opened.call(OrderState.load, f"/orders/{order.id}")
        await opened.call(OrderState.take_step, f"/orders/{order.id}", status="packed")

    session.refresh(order)
    assert order.status is OrderStatus.PACKED
    assert opened.shown(OrderState)["notice"] == ""


async def test_flood_is_stopped_and_said(database: str) -> None:
    del database
    async with tab() as opened:
        for _ in range(90):
            await opened.call(LoginState.load, "/login")

    assert "Too many clicks at once" in opened.said()


def test_mark_needs_an_async_handler_and_public_a_reason() -> None:
    def waits_in_the_loop(_self: Any) -> None: ...

    with pytest.raises(TypeError, match="must be async"):
        requires()(waits_in_the_loop)
    with pytest.raises(ValueError, match="why it is public"):
        public("")
