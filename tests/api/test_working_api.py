"""The desk's own data over REST."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Role
from crm_app.domain.time import now
from crm_app.models import AuditEntry, Order, User
from crm_app.services.importing import save_orders
from tests.api.conftest import Bearer
from tests.factories import AccountFactory, OrderFactory
from tests.services.fakes import told


@pytest.fixture
def order(session: Session) -> Order:
    save_orders(session, AccountFactory(), [told("405-1")])
    session.commit()
    return session.exec(select(Order)).one()


def test_an_order_is_worked_on(
    client: TestClient, bearer: Bearer, people: dict[Role, User], order: Order
) -> None:
    mine, path = bearer(Role.SUPPORT), f"/api/v1/orders/{order.id}"
    admin = people[Role.ADMIN]

    def put(what: str, body: dict[str, Any] | None = None) -> Any:
        answer = client.put(f"{path}/{what}", json=body, headers=mine)
        assert answer.status_code == 200, answer.text
        return answer.json()

    tag = client.post("/api/v1/tags", json={"name": "VIP", "colour": "purple"}, headers=mine)
    assert put("assignee", {"assignee_id": admin.id})["assignee"]["id"] == admin.id
    assert put("assignee", {"assignee_id": admin.id})["assignee"]["id"] == admin.id
    assert put("priority", {"priority": "urgent"})["priority"] == "urgent"
    assert [one["name"] for one in put(f"tags/{tag.json()['id']}")["tags"]] == ["VIP"]
    until = (now() + timedelta(days=2)).isoformat()
    held = put("hold", {"reason": "stock", "until": until, "note": "on its way"})["hold"]
    assert (held["reason"], held["note"], held["is_channels"]) == ("stock", "on its way", False)
    assert put("watch")["is_watched"] is True
    refused = client.put(f"{path}/status", json={"status": "packed"}, headers=mine)
    assert (refused.status_code, refused.json()["error"]) == (409, "invalid_transition")
    for what in ("hold", f"tags/{tag.json()['id']}", "watch"):
        assert client.delete(f"{path}/{what}", headers=mine).status_code == 200
    work = client.get(f"{path}/work", headers=bearer(Role.READ_ONLY)).json()
    assert (work["hold"], work["tags"], work["watchers"]) == (None, [], [])


def test_comments_are_written_changed_and_taken_away(
    client: TestClient, bearer: Bearer, order: Order
) -> None:
    mine, path = bearer(Role.SUPPORT), f"/api/v1/orders/{order.id}/comments"
    made = client.post(path, json={"text": "Call the buyer"}, headers=mine)
    own = f"/api/v1/comments/{made.json()['id']}"

    assert (made.status_code, made.json()["is_mine"]) == (201, True)
    others = client.put(own, json={"text": "No"}, headers=bearer(Role.ADMIN))
    assert others.status_code == 403
    assert client.put(own, json={"text": "Called"}, headers=mine).json()["text"] == "Called"
    assert client.post(path, json={"text": " "}, headers=mine).status_code == 422
    seen = client.get(f"/api/v1/orders/{order.id}/work", headers=bearer(Role.READ_ONLY)).json()
    assert [one["text"] for one in seen["comments"]] == ["Personal data withheld"]
    assert client.delete(own, headers=mine).status_code == 204
    assert client.delete(own, headers=mine).status_code == 404


@pytest.mark.parametrize(
    ("what", "body", "code"),
    [
        ("assignee", {"assignee_id": 999_999}, 422),
        ("assignee", {"assignee_id": -1}, 422),
        ("assignee", {}, 422),
        ("priority", {"priority": "asap"}, 422),
        ("hold", {"reason": "stock", "until": "2026-01-01T00:00:00"}, 422),
        ("hold", {"reason": "stock", "until": "2001-01-01T00:00:00Z"}, 422),
        ("hold", {"reason": "stock"}, 409),
        ("tags/999", None, 404),
        ("archive", None, 200),
    ],
)
def test_what_cannot_be_is_refused(
    session: Session,
    client: TestClient,
    bearer: Bearer,
    what: str,
    body: dict[str, Any] | None,
    code: int,
) -> None:
    order = OrderFactory(status=OrderStatus.DELIVERED)
    session.commit()

    answer = client.put(
        f"/api/v1/orders/{order.id}/{what}", json=body, headers=bearer(Role.SUPPORT)
    )

    assert answer.status_code == code, answer.text
    if code != 200:
        assert answer.json()["message"]
        deeds = select(AuditEntry).where(AuditEntry.subject_type == "order")
        assert session.exec(deeds).all() == []


def test_the_past_and_the_raw_words_are_shown_to_those_who_may(
    session: Session, client: TestClient, bearer: Bearer, order: Order
) -> None:
    path = f"/api/v1/orders/{order.id}"
    mine, admin = bearer(Role.SUPPORT), bearer(Role.ADMIN)
    before = now()
    client.put(f"{path}/priority", json={"priority": "urgent"}, headers=mine)

    past = client.get(f"{path}/past", params={"at": before.isoformat()}, headers=mine).json()
    (priority,) = [one for one in past["fields"] if one["name"] == "priority"]
    assert (priority["then"], priority["now"], past["exists"]) == ("normal", "urgent", True)
    early = client.get(f"{path}/past", params={"at": "2001-01-01T00:00:00Z"}, headers=mine).json()
    assert (early["exists"], early["fields"]) == (False, [])
    assert client.get(f"{path}/past", params={"at": "soon"}, headers=mine).status_code == 422

    assert client.get(f"{path}/payloads", headers=mine).status_code == 403
    (version,) = client.get(f"{path}/payloads", headers=admin).json()
    shown = client.get(f"{path}/payloads/{version['key']}", headers=admin)
    assert (shown.status_code, shown.json()["text"].startswith("{")) == (200, True)
    assert client.get(f"{path}/payloads/xyz", headers=admin).status_code == 404
    assert "order:payload:seen" in session.exec(select(AuditEntry.action)).all()


def test_tags_are_kept(client: TestClient, bearer: Bearer) -> None:
    mine = bearer(Role.SUPPORT)
    made = client.post("/api/v1/tags", json={"name": "Gift"}, headers=mine)
    path = f"/api/v1/tags/{made.json()['id']}"

    assert made.status_code == 201
    renamed = client.patch(path, json={"name": "Gifts", "colour": "red"}, headers=mine)
    assert renamed.json() | {"id": 0} == {"id": 0, "name": "Gifts", "colour": "red"}
    assert client.patch(path, json={"is_retired": True}, headers=mine).status_code == 200
    assert client.get("/api/v1/tags", headers=mine).json() == []
    assert client.post("/api/v1/tags", json={"name": ""}, headers=mine).status_code == 422
    names = [one["name"] for one in client.get("/api/v1/colleagues", headers=mine).json()]
    assert len(names) == len(list(Role))
