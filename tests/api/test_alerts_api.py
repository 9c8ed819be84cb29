"""Alerts over REST."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from crm_app.domain.permissions import Role
from crm_app.models import AccountStatus, AlertHook
from crm_app.services.alerts import watching
from tests.api.conftest import Bearer
from tests.factories import AccountFactory

PATH = "/api/v1/alerts"


def test_open_alerts_and_how_one_is_told(
    client: TestClient, session: Session, bearer: Bearer
) -> None:
    AccountFactory(name="Shop", status=AccountStatus.DISCONNECTED, last_error="key revoked")
    session.commit()
    watching.check(session)
    session.commit()
    mine = bearer(Role.SUPPORT)

    chosen = client.put(
        f"{PATH}/choice",
        headers=mine,
        json={"kind": "reconnect", "in_app": True, "by_mail": False},
    )
    no_mail = client.put(
        f"{PATH}/choice", headers=mine, json={"kind": "queue", "in_app": True, "by_mail": True}
    )
    body = client.get(PATH, headers=mine).json()

    assert (chosen.status_code, no_mail.status_code) == (200, 409)
    (alert,) = body["open"]
    assert alert["sentence"] == "Shop has to be connected again: key revoked"
    assert (alert["level"], alert["closed_at"], body["past"]) == ("bad", None, [])
    assert {one["kind"]: one["in_app"] for one in body["mine"]} == {
        "silent": False,
        "queue": True,
        "deadline": True,
        "reconnect": True,
        "webhooks": False,
        "stopped": False,
    }


@pytest.mark.parametrize(
    ("url", "code"), [("https://hooks.example/crm", 200), ("ftp://x", 422), ("", 422)]
)
def test_where_alerts_are_posted(
    client: TestClient, session: Session, bearer: Bearer, url: str, code: int
) -> None:
    answer = client.put(f"{PATH}/webhook", headers=bearer(Role.ADMIN), json={"url": url})

    stored = session.exec(select(AlertHook)).all()
    assert (answer.status_code, [hook.url for hook in stored]) == (code, [url] * (code == 200))
    assert not stored or answer.json()["secret"].encode() not in stored[0].secret
    gone = client.delete(f"{PATH}/webhook", headers=bearer(Role.ADMIN))
    assert gone.status_code == (204 if stored else 404)
