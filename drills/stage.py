"""The product's real processes on servers, ports and data of their own, and their sudden deaths."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from crm_app import db, embedded, queue
from crm_app.config import get_settings

ROOT: Final = Path(__file__).resolve().parent.parent
COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "sandbox": ("-m", "crm_app.sandbox"),
    "web": ("-m", "granian", "--interface", "asgi", "--factory", "crm_app.crm_app:app"),
    "worker": ("worker.py",),
    "sender": ("worker.py", "sender"),
    "clock": ("worker.py", "clock"),
}
# The sandbox is the world outside: it breaks by its knobs.
MORTAL: Final = ("web", "worker", "sender", "clock")
_SECOND: Final = "-"  # worker-2 is another worker
_START_TIMEOUT_S: Final = 120.0
_END_TIMEOUT_S: Final = 30.0
# Quick enough that a run of minutes sees many rounds of everything.
_SETTINGS: Final = {
    "CRM_ENVIRONMENT": "demo",
    "CRM_LOG_LEVEL": "INFO",
    "CRM_PULL_INTERVAL_S": "2",
    "CRM_OUTBOX_INTERVAL_S": "2",
    "CRM_HTTP_TIMEOUT_S": "2",
    # Nobody hurries what waits afterwards: the pauses themselves are short.
    "CRM_LONGEST_PAUSE_S": "10",
    # What a list forgot is found by the product itself.
    "CRM_DEEP_SWEEP_INTERVAL_S": "60",
    "CRM_DEEP_SWEEP_DAYS": "120",
    "CRM_PUBLIC_URL": "",
    "CRM_SECRET_KEYS": "a-secret-of-the-fault-run-long-enough-for-anybody",
    "CRM_SANDBOX_MODE": "fast",
    "CRM_SANDBOX_ORDER_EVERY_S": "0",
    # Blinkit tells of an order once and of its past never, so it begins with none.
    "CRM_SANDBOX_ACCOUNTS": '{"flipkart": 20, "shopify": 15, "swiggy": 10, "blinkit": 0}',
    # Only the API and the webhooks are asked for here: no page has to be built.
    "__REFLEX_SKIP_COMPILE": "true",
    "REFLEX_STATE_MANAGER_MODE": "memory",
    "REFLEX_TELEMETRY_ENABLED": "false",
    "REFLEX_CHECK_LATEST_VERSION": "false",
    "REFLEX_ENV_MODE": "prod",
    "PYTHONUNBUFFERED": "1",
}


class StageError(RuntimeError):
    """The product does not start or does not stay; the message says where to look."""


@dataclass
class Stage:
    """Running processes. Use `staged`."""

    data_dir: Path
    variables: Mapping[str, str]
    url: str
    sandbox_url: str
    database: "Database"
    killed: Counter[str] = field(default_factory=Counter[str])
    # Processes that ended without having been told to.
    fallen: Counter[str] = field(default_factory=Counter[str])
    _processes: dict[str, subprocess.Popen[bytes]] = field(
        default_factory=dict[str, subprocess.Popen[bytes]]
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, name: str) -> None:
        """Start one process; its lines go to `logs/` below the data folder."""
        command = [sys.executable, *COMMANDS[name.partition(_SECOND)[0]]]
        if name == "web":
            port = self.url.rpartition(":")[2]
            command += ["--host", "127.0.0.1", "--port", port, "--workers-kill-timeout", "4"]
        with (self.data_dir / "logs" / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(self.variables),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, name: str, *, with_children: bool) -> None:
        """`kill -9`: the process alone, or with what it had started; it is then started again.

        Only processes that this stage started are touched.
        """
        with self._lock:
            process = self._processes[name]
            doomed = [process.pid]
            if with_children:
                with suppress(psutil.Error):
                    children = psutil.Process(process.pid).children(recursive=True)
                    doomed = [child.pid for child in children] + doomed
            for pid in doomed:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait(_END_TIMEOUT_S)
            if name == "web" and not with_children:
                # Its orphans still hold the port.
                _kill_session(process.pid)
            self.killed[name.partition(_SECOND)[0]] += 1
            self.start(name)

    def kill_database(self) -> None:
        """`kill -9` of PostgreSQL, which is then started again on what it had written."""
        self.database.kill()
        self.killed["PostgreSQL"] += 1

    def flush_redis(self) -> None:
        """Everything in Redis is gone: hints, limits, tokens, breakers, the clock's own list."""
        client: Any = queue.connection()
        client.flushall()
        self.killed["(Redis flushed)"] += 1

    def raise_fallen(self) -> None:
        """Start again what ended by itself, and count it."""
        with self._lock:
            for name, process in list(self._processes.items()):
                if process.poll() is not None:
                    self.fallen[name] += 1
                    self.start(name)

    def lever(self, path: str, body: Mapping[str, Any] | None = None, **query: str) -> Any:
        """Pull a lever of the sandbox (POST with a body, GET without); raises for a refusal."""
        address = f"{self.sandbox_url}/_sandbox/{path}"
        if body is None:
            answer = httpx.get(address, params=query, timeout=60, trust_env=False)
        else:
            answer = httpx.post(address, json=dict(body), timeout=60, trust_env=False)
        answer.raise_for_status()
        return answer.json()

    def wait_until_up(self) -> None:
        """Wait until web and sandbox answer. StageError if they do not."""
        for address in (f"{self.sandbox_url}/health", f"{self.url}/health/live"):
            give_up = time.monotonic() + _START_TIMEOUT_S
            while not _answers(address):
                if time.monotonic() > give_up:
                    raise StageError(f"Nothing answers at {address}; see {self.data_dir}/logs.")
                time.sleep(0.1)

    def step(self, *arguments: str) -> None:
        """Run `python ARGUMENTS` to its end. StageError if it fails."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=dict(self.variables),
            capture_output=True,
            check=False,
            text=True,
        )
        if done.returncode:
            raise StageError(f"{' '.join(arguments)} failed:\n{done.stderr[-3000:]}")

    def end(self) -> None:
        """End everything, nicely first."""
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_TIMEOUT_S)
            _kill_session(process.pid)


class Database:
    """PostgreSQL of a run, which can be killed and started again on the same data."""

    def __init__(self, home: Path, *, durable: bool) -> None:
        self._home, self._durable = home, durable
        self._start()

    def _start(self) -> None:
        self._block = embedded.postgres(self._home, durable=self._durable)
        self.server = self._block.__enter__()

    def kill(self) -> None:
        """End the server as a power cut of it alone would, and start it again."""
        os.kill(self.server.pid, signal.SIGKILL)
        self.stop()
        self._start()

    def stop(self) -> None:
        """End the server, in peace if it lives."""
        self._block.__exit__(None, None, None)


def _kill_session(pid: int) -> None:
    """Kill what is left of a process's session: it was made for it by `start`."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def staged(
    data_dir: Path, *, orders: int, seed: int, durable: bool = False, workers: int = 1
) -> Generator[Stage]:
    """Everything running, six demo accounts connected and told, for the block.

    Args:
        data_dir: An empty folder that PostgreSQL's user may enter.
        orders: How many orders the shop starts with on Amazon and the web shop.
        seed: The same seed invents the same shop.
        durable: Whether a killed PostgreSQL keeps what it had committed.
        workers: How many run; the second is called `worker-2`.
    """
    port, sandbox_port = _free_port(), _free_port()
    with ExitStack() as stack:
        home = embedded.prepare(data_dir)
        database = Database(home, durable=durable)
        stack.callback(database.stop)
        redis_url = stack.enter_context(embedded.redis(home))
        variables = {
            **{key: value for key, value in os.environ.items() if not key.startswith("CRM_")},
            **_SETTINGS,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "CRM_PORT": str(port),
            "CRM_SANDBOX_PORT": str(sandbox_port),
            "CRM_DATA_DIR": str(home),
            "CRM_DATABASE_URL": database.server.ensure_database("crm"),
            "CRM_SANDBOX_DATABASE_URL": database.server.ensure_database("crm_sandbox"),
            "CRM_REDIS_URL": redis_url,
            "CRM_SANDBOX_ORDERS": str(orders),
            "CRM_SANDBOX_SEED": str(seed),
            "REFLEX_DIR": str(home / "reflex"),
            "REFLEX_STATES_WORKDIR": str(home / "states"),
        }
        stage = Stage(
            home,
            variables,
            f"http://127.0.0.1:{port}",
            f"http://127.0.0.1:{sandbox_port}",
            database,
        )
        stack.enter_context(_settings_of(variables))
        stack.callback(stage.end)
        stage.start("sandbox")
        stage.step("-m", "alembic", "upgrade", "head")
        stage.step("-m", "crm_app.demo")
        for name in (*MORTAL, *(f"worker{_SECOND}{number}" for number in range(2, workers + 1))):
            stage.start(name)
        stage.wait_until_up()
        stage.step("-m", "crm_app.demo", "hooks")
        yield stage


@contextmanager
def _settings_of(variables: Mapping[str, str]) -> Generator[None]:
    """Let this process read the same database as the product."""
    before = {name: os.environ.get(name) for name in variables if name.startswith("CRM_")}
    os.environ.update({name: variables[name] for name in before})
    _forget()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        _forget()


def _forget() -> None:
    db.dispose()
    queue.forget_connections()
    get_settings.cache_clear()
