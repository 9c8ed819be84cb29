"""Linking oneself with a provider of single sign-on, from one's own account."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain.permissions import Role
from crm_app.models import User, UserIdentity
from crm_app.services import auth, oidc
from tests.api.way import ME, Way, actions, written
from tests.factories import PASSWORD
from tests.provider import parameters

OURS = {"origin": "http://localhost:8000"}


@pytest.fixture
def linking(way: Callable[..., Way], people: dict[Role, User]) -> Callable[..., Way]:
    """A browser in which the admin is signed in, with a proof of their password."""

    def make(**changes: Any) -> Way:
        browser = way(**changes)
        form = {"email": people[Role.ADMIN].email, "password": PASSWORD}
        browser.client.post("/auth/login", data=form, headers=OURS)
        return browser

    return make


def proof(browser: Way, password: str = PASSWORD) -> str | auth.Refused:
    with db.transaction() as session:
        actor = auth.actor_for(session, browser.client.cookies["crm_session"])
        return oidc.ask_to_link(session, actor, browser.row.id, password)


def test_an_admin_links_themselves_and_then_signs_in(
    linking: Callable[..., Way], session: Session
) -> None:
    browser = linking()

    ended = browser.go(f"?link={proof(browser)}")
    browser.client.cookies.clear()

    assert ended == f"/me?linked={browser.row.id}"
    assert browser.go() == "/"
    assert browser.client.get(ME).json()["email"] == "admin@palmonas.test"
    assert actions(session).count("identity:linked") == 1


def test_a_link_needs_the_password_and_this_sign_in(
    linking: Callable[..., Way], session: Session, people: dict[Role, User]
) -> None:
    browser = linking()
    wrong = proof(browser, "wrong")
    right = proof(browser)
    form = {"email": people[Role.SUPPORT].email, "password": PASSWORD}
    browser.client.post("/auth/login", data=form, headers=OURS)

    assert isinstance(wrong, auth.Refused)
    for given in (right, "made up"):
        assert "error=sso_late" in browser.begin(f"?link={given}")
    browser.client.cookies.clear()
    assert "error=sso_late" in browser.begin(f"?link={right}")
    assert session.exec(select(UserIdentity)).all() == []


def test_a_way_that_links_ends_with_the_sign_in_that_began_it(
    linking: Callable[..., Way], session: Session
) -> None:
    browser = linking()
    url = browser.provider.let_in(browser.begin(f"?link={proof(browser)}"))
    browser.client.post("/auth/logout", headers=OURS)

    ended = browser.back(url)

    assert ended.startswith("/me?error=sso_late")
    assert session.exec(select(UserIdentity)).all() == []


def test_one_account_over_there_is_one_person_here(
    linking: Callable[..., Way], session: Session
) -> None:
    browser = linking()
    cookie = browser.client.cookies["crm_session"]
    browser.client.cookies.clear()
    browser.go()  # support, by their address
    browser.client.cookies.clear()
    browser.client.cookies.set("crm_session", cookie)

    ended = browser.go(f"?link={proof(browser)}")

    assert parameters(ended)["error"] == "sso_taken"
    assert written(session)[1] == 1


def test_one_s_links_are_listed_and_taken_away_over_rest(
    linking: Callable[..., Way], session: Session
) -> None:
    browser = linking()
    browser.go(f"?link={proof(browser)}")
    path = f"/api/v1/me/identities/{browser.row.id}"

    listed = browser.client.get("/api/v1/me/identities").json()["identities"]
    gone = browser.client.delete(path, headers=OURS)
    again = browser.client.delete(path, headers=OURS)

    assert [(one["name"], one["is_linked"]) for one in listed] == [("Our directory", True)]
    assert (gone.status_code, again.status_code) == (204, 404)
    assert actions(session).count("identity:unlinked") == 1
    assert session.exec(select(UserIdentity)).all() == []
