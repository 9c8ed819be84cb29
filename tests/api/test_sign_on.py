"""Single sign-on: the way to a provider and back, with an honest one and with hostile ones."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app import vault
from crm_app.domain.permissions import Role
from crm_app.domain.time import now
from crm_app.errands import oidc_provider
from crm_app.models import (
    AuditEntry,
    IdentityProvider,
    StaffRole,
    UsedSignOn,
    User,
)
from crm_app.services import endings, granting
from tests.api.way import Way, actions, written
from tests.provider import CLIENT_ID, Provider, parameters

ME = "/api/v1/auth/me"
OURS = {"origin": "http://localhost:8000"}


def refused(way: Way, session: Session, ended: str, word: str) -> None:
    """The browser is back at the form with this word, and nothing was written."""
    assert ended.startswith("/login?")
    assert parameters(ended)["error"] == word
    assert parameters(ended)["provider"] == str(way.row.id)
    assert not way.is_in()
    assert written(session) == (0, 0)


def test_whom_the_provider_vouches_for_is_in_and_where_they_wanted(
    way: Callable[..., Way], session: Session
) -> None:
    browser = way()

    ended = browser.go("?next=/orders%3Fq%3D7")

    assert ended == "/orders?q=7"
    assert browser.client.get(ME).json()["email"] == "support@palmonas.test"
    assert written(session) == (1, 1)
    assert actions(session) == ["identity:linked", "identity:vouched", "session:opened"]


def test_the_second_time_the_name_at_the_provider_counts_and_the_address_does_not(
    way: Callable[..., Way], session: Session
) -> None:
    browser = way()
    browser.go()
    browser.client.cookies.clear()
    browser.provider.person |= {"email": "elsewhere@other.test", "email_verified": False}

    ended = browser.go()

    assert ended == "/"
    assert browser.client.get(ME).json()["email"] == "support@palmonas.test"
    assert written(session) == (2, 1)


def test_what_a_provider_says_of_itself_is_asked_once_an_hour(
    way: Callable[..., Way], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = way()
    for _ in range(2):
        browser.go()
        browser.client.cookies.clear()
    asked = list(browser.provider.asked)

    monkeypatch.setattr(oidc_provider, "KEEP_S", 0.0)
    browser.go()

    assert asked == ["configuration", "token", "keys", "token"]
    assert browser.provider.asked.count("configuration") > 1


def test_a_key_that_the_provider_turned_is_found(way: Callable[..., Way]) -> None:
    browser = way()
    browser.go()
    browser.client.cookies.clear()
    browser.provider.turn_key()

    browser.go()

    assert browser.is_in()


def test_a_key_on_a_curve_is_taken_too(way: Callable[..., Way]) -> None:
    browser = way()
    browser.provider.use_curve()

    browser.go()

    assert browser.is_in()


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another client"},
        {"aud": [CLIENT_ID, "another client"]},  # and no azp
        {"aud": [CLIENT_ID, "another client"], "azp": "another client"},
        {"azp": "another client"},
        {"iss": "https://other.test"},
        {"iss": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": 99_999_999_999},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"at_hash": "bm90IGl0"},
    ],
)
def test_a_token_that_does_not_hold_lets_nobody_in(
    way: Callable[..., Way], session: Session, claims: dict[str, Any]
) -> None:
    browser = way()
    browser.provider.claims = claims

    ended = browser.go()

    refused(browser, session, ended, "sso_refused")
    assert actions(session) == ["session:refused"]


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_without_a_signature_of_the_provider_lets_nobody_in(
    way: Callable[..., Way], session: Session, algorithm: str
) -> None:
    browser = way()
    browser.provider.algorithm = algorithm

    ended = browser.go()

    refused(browser, session, ended, "sso_refused")


def test_a_token_of_a_key_that_is_not_published_lets_nobody_in(
    way: Callable[..., Way], session: Session
) -> None:
    browser = way()
    stranger = Provider("")
    browser.provider.signs_with = stranger.key

    ended = browser.go()

    refused(browser, session, ended, "sso_refused")


@pytest.mark.parametrize(
    "answer",
    [
        (400, {"error": "invalid_grant"}),
        (200, {"access_token": "x"}),
        (200, {"id_token": 7}),
        (200, {"id_token": "not.a.token"}),
        (200, ["no object"]),
        (302, {}),
    ],
)
def test_an_answer_without_a_token_lets_nobody_in(
    way: Callable[..., Way], session: Session, answer: tuple[int, Any]
) -> None:
    browser = way()
    browser.provider.token_answer = answer

    refused(browser, session, browser.go(), "sso_refused")


def test_a_code_that_came_back_before_lets_nobody_in(
    way: Callable[..., Way], session: Session
) -> None:
    browser = way()
    url = browser.provider.let_in(browser.begin())
    kept = dict(browser.client.cookies)
    browser.back(url)
    browser.client.cookies.clear()
    for name, value in kept.items():
        browser.client.cookies.set(name, value)

    ended = browser.back(url)  # the provider knows that this code is used

    assert parameters(ended)["error"] == "sso_refused"
    assert not browser.is_in()
    assert written(session) == (1, 1)


def test_a_way_is_gone_once_even_if_the_provider_forgets_its_codes(
    way: Callable[..., Way], session: Session
) -> None:
    browser = way()
    browser.provider.takes_codes_twice = True
    url = browser.provider.let_in(browser.begin())
    kept = dict(browser.client.cookies)
    browser.back(url)
    browser.client.cookies.clear()
    for name, value in kept.items():
        browser.client.cookies.set(name, value)

    ended = browser.back(url)

    assert parameters(ended)["error"] == "not_signed_in"
    assert not browser.is_in()
    assert written(session) == (1, 1)


def test_the_answer_to_another_browser_lets_nobody_in(
    way: Callable[..., Way], session: Session
) -> None:
    browser = way()
    theirs = browser.provider.let_in(browser.begin())
    browser.client.cookies.clear()
    browser.begin()  # a way of its own, with another state

    ended = browser.back(theirs)

    refused(browser, session, ended, "sso_late")
    assert "token" not in browser.provider.asked


def test_without_a_way_begun_nothing_is_asked(way: Callable[..., Way], session: Session) -> None:
    browser = way()
    url = browser.provider.let_in(browser.begin())

    for cookie in ("", "made.up.text", browser.client.cookies["crm_oidc"] + "x"):
        browser.client.cookies.clear()
        browser.client.cookies.set("crm_oidc", cookie)
        refused(browser, session, browser.back(url), "sso_late")

    assert "token" not in browser.provider.asked


def test_a_way_to_one_provider_does_not_end_at_another(
    way: Callable[..., Way], known: Callable[..., IdentityProvider], session: Session
) -> None:
    browser = way()
    other = known(name="Another", issuer="http://127.0.0.1:1")
    url = browser.provider.let_in(browser.begin())

    answer = browser.client.get(url.replace(browser.path, f"/auth/oidc/{other.id}"))

    assert parameters(answer.headers["location"])["error"] == "sso_late"
    assert written(session) == (0, 0)


@pytest.mark.parametrize("issuer", ["https://attacker.test", ""])
def test_the_answer_of_another_issuer_is_not_taken(
    way: Callable[..., Way], session: Session, issuer: str
) -> None:
    browser = way()
    url = browser.provider.let_in(browser.begin())
    own = parameters(url)["iss"]

    mixed = url.replace(f"iss={own.replace(':', '%3A').replace('/', '%2F')}", f"iss={issuer}")
    ended = browser.back(mixed)

    refused(browser, session, ended, "sso_refused")
    assert "token" not in browser.provider.asked  # the code went nowhere


def test_a_provider_that_says_it_is_another_is_not_asked_any_more(
    way: Callable[..., Way], session: Session
) -> None:
    browser = way()
    browser.provider.issuer = "https://attacker.test"

    answer = browser.client.get(browser.path)

    refused(browser, session, answer.headers["location"], "sso_refused")


@pytest.mark.parametrize(
    "person",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "false"},
        {"email_verified": 1.5},
        {"email": "support@palmonas.test.attacker.test"},
        {"email": "nobody@palmonas.test"},
        {"email": None},
        {"email": ["support@palmonas.test"]},
    ],
)
def test_an_address_that_the_provider_does_not_vouch_for_is_nobody_s(
    way: Callable[..., Way], session: Session, person: dict[str, Any]
) -> None:
    browser = way()
    browser.provider.person |= person

    ended = browser.go()

    refused(browser, session, ended, "sso_unknown")
    assert actions(session) == ["session:refused"]


def test_without_a_domain_only_linked_people_are_let_in(
    way: Callable[..., Way], session: Session
) -> None:
    browser = way(domains=[])

    refused(browser, session, browser.go(), "sso_unknown")


def test_an_admin_is_not_found_by_address(way: Callable[..., Way], session: Session) -> None:
    browser = way()
    browser.provider.person |= {"email": "admin@palmonas.test"}

    refused(browser, session, browser.go(), "sso_link_first")


def test_an_address_that_was_given_to_somebody_else_is_not_them(
    way: Callable[..., Way], session: Session
) -> None:
    browser = way()
    browser.go()
    browser.client.cookies.clear()
    browser.provider.person |= {"sub": "the new one at this desk"}

    ended = browser.go()

    assert parameters(ended)["error"] == "sso_link_first"
    assert written(session) == (1, 1)


@pytest.mark.parametrize("is_linked", [True, False])
def test_whoever_was_deactivated_stays_out(
    way: Callable[..., Way], session: Session, people: dict[Role, User], is_linked: bool
) -> None:
    browser = way()
    if is_linked:
        browser.go()
        browser.client.cookies.clear()
    before = written(session)
    support = session.get_one(User, people[Role.SUPPORT].id)
    support.is_active = False
    session.add(support)
    session.commit()

    ended = browser.go()

    assert parameters(ended)["error"] == "sso_unknown"
    assert not browser.is_in()
    assert written(session) == before


def test_a_newcomer_is_given_the_roles_for_newcomers(
    way: Callable[..., Way], session: Session
) -> None:
    role = granting.everywhere(session, Role.READ_ONLY).role_id
    browser = way(role_ids=[role])
    browser.provider.person |= {"email": "New@Palmonas.test", "name": "Nia\tNew"}

    assert browser.go() == "/"

    me = browser.client.get(ME).json()
    assert (me["email"], me["name"]) == ("new@palmonas.test", "NiaNew")
    assert [one["key"] for one in me["roles"]] == ["read_only"]
    assert actions(session)[:2] == ["user:created", "identity:linked"]
    made = session.exec(select(AuditEntry).where(AuditEntry.action == "user:created")).one()
    assert made.actor_label == "Single sign-on: Our directory"


def test_a_role_that_became_mighty_is_given_to_no_newcomer(
    way: Callable[..., Way], session: Session
) -> None:
    role = StaffRole(name="Once small", verbs=["users.manage"])
    session.add(role)
    session.flush()
    browser = way(role_ids=[role.id])
    browser.provider.person |= {"email": "new@palmonas.test"}

    ended = browser.go()

    assert parameters(ended)["error"] == "sso_unknown"
    assert session.exec(select(User.id).where(User.email == "new@palmonas.test")).all() == []


def test_one_s_own_code_is_asked_for_unless_the_provider_asks_for_its_own(
    way: Callable[..., Way], session: Session, people: dict[Role, User]
) -> None:
    browser = way()
    support = session.get_one(User, people[Role.SUPPORT].id)
    support.totp_secret, support.totp_since = vault.seal({"totp": "JBSWY3DPEHPK3PXP"}), now()
    session.add(support)
    session.commit()

    half = browser.go("?next=/ledger")
    is_in = browser.is_in()
    row = session.get_one(IdentityProvider, browser.row.id)
    row.has_factor = True
    session.add(row)
    session.commit()
    whole = browser.go("?next=/ledger")

    assert (half, is_in) == ("/login?step=code&next=%2Fledger", False)
    assert whole == "/ledger"
    assert browser.is_in()


@pytest.mark.parametrize(("has_factor", "ended"), [(False, "/me"), (True, "/")])
def test_a_role_that_needs_a_second_factor_is_content_with_the_provider_s(
    way: Callable[..., Way], session: Session, *, has_factor: bool, ended: str
) -> None:
    role = session.exec(select(StaffRole).where(StaffRole.key == Role.SUPPORT)).one()
    role.needs_two_factor = True
    session.add(role)
    browser = way(has_factor=has_factor)

    assert browser.go() == ended

    assert (browser.client.get("/api/v1/orders").status_code == 200) is has_factor
    role.needs_two_factor = False
    session.add(role)
    session.commit()


@pytest.mark.parametrize("row", [{"is_on": False}, {}])
def test_a_provider_that_is_off_or_is_none_is_not_asked(
    way: Callable[..., Way], session: Session, row: dict[str, Any]
) -> None:
    browser = way(**row)
    path = browser.path if row else "/auth/oidc/987654321"

    for asked in (path, f"{path}/callback?code=x&state=y"):
        answer = browser.client.get(asked)
        assert parameters(answer.headers["location"])["error"] in ("sso_off", "sso_late")

    assert browser.provider.asked == []
    assert written(session) == (0, 0)


def test_a_provider_that_is_switched_off_on_the_way_lets_nobody_in(
    way: Callable[..., Way], session: Session
) -> None:
    browser = way()
    url = browser.provider.let_in(browser.begin())
    row = session.get_one(IdentityProvider, browser.row.id)
    row.is_on = False
    session.add(row)
    session.commit()

    refused(browser, session, browser.back(url), "sso_off")


def test_a_provider_that_is_down_sends_back_to_the_form(
    way: Callable[..., Way], session: Session
) -> None:
    browser = way(issuer="http://127.0.0.1:1")

    answer = browser.client.get(browser.path)

    refused(browser, session, answer.headers["location"], "sso_down")


def test_a_provider_that_goes_down_on_the_way_sends_back_to_the_form(
    way: Callable[..., Way], session: Session
) -> None:
    browser = way()
    url = browser.provider.let_in(browser.begin())
    browser.provider.token_answer = (503, {})

    refused(browser, session, browser.back(url), "sso_down")


def test_somebody_who_said_no_over_there_is_back_at_the_form(
    way: Callable[..., Way], session: Session
) -> None:
    browser = way()
    url = browser.provider.let_in(browser.begin())

    ended = browser.back(url.replace("code=code-0", "error=access_denied"))

    refused(browser, session, ended, "sso_refused")


def test_answers_that_do_not_hold_are_slowed_down_by_address(
    way: Callable[..., Way], session: Session
) -> None:
    browser = way()
    browser.provider.token_answer = (400, {"error": "invalid_grant"})
    for _ in range(30):
        browser.go()
    asked = browser.provider.asked.count("token")

    ended = browser.go()

    assert parameters(ended)["error"] == "throttled"
    assert browser.provider.asked.count("token") == asked
    assert written(session) == (0, 0)


def test_no_way_leads_to_another_site(way: Callable[..., Way]) -> None:
    assert way().go("?next=//evil.test") == "/"


def test_the_way_s_cookie_is_kept_from_scripts_and_gone_afterwards(way: Callable[..., Way]) -> None:
    browser = way()
    set_cookie = browser.client.get(browser.path).headers["set-cookie"].lower()

    browser.go()

    for part in ("crm_oidc=", "httponly", "samesite=lax", "path=/"):
        assert part in set_cookie
    assert "crm_oidc" not in browser.client.cookies


def test_ways_that_nobody_can_come_back_on_are_forgotten(
    way: Callable[..., Way], session: Session
) -> None:
    way().go()
    row = session.exec(select(UsedSignOn)).one()
    row.expires_at = now() - timedelta(seconds=1)
    session.add(row)
    session.commit()

    endings.forget_old(session)

    assert session.exec(select(UsedSignOn)).all() == []
