"""The data officer's page."""

import pytest
from sqlmodel import Session, select

from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Role
from crm_app.errors import PermissionDeniedError
from crm_app.models import AccountBasis, DataRequest, RequestState, RetentionRule
from crm_app.services import importing
from crm_app.services.privacy import working
from crm_app.ui.privacy.state import PrivacyState
from tests.factories import AccountFactory
from tests.services.privacy.test_privacy import EMAIL, bought
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


async def test_a_request_from_its_form_to_its_end(session: Session, sign_in: SignIn) -> None:
    account = AccountFactory(channel=Channel.WOOCOMMERCE, name="Shop")
    session.commit()
    importing.save_orders(session, account, [bought()])
    session.commit()
    state = await open_state(PrivacyState, "/privacy", sign_in(Role.ADMIN))
    await state.load()

    await state.take_down({"subject": "nobody@example.com", "kind": "erase", "source": "mail"})
    nobody = state.notice
    await state.take_down({"subject": EMAIL, "kind": "erase", "source": "mail"})
    (row,) = state.rows
    await state.ask(row.id)
    await state.carry_out()
    working.work(row.id)
    await state.refresh()

    assert nobody == "Nothing is kept of this person."
    assert (row.kind, row.orders, row.is_open, row.who) == ("Erase", "1", True, EMAIL)
    (ended,) = state.rows
    assert (ended.state.text, ended.who) == ("Done", "no longer kept")
    assert ended.did.startswith("Erased: 1 orders")


async def test_a_refusal_needs_a_reason(session: Session, sign_in: SignIn) -> None:
    account = AccountFactory(channel=Channel.WOOCOMMERCE)
    session.commit()
    importing.save_orders(session, account, [bought()])
    session.commit()
    state = await open_state(PrivacyState, "/privacy", sign_in(Role.ADMIN))
    await state.take_down({"subject": EMAIL, "kind": "export"})
    await state.ask(state.rows[0].id)
    await state.refuse({"why": " "})
    unsaid = state.notice
    await state.ask(state.rows[0].id)
    await state.refuse({"why": "Not the person"})

    assert unsaid == "Say why."
    request = session.exec(select(DataRequest)).one()
    assert (request.state, request.note) == (RequestState.REFUSED, "Not the person")


async def test_times_and_bases_are_kept(session: Session, sign_in: SignIn) -> None:
    account = AccountFactory(channel=Channel.SWIGGY, name="Relay")
    session.commit()
    state = await open_state(PrivacyState, "/privacy", sign_in(Role.ADMIN))
    await state.load()
    rules = {row.channel: (row.contact, row.payload) for row in state.rules}

    await state.keep_rule({"channel": "swiggy", "contact": "x"})
    wrong = state.notice
    await state.keep_rule({"channel": "swiggy", "contact": "90", "payload": ""})
    await state.keep_basis({"account": str(account.id), "basis": "consent", "note": "At checkout"})

    assert (rules["amazon"], rules["swiggy"]) == (("30", "30"), ("", ""))
    assert wrong == "A whole number of days, or nothing."
    rule = session.exec(select(RetentionRule)).one()
    assert (rule.channel, rule.contact_days, rule.payload_days) == (Channel.SWIGGY, 90, None)
    assert session.exec(select(AccountBasis)).one().note == "At checkout"


async def test_nobody_else_reads_or_does_any_of_it(session: Session, sign_in: SignIn) -> None:
    state = await open_state(PrivacyState, "/privacy", sign_in(Role.SUPPORT))

    for act in (
        state.load(),
        state.take_down({"subject": EMAIL}),
        state.carry_out(),
        state.keep_rule({"channel": "swiggy"}),
        state.keep_basis({}),
    ):
        with pytest.raises(PermissionDeniedError):
            await act

    assert session.exec(select(DataRequest)).all() == []
