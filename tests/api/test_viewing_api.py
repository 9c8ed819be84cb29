"""Who looks at the desk as a role, over HTTP: reads are the role's, writes are refused."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from crm_app.domain.permissions import Role
from crm_app.models import AuditEntry, User, UserSession
from crm_app.services import granting
from tests.api.test_house import calls
from tests.factories import PASSWORD

OURS = {"origin": "http://localhost:8000"}
END = "/auth/viewing/end"


@pytest.fixture
def looking(client: TestClient, session: Session, people: dict[Role, User]) -> Iterator[TestClient]:
    """The browser of an admin who looks as support."""
    form = {"email": people[Role.ADMIN].email, "password": PASSWORD}
    client.post("/auth/login", data=form, headers=OURS)
    row = session.exec(select(UserSession)).one()
    row.viewing = {
        "role_id": granting.everywhere(session, Role.SUPPORT).role_id,
        "label": "Support",
        "reach": "all",
        "channels": [],
        "account_ids": [],
    }
    session.commit()
    yield client
    client.cookies.clear()


def viewing_of(session: Session) -> str:
    session.expire_all()
    found = session.exec(select(UserSession.viewing)).one()
    return found["label"] if found else ""


def test_one_is_who_one_is_and_may_what_the_role_may(looking: TestClient) -> None:
    me = looking.get("/api/v1/auth/me").json()

    assert (me["email"], me["viewing_as"]) == ("admin@palmonas.test", "Support")
    assert "users.manage" not in me["permissions"]
    assert looking.get("/api/v1/orders").status_code == 200
    assert looking.get("/api/v1/users").status_code == 403


def test_every_write_is_refused(looking: TestClient, api: FastAPI, session: Session) -> None:
    writes = [
        (method, path)
        for method, path, mark in calls(api)
        if method != "GET" and not mark.startswith("public: ")
    ]
    before = session.exec(select(AuditEntry.id).where(AuditEntry.action != "request:refused")).all()

    answers = {
        f"{method} {path}": looking.request(method, path, json={}, headers=OURS)
        for method, path in writes
    }

    assert len(answers) > 60
    assert {name for name, found in answers.items() if found.status_code != 403} == set()
    session.rollback()
    after = session.exec(select(AuditEntry.id).where(AuditEntry.action != "request:refused")).all()
    assert after == before


def test_the_view_ends_by_our_own_page_only(looking: TestClient, session: Session) -> None:
    strange = looking.post(END, headers={"origin": "http://evil.test"})
    assert (strange.status_code, viewing_of(session)) == (403, "Support")

    answer = looking.post(END, headers=OURS)

    assert (answer.status_code, answer.headers["location"]) == (303, "/roles")
    assert viewing_of(session) == ""
    assert looking.get("/api/v1/users").status_code == 200


def test_without_a_sign_in_there_is_no_view_to_end(client: TestClient) -> None:
    answer = client.post(END, headers=OURS)

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_signing_out_ends_it(looking: TestClient, session: Session) -> None:
    answer = looking.post("/auth/logout", headers=OURS)

    assert answer.status_code == 303
    assert session.exec(select(UserSession.revoked_at)).one() is not None
