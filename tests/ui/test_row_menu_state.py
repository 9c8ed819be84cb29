"""The small menu at a row, against the real database."""

import pytest
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.permissions import Role
from crm_app.domain.working import HoldReason, Priority
from crm_app.errors import PermissionDeniedError
from crm_app.models import Order, OrderComment, OrderEvent, OrderTag, Tag
from crm_app.services import orders
from crm_app.ui.orders.choosing import ChoosingState
from crm_app.ui.orders.row_menu_state import RowMenuState
from crm_app.ui.orders.state import OrdersState
from tests.factories import AccountFactory, OrderFactory
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


@pytest.fixture
def ids(session: Session) -> list[int]:
    account = AccountFactory()
    made: list[int] = []
    for n in range(3):
        made.append(OrderFactory(account=account, external_id=f"n{n}").id)
    session.commit()
    return made


async def open_menu(cookie: str, kind: str, order_id: int) -> RowMenuState:
    state = await open_state(RowMenuState, "/orders", cookie)
    await (await state.get_state(OrdersState)).load()
    await state.open({"kind": kind, "order": str(order_id), "many": ""})
    return state


def fresh(session: Session, order_id: int) -> Order:
    session.expire_all()
    return session.get_one(Order, order_id)


async def test_taking_an_order_for_oneself(
    session: Session, sign_in: SignIn, ids: list[int]
) -> None:
    menu = await open_menu(sign_in(Role.SUPPORT), "assign", ids[0])
    me = menu.items[0]

    await menu.choose(me.key)

    assert (me.hint, me.is_on, menu.items) == ("You", False, [])
    assert fresh(session, ids[0]).assignee_id == int(me.key)
    assert (menu.done, menu.said, menu.failure) == (1, "Saved", "")


async def test_the_list_shows_what_was_changed(
    session: Session, sign_in: SignIn, ids: list[int]
) -> None:
    cookie = sign_in(Role.SUPPORT)
    menu = await open_menu(cookie, "priority", ids[0])
    await menu.choose("urgent")
    shown = await menu.get_state(OrdersState)

    await shown.refresh()

    row = next(row for row in shown.rows if row.id == ids[0])
    assert row.priority.text == "Urgent"
    assert fresh(session, ids[0]).priority is Priority.URGENT


async def test_a_new_tag_is_made_and_taken_off_again(
    session: Session, sign_in: SignIn, ids: list[int]
) -> None:
    cookie = sign_in(Role.SUPPORT)
    menu = await open_menu(cookie, "tag", ids[0])
    await menu.submit({"text": "gift"})
    tag = session.exec(select(Tag)).one()
    put = session.exec(select(OrderTag.order_id)).all()

    again = await open_menu(cookie, "tag", ids[0])
    shown = [(item.label, item.is_on) for item in again.items]
    await again.choose(str(tag.id))

    assert (put, shown) == ([ids[0]], [("gift", True)])
    session.expire_all()
    assert session.exec(select(OrderTag)).all() == []


async def test_many_are_changed_at_once(session: Session, sign_in: SignIn, ids: list[int]) -> None:
    state = await open_state(RowMenuState, "/orders", sign_in(Role.SUPPORT))
    await (await state.get_state(OrdersState)).load()
    choosing = await state.get_state(ChoosingState)
    await choosing.follow()
    await choosing.pick_page()

    await state.open({"kind": "hold", "order": "", "many": "1"})
    whose = state.whose
    await state.submit({"reason": "stock", "until": "", "note": "by Friday"})

    assert (whose, state.said) == ("3 orders", "3 orders changed")
    held = session.exec(select(Order.hold_reason).where(col(Order.id).in_(ids))).all()
    assert held == [HoldReason.STOCK] * 3


async def test_all_that_match_go_through_a_bulk_change(sign_in: SignIn, ids: list[int]) -> None:
    state = await open_state(RowMenuState, "/orders", sign_in(Role.SUPPORT))
    await (await state.get_state(OrdersState)).load()
    choosing = await state.get_state(ChoosingState)
    await choosing.pick_all()

    answer = await state.open({"kind": "assign", "order": "", "many": "1"})

    assert "begin" in str(answer)
    assert state.items == []


async def test_a_step_that_asks_nothing_is_taken(
    session: Session, sign_in: SignIn, ids: list[int]
) -> None:
    menu = await open_menu(sign_in(Role.SUPPORT), "status", ids[0])

    await menu.choose("packed")

    assert fresh(session, ids[0]).status is OrderStatus.PACKED
    assert menu.said == "Packed: n0"


