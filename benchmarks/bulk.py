"""Bulk changes: how soon one is accepted, and how many orders a second the worker moves on."""

import statistics
import time
import uuid
from typing import Any, Final

from sqlalchemy import text

from benchmarks import people
from benchmarks.figures import Recorder, p95
from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.services import auth, bulk_choice, bulk_results, bulk_runs, bulk_work
from crm_app.services.bulk_choice import Choice
from crm_app.services.order_query import OrderQuery

_SIZES: Final = (1_000, 50_000)
_RUNS: Final = {1_000: 20, 50_000: 5}
# Half of them on a channel that is told, half on one whose desk step it is.
_CHANNELS: Final = (Channel.WOOCOMMERCE, Channel.AMAZON)
_PREPARE: Final = """
    CREATE TABLE bench_before AS
        (SELECT id, status, sync_status FROM orders WHERE channel = 'woocommerce' LIMIT {half})
        UNION ALL
        (SELECT id, status, sync_status FROM orders WHERE channel = 'amazon' LIMIT {half});
    UPDATE orders SET status = '{status}', sync_status = 'in_sync', fulfilled_by_channel = false
        FROM bench_before WHERE orders.id = bench_before.id;
    ANALYZE orders
"""
_RESTORE: Final = """
    DELETE FROM bulk_runs WHERE undo_of IS NOT NULL; DELETE FROM bulk_runs;
    DELETE FROM status_intents USING bench_before WHERE order_id = bench_before.id;
    SET LOCAL session_replication_role = replica;
    DELETE FROM order_events USING bench_before
        WHERE order_id = bench_before.id AND kind LIKE 'order:status:%';
    SET LOCAL session_replication_role = origin;
    UPDATE orders SET status = bench_before.status, sync_status = bench_before.sync_status
        FROM bench_before WHERE orders.id = bench_before.id;
    DROP TABLE bench_before
"""
# No order of a generated shop has it, so the filter names the prepared ones.
_MARKED: Final = OrderStatus.OUT_FOR_DELIVERY


def measure(recorder: Recorder, orders: int) -> None:
    """Record acceptance and work of bulk changes of each size that the shop can fill."""
    for size in _SIZES:
        if orders >= size * 8:
            _measure(recorder, orders, size)


def _measure(recorder: Recorder, orders: int, size: int) -> None:
    actor = _person()
    _execute(_PREPARE.format(half=size // 2, status=_MARKED.value))
    try:
        times = [_accept(actor) for _ in range(_RUNS[size])]
        recorder.record(
            f"bulk of {size} accepted",
            statistics.median(times),
            "s",
            orders,
            p95=p95(times),
            runs=len(times),
        )
        _work(recorder, orders, size, actor)
    finally:
        _execute(_RESTORE)


def _accept(actor: Actor, status: OrderStatus = OrderStatus.DELIVERED) -> float:
    """Freeze, decide, look ahead and start; the worker is not waited for."""
    began = time.perf_counter()
    choice = Choice(query=OrderQuery(statuses=(_MARKED,), channels=_CHANNELS))
    with db.transaction() as session:
        run = bulk_choice.draft(session, actor, choice, uuid.uuid4().hex)
    with db.transaction() as session:
        bulk_runs.decide(session, actor, run.id, "status", {"status": status.value})
        bulk_runs.preview(session, actor, run.id)
    with db.transaction() as session:
        bulk_runs.start(session, actor, run.id)
    return time.perf_counter() - began


def _work(recorder: Recorder, orders: int, size: int, actor: Actor) -> None:
    """The worker's part, for orders whose channels are told."""
    _execute(
        "UPDATE orders SET status = 'confirmed' FROM bench_before "
        "WHERE orders.id = bench_before.id AND orders.channel = 'woocommerce'; "
        "UPDATE bulk_runs SET state = 'stopped', finished_at = now()"
    )
    choice = Choice(
        query=OrderQuery(statuses=(OrderStatus.CONFIRMED,), channels=(Channel.WOOCOMMERCE,))
    )
    with db.transaction() as session:
        run = bulk_choice.draft(session, actor, choice, uuid.uuid4().hex)
        bulk_runs.decide(session, actor, run.id, "status", {"status": "shipped"})
        bulk_runs.start(session, actor, run.id)
    _timed(recorder, orders, f"bulk of {run.total} worked", run.id, run.total)
    began = time.perf_counter()
    with db.transaction() as session:
        bulk_results.progress(session, actor, run.id)
    recorder.record(
        f"bulk of {run.total} progress", (time.perf_counter() - began) * 1000, "ms", orders
    )
    with db.transaction() as session:
        undoing = bulk_runs.undo(session, actor, run.id)
        bulk_runs.start(session, actor, undoing.id)
    _timed(recorder, orders, f"bulk of {run.total} undone", undoing.id, run.total)


def _timed(recorder: Recorder, orders: int, figure: str, run_id: int, total: int) -> None:
    began = time.perf_counter()
    while bulk_work.work(run_id, budget_s=60):
        pass
    recorder.record(figure, total / (time.perf_counter() - began), "orders/s", orders)


def _person() -> Actor:
    with db.transaction() as session:
        return auth.person(session, people.admin(session, "bench@desk.test"))


def _execute(statements: str) -> None:
    with db.transaction() as session:
        # Half of a large table is written anew: longer than a page may take.
        session.execute(text("SET LOCAL statement_timeout = 0"))
        result: Any = session.execute(text(statements))
        del result
