"""The page of an order, driven as a person does."""

from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.permissions import Role
from crm_app.errors import NotFoundError
from crm_app.models import AuditEntry, Order, StatusIntent
from crm_app.ui.order.state import QUICK_MS, SLOW_MS, OrderState, order_id_of
from tests.factories import AccountFactory, CustomerFactory, OrderFactory, OrderLineFactory
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


async def _opened(order: Order | int, cookie: str) -> OrderState:
    order_id = order if isinstance(order, int) else order.id
    state = await open_state(OrderState, f"/orders/{order_id}", cookie)
    await _load(state)
    return state


async def _load(state: Any) -> None:
    async for _ in state.load():
        pass


def _looks(state: OrderState) -> list[str]:
    return [step.look for step in state.travel.steps]


@pytest.fixture
def order(session: Session) -> Order:
    account = AccountFactory()
    made: Order = OrderFactory(
        account=account, customer=CustomerFactory(account=account), external_id="405-1"
    )
    OrderLineFactory(order=made)
    session.commit()
    return made


async def test_page_shows_the_order(order: Order, sign_in: SignIn) -> None:
    state = await _opened(order, sign_in(Role.SUPPORT))

    assert state.phase == "found"
    assert (state.order.number, state.order.total) == ("405-1", "₹1,499.00")
    assert [pill.text for pill in state.order.pills] == ["Confirmed", "Paid", "In sync"]
    assert [(line.title, line.progress) for line in state.lines] == [
        ("Pearl Drop Earrings", "1 to ship")
    ]
    assert state.order.phone.startswith("•")
    assert state.order.address == ["Meera Iyer", "14 Hill Road", "Mumbai"]
    assert [choice.label for choice in state.steps.allowed] == [
        "Mark packed",
        "Ready to ship",
        "Ship…",
    ]
    (refusal,) = state.steps.refused
    assert (refusal.labels, "Seller Central" in refusal.why) == ("Cancel order", True)


async def test_reader_gets_no_address_and_no_buttons(order: Order, sign_in: SignIn) -> None:
    state = await _opened(order, sign_in(Role.READ_ONLY))

    assert (state.steps.allowed, state.order.address, state.order.may_reveal) == ([], [], False)
    assert "Hill Road" not in str(state.dict())
    assert "Meera" not in str(state.dict())


@pytest.mark.parametrize("word", ["99999", "0x1", "1" * 40, "²"])
async def test_unknown_order_is_said(word: str, sign_in: SignIn) -> None:
    state = await open_state(OrderState, f"/orders/{word}", sign_in(Role.SUPPORT))

    await _load(state)

    assert state.phase == "missing"
    assert state.failure.startswith("There is no order")


async def test_plain_step_happens_at_once(session: Session, order: Order, sign_in: SignIn) -> None:
    state = await _opened(order, sign_in(Role.SUPPORT))

    await state.take_step("packed")

    session.refresh(order)
    assert order.status is OrderStatus.PACKED
    assert (state.order.pills[0].text, state.notice) == ("Packed", "")
    assert not state.travel.is_shown


async def test_shipping_asks_for_the_parcel_and_then_travels(
    session: Session, order: Order, sign_in: SignIn
) -> None:
    state = await _opened(order, sign_in(Role.SUPPORT))

    await state.take_step("shipped")
    assert (state.question.is_open, state.question.is_required) == (True, True)
    await state.answer({"carrier": "BlueDart", "tracking_number": ""})
    assert state.question.mistakes == {"tracking_number": "The channel needs a tracking number."}
    await state.answer({"carrier": "BlueDart", "tracking_number": "BD1"})

    session.refresh(order)
    assert (order.status, order.tracking_number) == (OrderStatus.SHIPPED, "BD1")
    assert not state.question.is_open
    assert state.travel.is_open
    assert _looks(state) == ["now", "todo", "todo"]
    assert state.every_ms == QUICK_MS


async def test_travel_is_followed_to_its_end(
    session: Session, order: Order, sign_in: SignIn
) -> None:
    state = await _opened(order, sign_in(Role.SUPPORT))
    await state.take_step("shipped")
    await state.answer({"carrier": "BlueDart", "tracking_number": "BD1"})
    intent = session.exec(select(StatusIntent)).one()
    intent.state = IntentState.CONFIRMED
    session.commit()

    await state.refresh()

    assert _looks(state) == ["done", "done", "done"]
    assert state.travel.sentence == "Amazon shows Shipped: read back and equal."
    assert state.every_ms == SLOW_MS


async def test_rejection_shows_the_channels_words_and_is_decided(
    session: Session, order: Order, sign_in: SignIn
) -> None:
    state = await _opened(order, sign_in(Role.SUPPORT))
    await state.take_step("shipped")
    await state.answer({"carrier": "BlueDart", "tracking_number": "BD1"})
    intent = session.exec(select(StatusIntent)).one()
    intent.state, intent.reason = IntentState.REJECTED, "The carrier code is not known."
    session.refresh(order)
    order.sync_status = SyncStatus.REJECTED
    session.commit()
    await state.refresh()
    assert (state.travel.needs_decision, state.travel.quote) == (
        True,
        "The carrier code is not known.",
    )
    # The decision leads; no other step looks like the next one.
    assert "btn primary" not in [choice.look for choice in state.steps.allowed]

    await state.keep("channels")

    session.refresh(order)
    assert order.status is OrderStatus.CONFIRMED
    assert (state.order.pills[0].text, state.notice) == ("Confirmed", "")


