"""The page of programs: made with a role, given a token that is shown once, and switched off."""

from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Role
from crm_app.errors import NotSignedInError, PermissionDeniedError
from crm_app.models import RoleGrant, ServiceAccount
from crm_app.services import api_tokens
from crm_app.ui.services.state import ServicesState
from tests.factories import AccountFactory
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


async def test_a_program_is_made_given_a_token_and_switched_off(
    session: Session, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.ADMIN)
    account = AccountFactory(channel=Channel.AMAZON, name="Main")
    session.commit()
    state = await open_state(ServicesState, "/services", cookie)
    await state.load()
    await state.show_form(True)
    form: dict[str, Any] = {"name": "Warehouse", "purpose": "Packs.", "role": state.usual_role}

    await state.make(form | {state.accounts[0].field: True})
    made, row = state.is_making, state.rows[0]
    await state.ask_token(row.id)
    await state.make_token({"name": "x", "days": "x"})
    mistakes = set(state.mistakes)
    await state.make_token({"name": "nightly", "days": "30", "scope:orders.view": True})
    secret = state.secret
    await state.close_token(False)
    with db.transaction() as reading:
        actor = api_tokens.actor_for(reading, secret, "10.0.0.9")
    await state.switch(row.id, False)

    assert (made, row.name, row.is_active) == (False, "Warehouse", True)
    assert row.about == "Support on Main. Admin Person answers for it."
    assert mistakes == {"scopes"}
    assert actor.label == "Warehouse (token nightly)"
    assert (state.secret, state.token_of.id) == ("", 0)
    assert [(one.is_active, one.tokens) for one in state.rows] == [(False, [])]
    service = session.exec(select(ServiceAccount)).one()
    grant = session.exec(select(RoleGrant).where(RoleGrant.user_id == service.user_id)).one()
    assert grant.account_ids == [account.id]
    with pytest.raises(NotSignedInError), db.transaction() as reading:
        api_tokens.actor_for(reading, secret, "10.0.0.9")


async def test_mistakes_stay_in_the_form_and_nothing_is_kept(
    session: Session, sign_in: SignIn
) -> None:
    state = await open_state(ServicesState, "/services", sign_in(Role.ADMIN))
    await state.load()
    await state.show_form(True)

    await state.make({"name": " ", "purpose": "Packs.", "role": state.usual_role})
    named = set(state.mistakes)
    await state.make({"name": "Warehouse", "purpose": "Packs.", "role": "king"})

    assert (named, state.is_making) == ({"name"}, True)
    assert state.form_failure == "There is no role 0."
    assert session.exec(select(ServiceAccount)).all() == []


async def test_who_does_not_look_after_tokens_sees_none(sign_in: SignIn) -> None:
    state = await open_state(ServicesState, "/services", sign_in(Role.SUPPORT))

    with pytest.raises(PermissionDeniedError):
        await state.load()

    assert state.rows == []
