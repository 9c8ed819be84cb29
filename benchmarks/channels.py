"""A first import of each channel that lists its orders, and webhooks while such an import runs."""

import asyncio
import json
import os
import statistics
import time
from typing import Any, Final

import httpx
from sqlmodel import col, func, select

from benchmarks.figures import Recorder, percentile
from benchmarks.importing import sandbox, work
from benchmarks.memory import cpu_seconds, process, wait_until_live
from benchmarks.servers import Servers
from crm_app import db, demo, queue
from crm_app.channels import capabilities
from crm_app.config import get_settings
from crm_app.domain.channel import Channel
from crm_app.models import ChannelAccount, InboxEntry
from crm_app.sandbox import credentials

# Of each kind, as near as the shop's shares allow.
ORDERS: Final = int(os.environ.get("BENCH_CHANNEL_ORDERS", "100000"))
_PULLED: Final = (Channel.AMAZON, Channel.WOOCOMMERCE, Channel.FLIPKART, Channel.SHOPIFY)
# A shop of 100 sells 65 on Amazon; a Flipkart order is 1.3 shipments.
_AMAZON_SHARE: Final = 0.65
_SHIPMENTS: Final = 1.2
_PER_S: Final = 200
_SECONDS: Final = 30
_SENDERS: Final = 32


def measure(servers: Servers, recorder: Recorder) -> None:
    """Record import rate and memory by channel, then the webhooks."""
    accounts = {"shopify": ORDERS, "flipkart": int(ORDERS / _SHIPMENTS), "swiggy": 0}
    settings = {
        "CRM_SANDBOX_ORDERS": str(int(ORDERS / _AMAZON_SHARE)),
        "CRM_SANDBOX_ACCOUNTS": json.dumps(accounts),
    }
    with sandbox(servers, "bench_channels_sandbox", settings):
        servers.use_empty("bench_channels")
        with db.transaction() as session:
            demo.seed(session, get_settings())
            for account in session.exec(select(ChannelAccount)):
                # Shopify shows more than 60 days to an app that was allowed to.
                account.options = {**account.options, "read_all_orders": True}
        for channel in _PULLED:
            _record_import(recorder, channel)
        _record_webhooks(recorder)


def _record_import(recorder: Recorder, channel: Channel) -> None:
    done = work("pull", channel.value)
    recorder.record(
        f"import {channel.value}",
        done["orders"] / done["seconds"],
        "orders/s",
        done["orders"],
        seconds=done["seconds"],
        worker_cpu_s=done["cpu_s"],
        worker_mb_at_a_quarter=done["early_mb"],
        worker_mb=done["peak_mb"],
        load=os.getloadavg()[0],
    )


def _record_webhooks(recorder: Recorder) -> None:
    """200 webhooks a second while the worker reads 100,000 orders once more."""
    with db.transaction() as session:
        for account in session.exec(select(ChannelAccount)):
            if capabilities.of(account.channel).pulls:
                account.cursor = None
        swiggy = select(ChannelAccount.id).where(ChannelAccount.channel == Channel.SWIGGY)
        account_id = session.exec(swiggy).one()
    queue.connection().flushdb()  # pyright: ignore[reportUnknownMemberType]
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
        before, cpu_s = _received(account_id), cpu_seconds(web)
        url = f"{base}/webhooks/swiggy/{account_id}"
        times_ms, refused = asyncio.run(_send(url))
        stored, cpu_s = _received(account_id) - before, cpu_seconds(web) - cpu_s
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
        a_second=_PER_S,
        web_cpu_ms=cpu_s * 1_000 / len(times_ms),
        note="p99, while a poll runs",
        load=os.getloadavg()[0],
    )


def _received(account_id: int) -> int:
    with db.transaction() as session:
        mine = col(InboxEntry.account_id) == account_id
        return session.exec(select(func.count()).select_from(InboxEntry).where(mine)).one()


async def _send(url: str) -> tuple[list[float], int]:
    """Milliseconds from when each was due to its acknowledgement, and how many were refused.

    From when it was due, not from when it was sent: a server that stops for a second makes all of
    that second late.
    """
    began = time.perf_counter() + 0.5
    numbers = iter(range(_PER_S * _SECONDS))
    times_ms: list[float] = []
    refused = 0
    limits = httpx.Limits(max_connections=_SENDERS, max_keepalive_connections=_SENDERS)
    headers = {"authorization": credentials.SWIGGY_MERCHANT.hook_header}
    async with httpx.AsyncClient(
        timeout=20, trust_env=False, limits=limits, headers=headers
    ) as client:

        async def send_some() -> None:
            nonlocal refused
            for number in numbers:
                due = began + number / _PER_S
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                answer = await client.post(url, json=_event(number))
                times_ms.append((time.perf_counter() - due) * 1_000)
                refused += answer.status_code != 200

        await asyncio.gather(*(send_some() for _ in range(_SENDERS)))
    return times_ms, refused


def _event(number: int) -> dict[str, Any]:
    """A status of an order that has not come yet: stored, and it waits."""
    return {
        "order_id": 70_000_000 + number,
        "new_state": "Acknowledged",
        "prev_state": "Placed",
        "timestamp_unix": 1_790_000_000_000 + number,
        "message": "",
    }
