"""What a page of another site can make somebody's browser do with our cookie: nothing."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from crm_app.crm_app import app
from crm_app.domain.permissions import Role
from crm_app.models import AuditEntry, User, UserSession
from crm_app.services import refusals
from crm_app.ui.shared.origins import Receive, Scope, Send, origin_guard
from tests.factories import PASSWORD

assert app
OURS = {"origin": "http://localhost:8000"}


def test_a_form_of_another_site_signs_nobody_in_or_out(
    client: TestClient, people: dict[Role, User], session: Session
) -> None:
    form = {"email": people[Role.ADMIN].email, "password": PASSWORD}
    client.post("/auth/login", data=form, headers=OURS)
    evil = {"origin": "https://evil.example"}

    answers = [
        client.post("/auth/logout", headers=evil).status_code,
        client.post("/auth/login", data=form, headers=evil).status_code,
        client.post("/auth/code", data={"code": "1"}, headers=evil).status_code,
        client.post("/api/v1/auth/logout", headers=evil).status_code,
    ]

    assert answers == [403] * 4
    assert session.exec(select(UserSession.revoked_at)).all() == [None]
    told = session.exec(
        select(AuditEntry.subject_id).where(AuditEntry.action == "request:refused")
    ).all()
    assert "POST /auth/logout" in told


@pytest.mark.parametrize("origin", [b"https://evil.example", b"null", None])
async def test_a_socket_of_another_site_is_closed_and_remembered(
    session: Session, origin: bytes | None
) -> None:
    sent: list[Scope] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("it was let through")

    async def receive() -> Scope:
        return {"type": "websocket.connect"}

    async def send(message: Scope) -> None:
        sent.append(message)

    guard = origin_guard(["http://localhost:8000"], tell=refusals.note_socket)
    headers = [(b"origin", origin)] if origin else []
    scope: Scope = {
        "type": "websocket", "path": "/_event/", "headers": headers, "client": ("203.0.113.9", 1),
    }  # fmt: skip
    await guard(inner)(scope, receive, send)

    assert sent == [{"type": "websocket.close", "code": 1008}]
    entry = session.exec(select(AuditEntry)).one()
    assert (entry.action, entry.address) == ("socket:refused", "203.0.113.9")
