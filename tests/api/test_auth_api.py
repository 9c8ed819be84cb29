"""Signing in and out over REST."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from crm_app.config import get_settings
from crm_app.domain.permissions import ROLE_PERMISSIONS, Role
from crm_app.models import User, UserSession
from tests.api.conftest import Bearer
from tests.factories import PASSWORD

LOGIN, ME, LOGOUT = "/api/v1/auth/login", "/api/v1/auth/me", "/api/v1/auth/logout"


def test_e_mail_and_password_give_a_token_that_names_the_person(
    client: TestClient, people: dict[Role, User]
) -> None:
    answer = client.post(LOGIN, json={"email": "SUPPORT@palmonas.test", "password": PASSWORD})

    body = answer.json()
    me = client.get(ME, headers={"authorization": f"Bearer {body['access_token']}"})
    assert answer.status_code == 200
    assert sorted(body) == ["access_token", "expires_in", "refresh_token", "token_type"]
    assert (body["token_type"], body["expires_in"]) == ("bearer", 600)
    assert me.status_code == 200
    assert me.json() == {
        "id": people[Role.SUPPORT].id,
        "email": "support@palmonas.test",
        "name": "Asha Kulkarni",
        "roles": [
            {
                "role_id": me.json()["roles"][0]["role_id"],
                "name": "Support",
                "key": "support",
                "reach": "all",
                "channels": [],
                "account_ids": [],
                "where": "all accounts",
            }
        ],
        "is_active": True,
        "created_at": me.json()["created_at"],
        "last_seen_at": me.json()["last_seen_at"],
        "permissions": sorted(ROLE_PERMISSIONS[Role.SUPPORT]),
        "narrowed": {},
        "viewing_as": "",
    }


@pytest.mark.parametrize("email", ["support@palmonas.test", "nobody@palmonas.test", "", "x" * 400])
def test_a_wrong_password_gets_one_answer(
    client: TestClient, people: dict[Role, User], email: str
) -> None:
    answer = client.post(LOGIN, json={"email": email, "password": "wrong"})

    assert answer.status_code == 401
    assert answer.json() == {
        "error": "wrong_password",
        "message": "E-mail or password is wrong.",
        "details": {},
    }
    assert answer.headers["www-authenticate"] == "Bearer"


def test_many_wrong_tries_are_slowed_down_and_counted_though_each_was_refused(
    client: TestClient, people: dict[Role, User]
) -> None:
    credentials = {"email": "support@palmonas.test", "password": "wrong"}

    codes = [client.post(LOGIN, json=credentials).status_code for _ in range(6)]

    answer = client.post(LOGIN, json=credentials | {"password": PASSWORD})
    assert codes == [401] * 5 + [429]
    assert answer.status_code == 429
    assert answer.json()["error"] == "too_many_tries"
    assert int(answer.headers["retry-after"]) >= 1


def test_logout_ends_the_token_at_once(client: TestClient, bearer: Bearer) -> None:
    first, second = bearer(Role.SUPPORT), bearer(Role.SUPPORT)

    answer = client.post(LOGOUT, headers=first)

    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get(ME, headers=first).status_code == 401
    assert client.post(LOGOUT, headers=first).status_code == 401
    assert client.get(ME, headers=second).status_code == 200


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer x", "Bearer a.b.c", "Basic YTpi", "bearer \xe9", "Token x"]
)
def test_a_token_that_is_none_is_refused(client: TestClient, value: str) -> None:
    answer = client.get(ME, headers={"authorization": value.encode("latin-1")})  # type: ignore[dict-item]

    assert answer.status_code == 401
    assert answer.json()["error"] == "not_signed_in"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "a@b.test"},
        {"email": 1, "password": 2},
        {"email": "a\x00@b.test", "password": "x"},
        {"email": "a@b.test", "password": "x" * 501},
        {"email": "a@b.test", "password": "x", "role": "admin"},
        [],
        None,
    ],
)
def test_a_body_of_another_shape_is_named_and_never_repeated(
    client: TestClient, body: object
) -> None:
    answer = client.post(LOGIN, json=body)

    assert answer.status_code == 422
    assert answer.json()["error"] == "invalid_input"
    assert answer.json()["details"]
    assert "xxx" not in answer.text


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        ("0", ["6.6.6.6"], "testclient"),
        ("1", ["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
        ("1", ["6.6.6.6", "203.0.113.7"], "203.0.113.7"),  # the proxy added a header of its own
        ("2", ["6.6.6.6, 203.0.113.7, 10.0.0.1"], "203.0.113.7"),
        ("2", ["203.0.113.7"], "testclient"),
        ("1", [], "testclient"),
    ],
)
def test_the_client_s_address_is_the_one_that_a_proxy_of_ours_wrote(
    client: TestClient,
    session: Session,
    people: dict[Role, User],
    monkeypatch: pytest.MonkeyPatch,
    hops: str,
    forwarded: list[str],
    expected: str,
) -> None:
    monkeypatch.setenv("CRM_TRUSTED_PROXY_HOPS", hops)
    get_settings.cache_clear()

    client.post(
        LOGIN,
        json={"email": "support@palmonas.test", "password": PASSWORD},
        headers=[("x-forwarded-for", value) for value in forwarded],
    )

    monkeypatch.undo()
    get_settings.cache_clear()
    assert session.exec(select(UserSession.address)).one() == expected
