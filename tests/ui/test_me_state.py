"""One's own account on its page, and the sign-ins of others for admins."""

import pytest
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain.permissions import Role
from crm_app.errors import CrmError, NotFoundError, PermissionDeniedError
from crm_app.models import User, UserSession
from crm_app.services import auth, passwords
from crm_app.ui.me.password import PasswordState
from crm_app.ui.me.state import MeState
from crm_app.ui.shared.session import session_token
from crm_app.ui.users.sign_ins import SignInsState
from tests.factories import PASSWORD
from tests.ui.browser import cookie_of, open_state, tab
from tests.ui.conftest import SignIn

NEW = "a river of seven stones"


def again(cookie: str, email: str = "") -> str:
    """Sign the same person in once more; the cookie."""
    with db.transaction() as session:
        user_id = auth.actor_for(session, session_token(cookie)).user_id
        user = session.exec(select(User).where(User.id == user_id)).one()
        found = auth.sign_in(
            session, email=user.email, password=PASSWORD, address="10.0.0.4", device="curl/8"
        )
    assert isinstance(found, auth.SignedIn)
    return cookie_of(found.token)


async def test_own_sign_ins_are_drawn_and_the_others_end(session: Session, sign_in: SignIn) -> None:
    mine = sign_in(Role.READ_ONLY)
    again(mine)
    state = await open_state(MeState, "/me", mine)

    await state.load()
    shown = [(row.device, row.is_this, row.is_news) for row in state.rows]
    await state.end_others()
    await state.load()

    assert shown == [("test", True, False), ("curl", False, True)]
    assert ([row.is_this for row in state.rows], state.has_others) == ([True], False)


async def test_a_tab_with_an_open_socket_is_out_after_its_sign_in_was_ended(
    session: Session, sign_in: SignIn
) -> None:
    mine = sign_in(Role.ADMIN)
    other = again(mine)
    async with tab(other) as stolen:
        await stolen.call(MeState.load, "/me")
        before = len(stolen.shown(MeState)["rows"])
        state = await open_state(MeState, "/me", mine)
        await state.load()
        await state.end(next(row.id for row in state.rows if not row.is_this))
        stolen.deltas.clear()

        await stolen.call(MeState.end_others, "/me")

        assert before == 2
        assert "/login" in stolen.said()
        assert stolen.shown(MeState).get("rows") == []
    state = await open_state(MeState, "/me", mine)
    await state.load()
    assert len(state.rows) == 1


async def test_ending_what_is_not_mine_is_refused(session: Session, sign_in: SignIn) -> None:
    mine, theirs = sign_in(Role.SUPPORT), sign_in(Role.ADMIN)
    with db.transaction() as reading:
        foreign = auth.actor_for(reading, session_token(theirs)).session_id
    state = await open_state(MeState, "/me", mine)

    with pytest.raises(NotFoundError):
        await state.end(foreign or 0)
    admins = await open_state(SignInsState, "/users", mine)
    with pytest.raises(PermissionDeniedError):
        await admins.end_all()

    assert session.exec(select(UserSession.revoked_at)).all() == [None, None]


async def test_the_password_changes_and_none_is_kept_in_the_tab(
    session: Session, sign_in: SignIn
) -> None:
    state = await open_state(PasswordState, "/me", sign_in(Role.SUPPORT))

    await state.change({"current": PASSWORD, "password": NEW, "repeated": NEW + "!"})
    first = dict(state.mistakes)
    await state.change({"current": "wrong", "password": NEW, "repeated": NEW})
    second = dict(state.mistakes)
    await state.change({"current": PASSWORD, "password": "short", "repeated": "short"})
    third = dict(state.mistakes)
    await state.change({"current": PASSWORD, "password": NEW, "repeated": NEW})

    stored = session.exec(select(User.password_hash)).one()
    assert [set(one) for one in (first, second, third)] == [{"repeated"}, {"current"}, {"password"}]
    assert (state.mistakes, state.failure, state.form) == ({}, "", 1)
    assert passwords.is_right(NEW, stored)
    assert NEW not in str(state.dict())


async def test_an_admin_ends_a_person_s_sign_ins(session: Session, sign_in: SignIn) -> None:
    boss, theirs = sign_in(Role.ADMIN), sign_in(Role.SUPPORT)
    with db.transaction() as reading:
        person = auth.actor_for(reading, session_token(theirs))
    state = await open_state(SignInsState, "/users", boss)

    await state.show(person.user_id or 0, person.label)
    shown = len(state.rows)
    await state.end_all()

    assert (shown, state.rows, state.name) == (1, [], "Support Person")
    with pytest.raises(CrmError), db.transaction() as reading:
        auth.actor_for(reading, session_token(theirs))
