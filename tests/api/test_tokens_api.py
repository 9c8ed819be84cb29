"""API tokens: what they open, what they never open, and that they end at once."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update
from sqlmodel import Session, select

from crm_app.domain.permissions import Role
from crm_app.domain.time import now
from crm_app.models import ApiToken, AuditEntry, User
from tests.api.conftest import Bearer, forget_confirmations
from tests.factories import PASSWORD, give

URL, ALL, ME, ORDERS = "/api/v1/me/tokens", "/api/v1/tokens", "/api/v1/auth/me", "/api/v1/orders"
CONFIRM = "/api/v1/me/confirm"
BODY: dict[str, Any] = {
    "name": "Till of the fair",
    "scopes": ["orders.view"],
    "days": 30,
}


def make(client: TestClient, headers: dict[str, str], **changes: Any) -> dict[str, Any]:
    answer = client.post(URL, json=BODY | changes, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


def bearing(made: dict[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {made['secret']}"}


def test_a_token_may_what_its_scopes_say_and_is_kept_as_a_hash(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    mine = bearer(Role.SUPPORT)

    made = make(client, mine)
    listed = client.get(URL, headers=mine)
    me = client.get(ME, headers=bearing(made)).json()
    orders = client.get(ORDERS, headers=bearing(made)).status_code
    imports = client.get("/api/v1/documents", headers=bearing(made)).status_code

    row = session.exec(select(ApiToken)).one()
    assert made["secret"].startswith("crm_")
    assert made["secret"] not in listed.text
    assert made["secret"].encode() not in row.token_hash
    assert (me["permissions"], orders, imports) == (["orders.view"], 200, 403)
    assert (row.last_used_at is not None, row.last_address) == (True, "testclient")
    assert session.exec(select(AuditEntry.after).where(AuditEntry.action == "token:made")).one()


@pytest.mark.parametrize("why", ["revoked", "by an admin", "too old", "deactivated"])
def test_a_token_that_is_over_opens_nothing_at_once(
    client: TestClient, bearer: Bearer, people: dict[Role, User], session: Session, why: str
) -> None:
    mine, boss = bearer(Role.SUPPORT), bearer(Role.ADMIN)
    made = make(client, mine)
    before = client.get(ME, headers=bearing(made)).status_code

    if why == "revoked":
        client.delete(f"{URL}/{made['id']}", headers=mine)
    elif why == "by an admin":
        assert client.get(ALL, headers=boss).json()["tokens"][0]["owner"] == "Asha Kulkarni"
        assert client.delete(f"{ALL}/{made['id']}", headers=boss).status_code == 204
    elif why == "too old":
        session.execute(update(ApiToken).values(expires_at=now() - timedelta(seconds=1)))
        session.commit()
    else:
        url = f"/api/v1/users/{people[Role.SUPPORT].id}"
        client.patch(url, json={"is_active": False}, headers=boss)

    assert (before, client.get(ME, headers=bearing(made)).status_code) == (200, 401)


def test_a_token_is_never_more_than_a_token(client: TestClient, bearer: Bearer) -> None:
    token = bearing(make(client, bearer(Role.SUPPORT)))
    calls = [
        ("GET", URL, None),
        ("POST", URL, BODY),
        ("GET", "/api/v1/me/sessions", None),
        ("POST", "/api/v1/me/sessions/end-others", None),
        ("PUT", "/api/v1/me/password", {"current": PASSWORD, "new": "a river of seven stones"}),
        ("POST", "/api/v1/me/confirm", {"password": PASSWORD}),
        ("POST", "/api/v1/me/two-factor", None),
        ("GET", ALL, None),
    ]

    codes = [
        client.request(how, path, json=body, headers=token).status_code for how, path, body in calls
    ]

    assert codes == [403] * len(calls)


def test_it_shrinks_with_the_role_of_its_owner(
    client: TestClient, bearer: Bearer, people: dict[Role, User], session: Session
) -> None:
    made = make(client, bearer(Role.SUPPORT), scopes=["orders.view", "orders.import"])
    give(session, people[Role.SUPPORT], Role.READ_ONLY)
    session.commit()

    assert client.get(ME, headers=bearing(made)).json()["permissions"] == ["orders.view"]


@pytest.mark.parametrize(
    ("role", "changes", "code"),
    [
        (Role.READ_ONLY, {"scopes": ["orders.import"]}, 422),
        (Role.ADMIN, {"scopes": ["users.manage"]}, 422),
        (Role.SUPPORT, {"scopes": []}, 422),
        (Role.SUPPORT, {"scopes": ["nonsense"]}, 422),
        (Role.SUPPORT, {"days": 0}, 422),
        (Role.SUPPORT, {"days": 10**9}, 422),
        (Role.SUPPORT, {"name": "  "}, 422),
    ],
)
def test_what_cannot_be_made_is_refused_and_nothing_is_kept(
    client: TestClient,
    bearer: Bearer,
    session: Session,
    role: Role,
    changes: dict[str, Any],
    code: int,
) -> None:
    answer = client.post(URL, json=BODY | changes, headers=bearer(role))

    assert answer.status_code == code
    assert session.exec(select(ApiToken)).all() == []


def test_none_is_made_by_who_did_not_prove_that_it_is_them(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    mine = bearer(Role.SUPPORT)
    forget_confirmations(session)

    refused = client.post(URL, json=BODY, headers=mine)
    nothing = session.exec(select(ApiToken)).all()
    wrong = client.post(CONFIRM, json={"password": "wrong"}, headers=mine)
    still = client.post(URL, json=BODY, headers=mine)
    right = client.post(CONFIRM, json={"password": PASSWORD}, headers=mine)

    assert (refused.status_code, refused.json()["error"]) == (403, "confirmation_needed")
    assert nothing == []
    assert (wrong.status_code, wrong.json()["error"]) == (403, "wrong_password")
    assert (still.status_code, right.status_code) == (403, 204)
    assert client.post(URL, json=BODY, headers=mine).status_code == 201


def test_nobody_revokes_another_person_s_token(client: TestClient, bearer: Bearer) -> None:
    made = make(client, bearer(Role.SUPPORT))
    other = bearer(Role.READ_ONLY)

    codes = [
        client.delete(f"{URL}/{made['id']}", headers=other).status_code,
        client.delete(f"{ALL}/{made['id']}", headers=other).status_code,
    ]

    assert codes == [404, 403]
    assert client.get(ME, headers=bearing(made)).status_code == 200
    assert client.get(ME, headers={"authorization": "Bearer crm_made-up"}).status_code == 401