async def test_a_conflict_that_was_decided_asks_nobody_any_more(
    session: Session, order: Order, sign_in: SignIn
) -> None:
    state = await _opened(order, sign_in(Role.SUPPORT))
    await state.take_step("shipped")
    await state.answer({"carrier": "BlueDart", "tracking_number": "BD1"})
    intent = session.exec(select(StatusIntent)).one()
    intent.state, intent.reason = IntentState.NEEDS_PERSON, "The channel says 'CANCELLED' now."
    session.refresh(order)
    order.sync_status, order.status_on_channel = SyncStatus.CONFLICT, OrderStatus.CANCELLED
    session.commit()
    await state.refresh()
    assert _looks(state)[-1] == "bad"
    assert [change.state.text for change in state.changes] == ["Needs a person"]

    await state.keep("channels")

    assert state.travel.steps[-1].name == "Decided"
    assert _looks(state)[-1] == "off"
    assert state.travel.sentence == "Amazon changed the order meanwhile. Both sides agree now."
    assert [change.state.text for change in state.changes] == ["Decided"]


async def test_refused_step_is_explained_and_nothing_changes(
    session: Session, order: Order, sign_in: SignIn
) -> None:
    state = await _opened(order, sign_in(Role.SUPPORT))

    await state.take_step("cancelled")
    await state.take_step("nonsense")
    await state.keep("both")

    session.refresh(order)
    assert order.status is OrderStatus.CONFIRMED
    assert state.notice == "This step is no longer possible."


async def test_one_reason_stands_once_for_all_its_steps(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    order = OrderFactory(fulfilled_by_channel=True)
    session.commit()

    state = await _opened(order, cookie)

    assert state.steps.allowed == []
    assert [refusal.labels for refusal in state.steps.refused] == [
        "Mark packed, Ready to ship, Ship",
        "Cancel order",
    ]


async def test_change_by_somebody_else_is_not_overwritten(
    session: Session, order: Order, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.SUPPORT)
    mine, theirs = await _opened(order, cookie), await _opened(order, cookie)
    await theirs.take_step("ready_to_ship")

    await mine.take_step("packed")

    session.refresh(order)
    assert order.status is OrderStatus.READY_TO_SHIP
    assert mine.notice != ""
    assert mine.order.pills[0].text == "Ready to ship"


async def test_grave_step_asks_once_more(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    order = OrderFactory(account=AccountFactory(channel=Channel.WOOCOMMERCE))
    session.commit()
    state = await _opened(order, cookie)

    await state.take_step("cancelled")
    assert (state.question.is_open, state.question.asks_parcel) == (True, False)
    await state.close_question(False)
    session.refresh(order)
    assert order.status is OrderStatus.CONFIRMED
    await state.take_step("cancelled")
    await state.answer({})

    session.refresh(order)
    assert order.status is OrderStatus.CANCELLED


async def test_reveal_is_shown_kept_over_a_refresh_and_written_down(
    session: Session, order: Order, sign_in: SignIn
) -> None:
    state = await _opened(order, sign_in(Role.SUPPORT))

    await state.reveal()
    await state.refresh()

    assert (state.order.email, state.is_revealed) == ("meera@mail.example", True)
    actions = session.exec(select(AuditEntry.action)).all()
    assert actions.count("customer:contact:revealed") == 1
    await _load(state)
    assert (state.order.email, state.is_revealed) == ("m•••@mail.example", False)


def test_address_names_an_order_by_a_plain_number() -> None:
    assert order_id_of("/orders/42/") == 42
    with pytest.raises(NotFoundError):
        order_id_of("/orders/-1")


async def test_chosen_pieces_leave_as_a_package(
    session: Session, order: Order, sign_in: SignIn
) -> None:
    OrderLineFactory(order=order, position=1, external_id="second", quantity=2, sku="RING-7")
    order.unit_count = 3
    session.commit()
    state = await _opened(order, sign_in(Role.SUPPORT))

    await state.take_step("shipped")
    assert [(piece.sku, piece.left) for piece in state.question.pieces] == [
        ("PDE-18K-RG", 1),
        ("RING-7", 2),
    ]
    parcel = {"carrier": "BlueDart", "tracking_number": "BD-7"}
    await state.answer({"piece-0": "0", "piece-1": "x", **parcel})
    assert "whole number" in state.question.mistakes["lines"]
    await state.answer({"piece-0": "0", "piece-1": "1", **parcel})

    session.refresh(order)
    assert order.status is OrderStatus.CONFIRMED
    assert state.order.pills[0].text == "Partly shipped 1 of 3"
    assert [line.progress for line in state.lines] == ["1 to ship", "1 shipped, 1 to ship"]
    (package,) = state.packages
    assert (package.title, package.number, package.contents) == ("Package 1", "BD-7", "1 × RING-7")
    assert package.state.text == "On its way to Amazon"
    assert package.slip.endswith(f"packing_slip.pdf?package={package.slip.rpartition('=')[2]}")
    assert state.travel.title == "Telling Amazon: a part is shipped"

    await state.take_step("shipped")
    assert [piece.left for piece in state.question.pieces] == [1, 1]


async def test_a_channel_that_takes_a_whole_says_so_in_the_question(
    session: Session, sign_in: SignIn
) -> None:
    order = OrderFactory(account=AccountFactory(channel=Channel.WOOCOMMERCE))
    OrderLineFactory(order=order, quantity=2)
    session.commit()
    state = await _opened(order, sign_in(Role.SUPPORT))

    await state.take_step("shipped")

    assert state.question.pieces == []
    assert "completes an order as a whole" in state.question.explanation
