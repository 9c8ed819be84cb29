"""The bell: a person's own notices, and what they have read of them."""

from sqlmodel import Session, select

from crm_app.domain.permissions import Role
from crm_app.models import User
from crm_app.services import notices
from crm_app.ui.shared.bell_state import BellState
from crm_app.ui.shared.shell_state import ShellState
from tests.ui.browser import open_state, tab
from tests.ui.conftest import SignIn


def tell(session: Session, *keys: str) -> None:
    person = session.exec(select(User)).one()
    for key in keys:
        notices.tell(
            session, [person.id], kind="mention", sentence=f"About {key}", href="/orders/5", key=key
        )
    session.commit()


async def test_opening_shows_the_newest_and_reading_counts_down(
    session: Session, sign_in: SignIn
) -> None:
    state = await open_state(BellState, "/orders", sign_in(Role.READ_ONLY))
    tell(session, "a", "b")

    await state.look(True)
    shell = await state.get_state(ShellState)
    before = shell.unread
    await state.read(state.rows[0].id)

    assert [(row.sentence, row.is_read) for row in state.rows] == [
        ("About b", True),
        ("About a", False),
    ]
    assert (before, shell.unread) == ("2", "1")


async def test_all_are_marked_but_not_what_came_later(session: Session, sign_in: SignIn) -> None:
    state = await open_state(BellState, "/orders", sign_in(Role.SUPPORT))
    tell(session, "a", "b")
    await state.look(True)
    tell(session, "c")

    await state.read_all()

    assert all(row.is_read for row in state.rows)
    assert (await state.get_state(ShellState)).unread == "1"


async def test_closing_reads_nothing(session: Session, sign_in: SignIn) -> None:
    state = await open_state(BellState, "/orders", sign_in(Role.SUPPORT))
    tell(session, "a")

    await state.look(False)

    assert state.rows == []


async def test_nobody_who_is_not_signed_in_looks_behind_it(session: Session) -> None:
    async with tab() as opened:
        await opened.call(BellState.look, is_open=True)

    assert opened.shown(BellState).get("rows", []) == []
    assert "/login" in opened.said()
