"""Databases of the benchmark's own, below `.data/bench`."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config

from crm_app import db, embedded, queue
from crm_app.config import get_settings
from crm_app.embedded import Postgres

ROOT: Final = Path(__file__).resolve().parent.parent
DATA_DIR: Final = ROOT / ".data" / "bench"


@dataclass(frozen=True)
class Servers:
    """A durable PostgreSQL, set up as the product's own, and a Valkey."""

    postgres: Postgres
    redis_url: str

    def use(self, database: str) -> bool:
        """Point this process (and its children) at a migrated database; True if it is new."""
        url = self.postgres.ensure_database(database)
        os.environ["CRM_DATABASE_URL"] = url
        os.environ["CRM_REDIS_URL"] = self.redis_url
        # What the product keeps beside its database, such as the heads of its audit trail.
        os.environ["CRM_DATA_DIR"] = str(_home(database))
        db.dispose()
        queue.connection.cache_clear()
        get_settings.cache_clear()
        with db.get_engine().connect() as connection:
            is_new = not connection.dialect.has_table(connection, "alembic_version")
        command.upgrade(Config(str(ROOT / "alembic.ini")), "head")
        return is_new

    def use_empty(self, database: str) -> None:
        """Like `use`, with the database made anew."""
        db.dispose()
        self.postgres.drop_database(database)
        shutil.rmtree(_home(database), ignore_errors=True)
        self.use(database)


def _home(database: str) -> Path:
    made = DATA_DIR / "homes" / database
    made.mkdir(parents=True, exist_ok=True)
    return made


@contextmanager
def running() -> Generator[Servers]:
    """Both servers for the block."""
    with embedded.postgres(DATA_DIR) as postgres, embedded.redis(DATA_DIR) as redis_url:
        try:
            yield Servers(postgres, redis_url)
        finally:
            db.dispose()
