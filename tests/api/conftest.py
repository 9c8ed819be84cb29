"""The API as a program sees it, in this process."""

import warnings
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlmodel import Session

from crm_app.api.app import create_api
from crm_app.domain.permissions import Role
from crm_app.models import User, UserSession
from tests.factories import PASSWORD, UserFactory

with warnings.catch_warnings():
    # It would rather have httpx2; ours is the httpx that also calls the channels.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

Bearer = Callable[[Role], dict[str, str]]


@pytest.fixture(scope="session")
def api(migrated_url: str) -> FastAPI:
    del migrated_url
    return create_api()


@pytest.fixture
def client(api: FastAPI, database: str) -> Iterator[TestClient]:
    """Without cookies of former requests unless the test keeps them; 500 is an answer."""
    del database
    with TestClient(
        api,
        base_url="http://localhost:8000",
        raise_server_exceptions=False,
        follow_redirects=False,
    ) as opened:
        yield opened


@pytest.fixture
def people(session: Session) -> dict[Role, User]:
    """One person of each role."""
    made: dict[Role, User] = {}
    for role in Role:
        made[role] = UserFactory(role=role, email=f"{role}@palmonas.test")
    session.commit()
    return made


@pytest.fixture
def bearer(client: TestClient, people: dict[Role, User]) -> Bearer:
    """The header of a person of a role, who signs in for it."""

    def sign_in(role: Role) -> dict[str, str]:
        answer = client.post(
            "/api/v1/auth/login", json={"email": people[role].email, "password": PASSWORD}
        )
        return {"authorization": f"Bearer {answer.json()['access_token']}"}

    return sign_in


def forget_confirmations(session: Session) -> None:
    """As if everybody had signed in long ago."""
    session.execute(update(UserSession).values(confirmed_at=None))
    session.commit()
