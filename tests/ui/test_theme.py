"""The theme follows the person from browser to browser."""

import pytest
from sqlmodel import Session, select

from crm_app.domain.permissions import Role
from crm_app.errors import InvalidInputError
from crm_app.models import UserPreference
from crm_app.services import themes
from crm_app.ui.shared.shell_state import ShellState
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


async def test_a_theme_is_kept_for_the_person_and_for_nobody_else(
    session: Session, sign_in: SignIn
) -> None:
    mine, others = sign_in(Role.SUPPORT), sign_in(Role.READ_ONLY)
    here = await open_state(ShellState, "/", mine)
    await here.load()
    before = here.theme
    await here.choose_theme("dark")
    elsewhere = await open_state(ShellState, "/orders", mine)
    stranger = await open_state(ShellState, "/", others)

    await elsewhere.load()
    await stranger.load()

    assert (before, here.theme, elsewhere.theme, stranger.theme) == ("", "dark", "dark", "")


async def test_no_other_theme_is_kept(session: Session, sign_in: SignIn) -> None:
    shell = await open_state(ShellState, "/", sign_in(Role.SUPPORT))

    with pytest.raises(InvalidInputError):
        await shell.choose_theme("<script>")

    kept = session.exec(select(UserPreference).where(UserPreference.name == themes.PREFERENCE))
    assert kept.all() == []
