"""Roles over REST."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, func, select

from crm_app.domain.permissions import Permission, Role
from crm_app.models import AuditEntry, StaffRole
from tests.api.conftest import Bearer
from tests.factories import PASSWORD, AccountFactory, StaffRoleFactory, UserFactory, give

ROLES = "/api/v1/roles"
LEAD: dict[str, Any] = {
    "name": "Lead",
    "description": "Looks after a channel.",
    "verbs": ["orders.cancel", "orders.view"],
}


def of_verbs(client: TestClient, session: Session, verbs: list[str]) -> dict[str, str]:
    """The header of somebody with a role of just these verbs."""
    user = UserFactory(role=None)
    give(session, user, StaffRoleFactory(verbs=verbs))
    session.commit()
    login = {"email": user.email, "password": PASSWORD}
    token = client.post("/api/v1/auth/login", json=login).json()["access_token"]
    return {"authorization": f"Bearer {token}"}


def counted(session: Session) -> tuple[int, int]:
    session.rollback()
    entries = select(func.count()).select_from(AuditEntry).where(AuditEntry.subject_type == "role")
    return session.exec(select(func.count()).select_from(StaffRole)).one(), session.exec(
        entries
    ).one()


def test_a_role_is_made_changed_and_deleted(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    admin = bearer(Role.ADMIN)

    made = client.post(ROLES, json=LEAD, headers=admin)
    body = made.json()
    one = f"{ROLES}/{body['id']}"
    changed = client.put(
        one, json=LEAD | {"needs_two_factor": True, "version": body["version"]}, headers=admin
    )
    listed = client.get(ROLES, headers=admin).json()["roles"]
    gone = client.delete(one, headers=admin)

    assert made.status_code == 201
    assert (body["key"], body["people"], body["may_give"]) == (None, 0, True)
    assert body["sentence"] == "May see orders and cancel an order."
    assert (changed.status_code, changed.json()["needs_two_factor"]) == (200, True)
    assert [role["name"] for role in listed] == ["Admin", "Support", "Read-only", "Lead"]
    assert [role["key"] for role in listed] == ["admin", "support", "read_only", None]
    assert (gone.status_code, gone.content) == (204, b"")
    entries = select(AuditEntry.action).where(AuditEntry.subject_type == "role")
    told = list(session.exec(entries.order_by("id")))
    assert told == ["role:made", "role:changed", "role:removed"]


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"name": ""}, 422, "name"),
        ({"name": "x" * 61}, 422, "name"),
        ({"verbs": []}, 422, "verbs"),
        ({"verbs": ["orders.everything"]}, 422, "verbs"),
        ({"name": "SUPPORT"}, 409, "name"),
        ({"key": "admin"}, 422, "key"),
        ({"people": 5}, 422, "people"),
    ],
)
def test_what_is_no_role_is_refused_with_its_field(
    client: TestClient,
    bearer: Bearer,
    session: Session,
    changes: dict[str, Any],
    status: int,
    field: str,
) -> None:
    headers, before = bearer(Role.ADMIN), counted(session)

    answer = client.post(ROLES, json=LEAD | changes, headers=headers)

    assert (answer.status_code, list(answer.json()["details"])) == (status, [field])
    assert counted(session) == before


def test_an_old_version_is_refused_and_nothing_written(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    admin = bearer(Role.ADMIN)
    made = client.post(ROLES, json=LEAD, headers=admin).json()
    one = f"{ROLES}/{made['id']}"
    client.put(one, json=LEAD | {"description": "Other"}, headers=admin)
    before = counted(session)

    answer = client.put(one, json=LEAD | {"version": made["version"]}, headers=admin)

    assert answer.status_code == 409
    assert "changed this role meanwhile" in answer.json()["message"]
    assert counted(session) == before


def test_a_built_in_role_stays(client: TestClient, bearer: Bearer, session: Session) -> None:
    admin = bearer(Role.ADMIN)
    support = client.get(ROLES, headers=admin).json()["roles"][1]
    one, before = f"{ROLES}/{support['id']}", counted(session)
    same = {name: support[name] for name in ("name", "description", "verbs")}

    other = client.put(one, json=same | {"verbs": ["orders.view"]}, headers=admin)
    gone = client.delete(one, headers=admin)

    assert (other.status_code, gone.status_code) == (409, 409)
    assert counted(session) == before


def test_nobody_makes_a_role_of_more_than_they_hold(client: TestClient, session: Session) -> None:
    headers = of_verbs(client, session, ["orders.view", "roles.manage"])
    other = StaffRoleFactory(verbs=["orders.cancel"])
    session.commit()
    before = counted(session)

    answers = [
        client.post(ROLES, json=LEAD, headers=headers),
        client.put(f"{ROLES}/{other.id}", json=LEAD | {"verbs": ["orders.view"]}, headers=headers),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert counted(session) == before


@pytest.mark.parametrize("verb", [one for one in Permission if one is not Permission.MANAGE_ROLES])
def test_no_other_verb_opens_roles(client: TestClient, session: Session, verb: Permission) -> None:
    headers = of_verbs(client, session, [verb.value])
    before = counted(session)

    answers = [
        client.get(ROLES, headers=headers),
        client.post(ROLES, json=LEAD, headers=headers),
        client.put(f"{ROLES}/1", json=LEAD, headers=headers),
        client.delete(f"{ROLES}/1", headers=headers),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert counted(session) == before


def test_a_role_given_on_a_part_manages_no_roles(client: TestClient, session: Session) -> None:
    user = UserFactory(role=None)
    give(session, user, Role.ADMIN, accounts=[AccountFactory()])
    session.commit()
    login = {"email": user.email, "password": PASSWORD}
    token = client.post("/api/v1/auth/login", json=login).json()["access_token"]

    answer = client.get(ROLES, headers={"authorization": f"Bearer {token}"})

    assert answer.status_code == 403


def test_ids_that_nobody_has_are_not_found(client: TestClient, bearer: Bearer) -> None:
    admin = bearer(Role.ADMIN)

    answers = [
        client.put(f"{ROLES}/{number}", json=LEAD, headers=admin) for number in (0, -1, 2**63)
    ] + [client.delete(f"{ROLES}/987654", headers=admin)]

    assert [answer.status_code for answer in answers] == [404] * 4
