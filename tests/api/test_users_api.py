"""People over REST, for admins."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from crm_app.domain.permissions import Role
from crm_app.models import User
from crm_app.services import granting
from tests.api.conftest import Bearer
from tests.factories import PASSWORD

URL = "/api/v1/users"
NEW = {"email": "new@palmonas.test", "name": "New Person", "role": "support"}


def login(client: TestClient, email: str, password: str) -> int:
    body = {"email": email, "password": password}
    return client.post("/api/v1/auth/login", json=body).status_code


def test_an_admin_adds_somebody_with_a_made_up_password(client: TestClient, bearer: Bearer) -> None:
    answer = client.post(URL, json=NEW, headers=bearer(Role.ADMIN))

    body = answer.json()
    assert answer.status_code == 201
    assert (body["email"], body["roles"][0]["key"], body["is_active"]) == (
        "new@palmonas.test",
        "support",
        True,
    )
    assert login(client, "new@palmonas.test", body["password"]) == 200


def test_a_password_that_was_chosen_is_not_sent_back(client: TestClient, bearer: Bearer) -> None:
    answer = client.post(URL, json=NEW | {"password": PASSWORD}, headers=bearer(Role.ADMIN))

    assert answer.json()["password"] is None
    assert login(client, "new@palmonas.test", PASSWORD) == 200


def test_the_list_holds_no_hash(client: TestClient, bearer: Bearer) -> None:
    answer = client.get(URL, headers=bearer(Role.ADMIN))

    assert answer.status_code == 200
    assert len(answer.json()["users"]) == 3
    assert "hash" not in answer.text
    assert "$2b$" not in answer.text


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (NEW | {"email": "SUPPORT@palmonas.test"}, 409),
        (NEW | {"email": "nobody"}, 422),
        (NEW | {"role": "owner"}, 422),
        (NEW | {"password": ""}, 422),
        (NEW | {"password": "short"}, 422),
        (NEW | {"name": "a\x00"}, 422),
        (NEW | {"is_admin": True}, 422),
        ({}, 422),
    ],
)
def test_a_person_that_cannot_be_added_is_not(
    client: TestClient, bearer: Bearer, session: Session, body: dict[str, Any], code: int
) -> None:
    answer = client.post(URL, json=body, headers=bearer(Role.ADMIN))

    assert answer.status_code == code
    assert answer.json()["details"]
    assert len(session.exec(select(User)).all()) == 3


def test_a_role_name_and_password_change_together(
    client: TestClient, bearer: Bearer, people: dict[Role, User], session: Session
) -> None:
    user = people[Role.READ_ONLY]

    answer = client.patch(
        f"{URL}/{user.id}",
        json={"role": "support", "name": "Kabir", "password": "another good password"},
        headers=bearer(Role.ADMIN),
    )

    assert answer.status_code == 200
    assert (answer.json()["roles"][0]["key"], answer.json()["name"]) == ("support", "Kabir")
    assert login(client, user.email, PASSWORD) == 401
    assert login(client, user.email, "another good password") == 200


def test_an_empty_password_changes_nothing_at_all(
    client: TestClient, bearer: Bearer, people: dict[Role, User]
) -> None:
    user = people[Role.READ_ONLY]

    answer = client.patch(
        f"{URL}/{user.id}", json={"name": "Kabir", "password": ""}, headers=bearer(Role.ADMIN)
    )

    assert answer.status_code == 422
    assert login(client, user.email, PASSWORD) == 200
    listed = client.get(URL, headers=bearer(Role.ADMIN)).json()["users"]
    assert {row["name"] for row in listed} == {"Asha Kulkarni"}


def test_a_deactivated_person_s_token_ends(
    client: TestClient, bearer: Bearer, people: dict[Role, User]
) -> None:
    theirs = bearer(Role.SUPPORT)

    answer = client.patch(
        f"{URL}/{people[Role.SUPPORT].id}", json={"is_active": False}, headers=bearer(Role.ADMIN)
    )

    assert answer.json()["is_active"] is False
    assert client.get("/api/v1/auth/me", headers=theirs).status_code == 401
    assert login(client, people[Role.SUPPORT].email, PASSWORD) == 401


def test_the_only_admin_stays_admin(
    client: TestClient, bearer: Bearer, people: dict[Role, User]
) -> None:
    answer = client.patch(
        f"{URL}/{people[Role.ADMIN].id}", json={"role": "support"}, headers=bearer(Role.ADMIN)
    )

    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")


@pytest.mark.parametrize("key", ["0", "999", str(2**64), str(-(2**64))])
def test_a_person_that_is_not_there(client: TestClient, bearer: Bearer, key: str) -> None:
    answer = client.patch(f"{URL}/{key}", json={"name": "X"}, headers=bearer(Role.ADMIN))

    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.READ_ONLY])
def test_others_do_not_manage_people(
    client: TestClient, bearer: Bearer, people: dict[Role, User], session: Session, role: Role
) -> None:
    headers = bearer(role)
    me = people[role].id

    codes = [
        client.get(URL, headers=headers).status_code,
        client.post(URL, json=NEW, headers=headers).status_code,
        client.patch(f"{URL}/{me}", json={"role": "admin"}, headers=headers).status_code,
    ]

    assert codes == [403, 403, 403]
    session.expire_all()
    assert [one.key for one in granting.held_by(session, [me])[me]] == [role]
    assert len(session.exec(select(User)).all()) == 3


def test_an_invitation_is_a_link_that_works_once(client: TestClient, bearer: Bearer) -> None:
    boss = bearer(Role.ADMIN)
    body = {"email": "riya@palmonas.test", "name": "Riya", "role": "support"}

    made = client.post(f"{URL}/invitations", json=body, headers=boss)
    token = made.json()["url"].partition("link=")[2]
    chosen = "a river of seven stones"
    uses = [
        client.post("/api/v1/auth/link", json={"token": token, "password": one}).status_code
        for one in ("short", chosen, chosen)
    ]

    assert (made.status_code, uses) == (201, [422, 204, 410])
    assert login(client, "riya@palmonas.test", chosen) == 200
    assert client.post(f"{URL}/999/link", headers=boss).status_code == 404