async def test_shipping_asks_for_the_parcel_first(
    session: Session, sign_in: SignIn, ids: list[int]
) -> None:
    menu = await open_menu(sign_in(Role.SUPPORT), "status", ids[0])
    await menu.choose("shipped")
    asked, before = menu.question.is_open, fresh(session, ids[0]).status

    await menu.submit({"carrier": "", "tracking_number": ""})
    mistakes = set(menu.mistakes)
    await menu.submit({"carrier": "BlueDart", "tracking_number": "BD1"})

    assert (asked, before) == (True, OrderStatus.CONFIRMED)
    assert mistakes == {"carrier", "tracking_number"}
    shipped = fresh(session, ids[0])
    assert (shipped.status, shipped.tracking_number) == (OrderStatus.SHIPPED, "BD1")


async def test_a_comment_is_written(session: Session, sign_in: SignIn, ids: list[int]) -> None:
    menu = await open_menu(sign_in(Role.SUPPORT), "comment", ids[1])

    await menu.submit({"text": "  "})
    refused = menu.failure
    await menu.submit({"text": "Call before noon"})

    assert refused
    comment = session.exec(select(OrderComment)).one()
    assert (comment.order_id, comment.text) == (ids[1], "Call before noon")


@pytest.mark.parametrize(("kind", "choice"), [("assign", "nobody"), ("priority", "urgent")])
async def test_a_reader_changes_nothing(
    session: Session, sign_in: SignIn, ids: list[int], kind: str, choice: str
) -> None:
    menu = await open_menu(sign_in(Role.READ_ONLY), kind, ids[0])

    await menu.choose(choice)

    assert menu.failure == str(PermissionDeniedError())
    order = fresh(session, ids[0])
    assert (order.assignee_id, order.priority) == (None, Priority.NORMAL)
    assert session.exec(select(OrderEvent)).all() == []


async def test_what_no_menu_offers_is_refused(sign_in: SignIn, ids: list[int]) -> None:
    cookie = sign_in(Role.SUPPORT)
    menu = await open_menu(cookie, "explode", ids[0])
    nothing = (menu.kind, menu.items)
    hold = await open_menu(cookie, "hold", ids[0])

    await hold.submit({"reason": "weather"})
    first = hold.failure
    await hold.submit({"reason": "stock", "until": "yesterday"})

    assert nothing == ("", [])
    assert first == "Choose why it is held."
    assert "until" in hold.mistakes


async def test_what_a_colleague_did_meanwhile_is_shown_and_typing_kept(
    session: Session, admin: Actor, sign_in: SignIn, ids: list[int]
) -> None:
    menu = await open_menu(sign_in(Role.SUPPORT), "status", ids[0])
    await menu.choose("shipped")
    with db.transaction() as own:
        orders.change_status(own, admin, ids[0], OrderStatus.PACKED)

    await menu.submit({"carrier": "BlueDart", "tracking_number": "BD1"})
    asked = menu.question
    refused = fresh(session, ids[0]).status
    await menu.submit({"carrier": "BlueDart", "tracking_number": "BD1"})

    assert [(one.label, one.before, one.after) for one in asked.changes] == [
        ("Status", "Confirmed", "Packed")
    ]
    assert (asked.verb, menu.failure, refused) == ("Ship all the same", "", OrderStatus.PACKED)
    assert fresh(session, ids[0]).tracking_number == "BD1"


async def test_a_step_of_a_row_shown_too_long_ago_asks_first_and_theirs_may_stay(
    session: Session, admin: Actor, sign_in: SignIn, ids: list[int]
) -> None:
    menu = await open_menu(sign_in(Role.SUPPORT), "status", ids[0])
    with db.transaction() as own:
        orders.change_status(own, admin, ids[0], OrderStatus.READY_TO_SHIP)

    await menu.choose("shipped")
    await menu.submit({"carrier": "BlueDart", "tracking_number": "BD1"})
    changes = [(one.label, one.after) for one in menu.question.changes]
    await menu.take_theirs()

    assert changes == [("Status", "Ready to ship")]
    assert (menu.kind, menu.done) == ("", 1)
    assert fresh(session, ids[0]).status is OrderStatus.READY_TO_SHIP


async def test_a_disagreement_with_the_channel_is_ended_at_the_row(
    session: Session, sign_in: SignIn
) -> None:
    order = OrderFactory(
        status=OrderStatus.PACKED,
        status_on_channel=OrderStatus.SHIPPED,
        sync_status=SyncStatus.CONFLICT,
    )
    session.commit()
    menu = await open_menu(sign_in(Role.SUPPORT), "status", order.id)
    (shown,) = menu.disputes

    await menu.decide("status", "nobody's")
    refused = menu.failure
    await menu.decide("status", "channels")

    assert (shown.ours.status, shown.theirs.status) == ("Packed", "Shipped")
    assert refused == "This menu offers no such thing."
    settled = fresh(session, order.id)
    assert (settled.status, settled.sync_status) == (OrderStatus.SHIPPED, SyncStatus.IN_SYNC)
