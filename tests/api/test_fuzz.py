"""What a fuzzer makes of our description, signed in as each role: no request, however odd, breaks
the server, and every answer is one that the description tells of."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlmodel import Session

from crm_app.api import rates
from crm_app.domain.permissions import Permission, Role
from crm_app.models import User
from tests.api.conftest import TestClient
from tests.factories import (
    PASSWORD,
    AccountFactory,
    OrderFactory,
    OrderLineFactory,
    StaffRoleFactory,
    UserFactory,
    give,
)

# Its code, the type of its content and its shape are all in the description.
DESCRIBED: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def an_admin(_session: Session) -> User:
    return UserFactory(role=Role.ADMIN)


def a_supporter(_session: Session) -> User:
    return UserFactory(role=Role.SUPPORT)


def a_reader(_session: Session) -> User:
    return UserFactory(role=Role.READ_ONLY)


def a_lead(session: Session) -> User:
    """A role of one's own: every verb, on one account."""
    user: User = UserFactory(role=None)
    role = StaffRoleFactory(verbs=[one.value for one in Permission])
    give(session, user, role, accounts=[AccountFactory()])
    return user


ROLES: Final[dict[str, Callable[[Session], User]]] = {
    "admin": an_admin,
    "support": a_supporter,
    "read-only": a_reader,
    "everything on one account": a_lead,
}


@pytest.fixture
def operations(api: FastAPI) -> Iterator[Any]:
    schema: Any = schemathesis.openapi.from_asgi("/api/v1/openapi.json", api)
    return (found.ok() for found in schema.get_all_operations())


def fuzz(operation: Any, mode: GenerationMode, headers: dict[str, str], most: int) -> set[int]:
    """The codes that some requests made for this operation get."""
    codes: set[int] = set()

    @settings(
        max_examples=most,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        answer = case.call(headers=headers)
        codes.add(answer.status_code)
        case.validate_response(answer, checks=DESCRIBED, headers=headers)
        if answer.status_code >= 400:
            assert sorted(answer.json()) == ["details", "error", "message"]

    run()
    return codes


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
@pytest.mark.parametrize("role", ROLES)
def test_no_request_breaks_the_server_or_is_answered_with_what_nobody_described(
    api: FastAPI,
    operations: Iterator[Any],
    client: TestClient,
    session: Session,
    mode: GenerationMode,
    role: str,
) -> None:
    OrderLineFactory(order=OrderFactory())
    codes: dict[str, set[int]] = {}

    for operation in operations:
        if operation.path.startswith("/health"):
            continue  # 503 is its honest answer: no worker runs here
        # Each with a person of its own: some of these calls end sessions.
        login = {"email": ROLES[role](session).email, "password": PASSWORD}
        session.commit()
        rates.OF_ACTORS.forget()
        token = client.post("/api/v1/auth/login", json=login).json()["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        most = 5 if role == "admin" else 2
        codes[f"{operation.method} {operation.path}"] = fuzz(operation, mode, headers, most)

    described = {
        f"{method} {path}"
        for path, methods in api.openapi()["paths"].items()
        for method in methods
        if not path.startswith("/health")
    }
    assert codes.keys() == described
    if mode is GenerationMode.POSITIVE:
        assert 200 in codes["get /api/v1/orders"]
        assert codes["get /api/v1/auth/me"] == {200}
        assert (codes["get /api/v1/roles"] == {403}) == (role != "admin")
