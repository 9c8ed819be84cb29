"""Real servers for every test: an embedded PostgreSQL and Valkey, empty again after each one."""

import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from alembic import command
from alembic.config import Config
from redis import Redis
from sqlalchemy import Connection, text
from sqlmodel import Session, SQLModel
from xdist.remote import Producer  # pyright: ignore[reportMissingTypeStubs]
from xdist.scheduler import LoadScopeScheduling  # pyright: ignore[reportMissingTypeStubs]

from crm_app import db, embedded, models, queue
from crm_app.api import rates
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Role
from crm_app.domain.time import now
from crm_app.embedded import Postgres
from crm_app.services import auth, beats, refusals, trail_checks
from tests.factories import UserFactory, bind
from tests.postbox import Postbox
from tests.running import free_port

ROOT = Path(__file__).resolve().parent.parent
# Material that only some checkouts have beside them; tests that need it skip with this reason.
SHARED = ROOT.parent / "shared"

assert models.__all__

# Folders whose tests start the whole product or build its pages, in the one `.web` of the checkout.
_WHOLE_PRODUCT = ("tests/e2e/", "tests/drills/", "tests/house/")


class ByFile(LoadScopeScheduling):
    """Where several processes share the tests: a file to one, and the whole product to one."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return "the whole product" if path.startswith(_WHOLE_PRODUCT) else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)


@pytest.fixture(scope="session")
def data_dir_of_session() -> Iterator[Path]:
    # Not pytest's own folder: that one is closed to PostgreSQL's user when root runs the tests.
    base = Path(tempfile.mkdtemp(prefix="crm-tests-"))
    base.chmod(0o755)
    yield base
    embedded.discard(base)
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(data_dir_of_session: Path) -> Iterator[Postgres]:
    with embedded.postgres(data_dir_of_session, durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url_for(postgres: Postgres) -> Callable[[str], str]:
    """An empty database of this name, made anew; its SQLAlchemy URL."""

    def make(name: str) -> str:
        postgres.drop_database(name)
        return postgres.ensure_database(name)

    return make


@pytest.fixture(scope="session")
def redis_url(data_dir_of_session: Path) -> Iterator[str]:
    with embedded.redis(data_dir_of_session) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_url(
    postgres_url_for: Callable[[str], str], redis_url: str, data_dir_of_session: Path
) -> Iterator[str]:
    """The product's database, migrated, with every process setting pointing at it."""
    url = postgres_url_for("crm_test")
    environment = {
        "CRM_ENVIRONMENT": "test",
        # Not the checkout's own: what a desk that ran there noted is none of the tests' business.
        "CRM_DATA_DIR": str(data_dir_of_session / "desk"),
        "CRM_DATABASE_URL": url,
        "CRM_REDIS_URL": redis_url,
        "CRM_SECRET_KEYS": "a-secret-of-the-tests-that-is-long-enough-for-production",
    }
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    get_settings.cache_clear()
    queue.forget_connections()
    command.upgrade(Config(str(ROOT / "alembic.ini")), "head")
    yield url
    db.dispose()
    queue.forget_connections()
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    get_settings.cache_clear()


@pytest.fixture
def database(migrated_url: str) -> Iterator[str]:
    """An empty, migrated database and an empty Redis; emptied again after the test."""
    show_alive()
    yield migrated_url
    make_empty()


def show_alive() -> None:
    """As if worker and clock ran; a test about their death takes the signs away."""
    redis: Redis = queue.connection()
    for name in (beats.WORKER, beats.CLOCK):
        redis.set(f"alive:{name}", "1")


def make_empty() -> None:
    """The database and Redis as they were before the first test."""
    # Not TRUNCATE: on tables with a handful of rows it takes ten times longer.
    tables = reversed(SQLModel.metadata.sorted_tables)
    with db.get_engine().begin() as connection:
        as_owner(connection)
        connection.execute(text("; ".join(_emptying(table.name) for table in tables)))
    queue.connection().flushdb()
    # Noted beside the database, so that nobody cuts the trail's end off: this one is empty again.
    trail_checks.heads_file().unlink(missing_ok=True)
    refusals.BOUND.forget()
    rates.OF_ACTORS.forget()


def as_owner(session: Session | Connection) -> None:
    """Until this transaction ends, pass by what the database refuses even to the product.

    A superuser's word, which a real deployment's product has none of (docs/operations.md).
    """
    session.execute(text("SET LOCAL session_replication_role = replica"))


def _emptying(table: str) -> str:
    # The built-in roles came with the migration.
    return f'DELETE FROM "{table}"' + (" WHERE key IS NULL" if table == "roles" else "")


@pytest.fixture
def session(database: str) -> Generator[Session]:
    """A transaction that factories write into; committed when the test is over without error.

    Call `session.commit()` where another transaction has to see the rows.
    """
    del database
    engine = db.get_engine()
    pool = engine.pool
    with Session(engine, expire_on_commit=False) as opened:
        bind(opened)
        yield opened
    if engine.pool is not pool:
        # The test disposed of the engine while this connection was out: it came back to a pool
        # that nobody closes, and the collector would complain in the middle of another test.
        pool.dispose()


@pytest.fixture
def admin(session: Session) -> Actor:
    return _actor(session, Role.ADMIN)


@pytest.fixture
def asha(session: Session) -> Actor:
    """Support: sees people, changes statuses."""
    return _actor(session, Role.SUPPORT)


@pytest.fixture
def reader(session: Session) -> Actor:
    """Read-only: sees orders, no personal data."""
    return _actor(session, Role.READ_ONLY)


def _actor(session: Session, role: Role) -> Actor:
    user = UserFactory(role=role, name=f"{role.label} person")
    session.commit()
    return replace(auth.person(session, user), confirmed_at=now())


@pytest.fixture
def postbox(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    del database
    box, port = Postbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    for name, value in (
        ("HOST", "127.0.0.1"),
        ("PORT", str(port)),
        ("SECURITY", "none"),
        ("FROM", "desk@palmonas.test"),
    ):
        monkeypatch.setenv(f"CRM_SMTP_{name}", value)
    get_settings.cache_clear()
    yield box
    controller.stop()
    monkeypatch.undo()
    get_settings.cache_clear()
