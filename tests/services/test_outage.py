"""The database or the queue goes away and comes back."""

import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import Session

from crm_app import db, embedded, queue
from crm_app.config import get_settings
from crm_app.errors import ServiceUnavailableError


@pytest.fixture
def own_folder() -> Iterator[Path]:
    # Not pytest's own folder: that one is closed to PostgreSQL's user when root runs the tests.
    base = Path(tempfile.mkdtemp(prefix="crm-outage-"))
    base.chmod(0o755)
    yield base
    embedded.discard(base)
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def settings_of(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Point the process at other servers for the length of a test."""
    del database
    db.dispose()
    yield monkeypatch
    db.dispose()
    monkeypatch.undo()
    get_settings.cache_clear()
    queue.forget_connections()


def test_a_stopped_database_is_said_plainly_and_the_pool_recovers(
    own_folder: Path, settings_of: pytest.MonkeyPatch
) -> None:
    with embedded.postgres(own_folder, durable=False) as server:
        settings_of.setenv("CRM_DATABASE_URL", server.ensure_database("away"))
        get_settings.cache_clear()
        with db.transaction() as session:
            session.execute(text("CREATE TABLE kept (n int)"))

    with pytest.raises(ServiceUnavailableError) as caught, db.transaction() as session:
        session.execute(text("INSERT INTO kept VALUES (1)"))
    with pytest.raises(ServiceUnavailableError), db.exclusive(9, 9):
        pass

    with embedded.postgres(own_folder, durable=False):
        with db.transaction() as session:
            session.execute(text("INSERT INTO kept VALUES (2)"))
        with db.transaction() as session:
            rows = session.execute(text("SELECT n FROM kept")).scalars().all()
        db.dispose()

    assert str(caught.value) == (
        "The database does not answer. Nothing was changed; try again in a moment."
    )
    assert rows == [2]


def test_a_connection_that_is_cut_in_the_middle_rolls_back(database: str) -> None:
    def be_cut() -> None:
        with db.transaction() as session:
            session.execute(text("CREATE TABLE half (n int)"))
            pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with db.get_engine().connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            session.execute(text("INSERT INTO half VALUES (1)"))

    with pytest.raises(ServiceUnavailableError):
        be_cut()

    with db.transaction() as session:
        assert session.execute(text("SELECT to_regclass('half')")).scalar_one() is None


def test_a_row_locked_for_too_long_is_busy_and_no_fault_of_ours(session: Session) -> None:
    session.execute(text("LOCK TABLE users"))

    impatient = text("SET LOCAL lock_timeout = '50ms'; SELECT * FROM users")
    with pytest.raises(ServiceUnavailableError) as caught, db.transaction() as other:
        other.execute(impatient)

    assert str(caught.value).startswith("The database is busy.")


def test_a_lock_is_held_by_one_and_given_back_also_after_a_fault(database: str) -> None:
    with db.exclusive(1, 7) as first, db.exclusive(1, 7) as second, db.exclusive(1, 8) as other:
        assert (first, second, other) == (True, False, True)

    def fail() -> None:
        with db.exclusive(1, 7) as is_ours:
            assert is_ours
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with db.exclusive(1, 7) as again:
        assert again


def test_the_lock_of_a_killed_process_is_free_and_the_fault_is_not_hidden(database: str) -> None:
    kill = text(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
        "AND pid <> pg_backend_pid()"
    )

    def lose_it() -> None:
        with db.exclusive(1, 7):
            with db.transaction() as session:
                session.execute(kill)
            raise KeyError

    with pytest.raises(KeyError):
        lose_it()
    with db.exclusive(1, 7) as again:
        assert again


def test_acts_run_after_the_commit_once_each_and_never_after_a_rollback(database: str) -> None:
    done: list[str] = []

    def note(word: str) -> None:
        with db.transaction() as other:
            done.append(f"{word} {other.execute(text('SELECT count(*) FROM users')).scalar_one()}")

    insert = text(
        "INSERT INTO users (email, name, password_hash, role, is_active, created_at) "
        "VALUES ('a@b.test', 'A', '-', 'admin', true, now())"
    )
    with db.transaction() as session:
        session.execute(insert)
        db.after_commit(session, "same", lambda: note("first"))
        db.after_commit(session, "same", lambda: note("second"))

    def fail() -> None:
        with db.transaction() as session:
            db.after_commit(session, "other", lambda: note("never"))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert done == ["second 1"]


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", ""], ids=["away", "not set"])
def test_a_hint_without_redis_is_only_not_given(settings_of: pytest.MonkeyPatch, url: str) -> None:
    settings_of.setenv("CRM_REDIS_URL", url)
    get_settings.cache_clear()
    queue.forget_connections()

    assert queue.enqueue(queue.PUSH, queue.PUSH_ACCOUNT, 1) is False


@pytest.fixture
def hanging_redis(settings_of: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings_of.setenv("CRM_REDIS_URL", f"redis://127.0.0.1:{server.getsockname()[1]}/0")
        get_settings.cache_clear()
        queue.forget_connections()
        yield
        queue.forget_connections()


@pytest.mark.usefixtures("hanging_redis")
def test_a_click_does_not_hang_on_a_redis_that_hangs(database: str) -> None:
    del database
    results: list[bool] = []
    click = threading.Thread(
        target=lambda: results.append(queue.enqueue(queue.PUSH, queue.PUSH_ACCOUNT, 1)),
        daemon=True,
    )

    click.start()
    click.join(10)

    assert results == [False]


def test_the_worker_waits_long_for_jobs_and_nobody_else_does(database: str) -> None:
    del database

    def patience_s(client: Redis) -> float | None:
        return client.connection_pool.connection_kwargs.get("socket_timeout")

    assert patience_s(queue.blocking_connection()) is None
    assert (patience_s(queue.connection()), patience_s(queue.hasty_connection())) == (5.0, 0.5)


def test_a_hint_is_a_job_with_ids_only(database: str) -> None:
    given = queue.enqueue(queue.PUSH, queue.PUSH_ACCOUNT, 41)

    redis: Redis = queue.connection()
    keys: Any = redis.keys("rq:job:*")
    (key,) = keys
    assert given is True
    assert redis.hget(key, "description") == b"crm_app.jobs.push.push_account(41)"


def test_parallel_transactions_do_not_share_a_session(database: str) -> None:
    seen: set[int] = set()
    barrier = threading.Barrier(4)

    def run() -> None:
        with db.transaction() as session:
            seen.add(session.execute(text("SELECT pg_backend_pid()")).scalar_one())
            barrier.wait()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 4


def test_a_look_notices_a_closed_connection_and_asks_again(settings_of: pytest.MonkeyPatch) -> None:
    del settings_of
    pid = db.ask(lambda session: session.execute(text("SELECT pg_backend_pid()")).scalar_one())
    with db.transaction() as session:
        session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    other = db.ask(lambda session: session.execute(text("SELECT pg_backend_pid()")).scalar_one())

    assert other != pid


def test_a_look_commits_by_itself_and_says_plainly_when_the_database_is_away(
    own_folder: Path, settings_of: pytest.MonkeyPatch
) -> None:
    with embedded.postgres(own_folder, durable=False) as server:
        settings_of.setenv("CRM_DATABASE_URL", server.ensure_database("away"))
        get_settings.cache_clear()
        db.ask(lambda session: session.execute(text("CREATE TABLE kept (n int)")))
        db.ask(lambda session: session.execute(text("INSERT INTO kept VALUES (1)")))
        with db.transaction() as session:
            kept = session.execute(text("SELECT count(*) FROM kept")).scalar_one()
        with pytest.raises(ProgrammingError):
            db.ask(lambda session: session.execute(text("SELECT * FROM nothing")))

    assert kept == 1
    with pytest.raises(ServiceUnavailableError):
        db.ask(lambda session: session.execute(text("SELECT 1")))
