"""Webhooks at a steady rate while a worker imports: how soon each is acknowledged."""

import asyncio
import json
import os
import re
import statistics
import time
from typing import Any, Final

import httpx
from sqlmodel import col, func, select

from benchmarks.figures import Recorder, percentile
from benchmarks.importing import sandbox
from benchmarks.memory import cpu_seconds, process, wait_until_live
from benchmarks.servers import Servers
from crm_app import db, demo, queue
from crm_app.config import get_settings
from crm_app.domain.channel import Channel
from crm_app.models import ChannelAccount, InboxEntry, Order
from crm_app.sandbox import credentials

_PER_S: Final = 200
_SECONDS: Final = int(os.environ.get("BENCH_WEBHOOK_SECONDS", "30"))
_SENDERS: Final = 32
# More than the worker reads meanwhile.
_ORDERS_A_SECOND: Final = 2_000


def measure(servers: Servers, recorder: Recorder) -> None:
    """Record 200 webhooks a second while the worker imports all that the sandbox has."""
    settings = {
        "CRM_SANDBOX_ORDERS": str(_ORDERS_A_SECOND * _SECONDS),
        "CRM_SANDBOX_ACCOUNTS": json.dumps({"swiggy": 0}),
    }
    with sandbox(servers, "bench_webhooks_sandbox", settings):
        servers.use_empty("bench_webhooks")
        with db.transaction() as session:
            demo.seed(session, get_settings())
            swiggy = select(ChannelAccount.id).where(ChannelAccount.channel == Channel.SWIGGY)
            account_id = session.exec(swiggy).one()
        queue.connection().flushdb()  # pyright: ignore[reportUnknownMemberType]
        _record(recorder, account_id)


def _record(recorder: Recorder, account_id: int) -> None:
    port = get_settings().port
    base = f"http://127.0.0.1:{port}"
    serve = ("-m", "granian", "--interface", "asgi", "--factory", "--port", str(port))
    with (
        process("api", *serve, "crm_app.api.app:create_api") as web,
        process("worker", "worker.py"),
        process("clock", "worker.py", "clock"),
    ):
        with httpx.Client(base_url=base, timeout=20, trust_env=False) as client:
            wait_until_live(client, web)
        _wait_for_orders()
        cpu_s, imported = cpu_seconds(web), _count(Order)
        times_ms, refused = asyncio.run(_send(port, f"/webhooks/swiggy/{account_id}"))
        cpu_s, imported = cpu_seconds(web) - cpu_s, _count(Order) - imported
        stored = _count(InboxEntry)
    assert not refused, f"{refused} webhooks were not acknowledged"
    assert stored == len(times_ms), "what was acknowledged was not stored"
    recorder.record(
        "webhook acknowledged",
        percentile(times_ms, 99),
        "ms",
        len(times_ms),
        p50=statistics.median(times_ms),
        p95=percentile(times_ms, 95),
        p99=percentile(times_ms, 99),
        most=max(times_ms),
        a_second=_PER_S,
        web_cpu_ms=cpu_s * 1_000 / len(times_ms),
        imported_a_second=imported / _SECONDS,
        note="p99, while a worker imports",
        load=os.getloadavg()[0],
    )


def _wait_for_orders() -> None:
    give_up = time.monotonic() + 60
    while not _count(Order):
        assert time.monotonic() < give_up, "the worker imports nothing"
        time.sleep(0.2)


def _count(table: type[Order] | type[InboxEntry]) -> int:
    with db.transaction() as session:
        return session.exec(select(func.count(col(table.id)))).one()


async def _send(port: int, path: str) -> tuple[list[float], int]:
    """Milliseconds from when each was due to its acknowledgement, and how many were refused.

    From when it was due, not from when it was sent: a server that stops for a second makes all of
    that second late.
    """
    began = time.perf_counter() + 0.5
    numbers = iter(range(_PER_S * _SECONDS))
    times_ms: list[float] = []
    refused = 0

    async def send_some() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            due = began + number / _PER_S
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            writer.write(_request(path, number))
            status = await _status(reader)
            times_ms.append((time.perf_counter() - due) * 1_000)
            refused += status != 200
        writer.close()

    await asyncio.gather(*(send_some() for _ in range(_SENDERS)))
    return times_ms, refused


# Bytes by hand: an HTTP library's client takes more of the processor than the server that is
# measured, and they share it.
def _request(path: str, number: int) -> bytes:
    body = json.dumps(_event(number)).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"authorization: {credentials.SWIGGY_MERCHANT.hook_header}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _status(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    (length,) = re.findall(rb"\r\ncontent-length: (\d+)", head.lower())
    await reader.readexactly(int(length))
    return int(head.split(maxsplit=2)[1])


def _event(number: int) -> dict[str, Any]:
    """A status of an order that has not come yet: stored, and it waits."""
    return {
        "order_id": 70_000_000 + number,
        "new_state": "Acknowledged",
        "prev_state": "Placed",
        "timestamp_unix": 1_790_000_000_000 + number,
        "message": "",
    }
