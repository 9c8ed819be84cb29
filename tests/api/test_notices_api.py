"""A person's own notices over REST."""

from fastapi.testclient import TestClient
from sqlmodel import Session

from crm_app.domain.permissions import Role
from crm_app.models import User
from crm_app.services import notices
from tests.api.conftest import Bearer

PATH = "/api/v1/notices"


def tell(session: Session, person: User, key: str) -> None:
    notices.tell(
        session, [person.id], kind="mention", sentence=f"Told {key}.", href="/orders/5", key=key
    )
    session.commit()


def test_each_sees_and_marks_their_own(
    client: TestClient, session: Session, bearer: Bearer, people: dict[Role, User]
) -> None:
    for key in ("a", "b"):
        tell(session, people[Role.SUPPORT], key)
    mine, other = bearer(Role.SUPPORT), bearer(Role.ADMIN)

    body = client.get(PATH, headers=mine).json()
    first = body["notices"][0]["id"]
    refused = client.post(f"{PATH}/{first}/read", headers=other)
    marked = client.post(f"{PATH}/{first}/read", headers=mine)

    assert (body["unread"], [one["sentence"] for one in body["notices"]]) == (
        2,
        ["Told b.", "Told a."],
    )
    assert client.get(PATH, headers=other).json() == {"notices": [], "unread": 0, "before": None}
    assert refused.status_code == 404
    assert marked.json()["read_at"] is not None
    assert client.get(PATH, headers=mine, params={"only_unread": True}).json()["unread"] == 1
    assert client.post(f"{PATH}/read", headers=mine, json={}).json() == {"marked": 1}
