"""A shop in which a walk through a whole table would be seen: forty thousand orders."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlmodel import Session

from benchmarks import filling
from benchmarks.shop import Shop
from crm_app import db
from crm_app.config import get_settings
from tests.conftest import ROOT

ORDERS = 40_000


@pytest.fixture(scope="module")
def shop(migrated_url: str, postgres_url_for: Callable[[str], str]) -> Iterator[None]:
    """This process reads that shop; afterwards the database of the other tests again."""
    url = postgres_url_for("crm_plans")
    use(url)
    command.upgrade(Config(str(ROOT / "alembic.ini")), "head")
    with psycopg.connect(filling.dsn(), autocommit=True) as connection:
        filling.fill(connection, Shop(ORDERS, datetime.now(UTC)))
    yield
    use(migrated_url)


def use(url: str) -> None:
    os.environ["CRM_DATABASE_URL"] = url
    db.dispose()
    get_settings.cache_clear()


@pytest.fixture
def reading(shop: None) -> Iterator[Session]:
    with db.transaction() as session:
        yield session
