"""How much of a published limit a pull and a push use, and that they never run into it.

The sandbox keeps the published limits (mode `published`), so a call too many is a 429 that can be
counted. The worker's side runs the very jobs that the clock and RQ would run, on their schedule.

Amazon's search may be made 20 times at once and then once in 179 s: what is measured is the burst
and the first call after it, so the window lasts a little longer than that. Shopify has one bucket
of points for all calls, 2,000 of them when it is full: the pull takes a few hundred of those and
leaves the others to people's clicks, so what is measured is how much it uses of the points that
come back, between two looks at the bucket. Pushes are measured on Amazon's confirmShipment, two a
second after a burst of ten.
"""

import json
import os
import time
from typing import Any, Final

import httpx
from redis import Redis
from sqlmodel import col, func, select

from benchmarks.figures import Recorder
from benchmarks.importing import sandbox
from benchmarks.reading import ACTOR
from benchmarks.servers import Servers
from crm_app import db, demo, queue
from crm_app.channels import kinds, pace, registry
from crm_app.channels.amazon import connector as amazon
from crm_app.channels.amazon.connector import PLANS
from crm_app.channels.shopify import connector as shopify
from crm_app.channels.shopify.graphql import PATH
from crm_app.config import get_settings
from crm_app.domain.channel import Channel
from crm_app.domain.intent import UNSENT
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.time import now
from crm_app.jobs.pull import pull_account
from crm_app.jobs.push import push_account
from crm_app.models import Order, StatusIntent
from crm_app.sandbox import credentials
from crm_app.services import accounts, orders

_AMAZON_S: Final = 186.0
_SHOPIFY_S: Final = 60.0
_SETTLES_S: Final = 8.0
# Small pages: what counts is how many are asked for, and a shop of thousands takes long to invent.
_PAGE_SIZE: Final = 25
# Shared by Amazon and the web shop; once all are here, each pull is a call all the same.
_FIRST_ORDERS: Final = 600
# More pages of the last 60 days than the window allows.
_SHOPIFY_ORDERS: Final = 4_500
# By channel: its word for a new order, what it is told, and of how many.
_PUSHED: Final = {
    Channel.AMAZON: ("UNSHIPPED", OrderStatus.SHIPPED, 60),
    Channel.WOOCOMMERCE: ("processing", OrderStatus.SHIPPED, 150),
}


def measure(servers: Servers, recorder: Recorder) -> None:
    """Record the share of its allowance that each used, and the 429s (which fail the run)."""
    settings = {
        "CRM_SANDBOX_MODE": "published",
        "CRM_SANDBOX_ORDERS": str(_FIRST_ORDERS),
        "CRM_SANDBOX_AMAZON_DELAY_S": "0",
        "CRM_SANDBOX_ACCOUNTS": json.dumps({"shopify": _SHOPIFY_ORDERS}),
    }
    amazon.PAGE_SIZE = shopify.MAX_PAGE_SIZE = _PAGE_SIZE  # pyright: ignore[reportAttributeAccessIssue, reportConstantRedefinition]
    with sandbox(servers, "bench_limits_sandbox", settings):
        servers.use_empty("bench_limits")
        # The buckets of an earlier run: its accounts had the same ids.
        redis: Redis = queue.connection()
        redis.flushdb()  # pyright: ignore[reportUnknownMemberType]
        with db.transaction() as session:
            demo.seed(session, get_settings())
        _sell()
        _measure_pulls(recorder)
        _measure_pushes(recorder)
    # What comes after us sells in fast mode.
    os.environ["CRM_SANDBOX_MODE"] = "fast"
    get_settings.cache_clear()


def _sell() -> None:
    """New orders of each channel that is told, to be changed later."""
    for channel, (status, _, count) in _PUSHED.items():
        body = {"channel": channel.value, "count": count, "status": status}
        url = f"{get_settings().sandbox_url}/_sandbox/orders"
        httpx.post(url, json=body, timeout=60, trust_env=False).raise_for_status()


def _measure_pulls(recorder: Recorder) -> None:
    began = time.monotonic()
    _measure_points(recorder)
    _pull_for(_AMAZON_S - (time.monotonic() - began), {Channel.AMAZON})
    seconds = time.monotonic() - began
    plan = PLANS["searchOrders"]
    allowed = int(plan.burst + plan.rate_per_s * seconds)
    _record(recorder, "pull of Amazon", _calls("amazon searchOrders"), allowed, seconds)


def _measure_points(recorder: Recorder) -> None:
    both = {Channel.AMAZON, Channel.SHOPIFY}
    _pull_for(_SETTLES_S, both)
    first, began = _points(), time.monotonic()
    _pull_for(_SHOPIFY_S, both)
    last, seconds = _points(), time.monotonic() - began
    whole = last["restoreRate"] * seconds
    used = first["currentlyAvailable"] + whole - last["currentlyAvailable"]
    refused = _refused("shopify")
    assert not refused, f"{refused} calls were refused"
    _record_share(recorder, "pull of Shopify", used, whole, seconds, refused)


