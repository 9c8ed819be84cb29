"""Sessions that were planted, and numbers of somebody else."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from crm_app.config import get_settings
from crm_app.domain.download import DownloadKind, DownloadState, FileFormat
from crm_app.domain.permissions import Role
from crm_app.models import ApiToken, Download, User, UserSession
from crm_app.services import auth
from tests.api.conftest import Bearer
from tests.factories import PASSWORD

OURS = {"origin": "http://localhost:8000"}
ME = "/api/v1/auth/me"
FIXED = "planted-by-somebody-else-0123456789abcdef"


def test_a_session_that_was_planted_before_is_not_the_one_that_opens(
    client: TestClient, people: dict[Role, User], session: Session
) -> None:
    client.cookies.set("crm_session", FIXED)
    form = {"email": people[Role.ADMIN].email, "password": PASSWORD}

    client.post(f"/auth/login?crm_session={FIXED}", data=form, headers=OURS)

    given = [one.value for one in client.cookies.jar if one.name == "crm_session"][-1]
    hashes = session.exec(select(UserSession.token_hash)).all()
    assert given != FIXED
    assert auth.digest(FIXED) not in hashes
    client.cookies.clear()
    planted = {"cookie": f"crm_session={FIXED}"}
    assert client.get("/api/v1/auth/me", headers=planted).status_code == 401
    assert client.get(f"/api/v1/auth/me?crm_session={FIXED}").status_code == 401


def test_each_sign_in_is_a_session_of_its_own(client: TestClient, people: dict[Role, User]) -> None:
    form = {"email": people[Role.ADMIN].email, "password": PASSWORD}

    client.post("/auth/login", data=form, headers=OURS)
    first = client.cookies["crm_session"]
    client.post("/auth/login", data=form, headers=OURS)

    assert client.cookies["crm_session"] != first


def test_numbers_of_others_open_nothing(
    client: TestClient, bearer: Bearer, people: dict[Role, User], session: Session
) -> None:
    admin, support = bearer(Role.ADMIN), bearer(Role.SUPPORT)
    made = client.post(
        "/api/v1/me/tokens",
        json={"name": "mine", "scopes": ["orders.view"], "days": 3},
        headers=admin,
    ).json()
    own = client.get("/api/v1/me/sessions", headers=admin).json()["sessions"][0]["id"]
    download = Download(
        kind=DownloadKind.EXPORT,
        format=FileFormat.CSV,
        title="Orders",
        user_id=people[Role.ADMIN].id,
        user_label="Admin",
        key="k",
        state=DownloadState.DONE,
    )
    session.add(download)
    session.commit()

    answers = [
        client.request(method, path, headers=support).status_code
        for method, path in (
            ("DELETE", f"/api/v1/me/tokens/{made['id']}"),
            ("DELETE", f"/api/v1/me/sessions/{own}"),
            ("GET", f"/api/v1/exports/{download.id}"),
            ("GET", f"/api/v1/exports/{download.id}/file"),
            ("DELETE", f"/api/v1/exports/{download.id}"),
        )
    ]

    session.expire_all()
    assert set(answers) <= {403, 404, 405}
    assert session.get_one(ApiToken, made["id"]).revoked_at is None
    assert session.get_one(UserSession, own).revoked_at is None
    assert session.get_one(Download, download.id).state.value == "done"


def test_over_https_no_neighbour_can_plant_the_cookie(
    client: TestClient, people: dict[Role, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_PUBLIC_URL", "https://desk.palmonas.example")
    get_settings.cache_clear()
    try:
        form = {"email": people[Role.ADMIN].email, "password": PASSWORD}
        ours = {"origin": "https://desk.palmonas.example"}
        given = client.post("/auth/login", data=form, headers=ours).headers.get_list("set-cookie")
        token = given[0].partition("=")[2].partition(";")[0]
        right = client.get(ME, headers={"cookie": f"__Host-crm_session={token}"}).status_code
        planted = client.get(ME, headers={"cookie": f"crm_session={token}"}).status_code
        gone = client.post(
            "/auth/logout", headers=ours | {"cookie": f"__Host-crm_session={token}"}
        ).headers["set-cookie"]
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()

    for cookie, name in zip(given, ("session", "device"), strict=True):
        assert cookie.startswith(f"__Host-crm_{name}=")
        words = {word.strip().lower() for word in cookie.split(";")}
        assert {"secure", "httponly", "path=/"} <= words
        assert not any(word.startswith("domain") for word in words)
    assert (right, planted) == (200, 401)
    assert "secure" in gone.lower()
