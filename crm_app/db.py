"""The only place that opens sessions and commits."""

import re
import threading
from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

from psycopg.errors import Diagnostic
from sqlalchemy import URL, Engine, create_engine, event, text
from sqlalchemy.engine import Connection, ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from crm_app.config import get_settings
from crm_app.errors import PermissionDeniedError, ServiceUnavailableError

T = TypeVar("T")

# First half of the two-part advisory lock key: what kind of thing is locked.
LOCK_ACCOUNT_PULL: Final = 1
LOCK_ACCOUNT_PUSH: Final = 2
LOCK_AUDIT_CHAIN: Final = 3
LOCK_INBOX_ORDER: Final = 4
LOCK_ACCOUNT_SWEEP: Final = 5
LOCK_DOCUMENT: Final = 6
LOCK_BULK_RUN: Final = 7
LOCK_LEDGER_FOLD: Final = 8
LOCK_ALERTS: Final = 12
LOCK_DESK_RETRY: Final = 41
LOCK_ACCOUNT_HOOKS: Final = 13
LOCK_DOWNLOAD: Final = 25
LOCK_TRAIL_CHECK: Final = 26
LOCK_PRIVACY: Final = 31

_AFTER_COMMIT: Final = "after_commit"
_ONLY_READS: Final = "only_reads"
_READ_ONLY_TRANSACTION: Final = "25006"

# Whose messages quote the value that did not fit: "invalid input syntax for type bigint".
_CLASS_OF_BAD_VALUES: Final = "22"
_QUOTED: Final = re.compile(r'"[^"]*"')

_TRY_AGAIN: Final = "Nothing was changed; try again in a moment."
_AWAY: Final = "The database does not answer."
_BUSY: Final = "The database is busy."
_UNAVAILABLE: Final = {
    "53100": "The disk of the database is full.",
    "53": _BUSY,  # too many connections, out of memory
    "08": _AWAY,
    "57P": _AWAY,  # shutting down, starting up
    "57014": _BUSY,  # statement timeout
    "55P03": _BUSY,  # lock timeout
    "40": _BUSY,  # deadlock
}

_engine: Engine | None = None
_door: Engine | None = None
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


def _get_door() -> Engine:
    global _door
    url = get_engine().url
    with _engine_lock:
        if _door is None:
            # Small: one statement each. It asks the server nothing before, `ask` tries again.
            options: dict[str, Any] = {"pool_size": 5, "max_overflow": 10, "pool_pre_ping": False}
            _door = build_engine(url, isolation_level="AUTOCOMMIT", **options)
        return _door


def build_engine(url: str | URL, **options: Any) -> Engine:
    """An engine that notices a restarted server and never waits long for a lost one."""
    engine = create_engine(
        url,
        **{"pool_size": 10, "max_overflow": 20, "pool_pre_ping": True, **options},
        pool_timeout=10,
        # An error goes to the log with its statement: the values in it are buyers and secrets.
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            # A server that vanished from the network is given up within half a minute.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
            # A page must never hang on somebody's lock; `jit` costs more than it gives here.
            "options": "-c lock_timeout=8s -c statement_timeout=60s -c jit=off -c timezone=UTC",
        },
    )
    event.listen(engine, "handle_error", _without_values)
    return engine


def _without_values(context: ExceptionContext) -> None:
    """Take the row out of what the server said: "Key (email)=(...) already exists"."""
    original, told = context.original_exception, context.sqlalchemy_exception
    diagnosis: Diagnostic | None = getattr(original, "diag", None)
    if diagnosis is None or diagnosis.message_primary is None:
        return
    said = diagnosis.message_primary
    if (diagnosis.sqlstate or "").startswith(_CLASS_OF_BAD_VALUES):
        said = _QUOTED.sub('"..."', said)
    original.args = (said,)
    if told is not None:
        told.args = (f"({type(original).__module__}.{type(original).__name__}) {said}",)


def dispose() -> None:
    """Close every connection; the next use opens new ones."""
    global _engine, _door
    with _engine_lock:
        for engine in (_engine, _door):
            if engine is not None:
                engine.dispose()
        _engine = _door = None


def hang_up() -> None:
    """Close every connection and keep what the engine has learnt of its database: before a fork."""
    for engine in (_engine, _door):
        if engine is not None:
            engine.dispose()


