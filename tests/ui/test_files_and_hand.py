"""The pages of downloads, of an order by hand, and of business details."""

from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Role
from crm_app.errors import PermissionDeniedError
from crm_app.models import BusinessDetails, Download, Order
from crm_app.services.downloads import working
from crm_app.ui.business.state import BusinessState
from crm_app.ui.by_hand.state import ByHandState
from crm_app.ui.downloads.state import QUICK_MS, SLOW_MS, DownloadsState, ExportState
from crm_app.ui.downloads.view import size_text
from tests.factories import CustomerFactory, OrderFactory
from tests.services import bulk_runs as tool
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


def boxes(page: ExportState) -> dict[str, Any]:
    return {one.name: "on" for one in page.columns if one.is_on}


async def test_an_export_is_asked_for_and_appears(session: Session, sign_in: SignIn) -> None:
    OrderFactory()
    OrderFactory(status=OrderStatus.SHIPPED)
    tool.recount(session)
    cookie = sign_in(Role.SUPPORT)
    form = await open_state(ExportState, "/downloads?new=1&status=shipped", cookie)

    await form.load()
    shown = (form.title, form.count)
    await form.ask({**boxes(form), "format": "xlsx"})
    page = await open_state(DownloadsState, "/downloads", cookie)
    await page.load()
    waiting = (page.rows[0].is_active, page.every_ms, page.rows[0].href)
    working.work(page.rows[0].id, budget_s=10)
    await page.load()

    assert shown == ("Orders: Shipped", "1 order")
    assert not form.is_open
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


async def test_the_form_marks_sets_of_columns(session: Session, sign_in: SignIn) -> None:
    form = await open_state(ExportState, "/downloads?new=1", sign_in(Role.ADMIN))
    await form.load()
    usual = len(boxes(form))

    await form.choose("all")
    everything = len(boxes(form))
    await form.choose("none")
    none = len(boxes(form))
    await form.ask({"format": "csv"})

    assert (none, everything) == (0, len(form.columns))
    assert 0 < usual < everything
    assert form.failure.startswith("No order matches")
    assert session.exec(select(Download)).all() == []


async def test_an_address_that_means_nothing_is_said(session: Session, sign_in: SignIn) -> None:
    form = await open_state(ExportState, "/downloads?new=1&status=flying", sign_in(Role.SUPPORT))

    await form.load()
    await form.ask({"format": "pdf-of-gold"})

    assert form.is_open
    assert "flying" in form.failure or "Choose" in form.failure


async def test_a_reader_sees_no_form(session: Session, sign_in: SignIn) -> None:
    form = await open_state(ExportState, "/downloads?new=1", sign_in(Role.READ_ONLY))

    await form.load()

    assert not form.is_open
    with pytest.raises(PermissionDeniedError):
        await form.ask({"format": "csv"})


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
