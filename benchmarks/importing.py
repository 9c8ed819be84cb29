"""Orders in and statuses out: over real HTTP, through the mapping, into the database.

The sandbox is a process of its own and so is the worker's side (`python -m benchmarks.working`):
with PostgreSQL that is three processes on however many cores there are.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx
from sqlmodel import col, select

from benchmarks import memory
from benchmarks.figures import Recorder
from benchmarks.reading import ACTOR
from benchmarks.servers import DATA_DIR, ROOT, Servers
from crm_app import db, demo
from crm_app.config import get_settings
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.models import Order
from crm_app.services import orders, rollups

ORDERS: Final = 20_000
_SHIPPED: Final = 200
# Inventing some hundred thousand orders takes its time.
_START_TIMEOUT_S: Final = 900.0


def measure(servers: Servers, recorder: Recorder) -> None:
    """Record the first import, one that finds everything known, and some hundred pushes.

    The memory of the worker belongs here too: it needs orders to pull.
    """
    with sandbox(servers, "bench_sandbox", {"CRM_SANDBOX_ORDERS": str(ORDERS)}):
        servers.use_empty("bench_import")
        with db.transaction() as session:
            demo.seed(session, get_settings())
        _record_import(recorder, "import", work("pull"))
        again = work("pull-again")
        assert again["saved"] == 0, "a second import of the same orders changed something"
        _record_import(recorder, "import of what is known", again)
        count = _ship()
        pushed = work("push")
        rate = count / pushed["seconds"]
        recorder.record("push", rate, "statuses/s", ORDERS, calls=pushed["saved"])
        memory.measure_worker(recorder, ORDERS)
    with db.transaction() as session:
        assert rollups.differences(session) == ([], []), "the rollups are not exact"


def _record_import(recorder: Recorder, figure: str, done: dict[str, Any]) -> None:
    recorder.record(
        figure,
        done["orders"] / done["seconds"],
        "orders/s",
        done["orders"],
        seconds=done["seconds"],
        worker_cpu_s=done["cpu_s"],
        worker_mb=done["peak_mb"],
    )


def work(*what: str) -> dict[str, Any]:
    """Run the worker's side of it in a process of its own; what it reports."""
    command = [sys.executable, "-m", "benchmarks.working", *what]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def _ship() -> int:
    """Ship open orders of both channels, as people would."""
    with db.transaction() as session:
        ids = session.exec(
            select(Order.id)
            .where(
                Order.status == OrderStatus.CONFIRMED,
                col(Order.fulfilled_by_channel).is_(False),
                col(Order.channel).in_((Channel.AMAZON, Channel.WOOCOMMERCE)),
            )
            .order_by(col(Order.id))
            .limit(_SHIPPED)
        ).all()
    for order_id in ids:
        with db.transaction() as session:
            orders.change_status(
                session,
                ACTOR,
                order_id,
                OrderStatus.SHIPPED,
                carrier="Delhivery",
                tracking_number=f"DL{order_id:010d}",
            )
    return len(ids)


@contextmanager
def sandbox(servers: Servers, database: str, settings: Mapping[str, str]) -> Generator[None]:
    """A sandbox on a database of its own for the block; `settings` are environment variables."""
    servers.postgres.drop_database(database)
    os.environ.update(
        {
            "CRM_SANDBOX_DATABASE_URL": servers.postgres.ensure_database(database),
            "CRM_SANDBOX_ORDER_EVERY_S": "0",
            "CRM_SANDBOX_MODE": "fast",
            "CRM_SANDBOX_ACCOUNTS": "{}",
            **settings,
        }
    )
    get_settings.cache_clear()
    with (DATA_DIR / "logs" / "sandbox.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "crm_app.sandbox"],
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(f"{get_settings().sandbox_url}/_sandbox/stats", process)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < give_up and process.poll() is None:
        try:
            if httpx.get(url, timeout=5, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise SystemExit(f"The sandbox does not answer; see {DATA_DIR}/logs/sandbox.log")
