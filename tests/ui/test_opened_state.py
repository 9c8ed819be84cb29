"""An order beside the list: the address holds it, and the list stays as it is."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from crm_app.domain.permissions import Role
from crm_app.ui.order.state import OrderState
from crm_app.ui.orders.opened import OpenedState, opened_id
from crm_app.ui.orders.state import OrdersState
from tests.factories import PLACED_AT, AccountFactory, OrderFactory
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


def three(session: Session) -> list[int]:
    """Ids from the newest to the oldest."""
    account = AccountFactory()
    orders = [
        OrderFactory(account=account, placed_at=PLACED_AT - timedelta(minutes=n)) for n in range(3)
    ]
    session.commit()
    return [order.id for order in orders]


async def open_beside(path: str, cookie: str) -> OpenedState:
    orders = await open_state(OrdersState, path, cookie)
    await orders.load()
    opened = await orders.get_state(OpenedState)
    await opened.follow()
    return opened


async def test_neighbours_are_those_of_the_list(session: Session, sign_in: SignIn) -> None:
    first, middle, last = three(session)

    opened = await open_beside(f"/orders?status=confirmed&open={middle}", sign_in(Role.SUPPORT))

    assert (opened.order_id, opened.place) == (middle, "2 of 3")
    assert opened.previous == f"/orders?status=confirmed&open={first}"
    assert opened.following == f"/orders?status=confirmed&open={last}"
    assert opened.close == "/orders?status=confirmed"


async def test_an_order_of_another_page_opens_without_neighbours(
    session: Session, sign_in: SignIn
) -> None:
    three(session)
    cookie = sign_in(Role.SUPPORT)

    opened = await open_beside("/orders?open=999999", cookie)
    order = await opened.get_state(OrderState)
    async for _ in order.open_order(opened.order_id):
        pass

    assert (opened.place, opened.previous, opened.following) == ("", "", "")
    assert order.phase == "missing"


async def test_opening_reads_the_list_no_second_time(session: Session, sign_in: SignIn) -> None:
    ids = three(session)
    cookie = sign_in(Role.SUPPORT)
    state = await open_state(OrdersState, "/orders", cookie)
    await state.load()
    other = await open_state(OrdersState, f"/orders?open={ids[0]}", cookie)
    state.router = other.router
    state.rows = state.rows[:1]  # what a second reading would undo

    await state.load()
    stayed = len(state.rows)
    await state.load()

    assert stayed == 1
    assert len(state.rows) == 3  # the same address once more is a wish for what is new


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "9" * 19, "١٢"])
def test_what_names_no_order_opens_nothing(text: str) -> None:
    assert opened_id(text) == 0


async def test_the_way_goes_on_over_the_edge_of_a_page(
    session: Session, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_app.ui.orders.state.PAGE_SIZE", 2)
    first, middle, last = three(session)
    cookie = sign_in(Role.SUPPORT)

    opened = await open_beside(f"/orders?status=confirmed&open={middle}", cookie)
    assert opened.previous == f"/orders?status=confirmed&open={first}"
    assert opened.following.startswith("/orders?status=confirmed&")
    assert opened.following.endswith("&open=first")

    orders = await open_state(OrdersState, opened.following, cookie)
    await orders.load()
    there = await orders.get_state(OpenedState)
    led = str(await there.follow())

    assert f"open={last}" in led
    assert "cursor=" in led
