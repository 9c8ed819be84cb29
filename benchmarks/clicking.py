"""From a click to "confirmed" in the sandbox, while imports keep the worker busy.

Worker, sender and clock run as `make run` starts them. New orders are placed all the time, so the
worker pulls without a pause; the click is what a page does: one service call.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import httpx
from redis import Redis
from sqlmodel import col, select

from benchmarks.figures import Recorder, p95
from benchmarks.importing import sandbox
from benchmarks.reading import ACTOR
from benchmarks.servers import DATA_DIR, ROOT, Servers
from crm_app import db, demo, queue
from crm_app.config import get_settings
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.models import Order, StatusIntent
from crm_app.services import orders

_CLICKS: Final = int(os.environ.get("BENCH_CLICKS", "20"))
_FIRST_ORDERS: Final = 400
# As many arrive before each click: a pull of them is always under way.
_ARRIVE: Final = 300
_GIVE_UP_S: Final = 120.0
_PARTS: Final = (("worker.py",), ("worker.py", "sender"), ("worker.py", "clock"))


def measure(servers: Servers, recorder: Recorder) -> None:
    """Record how long single changes of the web shop take until they are read back."""
    with sandbox(servers, "bench_clicks_sandbox", {"CRM_SANDBOX_ORDERS": str(_FIRST_ORDERS)}):
        servers.use_empty("bench_clicks")
        redis: Redis = queue.connection()
        redis.flushdb()  # pyright: ignore[reportUnknownMemberType]
        with db.transaction() as session:
            demo.seed(session, get_settings())
        # Of the orders that the shop begins with most are done.
        _sell(Channel.WOOCOMMERCE, 3 * _CLICKS)
        with _processes():
            times = [_click(order_id) for order_id in _open_orders()]
    recorder.record(
        "click to confirmed",
        statistics.median(times),
        "s",
        _FIRST_ORDERS,
        p95=p95(times),
        worst=max(times),
        clicks=len(times),
    )


@contextmanager
def _processes() -> Generator[None]:
    with (DATA_DIR / "logs" / "clicks.log").open("ab") as log:
        started = [
            subprocess.Popen([sys.executable, *part], cwd=ROOT, stdout=log, stderr=log)
            for part in _PARTS
        ]
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(60)


def _open_orders() -> list[int]:
    """Orders of the web shop that can be shipped, once enough of them are here."""
    give_up = time.monotonic() + _GIVE_UP_S
    while time.monotonic() < give_up:
        with db.transaction() as session:
            found = session.exec(
                select(Order.id)
                .where(
                    Order.channel == Channel.WOOCOMMERCE,
                    Order.status == OrderStatus.CONFIRMED,
                )
                .order_by(col(Order.id))
                .limit(_CLICKS)
            ).all()
        if len(found) == _CLICKS:
            return list(found)
        time.sleep(0.5)
    raise SystemExit("The orders of the sandbox did not arrive.")


def _sell(channel: Channel, count: int) -> None:
    url = f"{get_settings().sandbox_url}/_sandbox/orders"
    body = {"channel": channel.value, "count": count}
    httpx.post(url, json=body, timeout=60, trust_env=False).raise_for_status()


def _click(order_id: int) -> float:
    _sell(Channel.AMAZON, _ARRIVE)
    began = time.perf_counter()
    with db.transaction() as session:
        orders.change_status(session, ACTOR, order_id, OrderStatus.SHIPPED)
    while time.perf_counter() - began < _GIVE_UP_S:
        with db.transaction() as session:
            state = session.exec(
                select(StatusIntent.state).where(StatusIntent.order_id == order_id)
            ).one()
        if state is IntentState.CONFIRMED:
            return time.perf_counter() - began
        time.sleep(0.02)
    raise SystemExit(f"The change of order {order_id} was not confirmed.")
