"""Setting up the second factor on one's own page."""

import pyotp
from sqlmodel import Session, select

from crm_app.domain.permissions import Role
from crm_app.models import User
from crm_app.ui.me.factor import FactorState
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


async def test_it_is_set_up_and_turned_off_and_nothing_secret_stays(
    session: Session, sign_in: SignIn
) -> None:
    state = await open_state(FactorState, "/me", sign_in(Role.SUPPORT))
    await state.load()
    await state.begin()
    secret, picture = state.secret.replace(" ", ""), state.qr

    await state.confirm({"code": "nonsense"})
    mistake = state.mistake
    await state.confirm({"code": pyotp.TOTP(secret).now()})
    shown = (state.is_on, len(state.codes), state.secret, state.qr)
    await state.done()
    await state.ask("off")
    await state.go_on()

    assert picture.startswith("<svg")
    assert mistake.startswith("This code does not fit")
    assert shown == (True, 10, "", "")
    assert (state.is_on, state.codes, state.asked) == (False, [], "")
    assert session.exec(select(User.totp_secret)).one() is None


async def test_new_codes_are_shown_once(sign_in: SignIn) -> None:
    state = await open_state(FactorState, "/me", sign_in(Role.SUPPORT))
    await state.begin()
    await state.confirm({"code": pyotp.TOTP(state.secret.replace(" ", "")).now()})
    first = list(state.codes)

    await state.ask("codes")
    await state.go_on()
    second = list(state.codes)
    await state.load()

    assert (len(first), len(second), set(first) & set(second)) == (10, 10, set())
    assert (state.codes, state.codes_left) == ([], 10)