def ask(use_case: Callable[[Session], T]) -> T:
    """Run what asks one thing at every click and request, without a transaction around it.

    Each statement commits by itself, and nothing is asked before it: that is a third of the time.
    A connection that the server has closed meanwhile shows at the statement, and a new one is
    taken once; so `use_case` must bear to run twice.

    Raises:
        ServiceUnavailableError: If the database cannot be reached.
    """
    try:
        return _ask(use_case)
    except DBAPIError as error:
        if not error.connection_invalidated:
            _raise_if_away(error)
            raise
    try:
        return _ask(use_case)
    except DBAPIError as error:
        _raise_if_away(error)
        raise


def _ask(use_case: Callable[[Session], T]) -> T:
    try:
        with Session(_get_door(), expire_on_commit=False) as session, session.begin():
            return use_case(session)
    except PoolTimeout as error:
        raise ServiceUnavailableError(f"{_BUSY} {_TRY_AGAIN}") from error


def _raise_if_away(error: DBAPIError) -> None:
    if reason := why_unavailable(error):
        raise ServiceUnavailableError(f"{reason} {_TRY_AGAIN}") from error


@contextmanager
def transaction() -> Generator[Session]:
    """One unit of work: commit when the block ends, roll back when it raises.

    Raises:
        ServiceUnavailableError: If the database cannot be reached.
        PermissionDeniedError: For a change in a transaction that `only_read` was told of.
    """
    with Session(get_engine(), expire_on_commit=False) as session:
        try:
            with session.begin():
                yield session
            _run_after_commit(session)
        except DBAPIError as error:
            if reason := why_unavailable(error):
                raise ServiceUnavailableError(f"{reason} {_TRY_AGAIN}") from error
            why_not = session.info.get(_ONLY_READS)
            if why_not and getattr(error.orig, "sqlstate", None) == _READ_ONLY_TRANSACTION:
                raise PermissionDeniedError(why_not) from error
            raise
        except PoolTimeout as error:
            raise ServiceUnavailableError(f"{_BUSY} {_TRY_AGAIN}") from error


def only_read(session: Session, why: str) -> None:
    """Let the rest of the transaction change nothing: the database refuses it, and `why` is said.

    What is to be locked, or to be done after the commit, is a change too.
    """
    session.info[_ONLY_READS] = why
    session.execute(text("SET TRANSACTION READ ONLY"))


def after_commit(session: Session, key: Hashable, act: Callable[[], None]) -> None:
    """Run `act` once the transaction of `session` has committed; never if it rolls back.

    Args:
        session: A session of `transaction()`.
        key: Names the act: asking twice for the same one runs it once.
        act: Must not raise; the change is already stored.

    Raises:
        PermissionDeniedError: If the transaction may only read.
    """
    if why_not := session.info.get(_ONLY_READS):
        raise PermissionDeniedError(why_not)
    session.info.setdefault(_AFTER_COMMIT, {})[key] = act


def _run_after_commit(session: Session) -> None:
    acts: dict[Hashable, Callable[[], None]] = session.info.pop(_AFTER_COMMIT, {})
    for act in acts.values():
        act()


def why_unavailable(error: DBAPIError) -> str:
    """A sentence if the server was away, full or busy; empty if it refused this statement."""
    state: str | None = getattr(error.orig, "sqlstate", None)
    was_lost = state is None and isinstance(error, OperationalError) and error.orig is not None
    if error.connection_invalidated or was_lost:
        return _AWAY
    # The longer class first: SQLSTATEs are in appendix A of PostgreSQL's manual.
    fitting = (said for start, said in _UNAVAILABLE.items() if (state or "").startswith(start))
    return next(fitting, "")


@contextmanager
def exclusive(kind: int, key: int) -> Generator[bool]:
    """Hold a lock shared by all processes for the length of the block; True if it is ours.

    The lock lives in the database session, so a killed process gives it back by itself, and no
    transaction stays open meanwhile.

    Raises:
        ServiceUnavailableError: If the database cannot be reached.
    """
    try:
        connection = get_engine().connect()
    except (DBAPIError, PoolTimeout) as error:
        raise ServiceUnavailableError(f"{_AWAY} {_TRY_AGAIN}") from error
    with connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        is_ours = bool(_lock_call(connection, "pg_try_advisory_lock", kind, key))
        try:
            yield is_ours
        finally:
            if is_ours:
                # A connection that was lost has given the lock back already.
                with suppress(DBAPIError):
                    _lock_call(connection, "pg_advisory_unlock", kind, key)


def _lock_call(connection: Connection, function: str, kind: int, key: int) -> object:
    return connection.execute(
        text(f"SELECT {function}(:kind, :key)"), {"kind": kind, "key": key}
    ).scalar()
