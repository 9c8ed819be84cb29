"""Whoever signs in with a provider proves before a grave step, there, that it is still them."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain.permissions import Role
from crm_app.models import User, UserSession
from crm_app.services import auth, leaving, oidc, signed
from tests.api.conftest import forget_confirmations
from tests.api.way import Way, actions
from tests.provider import parameters


@pytest.fixture
def late(way: Callable[..., Way], session: Session, people: dict[Role, User]) -> Callable[..., Way]:
    """A browser in which somebody signed in with the provider long ago."""
    del people

    def make(**changes: Any) -> Way:
        browser = way(**changes)
        browser.go()
        forget_confirmations(session)
        return browser

    return make


def leave(browser: Way) -> str:
    with db.transaction() as session:
        actor = auth.actor_for(session, browser.client.cookies["crm_session"])
        (found,) = oidc.ways_to_confirm(session, actor)
    assert (found.provider_id, found.name) == (browser.row.id, "Our directory")
    return found.leave


def is_confirmed(session: Session) -> bool:
    session.expire_all()
    return any(session.exec(select(UserSession.confirmed_at)).all())


def test_who_signs_in_there_once_more_has_proved_it_and_is_back_where_they_were(
    late: Callable[..., Way], session: Session
) -> None:
    browser = late()
    before = is_confirmed(session)

    ended = browser.go(f"?confirm={leave(browser)}&next=/users?page=2")

    assert (before, ended, is_confirmed(session)) == (False, "/users?page=2", True)
    assert len(session.exec(select(UserSession.id)).all()) == 1  # no new sign-in
    assert actions(session)[-1] == "session:confirmed"


@pytest.mark.parametrize("said", [None, 1, "now", True], ids=["nothing", "long ago", "text", "yes"])
def test_a_provider_that_asked_nobody_anything_proves_nothing(
    late: Callable[..., Way], session: Session, said: object
) -> None:
    browser = late()
    browser.provider.claims["auth_time"] = said

    ended = browser.go(f"?confirm={leave(browser)}")

    assert parameters(ended)["error"] == "sso_refused"
    assert not is_confirmed(session)
    assert "session:confirmed" not in actions(session)


def test_somebody_else_over_there_proves_nothing(
    late: Callable[..., Way], session: Session
) -> None:
    browser = late()
    browser.provider.person["sub"] = "meera-2"

    ended = browser.go(f"?confirm={leave(browser)}")

    assert ended.startswith("/me?")
    assert parameters(ended)["error"] == "sso_other"
    assert not is_confirmed(session)


def test_leave_is_of_one_sign_in_and_for_this_alone(
    late: Callable[..., Way], session: Session
) -> None:
    browser = late()
    given = leave(browser)
    as_link = browser.begin(f"?link={given}")
    made_up = browser.begin("?confirm=made-up")
    url = browser.provider.let_in(browser.begin(f"?confirm={given}"))
    browser.client.post("/auth/logout", headers={"origin": "http://localhost:8000"})

    after = browser.back(url)

    for ended in (as_link, made_up, after):
        assert parameters(ended)["error"] == "sso_late"
    assert not is_confirmed(session)


def test_a_provider_that_is_off_is_not_offered(late: Callable[..., Way], session: Session) -> None:
    browser = late()
    browser.row.is_on = False
    session.add(browser.row)
    session.commit()

    with db.transaction() as opened:
        actor = auth.actor_for(opened, browser.client.cookies["crm_session"])
        assert oidc.ways_to_confirm(opened, actor) == []


def test_a_way_that_was_begun_before_an_update_begins_again(
    way: Callable[..., Way], session: Session
) -> None:
    browser = way()
    claims = {
        "sub": str(browser.row.id),
        "state": "s",
        "nonce": "n",
        "verifier": "v",
        "target": "/",
    }
    browser.client.cookies.set("crm_oidc", signed.sign(claims, "crm-oidc", leaving.WAY_LIFE))

    ended = browser.client.get(f"{browser.path}/callback?state=s&code=c").headers["location"]

    assert parameters(ended)["error"] == "sso_late"
    assert session.exec(select(UserSession.id)).all() == []
