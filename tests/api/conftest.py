"""The API as a program sees it, in this process."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlmodel import Session

from crm_app import vault
from crm_app.api.app import create_api
from crm_app.domain.permissions import Role
from crm_app.errands import oidc_provider
from crm_app.models import IdentityProvider, User, UserSession
from tests.api.way import Way
from tests.factories import PASSWORD, UserFactory
from tests.provider import CLIENT_ID, CLIENT_SECRET, Provider, running

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


@pytest.fixture(scope="session")
def running_provider() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(running_provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    oidc_provider.forget()
    # Keys are asked for again at once, so that a test need not wait for it.
    monkeypatch.setattr(oidc_provider, "_ASK_AGAIN_S", 0.0)
    fresh = Provider(running_provider.url, key=running_provider.key)
    for name, value in vars(fresh).items():
        setattr(running_provider, name, value)
    yield running_provider
    oidc_provider.forget()


@pytest.fixture
def known(
    session: Session, provider: Provider, people: dict[Role, User]
) -> Callable[..., IdentityProvider]:
    """The provider as it was connected; whoever it vouches for works at palmonas.test."""
    del people

    def make(**changes: Any) -> IdentityProvider:
        values: dict[str, Any] = {
            "name": "Our directory",
            "issuer": provider.url,
            "client_id": CLIENT_ID,
            "client_secret": vault.seal({"client_secret": CLIENT_SECRET}),
            "domains": ["palmonas.test"],
        }
        row = IdentityProvider(**values | changes)
        session.add(row)
        session.commit()
        return row

    return make


@pytest.fixture
def way(
    client: TestClient, provider: Provider, known: Callable[..., IdentityProvider]
) -> Callable[..., Way]:
    return lambda **changes: Way(client, provider, known(**changes))


def forget_confirmations(session: Session) -> None:
    """As if everybody had signed in long ago."""
    session.execute(update(UserSession).values(confirmed_at=None))
    session.commit()
