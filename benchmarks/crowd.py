"""A room full of people: each signed in, with a tab open, doing something every two seconds.

They speak as a browser does, over the socket of the pages: the list by filters, texts, sorts and
cursors, an order beside it. A click is over when the server has sent all that it changes on the
page.
"""

import asyncio
import itertools
import os
import random
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import socketio  # type: ignore[import-untyped]
from sqlmodel import col, select

from benchmarks.figures import Recorder, percentile
from benchmarks.memory import cpu_seconds, process, resident_mb, wait_until_live
from crm_app import db, demo, pages
from crm_app.config import get_settings
from crm_app.domain.time import now
from crm_app.models import Order, User, UserSession
from crm_app.services import auth

_PEOPLE: Final = 100
_EVERY_S: Final = 2.0
_SECONDS: Final = int(os.environ.get("BENCH_CROWD_SECONDS", "60"))
_PATIENCE_S: Final = 20.0
_ROOT: Final = "reflex___state____state"
_LIST: Final = f"{_ROOT}.crm_app___ui___orders___state____orders_state"
_ORDER: Final = f"{_ROOT}.crm_app___ui___order___state____order_state"
_ADDRESSES: Final[Sequence[dict[str, str]]] = (
    {},
    {"status": "confirmed"},
    {"channel": "amazon", "status": "confirmed,packed"},
    {"attention": "late", "sort": "ship_by"},
    {"q": "priya"},
    {"q": "401"},
    {"city": "Mumbai"},
    {"cod": "yes", "placed": "last_7_days"},
    {"sort": "total_highest"},
    {"channel": "-blinkit", "payment": "cod"},
)


# Of each state that changed, the values that did.
Delta = dict[str, dict[str, Any]]


@dataclass
class _Heard:
    """What the whole room waited for."""

    times_ms: list[float] = field(default_factory=list[float])
    lost: int = 0


def measure_crowd(recorder: Recorder, orders: int) -> None:
    """Record a hundred people on this shop, and what the web process needs for them."""
    if not pages.BUNDLE.exists():
        print("no crowd: build the pages first", file=sys.stderr)
        return
    with db.transaction() as session:
        demo.seed(session, get_settings())
    cookies = _sign_in_all()
    base = f"http://localhost:{get_settings().port}"
    with process("web", "-m", "crm_app.run", "web") as web:
        with httpx.Client(base_url=base, timeout=20, trust_env=False) as client:
            wait_until_live(client, web)
        spent_s, began = cpu_seconds(web), time.monotonic()
        heard = asyncio.run(_room(base, cookies, _order_ids()))
        elapsed_s = time.monotonic() - began
        recorder.record(
            "click of one in a hundred people",
            percentile(heard.times_ms, 50),
            "ms",
            orders,
            p95=percentile(heard.times_ms, 95),
            p99=percentile(heard.times_ms, 99),
            clicks=len(heard.times_ms),
            lost=heard.lost,
            cores_used=(cpu_seconds(web) - spent_s) / elapsed_s,
        )
        recorder.record("web memory with a hundred people", resident_mb(web), "MB", orders)


def _sign_in_all() -> list[str]:
    """A cookie each. Signing in itself is slow on purpose, so its rows are written here."""
    tokens = [uuid.uuid4().hex + uuid.uuid4().hex for _ in range(_PEOPLE)]
    with db.transaction() as session:
        people = session.exec(select(User.id).order_by(col(User.id))).all()
        for token, user_id in zip(tokens, itertools.cycle(people), strict=False):
            session.add(
                UserSession(
                    user_id=user_id,
                    token_hash=auth.digest(token),
                    expires_at=now() + timedelta(hours=get_settings().session_absolute_hours),
                    kind="browser",
                    device="benchmark",
                    last_used_at=now(),
                )
            )
    return [f"{auth.SESSION_COOKIE}={token}" for token in tokens]


def _order_ids() -> list[int]:
    with db.transaction() as session:
        newest = select(Order.id).order_by(col(Order.placed_at).desc()).limit(500)
        return list(session.exec(newest))


async def _room(base: str, cookies: Sequence[str], order_ids: Sequence[int]) -> _Heard:
    heard = _Heard()
    tabs = [_Tab(base, cookie, seed) for seed, cookie in enumerate(cookies)]
    try:
        for tab in tabs:
            await tab.open()
        end = time.monotonic() + _SECONDS
        await asyncio.gather(*[tab.work(order_ids, end, heard) for tab in tabs])
    finally:
        for tab in tabs:
            with suppress(Exception):
                await tab.close()
    return heard


class _Tab:
    """One person's tab."""

    def __init__(self, base: str, cookie: str, seed: int) -> None:
        self._base, self._cookie = base, cookie
        self._rng = random.Random(seed)
        self._client: Any = socketio.AsyncClient()
        self._done = asyncio.Event()
        self._is_done: Callable[[Delta], bool] = lambda _: False
        self._client.on("event", self._hear, namespace="/_event")

    async def open(self) -> None:
        await self._client.connect(
            f"{self._base}/_event?token={uuid.uuid4()}",
            headers={"Origin": self._base, "Cookie": self._cookie},
            transports=["websocket"],
            socketio_path="/_event",
            namespaces=["/_event"],
        )

    async def close(self) -> None:
        await self._client.disconnect()

    async def work(self, order_ids: Sequence[int], end: float, heard: _Heard) -> None:
        """Click every two seconds, but for the first time, which differs from person to person."""
        next_at = time.monotonic() + self._rng.random() * _EVERY_S
        while next_at < end:
            await asyncio.sleep(max(0.0, next_at - time.monotonic()))
            began = time.perf_counter()
            if await self._click(order_ids):
                heard.times_ms.append((time.perf_counter() - began) * 1000)
            else:
                heard.lost += 1
            next_at = max(next_at + _EVERY_S, time.monotonic())

    async def _click(self, order_ids: Sequence[int]) -> bool:
        if self._rng.random() < 0.25:
            order_id = self._rng.choice(order_ids)
            return await self._ask(f"{_ORDER}.open_order", {"order_id": order_id}, {}, _is_open)
        return await self._ask(f"{_LIST}.load", {}, self._rng.choice(_ADDRESSES), _is_listed)

    async def _ask(
        self,
        name: str,
        payload: dict[str, Any],
        query: dict[str, str],
        is_done: Callable[[Delta], bool],
    ) -> bool:
        """Send an event; true once what it changes has come."""
        self._done.clear()
        self._is_done = is_done
        event = {
            "name": name,
            "payload": payload,
            "router_data": {
                "pathname": "/orders",
                "asPath": f"/orders?{urlencode(query)}" if query else "/orders",
                "query": query,
            },
        }
        await self._client.emit("event", event, namespace="/_event")
        try:
            await asyncio.wait_for(self._done.wait(), _PATIENCE_S)
        except TimeoutError:
            return False
        return True

    async def _hear(self, told: dict[str, Any]) -> None:
        if self._is_done(told.get("delta") or {}):
            self._done.set()


def _is_listed(delta: Delta) -> bool:
    return "count_rx_state_" in delta.get(_LIST, {})


def _is_open(delta: Delta) -> bool:
    # First what was open is taken away, then the order is shown.
    return delta.get(_ORDER, {}).get("phase_rx_state_") == "found"
