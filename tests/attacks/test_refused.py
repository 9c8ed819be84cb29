"""Every endpoint and handler of the running app, called by who must not: refused, remembered, and
nothing changed. A new one is covered without being listed."""

import secrets
import uuid
from collections.abc import Callable
from datetime import timedelta

import jwt
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session, func, select

from crm_app import db
from crm_app.api import rates
from crm_app.domain.permissions import Role
from crm_app.domain.time import now
from crm_app.models import AuditEntry, User
from crm_app.services import api_tokens, auth, endings, refreshing, refusals, signed
from crm_app.ui.login.state import LoginState
from crm_app.ui.welcome.state import WelcomeState
from tests.api.conftest import Bearer
from tests.api.test_house import calls
from tests.attacks.conftest import Stored
from tests.factories import PASSWORD, OrderFactory, UserFactory
from tests.ui.browser import cookie_of, tab
from tests.ui.test_guard import MARKED, _ours, _payload  # pyright: ignore[reportPrivateUsage]

OURS = "http://localhost:8000"
_WRITES = {"POST", "PUT", "PATCH", "DELETE"}


def open_session(user: User) -> auth.SignedIn:
    with db.transaction() as session:
        outcome = auth.sign_in(
            session, email=user.email, password=PASSWORD, address="203.0.113.7", device="test"
        )
    assert isinstance(outcome, auth.SignedIn)
    return outcome


def of_somebody_deactivated(session: Session) -> dict[str, str]:
    user = UserFactory(role=Role.ADMIN)
    session.commit()
    token = refreshing.access_token(open_session(user))[0]
    user.is_active = False
    session.commit()
    return {"authorization": f"Bearer {token}"}


def of_an_old_cookie(session: Session) -> dict[str, str]:
    user = UserFactory(role=Role.ADMIN)
    session.commit()
    opened = open_session(user)
    with db.transaction() as other:
        endings.sign_out(other, opened.token, "")
    return {"cookie": f"{auth.SESSION_COOKIE}={opened.token}", "origin": OURS}


def of_a_made_up_token(session: Session) -> dict[str, str]:
    del session
    return {"authorization": f"Bearer {api_tokens.PREFIX}{secrets.token_urlsafe(32)}"}


def of_a_forged_jwt(session: Session) -> dict[str, str]:
    user = UserFactory(role=Role.ADMIN)
    session.commit()
    opened = open_session(user)
    claims = {"sub": str(user.id), "sid": opened.session_id, "aud": auth.API_AUDIENCE}
    made = jwt.encode(claims | {"exp": now() + timedelta(hours=1)}, "k" * 32, algorithm="HS256")
    return {"authorization": f"Bearer {made}"}


def of_a_jwt_for_something_else(session: Session) -> dict[str, str]:
    user = UserFactory(role=Role.ADMIN)
    session.commit()
    claims = {"sub": str(user.id), "sid": open_session(user).session_id}
    made = signed.sign(claims, "crm-half", timedelta(hours=1))
    return {"authorization": f"Bearer {made}"}


def of_a_jwt_that_is_over(session: Session) -> dict[str, str]:
    user = UserFactory(role=Role.ADMIN)
    session.commit()
    claims = {"sub": str(user.id), "sid": open_session(user).session_id}
    made = signed.sign(claims, auth.API_AUDIENCE, timedelta(seconds=-1))
    return {"authorization": f"Bearer {made}"}


def of_nobody(session: Session) -> dict[str, str]:
    del session
    return {}


