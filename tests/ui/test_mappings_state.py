"""The page of status words, driven as its own state."""

import pytest
from sqlmodel import Session, select

from crm_app.channels.rereading import REREADERS
from crm_app.channels.woocommerce import mapping
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus as S
from crm_app.domain.permissions import Role
from crm_app.errors import PermissionDeniedError
from crm_app.models import ChannelAccount, Order, Replay, StatusWord
from crm_app.services import replaying
from crm_app.services.importing import save_orders
from crm_app.ui.mappings.state import MappingsState
from tests.channels.orders import woo_order
from tests.factories import AccountFactory
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn

KEY = "order:wc-packed"


@pytest.fixture
def shop(session: Session) -> ChannelAccount:
    account: ChannelAccount = AccountFactory(channel=Channel.WOOCOMMERCE, name="palmonas.com")
    raws = [woo_order(id=n, number=f"#{n}", status="wc-packed") for n in (1, 2)]
    save_orders(session, account, [mapping.to_order(raw, 48) for raw in raws])
    session.commit()
    return account


async def opened(sign_in: SignIn, path: str = "/mappings") -> MappingsState:
    state = await open_state(MappingsState, path, sign_in(Role.ADMIN))
    await state.load()
    return state


def work(session: Session) -> None:
    session.rollback()
    for replay_id in session.exec(select(Replay.id)).all():
        replaying.run(replay_id, REREADERS, budget_s=5)


async def test_words_without_a_meaning_stand_on_top(shop: ChannelAccount, sign_in: SignIn) -> None:
    state = await opened(sign_in)

    (row,) = state.board.reports
    assert state.board.about == "1 word without a meaning"
    # The channel that needs a person is the one that opens.
    assert (state.board.channel, state.board.is_connected) == ("woocommerce", True)
    assert (row.word, row.account, row.orders) == ("wc-packed", "palmonas.com", "2 orders")
    assert row.href == f"/orders?word={shop.id}:order:wc-packed"
    assert [one.text for one in row.examples] == ["#2", "#1"]


async def test_the_address_names_the_channel(sign_in: SignIn) -> None:
    state = await opened(sign_in, "/mappings?channel=flipkart")
    nowhere = await opened(sign_in, "/mappings?channel=teleport")

    assert state.board.channel_label == "Flipkart"
    assert [tab.key for tab in state.board.tabs if tab.is_on] == ["flipkart"]
    assert {row.word for row in state.board.words} >= {"APPROVED", "READY_TO_DISPATCH"}
    assert state.board.about == "every word has a meaning"
    assert "There is no channel" in nowhere.failure


async def test_a_word_gets_a_meaning_is_looked_at_and_applied(
    session: Session, shop: ChannelAccount, sign_in: SignIn
) -> None:
    state = await opened(sign_in)
    await state.edit_reported(f"{shop.id}:{KEY}")
    assert (state.editing.is_open, state.scope_label) == (True, "WooCommerce")

    await state.save({"status": "packed", "scope": "all"})

    assert state.board.reports == []
    assert (state.editing.is_open, state.can_undo, state.can_look) == (False, True, True)
    decided = next(row for row in state.board.words if row.is_decided)
    assert (decided.word, decided.left_over, decided.back_to) == (
        "wc-packed",
        "2 orders",
        "no meaning",
    )
    await state.look()
    assert (state.replay.is_open, state.notice) == (True, "")
    work(session)
    await state.refresh()
    assert state.replay.title == "What would change"
    assert [(move.before.text, move.after.text, move.count) for move in state.replay.moves] == [
        ("Pending", "Packed", "2")
    ]
    assert state.replay.apply_label == "Apply to 2 orders"
    assert set(session.exec(select(Order.status))) == {S.PENDING}

    await state.apply(state.replay.id)
    work(session)
    await state.refresh()

    assert state.replay.sentence.startswith("2 orders changed their status: Admin Person, today")
    session.rollback()
    assert set(session.exec(select(Order.status))) == {S.PACKED}


async def test_a_decision_is_undone_and_done_again(
    session: Session, shop: ChannelAccount, sign_in: SignIn
) -> None:
    state = await opened(sign_in)
    await state.edit_reported(f"{shop.id}:{KEY}")
    await state.save({"status": "packed", "scope": str(shop.id)})

    await state.undo()
    assert session.exec(select(StatusWord)).all() == []
    assert len(state.board.reports) == 1

    await state.edit_reported(f"{shop.id}:{KEY}")
    await state.save({"status": "packed", "scope": "all"})
    await state.edit_word(f"all:{KEY}")
    await state.save({"status": "failed", "scope": "all"})
    await state.undo()
    (row,) = session.exec(select(StatusWord)).all()
    assert row.status is S.PACKED

    await state.take_back(row.id)
    await state.undo()
    session.rollback()
    assert session.exec(select(StatusWord.status)).all() == [S.PACKED]


async def test_mistakes_stand_in_the_dialog(sign_in: SignIn, session: Session) -> None:
    state = await opened(sign_in, "/mappings?channel=woocommerce")

    await state.edit_word("all:order:completed")
    await state.save({"status": "pending", "scope": "all"})
    assert "could never be confirmed" in state.mistakes["status"]
    await state.save({"status": "nonsense", "scope": "all"})

    assert (set(state.mistakes), state.editing.is_open) == ({"status"}, True)
    await state.save({"status": "shipped", "scope": "4711"})
    assert state.form_failure or state.mistakes
    assert session.exec(select(StatusWord)).all() == []


async def test_what_cannot_be_done_is_said_on_the_page(
    session: Session, shop: ChannelAccount, sign_in: SignIn
) -> None:
    state = await opened(sign_in)
    await state.ask_all()
    assert [one.label for one in state.scopes] == ["palmonas.com"]

    await state.look_at_all({"scope": "all"})
    await state.look_at_all({"scope": "all"})

    assert "being read again already" in state.notice
    await state.stop(state.replay.id)
    assert (state.replay.title, state.notice) == ("Reading again was stopped", "")
    await state.take_back(4_711)
    assert "status word" in state.notice


async def test_support_neither_sees_nor_decides(
    session: Session, shop: ChannelAccount, sign_in: SignIn
) -> None:
    state = await open_state(MappingsState, "/mappings", sign_in(Role.SUPPORT))

    for act in (state.load(), state.edit_reported(f"{shop.id}:{KEY}"), state.apply(1)):
        with pytest.raises(PermissionDeniedError):
            await act

    assert (state.board.reports, state.is_loaded) == ([], False)
