"""What a fuzzer makes of our description: no request, however odd, breaks the server."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from sqlmodel import Session

from crm_app.domain.permissions import Role
from tests.api.conftest import TestClient
from tests.factories import PASSWORD, OrderFactory, OrderLineFactory, UserFactory

few = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.fixture
def operations(api: FastAPI) -> Iterator[Any]:
    schema: Any = schemathesis.openapi.from_asgi("/api/v1/openapi.json", api)
    return (found.ok() for found in schema.get_all_operations())


def fuzz(operation: Any, mode: GenerationMode, headers: dict[str, str]) -> set[int]:
    """The codes that some requests made for this operation get."""
    codes: set[int] = set()

    @few
    @given(operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        answer = case.call(headers=headers)
        codes.add(answer.status_code)
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            assert sorted(answer.json()) == ["details", "error", "message"]

    run()
    return codes


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
def test_no_request_breaks_the_server(
    operations: Iterator[Any], client: TestClient, session: Session, mode: GenerationMode
) -> None:
    OrderLineFactory(order=OrderFactory())
    codes: dict[str, set[int]] = {}

    for operation in operations:
        if operation.path.startswith("/health"):
            continue  # 503 is its honest answer: no worker runs here
        # Each with an admin of its own: some of these calls end sessions.
        login = {"email": UserFactory(role=Role.ADMIN).email, "password": PASSWORD}
        session.commit()
        token = client.post("/api/v1/auth/login", json=login).json()["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        codes[f"{operation.method} {operation.path}"] = fuzz(operation, mode, headers)

    assert len(codes) >= 20
    if mode is GenerationMode.POSITIVE:
        assert 200 in codes["get /api/v1/orders"]
        assert codes["get /api/v1/auth/me"] == {200}
