"""What holds for every endpoint: its mark, its errors, its limits, its description."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from jsonschema.validators import Draft202012Validator
from sqlmodel import Session
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from crm_app import db, queue
from crm_app.api.app import create_api
from crm_app.api.dependencies import MARK
from crm_app.api.limits import MAX_BODY_BYTES
from crm_app.config import get_settings
from crm_app.domain.permissions import ROLE_PERMISSIONS, Permission, Role
from crm_app.domain.time import now
from crm_app.models import AccountPulse, AccountStatus
from crm_app.services import beats
from tests.api.conftest import Bearer
from tests.factories import AccountFactory

DOCS, SCHEMA = "/api/v1/docs", "/api/v1/openapi.json"


def routes(api: FastAPI) -> list[APIRoute]:
    """Every endpoint, also those of included routers."""

    def walk(found: Any) -> Iterator[APIRoute]:
        for route in found:
            if isinstance(route, APIRoute):
                yield route
            elif isinstance(getattr(route, "original_router", None), APIRouter):
                yield from walk(route.original_router.routes)

    return list(walk(api.routes))


def marks(route: APIRoute) -> list[str]:
    found = [getattr(item.call, MARK, None) for item in route.dependant.dependencies]
    return [mark for mark in found if mark]


def calls(api: FastAPI) -> list[tuple[str, str, str]]:
    """Method, path with an id, and mark of every endpoint."""
    return [
        (method, re.sub(r"{\w+}", "1", route.path), marks(route)[0])
        for route in routes(api)
        for method in sorted(route.methods or ())
    ]


def test_every_endpoint_carries_its_mark(api: FastAPI) -> None:
    found = {f"{sorted(route.methods or ())} {route.path}": marks(route) for route in routes(api)}

    assert len(found) >= 13
    assert {name for name, carried in found.items() if len(carried) != 1} == set()


def test_a_plain_route_is_marked_or_describes_the_api(api: FastAPI) -> None:
    plain = [one for one in api.routes if isinstance(one, Route) and not isinstance(one, APIRoute)]

    found = {one.path: getattr(one.endpoint, MARK, "") for one in plain}
    assert found == {
        SCHEMA: "",
        "/webhooks/{channel}/{account_id}": "public: the signature is the permission",
    }


def test_nobody_gets_past_a_mark(api: FastAPI, client: TestClient) -> None:
    guarded = [call for call in calls(api) if not call[2].startswith("public: ")]

    answers = {
        f"{method} {path}": client.request(method, path, json={}).status_code
        for method, path, _ in guarded
    }

    assert len(answers) >= 8
    assert set(answers.values()) == {401}, answers


@pytest.mark.parametrize("role", list(Role))
def test_a_role_gets_past_the_marks_of_its_permissions_only(
    api: FastAPI, client: TestClient, bearer: Bearer, role: Role
) -> None:
    headers = bearer(role)
    held = {permission.value for permission in ROLE_PERMISSIONS[role]}
    guarded = [call for call in calls(api) if call[2] in set(Permission)]

    refused = {
        (method, path): client.request(method, path, json={}, headers=headers).status_code == 403
        for method, path, _ in guarded
    }

    assert refused == {(method, path): mark not in held for method, path, mark in guarded}


@pytest.mark.parametrize(
    ("method", "path", "code", "error"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/api/v1/nowhere", 404, "not_found"),
        ("DELETE", "/api/v1/orders", 405, "method_not_allowed"),
        ("GET", "/api/v1/auth/login", 405, "method_not_allowed"),
    ],
)
def test_errors_of_the_framework_have_our_shape(
    client: TestClient, method: str, path: str, code: int, error: str
) -> None:
    answer = client.request(method, path)

    assert (answer.status_code, answer.json()["error"]) == (code, error)
    assert sorted(answer.json()) == ["details", "error", "message"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", 422),
        (b"", 422),
        (b"not json", 422),
        (b'{"email": "\xff\xfe"}', 400),
        (b'{"email": "\\ud800", "password": "x"}', 422),
        (b'{"email": "a@b.test", "password": ' + b"9" * 5_000 + b"}", 400),
        (b"[" * 50_000, 400),
        (b"NaN", 422),
    ],
    ids=["half", "empty", "words", "no utf-8", "half a character", "huge number", "deep", "nan"],
)
def test_a_body_that_is_no_json_is_said(client: TestClient, content: bytes, code: int) -> None:
    answer = client.post(
        "/api/v1/auth/login", content=content, headers={"content-type": "application/json"}
    )

    assert answer.status_code == code, answer.text
    assert sorted(answer.json()) == ["details", "error", "message"]


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 10_000):
        yield b" " * 10_000


@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/auth/login", "/api/v1/users"])
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_large_is_not_taken(
    client: TestClient, path: str, announced: bool
) -> None:
    size = MAX_BODY_BYTES + 10_000
    content = b" " * size if announced else chunks(size)
    kind = "application/x-www-form-urlencoded" if path == "/auth/login" else "application/json"

    answer = client.post(path, content=content, headers={"content-type": kind})

    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


def test_a_body_just_below_the_limit_is_read(client: TestClient) -> None:
    answer = client.post("/api/v1/auth/login", content=b" " * MAX_BODY_BYTES)

    assert answer.status_code == 422


def test_a_fault_of_ours_tells_nothing_of_itself(database: str) -> None:
    api = create_api()

    @api.get("/broken")
    def broken() -> None:  # pyright: ignore[reportUnusedFunction]
        raise KeyError("meera@mail.example")

    with TestClient(api, raise_server_exceptions=False) as client:
        answer = client.get("/broken")

    assert answer.status_code == 500
    assert answer.json() == {
        "error": "error",
        "message": "Something went wrong on our side.",
        "details": {},
    }


def test_a_database_that_is_away_is_503(
    client: TestClient, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = bearer(Role.SUPPORT)
    db.dispose()
    monkeypatch.setenv("CRM_DATABASE_URL", "postgresql+psycopg://crm@127.0.0.1:1/none")
    get_settings.cache_clear()

    answers = [
        client.get("/api/v1/orders", headers=headers),
        client.post("/api/v1/auth/login", json={"email": "a@b.test", "password": "x"}),
    ]
    ready, live = client.get("/health/ready"), client.get("/health/live")

    db.dispose()
    monkeypatch.undo()
    get_settings.cache_clear()
    assert [answer.status_code for answer in answers] == [503, 503]
    assert answers[0].json()["message"].startswith("The database does not answer.")
    assert (ready.status_code, ready.json()["database"], live.status_code) == (503, False, 200)
    assert client.get("/api/v1/orders", headers=headers).status_code == 200


def test_the_description_is_valid_and_names_every_endpoint(
    api: FastAPI, client: TestClient
) -> None:
    schema = client.get(SCHEMA).json()

    described = {path for route in routes(api) if route.include_in_schema for path in [route.path]}
    assert schema["openapi"].startswith("3.1")
    assert set(schema["paths"]) == described
    for part in schema["components"]["schemas"].values():
        Draft202012Validator.check_schema(part)
    for operations in schema["paths"].values():
        for operation in operations.values():
            assert operation["description"]
            error = operation["responses"]["422"]["content"]["application/json"]["schema"]
            assert error == {"$ref": "#/components/schemas/ErrorOut"}


def test_the_documentation_loads_nothing_from_outside(client: TestClient) -> None:
    answer = client.get(DOCS)

    page = answer.text
    assert answer.status_code == 200
    assert "/api/v1/orders/{order_id}/status" in page
    assert re.findall(r"https?://|//[a-z]+\.", page) == []
    assert re.findall(r"<(?:script|link|img|iframe)", page) == []
    assert re.findall(r"(?:src|@import|url\()", page) == []


def test_readiness_names_each_part_and_the_last_pull(client: TestClient, bearer: Bearer) -> None:
    queue.connection().delete(f"alive:{beats.WORKER}")

    body = client.get("/health/ready").json()

    assert client.get("/health/live").json() == {"status": "ok"}
    assert (body["database"], body["redis"], body["worker"]) == (True, True, False)
    assert (body["status"], body["accounts"]) == ("unavailable", [])


def test_readiness_names_accounts_only_to_people_who_may_see_orders(
    client: TestClient, session: Session, bearer: Bearer
) -> None:
    account = AccountFactory(
        name="Amazon India", status=AccountStatus.DISCONNECTED, last_error="Key of Meera revoked"
    )
    session.add(
        AccountPulse(
            account_id=account.id,
            at=now(),
            tried_hour=0,
            accepted_hour=0,
            tried_day=8,
            accepted_day=6,
        )
    )
    session.commit()

    nobody = client.get("/health/ready")
    wrong = client.get("/health/ready", headers={"authorization": "Bearer nonsense"})
    (found,) = client.get("/health/ready", headers=bearer(Role.READ_ONLY)).json()["accounts"]

    for answer in (nobody, wrong):
        assert answer.json()["levels"] == {"bad": 1}
        assert "Amazon India" not in answer.text
        assert "Meera" not in answer.text
    assert (found["name"], found["level"]) == ("Amazon India", "bad")
    assert found["last_hour"] == {"tried": 0, "accepted": 0, "share": None}
    assert found["last_day"] == {"tried": 8, "accepted": 6, "share": 0.75}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nowhere", 404, "not_found"),
        ("POST", "/api/", 404, "not_found"),
        ("DELETE", "/api/v1/orders", 405, "method_not_allowed"),
    ],
)
def test_the_pages_below_never_answer_for_the_api(
    migrated_url: str, method: str, path: str, status: int, code: str
) -> None:
    del migrated_url
    api = create_api()
    # As Reflex does with its pages.
    api.mount("", PlainTextResponse("a page"))

    with TestClient(api) as opened:
        answer = opened.request(method, path)
        page = opened.get("/orders")

    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert page.text == "a page"
