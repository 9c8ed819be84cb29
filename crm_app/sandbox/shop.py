"""Invents the shop: orders of the last 90 days with the rhythm of a growing Indian brand."""

import dataclasses
import itertools
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from crm_app.sandbox import amazon_body, amazon_order, store, times, woo_body, woo_order
from crm_app.sandbox.credentials import AMAZON_SELLER
from crm_app.sandbox.draft import Draft, Stage, invent_order
from crm_app.sandbox.woo_order import StoredWooOrder

DAYS: Final = 90
AMAZON_SHARE: Final = 0.65
_BATCH: Final = 1_000
# Of the open orders only: a shop of 2,000 has some forty of these on Amazon, so a few ask.
_ASK_SHARE: Final = 0.1
# Orders by hour of the day in India: quiet nights, a lunch bump, an evening peak.
_HOURS: Final = (
    3, 2, 1, 1, 1, 2, 4, 6, 9, 12, 14, 15, 15, 14, 13, 13, 14, 15, 17, 21, 24, 23, 16, 8
)  # fmt: skip
_SEEDED: Final = "seeded"
# Shares of each stage by age in days: (up to this age, stages, weights).
_LIVES: Final[tuple[tuple[float, dict[Stage, int]], ...]] = (
    (0.05, {"pending": 45, "open": 53, "cancelled": 2}),
    (1, {"pending": 6, "open": 82, "cancelled": 6, "shipped": 6}),
    (2.5, {"open": 70, "shipped": 22, "cancelled": 6, "failed": 1, "pending": 1}),
    (5, {"open": 9, "shipped": 57, "out_for_delivery": 12, "delivered": 14, "cancelled": 8}),
    (9, {"shipped": 12, "out_for_delivery": 5, "delivered": 72, "cancelled": 8, "returned": 3}),
    (9_999, {"delivered": 83, "returned": 6, "cancelled": 8, "failed": 2, "shipped": 1}),
)


def seed_shop(engine: Engine, count: int, seed: int, at: datetime) -> int:
    """Invent `count` orders once, in one transaction; how many were added (0 the second time)."""
    with engine.begin() as connection:
        if store.read_fact(connection, _SEEDED) is not None:
            return 0
        rng = random.Random(seed)  # noqa: S311 - an invented shop, no secret
        amazon_ids: set[str] = set()
        woo_id = 10_400
        moments = iter(order_moments(rng, count, at))
        while batch := list(itertools.islice(moments, _BATCH)):
            amazon_rows: list[dict[str, object]] = []
            woo_rows: list[dict[str, object]] = []
            for draft in (aged_order(rng, placed_at, at) for placed_at in batch):
                if rng.random() < AMAZON_SHARE:
                    order = amazon_body.dress(rng, draft, AMAZON_SELLER.key)
                    if order.order_id not in amazon_ids:
                        amazon_ids.add(order.order_id)
                        amazon_rows.append(amazon_order.row_of(order))
                else:
                    woo_id += rng.randint(1, 4)
                    woo_rows.append(_woo_row(rng, draft, woo_id))
            for table, rows in ((store.amazon_orders, amazon_rows), (store.woo_orders, woo_rows)):
                if rows:
                    connection.execute(table.insert(), rows)
        store.write_fact(connection, _SEEDED, times.stamp(at))
    return count


def _woo_row(rng: random.Random, draft: Draft, order_id: int) -> dict[str, object]:
    body = woo_order.number(woo_body.dress(rng, draft), order_id)
    placed_at = draft.placed_at.replace(microsecond=0)
    changed_at = (draft.changed_at or draft.placed_at).replace(microsecond=0)
    return woo_order.row_of(StoredWooOrder(order_id, placed_at, changed_at, body))


def order_moments(rng: random.Random, count: int, at: datetime) -> Iterator[datetime]:
    """`count` ascending times of the 90 days before `at`: evenings, weekends, and growth."""
    today = at.astimezone(times.IST).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=back) for back in range(DAYS, -1, -1)]
    weights: list[float] = []
    for index, day in enumerate(days):
        weekend = 1.3 if day.weekday() >= 5 else 1.0
        weights.append((0.6 + 0.8 * index / DAYS) * weekend * rng.uniform(0.85, 1.15))
    # Today is not over: it has had only its share of the hours so far.
    hour = at.astimezone(times.IST).hour
    weights[-1] *= sum(_HOURS[: hour + 1]) / sum(_HOURS)
    moments: list[datetime] = []
    while len(moments) < count:
        day = rng.choices(days, weights)[0]
        seconds = rng.choices(range(24), _HOURS)[0] * 3600 + rng.randrange(3_600_000) / 1000
        moment = day + timedelta(seconds=seconds)
        if moment < at:
            moments.append(times.cut(moment.astimezone(at.tzinfo)))
    return iter(sorted(moments))


def aged_order(rng: random.Random, placed_at: datetime, at: datetime) -> Draft:
    """An order whose stage fits its age at the time `at`."""
    draft = invent_order(rng, placed_at)
    age = (at - placed_at) / timedelta(days=1)
    stages = next(stages for limit, stages in _LIVES if age <= limit)
    stage = rng.choices(list(stages), list(stages.values()))[0]
    # Far enough in the past that the first search shows every one of them.
    newest = max(placed_at, at - timedelta(minutes=5))
    return dataclasses.replace(
        draft,
        stage=stage,
        changed_at=times.cut(min(placed_at + _reached(rng, stage), newest)),
        is_cancel_requested=stage == "open" and rng.random() < _ASK_SHARE,
        is_recent=age <= 2,
    )


def _reached(rng: random.Random, stage: Stage) -> timedelta:
    """How long after the order its stage was reached."""
    hours: dict[Stage, tuple[float, float]] = {
        "pending": (0, 0.01),
        "open": (0.05, 0.8),
        "shipped": (10, 44),
        "out_for_delivery": (70, 110),
        "delivered": (72, 190),
        "returned": (220, 420),
        "cancelled": (0.2, 30),
        "failed": (0.2, 1),
    }
    return timedelta(hours=rng.uniform(*hours[stage]))
