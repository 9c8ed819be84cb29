"""The page of alerts, driven without a browser."""

from sqlmodel import Session, select

from crm_app.domain.alert import AlertKind
from crm_app.domain.permissions import Role
from crm_app.models import AccountStatus, AlertChoice, AlertHook, AlertMessage
from crm_app.services.alerts import watching
from crm_app.ui.alerts.state import AlertsState
from tests.factories import AccountFactory
from tests.ui.browser import open_state, tab
from tests.ui.conftest import SignIn


async def test_what_is_open_and_who_is_told(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.ADMIN)
    account = AccountFactory(name="Shop", status=AccountStatus.DISCONNECTED, last_error="revoked")
    session.commit()
    watching.check(session)
    session.commit()
    state = await open_state(AlertsState, "/alerts", cookie)

    await state.load()
    await state.choose("reconnect", "in_app", False)

    (row,) = state.open_rows
    assert (row.sentence, row.href) == (
        "Shop has to be connected again: revoked",
        f"/accounts/{account.id}",
    )
    assert state.count == "1 open, 1 pressing"
    (choice,) = session.exec(select(AlertChoice)).all()
    assert (choice.kind, choice.in_app, choice.by_mail) == (AlertKind.RECONNECT, False, False)
    (person,) = state.people
    assert person.in_app == (
        "silent account, growing queue, ship-by deadline, webhooks off, desk stands still"
    )


async def test_the_secret_of_a_webhook_is_shown_once(session: Session, sign_in: SignIn) -> None:
    state = await open_state(AlertsState, "/alerts", sign_in(Role.ADMIN))
    await state.load()

    await state.set_hook({"url": "no address"})
    mistake = state.url_mistake
    await state.set_hook({"url": "https://hooks.example/crm"})
    shown = state.secret
    await state.forget_secret(False)
    await state.send_test("webhook")

    assert mistake != ""
    assert (state.url_mistake, len(shown) >= 32, state.secret) == ("", True, "")
    assert state.hook.url == "https://hooks.example/crm"
    assert [(row.what, row.state.text) for row in state.messages] == [
        ("A test, by webhook", "Waiting")
    ]
    await state.remove_hook()
    assert session.exec(select(AlertHook)).all() == []


async def test_support_cannot_set_the_webhook_or_send_tests(
    session: Session, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.SUPPORT)
    async with tab(cookie) as opened:
        await opened.call(AlertsState.set_hook, "/alerts", form={"url": "https://evil.example"})
        await opened.call(AlertsState.send_test, "/alerts", way="webhook")

    assert "Your role does not allow this." in opened.said()
    assert session.exec(select(AlertHook)).all() == []
    assert session.exec(select(AlertMessage)).all() == []
