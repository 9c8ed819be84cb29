"""The real processes beside a test: the sandbox, the worker, the clock."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(is_true: Callable[[], Any], what: str, *, timeout_s: float = 30.0) -> Any:
    """Ask until the answer is true and return it; fails with `what` when the time is over."""
    give_up = time.monotonic() + timeout_s
    while time.monotonic() < give_up:
        if answer := is_true():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"Waited {timeout_s:.0f} s in vain: {what}")


@contextmanager
def process(
    arguments: list[str], environment: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python ARGUMENTS` during the block; asked to end after it, as a supervisor would."""
    with log.open("ab") as output:
        started = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield started
    finally:
        if started.poll() is None:
            started.send_signal(signal.SIGTERM)
            try:
                started.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(started.pid, signal.SIGKILL)
                started.wait(timeout=5)


@dataclass(frozen=True)
class SandboxServer:
    """A running sandbox and its levers."""

    url: str

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = httpx.post(f"{self.url}/_sandbox/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def get(self, path: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.url}/_sandbox/{path}", timeout=30)
        answer.raise_for_status()
        return answer.json()

    def place(self, channel: str, **order: Any) -> list[str]:
        """New orders; their external ids."""
        return self.post("orders", {"channel": channel, **order})["external_ids"]

    def truth(self, channel: str, external_id: str) -> dict[str, Any]:
        """What the channel itself knows of an order, with the calls that touched it."""
        return self.get(f"orders/{channel}/{external_id}")

    def fail(self, kind: str, **how: Any) -> None:
        """The next call fails so; see `crm_app/sandbox/faults.py`."""
        self.post("faults", {"kind": kind, **how})

    def heal(self) -> None:
        """No more faults."""
        httpx.delete(f"{self.url}/_sandbox/faults", timeout=30).raise_for_status()


@contextmanager
def sandbox(database_url: str, log: Path, **settings: str) -> Iterator[SandboxServer]:
    """An empty, unliving sandbox on a port of its own; `settings` are environment variables."""
    port = free_port()
    environment = {
        "CRM_SANDBOX_DATABASE_URL": database_url,
        "CRM_SANDBOX_PORT": str(port),
        "CRM_SANDBOX_ORDERS": "0",
        "CRM_SANDBOX_ORDER_EVERY_S": "0",
        "CRM_SANDBOX_AMAZON_DELAY_S": "0",
        "CRM_SANDBOX_MODE": "fast",
        **settings,
    }
    server = SandboxServer(f"http://127.0.0.1:{port}")
    with process(["-m", "crm_app.sandbox"], environment, log) as started:

        def answers() -> bool:
            if started.poll() is not None:
                raise AssertionError(f"The sandbox ended: {log.read_text()[-2000:]}")
            try:
                return httpx.get(f"{server.url}/health", timeout=2).is_success
            except httpx.TransportError:
                return False

        wait_for(answers, "the sandbox answers")
        yield server


def family(pid: int) -> list[int]:
    """A process and its children, children first: a worker forks one for each job."""
    parent = psutil.Process(pid)
    return [child.pid for child in parent.children(recursive=True)] + [pid]


def end(pid: int, how: signal.Signals) -> None:
    """Send a signal to a process that may be gone already."""
    with suppress(ProcessLookupError):
        os.kill(pid, how)
