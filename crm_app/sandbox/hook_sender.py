"""Sends what waits in the queue of hooks, and keeps account of how it was received."""

import asyncio
import json
import logging
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx
from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool

from crm_app.sandbox import channel_store
from crm_app.sandbox.hook_wire import POLICIES, Delivery, Policy, headers_of
from crm_app.sandbox.json_edge import field_of, read_json
from crm_app.sandbox.serving import Sandbox
from crm_app.sandbox.store import channel_orders, hook_deliveries, hook_targets

logger = logging.getLogger(__name__)

_BATCH: Final = 100
_AT_ONCE: Final = 8
_MINUTE: Final = timedelta(minutes=1)
_KEPT_REPLY: Final = 2_000


async def send_forever(box: Sandbox) -> None:
    """Deliver until cancelled."""
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as client:
        while True:
            sent = 0
            try:
                sent = await deliver_due(box, client)
            except OperationalError as error:
                logger.warning("hooks wait for the database: %s", type(error).__name__)
            await asyncio.sleep(0.02 if sent else 0.25)


async def deliver_due(box: Sandbox, client: httpx.AsyncClient) -> int:
    """One round over everything that is due; how many deliveries were touched."""
    batch = await run_in_threadpool(_read_due, box)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def send_in_order(deliveries: list[tuple[Delivery, Delivery]]) -> None:
        for delivery, target in deliveries:
            async with gate:
                await _attempt(box, client, delivery, target)

    # Groups start in the order of their oldest delivery, so that a fault meets the first one made.
    groups: dict[tuple[int, str], list[tuple[Delivery, Delivery]]] = {}
    for pair in batch:
        groups.setdefault((pair[0].target_id, pair[0].group_key), []).append(pair)
    await asyncio.gather(*(send_in_order(pairs) for pairs in groups.values()))
    return len(batch)


def _read_due(box: Sandbox) -> list[tuple[Delivery, Delivery]]:
    now = datetime.now(UTC)
    waiting, target = hook_deliveries, hook_targets
    earlier = waiting.alias()
    ordered = [channel for channel, policy in POLICIES.items() if policy.keeps_order]
    held_back = exists().where(
        and_(
            earlier.c.target_id == waiting.c.target_id,
            earlier.c.group_key == waiting.c.group_key,
            earlier.c.state == "waiting",
            earlier.c.id < waiting.c.id,
        )
    )
    due = (
        select(waiting)
        .join(target, target.c.id == waiting.c.target_id)
        .where(waiting.c.state == "waiting", waiting.c.due_at <= now)
        .where(target.c.status == "active")
        .where(or_(target.c.paused_until.is_(None), target.c.paused_until <= now))
        .where(or_(waiting.c.channel.not_in(ordered), ~held_back))
        .order_by(waiting.c.id)
        .limit(_BATCH)
    )
    with box.engine.connect() as connection:
        deliveries = connection.execute(due).all()
        if not deliveries:
            return []
        wanted = select(target).where(target.c.id.in_({one.target_id for one in deliveries}))
        by_id = {one.id: one for one in connection.execute(wanted).all()}
    return [(one, by_id[one.target_id]) for one in deliveries]


async def _attempt(
    box: Sandbox, client: httpx.AsyncClient, delivery: Delivery, target: Delivery
) -> None:
    fault = None
    if delivery.attempts == 0:
        fault = box.hook_faults.take(delivery.channel, delivery.topic)
    if fault is not None and fault.kind == "drop":
        await run_in_threadpool(_write, box, delivery, {"state": "dropped"})
        return
    if fault is not None and fault.kind in ("delay", "reorder"):
        later = datetime.now(UTC) + timedelta(seconds=fault.delay_s)
        # Out of its group, so that the later ones overtake it.
        group = f"{delivery.group_key}#{delivery.id}" if fault.kind == "reorder" else None
        change: dict[str, object] = {"due_at": later, "group_key": group or delivery.group_key}
        await run_in_threadpool(_write, box, delivery, change)
        return
    body = await run_in_threadpool(_body_of, box, delivery)
    status, reply = await _post(box, client, delivery, target, body)
    if fault is not None and fault.kind == "duplicate":
        await _post(box, client, delivery, target, body)
    await run_in_threadpool(_record, box, delivery, status, reply)