def _pull_for(seconds: float, wanted: set[Channel]) -> None:
    """What clock and worker do, for the accounts of some channels, for so long."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        with db.transaction() as session:
            due = accounts.claim_for_pull(session)
            channels = {one: accounts.get_account(session, one).channel for one in due}
        for account_id in due:
            if channels[account_id] in wanted:
                pull_account(account_id)
                _go_on(account_id)
        time.sleep(0.05)


def _go_on(account_id: int) -> None:
    """A pull whose time ran out is asked for again at once, as its job does."""
    with db.transaction() as session:
        account = accounts.locked_account(session, account_id)
        if account.resume is not None and account.next_pull_at is not None:
            claimed_s = (account.next_pull_at - now()).total_seconds()
            is_limited = account.last_error != "" and not accounts.is_error_over(account)
            if claimed_s > 0 and not is_limited:
                account.next_pull_at = None


def _measure_pushes(recorder: Recorder) -> None:
    """Every kind whose orders can be asked for; the others are told what they sent by webhook."""
    for channel, (_, target, count) in _PUSHED.items():
        _pull_for(_SETTLES_S, {channel})
        if (account_id := _tell(channel, target, count)) is not None:
            _measure_push(recorder, channel, account_id, target)


def _measure_push(
    recorder: Recorder, channel: Channel, account_id: int, target: OrderStatus
) -> None:
    with db.transaction() as session:
        account = accounts.get_account(session, account_id)
    plans = registry.plans_for(account)
    calls = [plans[one] for one in kinds.of(channel).calls(target) if one in plans]
    slowest = min(calls, key=lambda plan: plan.rate_per_s)
    waiting, began = _unsent(account_id), time.monotonic()
    while _unsent(account_id):
        push_account(account_id)
    seconds = time.monotonic() - began
    # What is saved up goes out at once; then it is the slowest call of a change that counts.
    saved_up = slowest.burst * pace.per_second(account, target) / slowest.rate_per_s
    allowed = min(waiting, saved_up + pace.per_second(account, target) * seconds)
    refused = _refused(channel.value)
    assert not refused, f"{refused} calls were refused"
    _record_share(recorder, f"push to {channel.label}", waiting, allowed, seconds, refused)


def _tell(channel: Channel, target: OrderStatus, count: int) -> int | None:
    """Change open orders of a channel, as people would; the account's id, None without orders."""
    with db.transaction() as session:
        found = session.exec(
            select(Order.id, Order.account_id)
            .where(
                Order.channel == channel,
                Order.status == OrderStatus.CONFIRMED,
                col(Order.fulfilled_by_channel).is_(False),
            )
            .limit(count)
        ).all()
    for order_id, _ in found:
        number = f"DL{order_id:010d}"
        with db.transaction() as session:
            orders.change_status(
                session, ACTOR, order_id, target, carrier="Delhivery", tracking_number=number
            )
    return found[0][1] if found else None


def _unsent(account_id: int) -> int:
    with db.transaction() as session:
        return session.exec(
            select(func.count()).where(
                StatusIntent.account_id == account_id, col(StatusIntent.state).in_(UNSENT)
            )
        ).one()


def _record(recorder: Recorder, what: str, used: int, allowed: int, seconds: float) -> None:
    refused = _refused("amazon")
    assert not refused, f"{refused} calls were refused"
    _record_share(recorder, what, used, allowed, seconds, refused)


def _record_share(
    recorder: Recorder, what: str, used: float, allowed: float, seconds: float, refused: int
) -> None:
    with db.transaction() as session:
        count = session.exec(select(func.count()).select_from(Order)).one()
    recorder.record(
        f"share of the limit used by a {what}",
        used / allowed * 100,
        "%",
        count,
        used=float(used),
        allowed=float(allowed),
        seconds=seconds,
        refused=refused,
    )


def _stats() -> dict[str, int]:
    url = f"{get_settings().sandbox_url}/_sandbox/stats"
    return httpx.get(url, timeout=30, trust_env=False).json()["calls"]


def _calls(operation: str) -> int:
    """How often an operation was called and not refused."""
    return sum(
        count
        for name, count in _stats().items()
        if name.startswith(f"{operation} ") and not name.endswith(" 429")
    )


def _refused(channel: str) -> int:
    return sum(
        count
        for name, count in _stats().items()
        if name.startswith(channel) and name.endswith(" 429")
    )


def _points() -> dict[str, Any]:
    """Shopify's bucket as it is now."""
    answer = httpx.post(
        f"{get_settings().sandbox_url}/shopify{PATH}",
        headers={"x-shopify-access-token": credentials.SHOPIFY_SHOP.access_token},
        json={"query": "{ shop { name } }"},
        timeout=30,
        trust_env=False,
    )
    return answer.json()["extensions"]["cost"]["throttleStatus"]
