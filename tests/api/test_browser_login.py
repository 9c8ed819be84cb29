"""The login page's form: a cookie that scripts cannot read, and no way to another site."""

from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from crm_app.config import get_settings
from crm_app.domain.address import safe_path
from crm_app.domain.permissions import Role
from crm_app.models import User
from tests.factories import PASSWORD

OURS = {
    "origin": "http://localhost:8000",
    "referer": "http://localhost:8000/login?next=%2Forders%3Fq%3Da%2520b",
}
LOGIN, LOGOUT, ME = "/auth/login", "/auth/logout", "/api/v1/auth/me"
FORM = {"email": "support@palmonas.test", "password": PASSWORD}


def test_the_right_password_sets_an_httponly_cookie_and_goes_where_one_wanted(
    client: TestClient, people: dict[Role, User]
) -> None:
    answer = client.post(LOGIN, data=FORM, headers=OURS)

    cookie = answer.headers["set-cookie"].lower()
    assert (answer.status_code, answer.headers["location"]) == (303, "/orders?q=a%20b")
    assert cookie.startswith("crm_session=")
    for part in ("httponly", "samesite=lax", "path=/", "expires="):
        assert part in cookie
    assert "secure" not in cookie  # plain http on one's own machine
    assert client.get(ME).json()["email"] == "support@palmonas.test"


@pytest.mark.parametrize("referer", ["", "http://[", "http://x/login?next=//evil.test"])
def test_without_a_way_back_signing_in_leads_home(
    client: TestClient, people: dict[Role, User], referer: str
) -> None:
    answer = client.post(LOGIN, data=FORM, headers=OURS | {"referer": referer})

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_over_https_the_cookie_is_secure(
    client: TestClient, people: dict[Role, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_PUBLIC_URL", "https://desk.palmonas.test/")
    get_settings.cache_clear()

    answer = client.post(LOGIN, data=FORM, headers={"origin": "https://desk.palmonas.test"})

    monkeypatch.undo()
    get_settings.cache_clear()
    assert answer.status_code == 303
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"password": "wrong"}, "wrong_password"),
        ({"email": "nobody@palmonas.test"}, "wrong_password"),
        ({"email": "a\x00b"}, "wrong_password"),
        ({"email": "", "password": ""}, "wrong_password"),
    ],
)
def test_a_refusal_goes_back_to_the_form_and_keeps_the_way(
    client: TestClient, people: dict[Role, User], form: dict[str, str], error: str
) -> None:
    answer = client.post(LOGIN, data=FORM | form, headers=OURS)

    parts = urlsplit(answer.headers["location"])
    params = parse_qs(parts.query)
    assert (answer.status_code, parts.path, parts.netloc) == (303, "/login", "")
    assert (params["error"], params["next"]) == ([error], ["/orders?q=a%20b"])
    assert "set-cookie" not in answer.headers
    assert PASSWORD not in answer.headers["location"]


def test_too_many_tries_say_how_long_to_wait(client: TestClient, people: dict[Role, User]) -> None:
    wrong = FORM | {"password": "wrong"}
    for _ in range(5):
        client.post(LOGIN, data=wrong, headers=OURS)

    answer = client.post(LOGIN, data=wrong, headers=OURS)

    params = parse_qs(urlsplit(answer.headers["location"]).query)
    assert params["error"] == ["throttled"]
    assert int(params["retry_after"][0]) >= 1


@pytest.mark.parametrize(
    "origin",
    [None, "null", "http://evil.test", "http://localhost:8000.evil.test", "https://localhost:8000"],
)
@pytest.mark.parametrize("path", [LOGIN, LOGOUT, "/api/v1/auth/logout"])
def test_another_site_s_form_does_nothing(
    client: TestClient, people: dict[Role, User], origin: str | None, path: str
) -> None:
    client.post(LOGIN, data=FORM, headers=OURS)

    answer = client.post(path, data=FORM, headers={"origin": origin} if origin else {})

    assert answer.status_code == 403
    assert answer.json()["error"] == "permission_denied"
    assert client.get(ME).status_code == 200  # still signed in


def test_a_write_with_the_cookie_needs_our_origin_and_a_token_does_not(
    client: TestClient, people: dict[Role, User]
) -> None:
    client.post(LOGIN, data=FORM | {"email": "admin@palmonas.test"}, headers=OURS)
    person = {"email": "x@palmonas.test", "name": "X", "role": "support"}

    foreign = client.post("/api/v1/users", json=person, headers={"origin": "http://evil.test"})
    ours = client.post("/api/v1/users", json=person, headers={"origin": "http://127.0.0.1:8000"})

    assert (foreign.status_code, ours.status_code) == (403, 201)
    assert client.get("/api/v1/users").status_code == 200  # reading needs none


def test_logout_ends_the_session_and_forgets_the_cookie(
    client: TestClient, people: dict[Role, User]
) -> None:
    signed = client.post(LOGIN, data=FORM, headers=OURS).cookies["crm_session"]

    answer = client.post(LOGOUT, headers=OURS)

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert 'crm_session=""' in answer.headers["set-cookie"]
    client.cookies.set("crm_session", signed)
    assert client.get(ME).status_code == 401


@pytest.mark.parametrize(
    "target",
    [
        "http://evil.test",
        "https:evil.test",
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/\t/evil.test",
        "/\n/evil.test",
        "javascript:alert(1)",
        "evil.test",
        "",
        " /orders",
        "/login",
        "/login?next=/login",
        "/auth/logout",
        "http://[evil",
        "/orders\x00",
    ],
)
def test_a_way_to_another_site_leads_home(target: str) -> None:
    assert safe_path(target) == "/"


@pytest.mark.parametrize("target", ["/", "/orders/7", "/orders?q=//x&status=packed", "/a#b", "/é"])
def test_a_way_on_this_site_is_kept(target: str) -> None:
    assert safe_path(target) == target


@given(st.text())
def test_no_text_leads_away(target: str) -> None:
    path = safe_path(target)

    assert path[0] == "/"
    assert path[1:2] not in ("/", "\\")
