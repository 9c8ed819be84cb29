"""The second factor over REST and through the form of the browser."""

from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from crm_app.domain.permissions import Role
from crm_app.models import User
from tests.api.conftest import Bearer, forget_confirmations
from tests.factories import PASSWORD

Turned = tuple[pyotp.TOTP, list[str], dict[str, str]]
URL, ME, LOGIN = "/api/v1/me/two-factor", "/api/v1/auth/me", "/api/v1/auth/login"
OURS = {
    "origin": "http://localhost:8000",
    "referer": "http://localhost:8000/login?step=code&next=%2Forders",
}


@pytest.fixture
def app_of(
    client: TestClient, bearer: Bearer, people: dict[Role, User], session: Session
) -> Turned:
    """Turns the second factor of the support person on; their app and recovery codes."""
    headers = bearer(Role.SUPPORT)
    app = pyotp.TOTP(client.post(URL, headers=headers).json()["secret"])
    answer = client.post(f"{URL}/confirm", json={"code": app.now()}, headers=headers)
    session.refresh(people[Role.SUPPORT])
    people[Role.SUPPORT].totp_last_step = 0  # as if the next half minute had come
    session.commit()
    return app, answer.json()["recovery_codes"], headers


def test_a_program_signs_in_with_the_code(client: TestClient, app_of: Turned) -> None:
    app, codes, headers = app_of
    body = {"email": "support@palmonas.test", "password": PASSWORD}

    answers = [
        client.post(LOGIN, json=body | {"code": code})
        for code in ("", "nonsense", app.now(), app.now(), codes[0], codes[0])
    ]

    assert [(one.status_code, one.json().get("error")) for one in answers] == [
        (401, "code_needed"),
        (401, "wrong_code"),
        (200, None),
        (401, "wrong_code"),
        (200, None),
        (401, "wrong_code"),
    ]
    assert client.get(URL, headers=headers).json()["codes_left"] == 9


def test_a_browser_is_asked_for_the_code_and_goes_where_it_wanted(
    client: TestClient, app_of: Turned
) -> None:
    app, _, _ = app_of
    form = {"email": "support@palmonas.test", "password": PASSWORD}

    first = client.post("/auth/login", data=form, headers=OURS)
    without = client.get(ME).status_code
    wrong = client.post("/auth/code", data={"code": "nonsense"}, headers=OURS)
    right = client.post("/auth/code", data={"code": app.now()}, headers=OURS)

    assert first.headers["location"] == "/login?step=code&next=%2Forders"
    assert "crm_session" not in first.headers.get("set-cookie", "")
    assert without == 401
    params = parse_qs(urlsplit(wrong.headers["location"]).query)
    assert (params["error"], params["step"]) == (["wrong_code"], ["code"])
    assert right.headers["location"] == "/orders"
    assert client.get(ME).status_code == 200


def test_a_code_without_the_password_before_it_opens_nothing(
    client: TestClient, app_of: Turned
) -> None:
    app, _, _ = app_of

    answer = client.post("/auth/code", data={"code": app.now()}, headers=OURS)
    foreign = client.post("/auth/code", data={"code": app.now()}, headers={"origin": "http://x"})

    assert "error=not_signed_in" in answer.headers["location"]
    assert foreign.status_code == 403
    assert client.get(ME).status_code == 401


def test_it_is_turned_off_by_who_proved_it_or_by_an_admin(
    client: TestClient,
    bearer: Bearer,
    people: dict[Role, User],
    app_of: Turned,
    session: Session,
) -> None:
    _, _, headers = app_of
    boss = bearer(Role.ADMIN)
    url = f"/api/v1/users/{people[Role.SUPPORT].id}/two-factor"

    fresh = client.post(f"{URL}/codes", headers=headers).json()
    forget_confirmations(session)
    late = [client.post(f"{URL}/{what}", headers=headers).json() for what in ("off", "codes")]
    late.append(client.delete(url, headers=boss).json())
    confirmed = client.post("/api/v1/me/confirm", json={"password": PASSWORD}, headers=boss)
    by_admin = [client.delete(url, headers=boss).status_code for _ in range(2)]

    assert [one["error"] for one in late] == ["confirmation_needed"] * 3
    assert (len(fresh["recovery_codes"]), confirmed.status_code, by_admin) == (10, 204, [204, 409])
    assert client.get(ME, headers=headers).status_code == 401  # their sign-ins ended
