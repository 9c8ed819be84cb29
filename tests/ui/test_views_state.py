"""The list through a view, its menu and its dialog, with the real states."""

import pytest
from sqlmodel import Session, select

from crm_app.domain.permissions import Role
from crm_app.models import SavedView
from crm_app.services import view_lists
from crm_app.ui.orders.state import OrdersState
from crm_app.ui.orders.views_state import ViewsState
from crm_app.ui.shared.sidebar_state import SidebarState
from tests.factories import AccountFactory, CustomerFactory, OrderFactory, OrderLineFactory
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    view_lists.forget_counts()


async def opened(path: str, cookie: str) -> tuple[OrdersState, ViewsState]:
    orders = await open_state(OrdersState, path, cookie)
    await orders.load()
    found = await orders.get_state(ViewsState)
    await found.follow()
    return orders, found


async def test_a_view_is_drawn_with_its_name_and_what_differs(
    session: Session, sign_in: SignIn
) -> None:
    OrderFactory(external_id="held", on_hold=True, city="Pune")
    OrderFactory(external_id="held too", on_hold=True)
    OrderFactory(external_id="free", city="Pune")
    session.commit()

    orders, shown = await opened("/orders?view=hold&city=-Mumbai", sign_in(Role.SUPPORT))

    assert [row.number for row in orders.rows] == ["held"]
    assert orders.title == "On hold"
    assert [(chip.name, chip.value) for chip in orders.menus.chips] == [
        ("City", "not Mumbai"),
        ("On hold", "yes"),
    ]
    # Taking away what the view itself asks for is written down.
    assert orders.menus.chips[1].href == "/orders?view=hold&hold=*&city=-Mumbai"
    assert (shown.shown.name, shown.shown.is_modified) == ("On hold", True)
    assert [row.name for row in shown.rows if row.is_on] == ["On hold"]


async def test_the_dialog_saves_and_warns_before_it_replaces(
    session: Session, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.ADMIN)
    _, mine = await opened("/orders?cod=yes", cookie)
    await mine.open_new()
    await mine.save({"name": "COD", "colour": "ok", "shared": "on"})
    assert not mine.form.is_open
    row = session.exec(select(SavedView)).one()
    assert (row.name, row.colour, row.is_shared, row.params) == ("COD", "ok", True, {"cod": "yes"})

    _, first = await opened(f"/orders?view={row.id}&hold=no", cookie)
    _, second = await opened(f"/orders?view={row.id}&hold=yes", cookie)
    await first.open_edit()
    await second.save_changes()
    await first.save({"name": "COD", "colour": "ok", "shared": "on"})

    assert first.form.is_open
    assert "Admin Person changed this view" in first.form.failure
    session.expire_all()
    assert session.exec(select(SavedView.params)).one() == {"cod": "yes", "hold": "yes"}
    await first.save({"name": "COD", "colour": "ok", "shared": "on"})
    session.expire_all()
    assert session.exec(select(SavedView.params)).one() == {"cod": "yes", "hold": "no"}


async def test_a_view_without_a_name_is_asked_for_one(session: Session, sign_in: SignIn) -> None:
    _, state = await opened("/orders", sign_in(Role.SUPPORT))
    await state.open_new()

    await state.save({"name": "   "})

    assert (state.form.is_open, session.exec(select(SavedView)).all()) == (True, [])
    assert "Give the view a name" in state.form.failure


async def test_the_list_opens_with_the_view_that_a_person_chose(
    session: Session, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.SUPPORT)
    _, state = await opened("/orders?view=late", cookie)
    await state.open_first(True)

    plain = await open_state(OrdersState, "/orders", cookie)
    every = await open_state(OrdersState, "/orders?view=all", cookie)

    assert "/orders?view=late" in str(await plain.load())
    assert await every.load() is None
    assert every.is_loaded


async def test_pins_decide_the_sidebar(session: Session, sign_in: SignIn) -> None:
    OrderFactory(on_hold=True)
    session.commit()
    _, state = await opened("/orders?view=hold", sign_in(Role.SUPPORT))
    sidebar = await state.get_state(SidebarState)
    await sidebar.load()
    assert [(row.key, row.count) for row in sidebar.views if row.is_on] == [("hold", "1")]

    await state.pin("hold", False)
    await sidebar.renew()

    assert "hold" not in [row.key for row in sidebar.views]
    assert len(sidebar.views) == 9


async def test_a_search_says_what_it_matched(session: Session, sign_in: SignIn) -> None:
    shop = AccountFactory()
    buyer = CustomerFactory(account=shop, phone_digits="919820400050")
    OrderFactory(account=shop, external_id="by-phone", customer=buyer, pincode="")
    OrderFactory(account=shop, external_id="by-pincode", pincode="400050")
    OrderFactory(account=shop, external_id="by-tracking", tracking_number="400050777", pincode="")
    line = OrderFactory(account=shop, external_id="by-sku", pincode="")
    OrderLineFactory(order=line, sku="400050-RG")
    OrderFactory(account=shop, external_id="400050", pincode="")
    OrderFactory(account=shop, external_id="no", pincode="1")
    session.commit()

    orders, _ = await opened("/orders?q=400050", sign_in(Role.SUPPORT))

    assert {row.number: row.tags for row in orders.rows} == {
        "by-phone": ["by phone"],
        "by-pincode": ["by pincode"],
        "by-tracking": ["by tracking number"],
        "by-sku": ["by SKU"],
        "400050": [],
    }
    assert orders.found_by == (
        "Found by order number (1), tracking number (1), pincode (1), SKU (1), phone (1)"
    )
    assert (orders.total, orders.total_is_exact) == (5, True)


async def test_who_sees_no_people_learns_nothing_by_searching(
    session: Session, sign_in: SignIn
) -> None:
    shop = AccountFactory()
    buyer = CustomerFactory(account=shop, phone_digits="919820400050")
    OrderFactory(account=shop, customer=buyer, pincode="400050")
    session.commit()

    orders, _ = await opened("/orders?q=400050", sign_in(Role.READ_ONLY))

    assert (orders.rows, orders.total) == ([], 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * 10_000, "Nothing was searched: that text has 10,000 characters"),
        ("\u200b\u2060", "only characters that nobody can see"),
    ],
)
async def test_what_cannot_be_searched_is_told(
    session: Session, sign_in: SignIn, text: str, said: str
) -> None:
    orders, _ = await opened("/orders", sign_in(Role.SUPPORT))

    assert await orders.search_for(text) is None

    assert said in orders.notes[0]


async def test_forms_narrow_the_list(session: Session, sign_in: SignIn) -> None:
    orders, _ = await opened("/orders?view=hold", sign_in(Role.SUPPORT))

    async def leads(form: dict[str, object]) -> str:
        return str(await orders.narrow(form))

    assert "/orders?view=hold&city=-Pune" in await leads(
        {"facet": "city", "value": "Pune", "not": "on"}
    )
    assert "/orders?view=hold&amount=500..2000" in await leads(
        {"facet": "amount", "from": "500", "to": "2000"}
    )
    assert "due=..2026-11-22" in str(await orders.pick_due({"from": "", "to": "2026-11-22"}))
