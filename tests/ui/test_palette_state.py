"""The palette: what it finds, and for whom."""

from sqlmodel import Session

from crm_app.domain.permissions import Role
from crm_app.services.personal_data import WITHHELD
from crm_app.ui.shared.palette_state import PaletteState
from tests.factories import OrderFactory
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


async def test_orders_are_found_by_what_is_typed(session: Session, sign_in: SignIn) -> None:
    order = OrderFactory(external_id="405-8078784")
    OrderFactory(external_id="171-1")
    session.commit()
    state = await open_state(PaletteState, "/", sign_in(Role.SUPPORT))

    await state.search(" 405-80 ")

    assert state.found_for == "405-80"
    assert [(one.number, one.href) for one in state.orders] == [
        ("405-8078784", f"/orders/{order.id}")
    ]


async def test_one_letter_and_nonsense_find_nothing(session: Session, sign_in: SignIn) -> None:
    OrderFactory()
    session.commit()
    state = await open_state(PaletteState, "/", sign_in(Role.SUPPORT))

    await state.search("4")
    few = list(state.orders)
    await state.search("'; DROP TABLE orders; --" + "x" * 10_000)

    assert (few, state.orders) == ([], [])
    assert len(state.found_for) == 120


async def test_a_reader_sees_no_name(session: Session, sign_in: SignIn) -> None:
    OrderFactory(external_id="405-1")
    session.commit()
    state = await open_state(PaletteState, "/", sign_in(Role.READ_ONLY))

    await state.search("405")

    assert [one.customer for one in state.orders] == [WITHHELD]


async def test_views_of_the_box_are_offered(sign_in: SignIn) -> None:
    state = await open_state(PaletteState, "/", sign_in(Role.SUPPORT))

    await state.look()

    assert "/orders?view=late" in [view.href for view in state.views]
