"""Whose word of an account's fields stays, over REST."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from crm_app.domain.permissions import Role
from tests.api.conftest import Bearer
from tests.factories import AccountFactory


@pytest.mark.parametrize(
    ("field", "rule", "code"),
    [
        ("status", "ours", 200),
        ("parcel", "ask", 200),
        ("address", "later", 200),
        ("shoe", "ours", 422),
        ("status", "x", 422),
    ],
)
def test_an_admin_sets_a_rule_that_the_field_knows(
    client: TestClient, session: Session, bearer: Bearer, field: str, rule: str, code: int
) -> None:
    account = AccountFactory()
    session.commit()
    path, headers = f"/api/v1/accounts/{account.id}/rules", bearer(Role.ADMIN)

    answer = client.put(f"{path}/{field}", headers=headers, json={"rule": rule})

    assert answer.status_code == code
    rules = {one["field"]: one["rule"] for one in client.get(path, headers=headers).json()["rules"]}
    defaults = {"status": "ask", "parcel": "channels", "address": "channels"}
    assert rules == defaults | ({field: rule} if code == 200 else {})
    assert client.get("/api/v1/accounts/999/rules", headers=headers).status_code == 404
