"""The pages of downloads, of an order by hand, and of business details."""

from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Role
from crm_app.errors import PermissionDeniedError
from crm_app.models import BusinessDetails, Download, DownloadPart, Order
from crm_app.services.downloads import working
from crm_app.ui.business.state import BusinessState
from crm_app.ui.by_hand.state import ByHandState
from crm_app.ui.downloads.state import QUICK_MS, SLOW_MS, DownloadsState
from crm_app.ui.downloads.view import size_text
from crm_app.ui.orders.choosing import ChoosingState
from crm_app.ui.orders.export_state import ExportState
from crm_app.ui.orders.state import OrdersState
from tests.factories import CustomerFactory, OrderFactory
from tests.services import bulk_runs as tool
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


def keys(page: ExportState) -> list[str]:
    return [one.key for one in page.columns]


async def test_an_export_is_asked_for_and_appears(session: Session, sign_in: SignIn) -> None:
    OrderFactory()
    OrderFactory(status=OrderStatus.SHIPPED)
    tool.recount(session)
    cookie = sign_in(Role.SUPPORT)
    form = await open_state(ExportState, "/downloads?new=1&status=shipped", cookie)

    await form.load()
    shown = (form.title, form.count)
    await form.choose_format("xlsx")
    await form.ask()
    page = await open_state(DownloadsState, "/downloads", cookie)
    await page.load()
    waiting = (page.rows[0].is_active, page.every_ms, page.rows[0].href)
    working.work(page.rows[0].id, budget_s=10)
    await page.load()

    assert shown == ("Orders: Shipped", "1 order")
    assert not form.is_page
    assert waiting == (True, QUICK_MS, "")
    (row,) = page.rows
    assert (row.format, row.orders, row.state.text, page.every_ms) == (
        "Excel",
        "1",
        "Ready",
        SLOW_MS,
    )
    assert row.href == f"/api/v1/exports/{row.id}/file"
    await page.remove(row.id)
    await page.load()
    assert page.rows == []


async def test_the_form_has_sets_of_columns(session: Session, sign_in: SignIn) -> None:
    form = await open_state(ExportState, "/downloads?new=1", sign_in(Role.ADMIN))
    await form.load()
    usual = keys(form)

    await form.choose("all")
    everything, none_left = len(form.columns), form.others
    await form.choose("none")
    none, left = len(form.columns), len(form.others)
    await form.ask()

    assert (none, none_left, left) == (0, [], everything)
    assert 0 < len(usual) < everything
    assert form.failure.startswith("No order matches")
    assert session.exec(select(Download)).all() == []


async def test_columns_are_ticked_put_in_order_and_remembered(
    session: Session, sign_in: SignIn
) -> None:
    OrderFactory(order_number="407-1")
    session.commit()
    cookie = sign_in(Role.SUPPORT)
    form = await open_state(ExportState, "/orders", cookie)
    await form.open_list()
    await form.choose("none")
    for key in ("total", "tags", "number", "tags"):
        await form.put(key)

    await form.move("number", -5)
    await form.choose_format("json")
    elsewhere = await open_state(ExportState, "/orders", cookie)
    await elsewhere.open_list()
    await elsewhere.ask()

    assert [(one.key, one.place, one.can_rise, one.can_sink) for one in elsewhere.columns] == [
        ("number", "1", False, True),
        ("total", "2", True, False),
    ]
    assert (elsewhere.format, elsewhere.is_dialog) == ("json", False)
    (download,) = session.exec(select(Download)).all()
    assert (download.format.value, download.settings["columns"]) == ("json", ["number", "total"])


async def test_chosen_orders_are_exported_as_they_stand_in_the_list(
    session: Session, sign_in: SignIn
) -> None:
    first, second, _ = (OrderFactory(total_minor=minor) for minor in (500, 900, 700))
    tool.recount(session)
    orders = await open_state(OrdersState, "/orders?sort=-total", sign_in(Role.SUPPORT))
    await orders.load()
    choosing = await orders.get_state(ChoosingState)
    await choosing.follow()
    for order in (first, second):
        await choosing.pick(order.id, {})
    form = await orders.get_state(ExportState)

    await form.open_chosen()
    title = form.title
    await form.ask()
    await form.ask()  # the same press, sent twice

    (download,) = session.exec(select(Download)).all()
    (part,) = session.exec(select(DownloadPart)).all()
    assert (title, download.title, download.total) == ("2 chosen orders", "2 chosen orders", 2)
    assert part.order_ids == [second.id, first.id]


async def test_all_but_some_are_exported(session: Session, sign_in: SignIn) -> None:
    left_out = OrderFactory()
    for _ in range(2):
        OrderFactory()
    tool.recount(session)
    orders = await open_state(OrdersState, "/orders", sign_in(Role.SUPPORT))
    await orders.load()
    choosing = await orders.get_state(ChoosingState)
    await choosing.follow()
    await choosing.pick_all()
    await choosing.pick(left_out.id, {})
    form = await orders.get_state(ExportState)

    await form.open_chosen()
    count = form.count
    await form.ask()

    (download,) = session.exec(select(Download)).all()
    (part,) = session.exec(select(DownloadPart)).all()
    assert (count, download.title) == ("2 orders", "All orders, but for 1")
    assert left_out.id not in part.order_ids
    assert download.total == 2


