"""The real state of the list, against the real database."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.permissions import Role
from crm_app.domain.time import now
from crm_app.errors import NotSignedInError
from crm_app.services.order_query import Sort
from crm_app.services.order_search import OrderQuery
from crm_app.services.personal_data import WITHHELD
from crm_app.ui.orders.state import OrdersState, news_text
from tests.factories import PLACED_AT, AccountFactory, OrderFactory
from tests.ui.browser import cookie_of, open_state
from tests.ui.conftest import SignIn


async def test_load_draws_rows_as_texts(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    OrderFactory(
        external_id="405-1",
        is_cod=True,
        line_count=3,
        sync_status=SyncStatus.REJECTED,
        cancel_requested=True,
        ship_by=now() - timedelta(minutes=6, seconds=5),
    )
    session.commit()
    state = await open_state(OrdersState, "/orders", cookie)

    await state.load()

    (row,) = state.rows
    assert (row.number, row.mark, row.tags, row.more) == ("405-1", "AZ", ["COD"], "+2")
    assert (row.customer, row.place, row.total) == ("Meera Iyer", "Mumbai 400050", "₹1,499.00")
    assert (row.status.text, row.sync.text) == ("Confirmed", "Rejected by channel")
    assert row.wish.text == "Cancel asked"
    assert (row.clock.text, row.clock.urgency) == ("6 min late", "late")
    assert row.placed == "18 Nov 12:00" or row.placed.endswith("12:00")
    assert state.is_loaded


async def test_clock_stops_when_the_parcel_left(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    OrderFactory(status=OrderStatus.SHIPPED, ship_by=now() - timedelta(days=1))
    session.commit()
    state = await open_state(OrdersState, "/orders", cookie)

    await state.load()

    assert state.rows[0].clock.text == ""


async def test_reader_sees_no_name(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.READ_ONLY)
    OrderFactory()
    session.commit()
    state = await open_state(OrdersState, "/orders", cookie)

    await state.load()

    assert (state.rows[0].customer, state.rows[0].is_named) == (WITHHELD, False)
    assert "Meera" not in str(state.rows)


async def test_stranger_gets_nothing(session: Session) -> None:
    OrderFactory()
    session.commit()
    state = await open_state(OrdersState, "/orders", cookie_of("forged"))

    with pytest.raises(NotSignedInError):
        await state.load()

    assert state.rows == []


async def test_address_decides_what_is_shown(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    shop = AccountFactory(channel=Channel.WOOCOMMERCE)
    OrderFactory(external_id="one", account=shop, status=OrderStatus.PACKED)
    OrderFactory(external_id="two", status=OrderStatus.PACKED)
    session.commit()
    state = await open_state(OrdersState, "/orders?channel=woocommerce&status=packed", cookie)

    await state.load()

    assert [row.number for row in state.rows] == ["one"]
    assert [(chip.name, chip.value) for chip in state.menus.chips] == [
        ("Channel", "WooCommerce"),
        ("Status", "packed"),
    ]
    assert state.menus.chips[0].href == "/orders?status=packed"
    on = [option for option in state.menus.statuses if option.is_on]
    assert [(option.key, option.href) for option in on] == [
        ("packed", "/orders?channel=woocommerce")
    ]


async def test_wrong_address_says_so_and_keeps_the_filters(sign_in: SignIn) -> None:
    state = await open_state(OrdersState, "/orders?status=flying", sign_in(Role.SUPPORT))

    await state.load()

    assert "flying" in state.failure
    assert (state.rows, state.is_loaded) == ([], True)
    assert len(state.menus.statuses) == len(OrderStatus)


async def test_pages_lead_on_and_back(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    account = AccountFactory()
    for n in range(51):
        OrderFactory(
            account=account, external_id=f"n{n:02}", placed_at=PLACED_AT + timedelta(minutes=n)
        )
    session.commit()
    first = await open_state(OrdersState, "/orders", cookie)
    await first.load()
    second = await open_state(OrdersState, first.pages.next, cookie)

    await second.load()

    assert (first.rows[0].number, first.pages.previous, first.pages.first) == ("n50", "", "")
    assert [row.number for row in second.rows] == ["n00"]
    assert (second.pages.first, second.pages.next) == ("/orders?view=all", "")
    assert second.pages.previous.startswith("/orders?cursor=")


async def test_refresh_moves_nothing_and_tells_of_news(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    account = AccountFactory()
    order = OrderFactory(account=account, external_id="old")
    session.commit()
    state = await open_state(OrdersState, "/orders", cookie)
    await state.load()
    OrderFactory(account=account, external_id="new", placed_at=PLACED_AT + timedelta(hours=1))
    order.status = OrderStatus.SHIPPED
    session.commit()

    await state.refresh()

    assert [(row.number, row.status.text) for row in state.rows] == [("old", "Shipped")]
    assert state.news == "1 new order"


async def test_news_are_told_whatever_the_sort_and_marked_when_shown(
    session: Session, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.SUPPORT)
    account = AccountFactory()
    soon = PLACED_AT + timedelta(hours=4)
    OrderFactory(account=account, external_id="old", ship_by=soon)
    session.commit()
    state = await open_state(OrdersState, "/orders?sort=ship_by&status=confirmed", cookie)
    await state.load()
    late = soon + timedelta(hours=9)
    OrderFactory(account=account, external_id="last", ship_by=late)
    OrderFactory(account=account, external_id="other", status=OrderStatus.SHIPPED)
    session.commit()

    await state.refresh()
    told, before = state.news, [row.number for row in state.rows]
    await state.show_news()
    await state.load()

    assert (told, before) == ("1 new order in this list", ["old"])
    assert [(row.number, "new" in row.tags) for row in state.rows] == [
        ("old", False),
        ("last", True),
    ]
    assert state.news == ""


async def test_news_on_a_deep_page_lead_to_the_first(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    account = AccountFactory()
    for at in range(51):
        placed = PLACED_AT + timedelta(minutes=at)
        OrderFactory(account=account, external_id=f"n{at:02}", placed_at=placed)
    session.commit()
    first = await open_state(OrdersState, "/orders", cookie)
    await first.load()
    second = await open_state(OrdersState, first.pages.next, cookie)
    await second.load()
    OrderFactory(account=account, placed_at=PLACED_AT + timedelta(days=1))
    session.commit()

    await second.refresh()

    assert (second.news, [row.number for row in second.rows]) == ("1 new order", ["n00"])
    assert "/orders?view=all" in str(await second.show_news())


async def test_refresh_dims_what_no_longer_belongs(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    order = OrderFactory(status=OrderStatus.PACKED)
    session.commit()
    state = await open_state(OrdersState, "/orders?status=packed", cookie)
    await state.load()
    order.status = OrderStatus.SHIPPED
    session.commit()

    await state.refresh()

    assert [row.is_gone for row in state.rows] == [True]


async def test_typing_changes_the_address_once(sign_in: SignIn) -> None:
    state = await open_state(OrdersState, "/orders?status=packed", sign_in(Role.SUPPORT))
    await state.load()

    redirect = await state.search_for("  meera ")

    assert "/orders?status=packed&q=meera" in str(redirect)
    assert await state.search_for("") is None


async def test_search_box_follows_back_but_not_typing(sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    state = await open_state(OrdersState, "/orders?q=meera", cookie)
    await state.search_for("meera")
    await state.load()
    typed = state.box
    state._typed = "something else"  # pyright: ignore[reportPrivateUsage] - as after Back

    await state.load()

    assert typed == 0
    assert (state.box, state.text) == (1, "meera")


async def test_days_of_the_form_go_into_the_address(sign_in: SignIn) -> None:
    state = await open_state(OrdersState, "/orders?cursor=x&from=2026-01-01", sign_in(Role.SUPPORT))

    redirect = await state.pick_days({"from": "2026-11-01", "to": "2026-11-03"})

    assert "/orders?from=2026-11-01&to=2026-11-03" in str(redirect)


def test_news_say_how_many_and_whether_they_are_on_top() -> None:
    assert news_text(0, OrderQuery()) == ""
    assert news_text(3, OrderQuery()) == "3 new orders"
    assert news_text(100, OrderQuery()) == "99+ new orders"
    assert news_text(1, OrderQuery(sort=Sort.SHIP_BY)) == "1 new order in this list"
