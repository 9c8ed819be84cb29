"""Tokens on one's own page."""

import pytest
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain.permissions import Role
from crm_app.errors import NotSignedInError
from crm_app.models import ApiToken
from crm_app.services import api_tokens
from crm_app.ui.me.tokens import TokensState
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


async def test_a_token_is_made_shown_once_and_revoked(session: Session, sign_in: SignIn) -> None:
    state = await open_state(TokensState, "/me", sign_in(Role.READ_ONLY))
    await state.load()
    await state.show_form(True)
    form = {"name": "Till", "days": "7", "scope:orders.view": True}

    mistakes: list[set[str]] = []
    for change in ({"days": "x"}, {"name": ""}, {"scope:orders.view": ""}):
        await state.make(form | change)
        mistakes.append(set(state.mistakes))
    await state.make(form | {"scope:users.manage": True})
    secret, shown = state.secret, [(row.name, row.scopes, row.is_over) for row in state.rows]
    await state.forget_secret()
    with db.transaction() as reading:
        actor = api_tokens.actor_for(reading, secret, "10.0.0.9")
    await state.revoke(state.rows[0].id)

    assert mistakes == [{"days"}, {"name"}, {"scopes"}]
    assert shown == [("Till", "orders.view", False)]
    assert actor.label == "Read-only Person (token Till)"
    assert (state.rows, state.secret, state.verbs) == (
        [],
        "",
        ["dashboard.view", "orders.see_money", "orders.view"],
    )
    assert session.exec(select(ApiToken.revoked_at)).one() is not None
    with pytest.raises(NotSignedInError), db.transaction() as reading:
        api_tokens.actor_for(reading, secret, "10.0.0.9")
