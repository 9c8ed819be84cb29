"""One's own account over REST."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from crm_app.domain.permissions import Role
from crm_app.models import Notice, User
from tests.api.conftest import Bearer
from tests.factories import PASSWORD

URL, ME = "/api/v1/me", "/api/v1/auth/me"
NEW = "a river of seven stones"
OURS = {"origin": "http://localhost:8000"}


def ids(client: TestClient, headers: dict[str, str]) -> list[int]:
    return [one["id"] for one in client.get(f"{URL}/sessions", headers=headers).json()["sessions"]]


def test_own_sign_ins_are_listed_and_ended(client: TestClient, bearer: Bearer) -> None:
    mine, other, third = (bearer(Role.SUPPORT) for _ in range(3))
    foreign = bearer(Role.ADMIN)
    this, *rest = ids(client, mine)

    answers = [
        client.delete(f"{URL}/sessions/{rest[0]}", headers=mine).status_code,
        client.delete(f"{URL}/sessions/{rest[0]}", headers=mine).status_code,
        client.delete(f"{URL}/sessions/{ids(client, foreign)[0]}", headers=mine).status_code,
        client.post(f"{URL}/sessions/end-others", headers=mine).json(),
    ]

    assert answers == [204, 404, 404, {"ended": 1}]
    assert ids(client, mine) == [this]
    assert [client.get(ME, headers=one).status_code for one in (other, third)] == [401, 401]
    assert client.get(ME, headers=foreign).status_code == 200


def test_admins_end_the_sign_ins_of_people(
    client: TestClient, bearer: Bearer, people: dict[Role, User]
) -> None:
    boss, theirs, also = bearer(Role.ADMIN), bearer(Role.SUPPORT), bearer(Role.SUPPORT)
    url = f"/api/v1/users/{people[Role.SUPPORT].id}/sessions"
    listed = client.get(url, headers=boss).json()["sessions"]

    codes = [
        client.delete(f"{url}/{listed[0]['id']}", headers=boss).status_code,
        client.delete(url, headers=boss).status_code,
        client.get("/api/v1/users/999/sessions", headers=boss).status_code,
    ]

    assert (len(listed), codes) == (2, [204, 204, 404])
    assert [client.get(ME, headers=one).status_code for one in (theirs, also)] == [401, 401]


@pytest.mark.parametrize(
    ("body", "code", "error"),
    [
        ({"current": "wrong", "new": NEW}, 403, "wrong_password"),
        ({"current": PASSWORD, "new": "short"}, 422, "invalid_input"),
        ({"current": PASSWORD, "new": "Password123456"}, 422, "invalid_input"),
        ({"current": PASSWORD}, 422, "invalid_input"),
        ({"current": PASSWORD, "new": NEW, "user_id": 1}, 422, "invalid_input"),
    ],
)
def test_a_password_that_cannot_be_changed_says_why(
    client: TestClient, bearer: Bearer, body: dict[str, str], code: int, error: str
) -> None:
    headers = bearer(Role.SUPPORT)

    answer = client.put(f"{URL}/password", json=body, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (code, error)
    assert NEW not in answer.text
    bearer(Role.SUPPORT)  # the old password still opens


def test_a_changed_password_ends_the_other_sign_ins(
    client: TestClient, bearer: Bearer, people: dict[Role, User]
) -> None:
    mine, other = bearer(Role.SUPPORT), bearer(Role.SUPPORT)

    answer = client.put(f"{URL}/password", json={"current": PASSWORD, "new": NEW}, headers=mine)

    email = people[Role.SUPPORT].email
    login = [
        client.post("/api/v1/auth/login", json={"email": email, "password": one}).status_code
        for one in (PASSWORD, NEW)
    ]
    assert answer.status_code == 204
    assert [client.get(ME, headers=one).status_code for one in (mine, other)] == [200, 401]
    assert login == [401, 200]


def test_a_browser_that_was_seen_before_is_no_news(
    client: TestClient, session: Session, people: dict[Role, User]
) -> None:
    form = {"email": people[Role.SUPPORT].email, "password": PASSWORD}
    first = client.post("/auth/login", data=form, headers=OURS)
    fixed = client.cookies["crm_session"]

    client.post("/auth/login", data=form, headers=OURS)
    known = session.exec(select(Notice)).all()
    client.cookies.clear()
    client.post("/auth/login", data=form, headers=OURS)
    session.rollback()

    cookies = first.headers.get_list("set-cookie")
    assert [one.partition("=")[0] for one in cookies] == ["crm_session", "crm_device"]
    assert all("HttpOnly" in one for one in cookies)
    assert client.cookies["crm_session"] != fixed  # a sign-in never goes on with a cookie it finds
    assert (known, len(session.exec(select(Notice)).all())) == ([], 1)
