"""Fields that no form has, and texts that are code elsewhere, in every field that takes one."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from crm_app.domain.permissions import Role
from crm_app.models import User
from tests.api.conftest import Bearer
from tests.factories import OrderFactory

TEXTS = (
    "'; DROP TABLE orders; --",
    '" OR 1=1 --',
    "${7*7}{{7*7}}",
    "<script>alert(1)</script>",
    "%00%0d%0aset-cookie: a=b",
    "../../../../etc/passwd",
    "\\x00\\",
    '=HYPERLINK("http://evil.example")',
    "\u202e\u0000".replace("\u0000", "\u200b"),
)


def _resolved(api: FastAPI, schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return api.openapi()["components"]["schemas"][name]
    return schema


def bodies(api: FastAPI) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and schema of every endpoint that takes a JSON object."""
    for path, methods in api.openapi()["paths"].items():
        for method, told in methods.items():
            content = told.get("requestBody", {}).get("content", {}).get("application/json")
            if content:
                schema = _resolved(api, content["schema"])
                if schema.get("type") == "object":
                    yield method.upper(), re.sub(r"{\w+}", "1", path), schema


def filled(api: FastAPI, schema: dict[str, Any], value: str) -> dict[str, Any]:
    def one(field: dict[str, Any]) -> Any:
        field = _resolved(api, field)
        kinds = [field, *(_resolved(api, other) for other in field.get("anyOf", []))]
        for kind in kinds:
            match kind.get("type"):
                case "string":
                    return kind["enum"][0] if "enum" in kind else value
                case "integer":
                    return 1
                case "number":
                    return 1.5
                case "boolean":
                    return True
                case "array":
                    return [one(kind.get("items", {}))]
                case "object":
                    return filled(api, kind, value) if "properties" in kind else {value: value}
                case _:
                    pass
        return value

    return {name: one(field) for name, field in schema.get("properties", {}).items()}


def test_no_body_takes_a_field_that_it_does_not_name(
    api: FastAPI, client: TestClient, bearer: Bearer, people: dict[Role, User], session: Session
) -> None:
    headers = bearer(Role.ADMIN)
    extra = {"role": "admin", "is_active": True, "user_id": 1, "id": 7, "__class__": "x"}

    answers: dict[str, int] = {}
    for method, path, schema in bodies(api):
        for name, value in extra.items():
            if name in schema.get("properties", {}):
                continue
            body = filled(api, schema, "text") | {name: value}
            if method == "POST" and path.endswith(("/end-others", "/logout")):
                continue
            answer = client.request(method, path, json=body, headers=headers)
            answers[f"{method} {path} {name}"] = answer.status_code
            headers = bearer(Role.ADMIN) if answer.status_code == 429 else headers

    assert len(answers) > 80
    taken = {name: code for name, code in answers.items() if code < 400}
    assert taken == {}
    session.expire_all()
    assert {user.email for user in session.exec(select(User))} == {
        user.email for user in people.values()
    }


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_no_text_in_any_field_is_run_or_breaks_anything(
    api: FastAPI, client: TestClient, bearer: Bearer, session: Session, text: str
) -> None:
    order = OrderFactory()
    session.commit()
    headers = bearer(Role.ADMIN)
    codes: dict[str, int] = {}

    for method, path, schema in bodies(api):
        if path.startswith(("/api/v1/auth", "/api/v1/me")):
            continue  # they count as wrong tries and end the sign-in that looks
        answer = client.request(method, path, json=filled(api, schema, text), headers=headers)
        codes[f"{method} {path}"] = answer.status_code
    for path, methods in api.openapi()["paths"].items():
        for param in methods.get("get", {}).get("parameters", []):
            if param["in"] == "query":
                url = re.sub(r"{\w+}", "1", path)
                answer = client.get(url, params={param["name"]: text}, headers=headers)
                codes[f"GET {url}?{param['name']}"] = answer.status_code
                assert "set-cookie" not in answer.headers

    assert {
        name: code for name, code in codes.items() if code >= 500 and "health" not in name
    } == {}
    session.refresh(order)
    assert order.customer_name == "Meera Iyer"
