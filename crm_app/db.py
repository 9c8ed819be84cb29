"""The only place that opens sessions and commits."""

import threading
from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from crm_app.config import get_settings
from crm_app.errors import ServiceUnavailableError

# First half of the two-part advisory lock key: what kind of thing is locked.
LOCK_ACCOUNT_PULL: Final = 1
LOCK_ACCOUNT_PUSH: Final = 2
LOCK_AUDIT_CHAIN: Final = 3

_AFTER_COMMIT: Final = "after_commit"

_engine: Engine | None = None
_engine_lock = threading.Lock()


def get_engine() -> Engine:
    """The process's engine, made at first use: a forked worker must not inherit a socket."""
    global _engine
    with _engine_lock:
        if _engine is None:
            url = get_settings().database_url
            if url is None:
                raise ServiceUnavailableError(
                    "CRM_DATABASE_URL is not set. `make run` sets it for the embedded server."
                )
            _engine = build_engine(url)
        return _engine


def build_engine(url: str) -> Engine:
    """An engine that notices a restarted server and never waits long for a lost one."""
    return create_engine(
        url,
        pool_size=10,
        max_overflow=20,
        pool_timeout=10,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 5,
            # A page must never hang on somebody's lock; `jit` costs more than it gives here.
            "options": "-c lock_timeout=8s -c statement_timeout=60s -c jit=off -c timezone=UTC",
        },
    )


def dispose() -> None:
    """Close every connection; the next use opens new ones."""
    global _engine
    with _engine_lock:
        if _engine is not None:
            _engine.dispose()
            _engine = None


@contextmanager
def transaction() -> Generator[Session]:
    """One unit of work: commit when the block ends, roll back when it raises.

    Raises:
        ServiceUnavailableError: If the database cannot be reached.
    """
    with Session(get_engine(), expire_on_commit=False) as session:
        try:
            with session.begin():
                yield session
            _run_after_commit(session)
        except DBAPIError as error:
            if is_outage(error):
                raise ServiceUnavailableError(
                    "The database does not answer. Nothing was changed; try again in a moment."
                ) from error
            raise


def after_commit(session: Session, key: Hashable, act: Callable[[], None]) -> None:
    """Run `act` once the transaction of `session` has committed; never if it rolls back.

    Args:
        session: A session of `transaction()`.
        key: Names the act: asking twice for the same one runs it once.
        act: Must not raise; the change is already stored.
    """
    session.info.setdefault(_AFTER_COMMIT, {})[key] = act


def _run_after_commit(session: Session) -> None:
    acts: dict[Hashable, Callable[[], None]] = session.info.pop(_AFTER_COMMIT, {})
    for act in acts.values():
        act()


def is_outage(error: DBAPIError) -> bool:
    """Whether the server was away, rather than refusing this statement."""
    return (
        error.connection_invalidated
        or (
            isinstance(error, OperationalError)
            and error.orig is not None
            and _sqlstate(error) is None
        )
        or (_sqlstate(error) or "").startswith(("08", "57P"))
    )


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


@contextmanager
def exclusive(kind: int, key: int) -> Generator[bool]:
    """Hold a lock shared by all processes for the length of the block; True if it is ours.

    The lock lives in the database session, so a killed process gives it back by itself, and no
    transaction stays open meanwhile.
    """
    with get_engine().connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        is_ours = bool(_lock_call(connection, "pg_try_advisory_lock", kind, key))
        try:
            yield is_ours
        finally:
            if is_ours and not connection.invalidated:
                _lock_call(connection, "pg_advisory_unlock", kind, key)


def _lock_call(connection: Connection, function: str, kind: int, key: int) -> object:
    return connection.execute(
        text(f"SELECT {function}(:kind, :key)"), {"kind": kind, "key": key}
    ).scalar()
