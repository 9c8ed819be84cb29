"""The same desk for all tests of a file: each only asks."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from crm_app.api import rates
from crm_app.api.app import create_api
from tests.api.conftest import TestClient
from tests.conftest import make_empty, show_alive
from tests.matrix.world import World, build


@pytest.fixture(scope="module")
def world(migrated_url: str) -> Iterator[World]:
    del migrated_url
    show_alive()
    yield build()
    make_empty()


@pytest.fixture(scope="module")
def api(migrated_url: str) -> FastAPI:
    del migrated_url
    return create_api()


@pytest.fixture(scope="module")
def client(api: FastAPI) -> Iterator[TestClient]:
    with TestClient(
        api,
        base_url="http://localhost:8000",
        raise_server_exceptions=False,
        follow_redirects=False,
    ) as opened:
        yield opened


@pytest.fixture(autouse=True)
def unlimited() -> None:
    """So many calls of one person are what the limit is for, and not what is asked here."""
    rates.OF_ACTORS.forget()
