"""Memory of the real processes, after work."""

import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final

import httpx
import psutil

from benchmarks.figures import Recorder
from benchmarks.servers import DATA_DIR, ROOT
from benchmarks.working import accounts
from crm_app import db, demo, pages, queue
from crm_app.config import DEMO_PASSWORD, get_settings
from crm_app.models import ChannelAccount

_REQUESTS: Final = 300
_START_TIMEOUT_S: Final = 90.0
_WORK_TIMEOUT_S: Final = 120.0


def measure_web(recorder: Recorder, orders: int) -> None:
    """Record the web process (with its parent) after some hundred lists of this shop."""
    if not pages.BUNDLE.exists():
        print("no memory of the web process: build the pages first", file=sys.stderr)
        return
    with db.transaction() as session:
        demo.seed(session, get_settings())
    base = f"http://127.0.0.1:{get_settings().port}"
    with process("web", "-m", "crm_app.run", "web") as web:
        with httpx.Client(base_url=base, timeout=20, trust_env=False) as client:
            wait_until_live(client, web)
            started_mb = resident_mb(web)
            _read_lists(client)
        recorder.record(
            "web memory", resident_mb(web), "MB", orders, started_mb=started_mb, requests=_REQUESTS
        )


def measure_worker(recorder: Recorder, orders: int) -> None:
    """Record the most that the RQ worker and its job took while it pulled everything again."""
    with db.transaction() as session:
        for account_id in accounts():
            session.get_one(ChannelAccount, account_id).cursor = None
    queue.connection().flushdb()  # pyright: ignore[reportUnknownMemberType]
    with process("worker", "worker.py") as worker:
        for account_id in accounts():
            queue.enqueue(queue.PULL, queue.PULL_ACCOUNT, account_id)
        most = 0.0
        give_up = time.monotonic() + _WORK_TIMEOUT_S
        while _is_pulling() and time.monotonic() < give_up:
            most = max(most, resident_mb(worker))
            time.sleep(0.2)
    recorder.record("worker memory", most, "MB", orders)


def _is_pulling() -> bool:
    with db.transaction() as session:
        found = [session.get_one(ChannelAccount, key) for key in accounts()]
        return any(account.cursor is None for account in found)


@contextmanager
def process(name: str, *arguments: str) -> Generator[psutil.Process]:
    """`python ARGUMENTS` for the block; its lines go to a log of this name."""
    with (DATA_DIR / "logs" / f"{name}.log").open("ab") as log:
        started = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, "CRM_DATA_DIR": str(DATA_DIR)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield psutil.Process(started.pid)
    finally:
        started.terminate()
        with suppress(subprocess.TimeoutExpired):
            started.wait(20)
        started.kill()
        started.wait()


def resident_mb(process: psutil.Process) -> float:
    """Of the process and all below it. Pages that they share count for each."""
    total = 0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += one.memory_info().rss
    return total / 2**20


def cpu_seconds(process: psutil.Process) -> float:
    """Processor time of the process and all below it so far."""
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def wait_until_live(client: httpx.Client, web: psutil.Process) -> None:
    """Wait until the web process answers; ends the program if it does not."""
    give_up = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < give_up and web.is_running():
        with suppress(httpx.HTTPError):
            if client.get("/health/live").is_success:
                return
        time.sleep(0.3)
    raise SystemExit(f"The web process does not answer; see {DATA_DIR}/logs/web.log")


def _read_lists(client: httpx.Client) -> None:
    token = client.post(
        "/api/v1/auth/login", json={"email": demo.PEOPLE[1][0], "password": DEMO_PASSWORD}
    ).raise_for_status()
    headers = {"authorization": f"Bearer {token.json()['access_token']}"}
    for number in range(_REQUESTS):
        query = {"q": ("priya", "sharma", "401", "")[number % 4], "limit": "200"}
        client.get("/api/v1/orders", params=query, headers=headers).raise_for_status()