@pytest.mark.parametrize(
    "caller",
    [
        of_nobody,
        of_somebody_deactivated,
        of_an_old_cookie,
        of_a_made_up_token,
        of_a_forged_jwt,
        of_a_jwt_for_something_else,
        of_a_jwt_that_is_over,
    ],
)
def test_no_endpoint_answers_who_is_not_signed_in(
    api: FastAPI,
    client: TestClient,
    session: Session,
    stored: Callable[[], Stored],
    monkeypatch: pytest.MonkeyPatch,
    caller: Callable[[Session], dict[str, str]],
) -> None:
    monkeypatch.setattr(refusals, "BOUND", refusals.Bound(burst=10_000))
    OrderFactory()
    session.commit()
    headers = caller(session)
    guarded = [call for call in calls(api) if not call[2].startswith("public: ")]
    before = stored()

    answers = {
        f"{method} {path}": client.request(method, path, json={}, headers=headers)
        for method, path, _ in guarded
    }

    assert {name: one.status_code for name, one in answers.items() if one.status_code != 401} == {}
    told = {one.text for name, one in answers.items() if not name.startswith("HEAD")}
    assert len(told) == 1, "the answer says something of what was asked"
    assert stored() == before
    entries = session.exec(
        select(AuditEntry.subject_id).where(AuditEntry.action == "request:refused")
    ).all()
    assert len(set(entries)) >= len({path for _, path, _ in guarded}) * 0.95
    assert "Meera" not in " ".join(told)


def test_no_write_is_taken_from_another_site(
    api: FastAPI, client: TestClient, session: Session, stored: Callable[[], Stored]
) -> None:
    user = UserFactory(role=Role.ADMIN)
    session.commit()
    cookie = {"cookie": f"{auth.SESSION_COOKIE}={open_session(user).token}"}
    writes = [call for call in calls(api) if call[0] in _WRITES and not call[2].startswith("pub")]
    before = stored()

    answers = {
        f"{origin} {method} {path}": client.request(
            method, path, json={}, headers=cookie | ({"origin": origin} if origin else {})
        ).status_code
        for method, path, _ in writes
        for origin in ("https://evil.example", "null", "", f"{OURS}.evil.example")
    }

    assert len(answers) > 100
    assert set(answers.values()) == {403}, answers
    assert stored() == before


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.READ_ONLY])
def test_what_a_role_may_not_is_refused_remembered_and_changes_nothing(
    api: FastAPI,
    client: TestClient,
    bearer: Bearer,
    session: Session,
    stored: Callable[[], Stored],
    monkeypatch: pytest.MonkeyPatch,
    role: Role,
) -> None:
    monkeypatch.setattr(refusals, "BOUND", refusals.Bound(burst=10_000))
    headers = bearer(role)
    before = stored()

    refused = [
        path
        for method, path, mark in calls(api)
        if not mark.startswith(("public: ", "signed in"))
        and client.request(method, path, json={}, headers=headers).status_code == 403
        and not rates.OF_ACTORS.forget()
    ]

    entries = session.exec(
        select(func.count())
        .select_from(AuditEntry)
        .where(AuditEntry.action == "request:refused", AuditEntry.actor_label != "Nobody")
    ).one()
    assert len(refused) > 20
    assert entries >= len(refused) * 0.9
    changed = {name for name, found in stored().items() if found != before[name]}
    assert changed <= {"users", "user_sessions", "alert_choices"}


async def test_no_handler_runs_for_somebody_deactivated_with_an_open_socket(
    session: Session, stored: Callable[[], Stored], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "BOUND", refusals.Bound(burst=10_000))
    user, order = UserFactory(role=Role.ADMIN), OrderFactory()
    session.commit()
    opened_session = open_session(user)
    guarded = [
        name
        for name in MARKED
        if not name.startswith((LoginState.get_full_name(), WelcomeState.get_full_name()))
    ]

    async with tab(cookie_of(opened_session.token)) as opened:
        user.is_active = False
        session.commit()
        before = stored()
        for name in guarded:
            opened.events.clear()
            opened.socket = uuid.uuid4().hex
            await opened.send(name, f"/orders/{order.id}", **_payload(_ours()[name]))
            assert "_redirect" in opened.said(), name

    assert stored() == before
    assert "Meera" not in str(opened.deltas)
    entries = session.exec(
        select(AuditEntry.subject_id).where(AuditEntry.action == "event:refused")
    ).all()
    assert len(entries) >= len(guarded) * 0.95
