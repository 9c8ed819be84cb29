"""A grave step on a page: asked for once more who it is, and then done with all that was typed."""

from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import Session, select

from crm_app.domain.permissions import Role
from crm_app.models import ApiToken, User, UserSession
from crm_app.ui.me.tokens import TokensState
from crm_app.ui.shared.confirm import ConfirmState
from crm_app.ui.shared.pending import PendingState
from crm_app.ui.users.state import UsersState
from tests.factories import PASSWORD, UserFactory
from tests.ui import browser
from tests.ui.conftest import SignIn

FORM: dict[str, Any] = {"name": "Till", "days": "7", "scope:orders.view": True}


@pytest.fixture
def late(session: Session, sign_in: SignIn) -> str:
    """The cookie of an admin who signed in long ago."""
    cookie = sign_in(Role.ADMIN)
    session.execute(update(UserSession).values(confirmed_at=None))
    session.commit()
    return cookie


async def test_what_was_typed_is_done_after_the_password(session: Session, late: str) -> None:
    async with browser.tab(late) as tab:
        await tab.call(TokensState.load)
        await tab.call(TokensState.make, form=FORM)
        asked = tab.shown(PendingState)["is_asked"]
        none_yet = session.exec(select(ApiToken)).all()
        session.rollback()
        await tab.call(ConfirmState.prove, form={"password": "wrong"})
        mistake, still = tab.shown(ConfirmState)["mistake"], tab.shown(PendingState)["is_asked"]
        await tab.call(ConfirmState.prove, form={"password": PASSWORD})
        shown = tab.shown(TokensState)

    assert (asked, none_yet, still) == (True, [], True)
    assert mistake == "This is not your password."
    assert tab.shown(PendingState)["is_asked"] is False
    assert shown["secret"].startswith("crm_")
    assert session.exec(select(ApiToken.name)).all() == ["Till"]


async def test_not_now_leaves_everything_as_it_was(session: Session, late: str) -> None:
    async with browser.tab(late) as tab:
        await tab.call(TokensState.load)
        await tab.call(TokensState.make, form=FORM)
        await tab.call(ConfirmState.turn, is_open=False)
        await tab.call(ConfirmState.prove, form={"password": PASSWORD})

    assert tab.shown(PendingState)["is_asked"] is False
    assert session.exec(select(ApiToken)).all() == []


async def test_a_step_that_shows_mistakes_is_held_all_the_same(session: Session, late: str) -> None:
    person = UserFactory(role=Role.SUPPORT)
    session.commit()

    async with browser.tab(late) as tab:
        await tab.call(UsersState.make_link, user_id=person.id)
        early = tab.shown(UsersState)
        await tab.call(ConfirmState.prove, form={"password": PASSWORD})
        shown = tab.shown(UsersState)

    assert (early.get("notice", ""), early.get("secret", "")) == ("", "")
    assert "/welcome" in shown["secret"]


async def test_somebody_else_in_the_tab_finds_nothing_that_waits(
    session: Session, late: str, sign_in: SignIn
) -> None:
    async with browser.tab(late) as tab:
        await tab.call(TokensState.load)
        await tab.call(TokensState.make, form=FORM)
        tab.cookie = sign_in(Role.SUPPORT)
        await tab.send("reflex___state____state.hydrate")
        await tab.call(ConfirmState.prove, form={"password": PASSWORD})

    assert session.exec(select(ApiToken)).all() == []
    assert len(session.exec(select(User)).all()) == 2


async def test_the_dialog_says_which_proofs_there_are(late: str) -> None:
    async with browser.tab(late) as tab:
        await tab.call(ConfirmState.opened)
        await tab.call(ConfirmState.choose, by_code=True)

    assert tab.shown(ConfirmState)["by_code"] is True
    assert tab.shown(ConfirmState).get("has_code", False) is False
