"""The audit trail over REST, and what of refusals and sign-ins stands in it."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, func, select

from crm_app.domain.permissions import Role
from crm_app.models import AuditEntry, User
from crm_app.services import refusals, trail_checks
from tests.api.conftest import Bearer

URL = "/api/v1/audit"
OURS = {"origin": "http://localhost:8000"}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "BOUND", refusals.Bound(burst=20, per_second=0))


def entries(session: Session, action: str) -> list[AuditEntry]:
    return list(session.exec(select(AuditEntry).where(AuditEntry.action == action).order_by("id")))


@pytest.mark.usefixtures("few")
def test_made_up_people_at_the_door_leave_few_entries(session: Session, client: TestClient) -> None:
    for number in range(40):
        client.post(
            "/api/v1/auth/login",
            json={"email": f"person{number}@nowhere.test", "password": "a wrong password"},
        )

    assert session.exec(select(func.count()).select_from(AuditEntry)).one() == 20


def test_refused_requests_stand_in_the_trail(
    session: Session, client: TestClient, bearer: Bearer, people: dict[Role, User]
) -> None:
    client.get("/api/v1/orders")
    client.get("/api/v1/users", headers=bearer(Role.SUPPORT))
    client.get("/api/v1/orders/7", headers=bearer(Role.SUPPORT))
    client.post("/auth/login", data={"email": "x", "password": "y"}, headers={"origin": "http://x"})

    found = entries(session, "request:refused")
    assert [(one.actor_id, one.subject_id, one.after["error"]) for one in found] == [
        (None, "GET /api/v1/orders", "not_signed_in"),
        (people[Role.SUPPORT].id, "GET /api/v1/users", "permission_denied"),
        (people[Role.SUPPORT].id, "GET /api/v1/orders/{order_id}", "not_found"),
        (None, "POST /auth/login", "permission_denied"),
    ]
    assert {one.address for one in found} == {"testclient"}


def test_a_sign_out_stands_in_the_trail(
    session: Session, client: TestClient, bearer: Bearer, people: dict[Role, User]
) -> None:
    client.post("/api/v1/auth/logout", headers=bearer(Role.SUPPORT))

    opened, closed = entries(session, "session:opened")[0], entries(session, "session:closed")[0]
    assert closed.actor_id == people[Role.SUPPORT].id
    assert (closed.subject_id, closed.address) == (opened.subject_id, "testclient")


def test_the_trail_is_read_page_by_page_and_filtered(
    client: TestClient, bearer: Bearer, people: dict[Role, User]
) -> None:
    headers = bearer(Role.ADMIN)
    for _ in range(3):
        bearer(Role.SUPPORT)
    support = people[Role.SUPPORT].id

    first = client.get(URL, params={"limit": 2}, headers=headers).json()
    second = client.get(URL, params={"limit": 2, "before": first["before"]}, headers=headers).json()
    mine = client.get(URL, params={"person": support}, headers=headers).json()["entries"]
    opened = client.get(URL, params={"action": "session"}, headers=headers).json()["entries"]
    none = client.get(URL, params={"action": "session:open"}, headers=headers).json()["entries"]
    old = client.get(URL, params={"to": "2020-01-01"}, headers=headers).json()["entries"]
    new = client.get(URL, params={"from": "2020-01-01"}, headers=headers).json()["entries"]
    one = client.get(URL, params={"subject": "session 1"}, headers=headers).json()["entries"]

    assert [one["id"] for one in first["entries"] + second["entries"]] == [4, 3, 2, 1]
    assert second["before"] is None
    assert {one["actor_id"] for one in mine} == {support}
    assert (len(mine), len(opened), len(none), len(old), len(new)) == (3, 4, 0, 0, 4)
    assert all(entry["subject_type"] == "session" for entry in one)


def test_the_trail_is_for_who_may_read_it(
    session: Session, client: TestClient, bearer: Bearer
) -> None:
    headers = bearer(Role.SUPPORT)

    answers = [
        client.get(URL, headers=headers),
        client.get(f"{URL}/head", headers=headers),
        client.post(f"{URL}/checks", headers=headers),
        client.get(f"{URL}/checks/1", headers=headers),
    ]

    assert [one.status_code for one in answers] == [403] * 4
    assert entries(session, "audit:check:begun") == []


def test_a_check_walks_the_trail_and_says_so(
    session: Session, client: TestClient, bearer: Bearer
) -> None:
    headers = bearer(Role.ADMIN)
    begun = client.post(f"{URL}/checks", headers=headers)
    again = client.post(f"{URL}/checks", headers=headers).json()
    check_id = begun.json()["id"]

    is_left = trail_checks.go_on(check_id, budget_s=30)

    found = client.get(f"{URL}/checks/{check_id}", headers=headers).json()
    head = client.get(f"{URL}/head", headers=headers).json()
    assert (begun.status_code, again["id"], is_left) == (202, check_id, False)
    assert (found["state"], found["broken_id"]) == ("whole", None)
    assert found["reached"] == head["id"] == 2
    assert len(head["hash"]) == 64
    assert len(entries(session, "audit:check:begun")) == 1