def _body_of(box: Sandbox, delivery: Delivery) -> bytes:
    if delivery.body:
        return delivery.body.encode()
    key = (
        channel_orders.c.channel == delivery.channel,
        channel_orders.c.external_id == delivery.external_id,
    )
    with box.engine.connect() as connection:
        text = connection.scalar(select(channel_orders.c.body).where(*key))
    return (text or "{}").encode()


async def _post(
    box: Sandbox, client: httpx.AsyncClient, delivery: Delivery, target: Delivery, body: bytes
) -> tuple[int | None, str]:
    headers = headers_of(delivery, target, body, box.now(delivery.channel))
    policy = POLICIES[delivery.channel]
    try:
        reply = await client.post(
            target.url,
            content=body,
            headers=headers,
            timeout=httpx.Timeout(policy.timeout_s, connect=3.0),
        )
    except httpx.HTTPError as error:
        return None, type(error).__name__
    return reply.status_code, reply.text[:_KEPT_REPLY]


def _write(box: Sandbox, delivery: Delivery, change: dict[str, object]) -> None:
    with box.engine.begin() as connection:
        found = update(hook_deliveries).where(hook_deliveries.c.id == delivery.id)
        connection.execute(found.values(change))


def _record(box: Sandbox, delivery: Delivery, status: int | None, reply: str) -> None:
    change: dict[str, object] = {
        "attempts": delivery.attempts + 1,
        "last_status": status,
        "last_reply": reply.replace("\x00", ""),
    }
    is_received = status is not None and 200 <= status < 300
    if delivery.channel == "swiggy" and delivery.topic == "order_placed" and is_received:
        is_received = _keep_reference(box, delivery, reply)
    if is_received:
        _write(box, delivery, change | {"state": "delivered"})
        _write_target(box, delivery.target_id, {"failures": 0})
        return
    policy = POLICIES[delivery.channel]
    if delivery.attempts < len(policy.retries_s):
        tries: int = delivery.attempts
        pause = timedelta(seconds=policy.retries_s[tries] * box.hook_pace)
        change["due_at"] = datetime.now(UTC) + pause
        is_last = False
    else:
        change["state"] = "failed"
        is_last = True
    _write(box, delivery, change)
    _punish(box, delivery, policy, is_last)


def _punish(box: Sandbox, delivery: Delivery, policy: Policy, is_last: bool) -> None:
    with box.engine.begin() as connection:
        table = hook_targets
        mine = update(table).where(table.c.id == delivery.target_id)
        counted = mine.values(failures=table.c.failures + 1).returning(table.c.failures)
        failures = int(connection.execute(counted).scalar_one_or_none() or 0)
        if policy.disables_after and failures >= policy.disables_after:
            connection.execute(mine.values(status="disabled"))
        if policy.deletes_target and is_last:
            connection.execute(mine.values(status="deleted"))
        now = datetime.now(UTC)
        recent = box.hook_failures.setdefault(delivery.target_id, deque(maxlen=1_000))
        recent.append(now)
        if policy.breaker and sum(at > now - _MINUTE for at in recent) > policy.breaker:
            recent.clear()
            connection.execute(mine.values(paused_until=now + _MINUTE * box.hook_pace))


def _write_target(box: Sandbox, target_id: int, change: dict[str, object]) -> None:
    with box.engine.begin() as connection:
        connection.execute(
            update(hook_targets).where(hook_targets.c.id == target_id).values(change)
        )


def _keep_reference(box: Sandbox, delivery: Delivery, reply: str) -> bool:
    """The relay wants the merchant's own number of the order in the answer."""
    try:
        reference = field_of(read_json(reply), "order_ref_id")
    except ValueError:
        return False
    if not isinstance(reference, str | int) or isinstance(reference, bool) or reference == "":
        return False
    with box.engine.begin() as connection:
        try:
            order = channel_store.load(connection, "swiggy", delivery.external_id)
        except (ValueError, json.JSONDecodeError):
            return True
        if order is not None:
            order.body["order"]["details"]["merchant_ref_id"] = str(reference)
            channel_store.save(connection, order)
    return True