async def test_an_address_that_means_nothing_is_said(session: Session, sign_in: SignIn) -> None:
    OrderFactory()
    session.commit()
    form = await open_state(ExportState, "/downloads?new=1&status=flying", sign_in(Role.SUPPORT))

    await form.load()
    await form.ask()

    assert form.is_page
    assert "flying" in form.failure
    assert session.exec(select(Download)).all() == []


async def test_a_reader_sees_no_form(session: Session, sign_in: SignIn) -> None:
    form = await open_state(ExportState, "/downloads?new=1", sign_in(Role.READ_ONLY))

    await form.load()

    assert not form.is_page
    for deed in (form.ask, form.open_list, form.open_chosen):
        with pytest.raises(PermissionDeniedError):
            await deed()
    assert session.exec(select(Download)).all() == []


@pytest.mark.parametrize(
    ("size", "said"), [(0, "0 B"), (900, "900 B"), (1536, "1.5 kB"), (50 << 20, "50 MB")]
)
def test_sizes_are_short(size: int, said: str) -> None:
    assert size_text(size) == said


def typed(page: ByHandState, **values: str) -> dict[str, Any]:
    key = page.lines[0].key
    return {
        "source": "Phone",
        "name": "Meera Iyer",
        "payment": "paid",
        f"title-{key}": "Ring",
        f"quantity-{key}": "1",
        f"price-{key}": "500",
        **values,
    }


async def test_an_order_is_written_and_edited(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    page = await open_state(ByHandState, "/orders/new", cookie)
    await page.load()

    await page.save(typed(page, name="", phone="none"))
    mistakes = dict(page.mistakes)
    await page.save(typed(page))
    await page.save(typed(page))  # the same press, sent twice
    order = session.exec(select(Order)).one()
    editing = await open_state(ByHandState, f"/orders/{order.id}/edit", cookie)
    await editing.load()
    await editing.save({**editing.values, **typed(editing, name="Meera I.")})

    assert set(mistakes) == {"name", "phone"}
    assert editing.is_edit
    session.refresh(order)
    assert (order.customer_name, order.total_minor) == ("Meera I.", 50_000)


async def test_lines_come_and_go_and_mistakes_stand_at_theirs(
    session: Session, sign_in: SignIn
) -> None:
    page = await open_state(ByHandState, "/orders/new", sign_in(Role.SUPPORT))
    await page.load()
    await page.add_line()
    second = page.lines[1].key

    await page.save(typed(page, **{f"title-{second}": "Chain", f"quantity-{second}": "0"}))

    assert page.lines[0].mistake == ""
    assert page.lines[1].mistake == "A whole number from 1. It needs a price; 0 for a gift."
    await page.drop_line(second)
    await page.save(typed(page))
    assert session.exec(select(Order.line_count)).one() == 1


async def test_a_known_buyer_fills_the_form(session: Session, sign_in: SignIn) -> None:
    customer = CustomerFactory()
    OrderFactory(customer=customer, ship_to={"line1": "14 Hill Road", "city": "Mumbai"})
    session.commit()
    page = await open_state(ByHandState, "/orders/new", sign_in(Role.SUPPORT))
    await page.load()

    await page.find("meera")
    (row,) = page.found
    await page.take(row.id)

    assert "98200" not in row.about
    assert (page.values["phone"], page.values["line1"]) == ("+919820012345", "14 Hill Road")
    assert page.found == []


async def test_an_order_of_a_channel_has_no_form(session: Session, sign_in: SignIn) -> None:
    order = OrderFactory()
    session.commit()
    page = await open_state(ByHandState, f"/orders/{order.id}/edit", sign_in(Role.SUPPORT))

    await page.load()

    assert (page.phase, page.failure) == (
        "failed",
        "Amazon wrote this order: only it can change it.",
    )


async def test_business_details_are_saved_for_all(session: Session, sign_in: SignIn) -> None:
    page = await open_state(BusinessState, "/business", sign_in(Role.ADMIN))
    await page.load()

    await page.save({"legal_name": "Palmonas", "series": "PAL", "gstin": "27X"})
    mistakes = dict(page.mistakes)
    await page.save({"legal_name": "Palmonas", "series": "PAL", "gstin": "27AAPFU0939F1ZV"})

    assert set(mistakes) == {"gstin"}
    assert (page.values["state"], page.version, page.mistakes) == ("Maharashtra", 1, {})
    assert session.exec(select(BusinessDetails.series)).one() == "PAL"


async def test_business_details_are_an_admins(session: Session, sign_in: SignIn) -> None:
    page = await open_state(BusinessState, "/business", sign_in(Role.SUPPORT))

    with pytest.raises(PermissionDeniedError):
        await page.save({"legal_name": "Mine", "series": "MINE"})

    assert session.exec(select(BusinessDetails)).all() == []
