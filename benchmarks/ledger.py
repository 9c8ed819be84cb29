"""The ledger and its proof, at ten thousand status changes and at a million."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import psycopg
from sqlalchemy import text
from sqlmodel import Session, col, func, select

from benchmarks.figures import Recorder
from benchmarks.filling import dsn
from benchmarks.reading import ACTOR
from crm_app import db
from crm_app.config import get_settings
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.time import business_day, now
from crm_app.models import Order, StatusIntent
from crm_app.services import ledger, ledger_counts
from crm_app.services.ledger_query import LedgerQuery, Place

# Spread over the orders, written when each was placed. Of a thousand, ten were refused, two are
# still on their way: what people look for is rare. Ten people made them.
_FILL: Final = text("""
    INSERT INTO status_intents (
        order_id, account_id, state, from_status, to_status, carrier, tracking_number, happened_at,
        order_version, actor_label, attempts, next_try_at, outcome_unknown, reason, created_at,
        made_on, settled_at)
    SELECT id, account_id,
           CASE WHEN n % 1000 < 10 THEN 'rejected' WHEN n % 1000 = 10 THEN 'waiting'
                WHEN n % 1000 = 11 THEN 'waiting_for_budget'
                WHEN n % 50 = 1 THEN 'superseded' ELSE 'confirmed' END,
           'confirmed', 'shipped', 'Delhivery', 'D' || n, placed_at, 1, 'Person ' || n % 10, 1,
           placed_at, false, '', placed_at, placed_on, placed_at + interval '4 seconds'
    FROM (SELECT id, account_id, placed_at, placed_on, row_number() OVER (ORDER BY id) AS at
          FROM orders) AS each
    CROSS JOIN LATERAL generate_series(at, CAST(:most AS bigint), :orders) AS n
    WHERE n > :already
    ORDER BY n
""")
SIZES: Final = (10_000, 1_000_000)


def measure(recorder: Recorder, orders: int) -> None:
    """Record what the ledger's page reads at ten thousand changes and at a million.

    However many orders the shop has: the ledger grows by changes.
    """
    if orders > min(SIZES):
        return
    for size in SIZES:
        _fill(size)
        _measure(recorder, size)


def _measure(recorder: Recorder, orders: int) -> None:
    today = business_day(now(), get_settings().zone)
    week = LedgerQuery(first=today - timedelta(days=6), last=today)
    old_week = LedgerQuery(first=today - timedelta(days=46), last=today - timedelta(days=40))
    for name, query in {"of all": LedgerQuery(), "of a week": week}.items():
        recorder.time(f"proof {name}", orders, _proof(query))
    pages = {
        "first page": LedgerQuery(),
        "a state that is rare": LedgerQuery(states=(IntentState.WAITING,)),
        "a channel and a state": LedgerQuery(
            channels=(Channel.BLINKIT,), states=(IntentState.REJECTED,)
        ),
        "a week long ago": old_week,
        "of one order": LedgerQuery(search=_some_order()),
        "of one person": LedgerQuery(search="person 3"),
        "nothing found": LedgerQuery(states=(IntentState.NEEDS_PERSON,)),
        "deep inside": LedgerQuery(before=Place(today - timedelta(days=30), 1)),
    }
    for name, query in pages.items():
        recorder.time(f"ledger {name}", orders, _page(query))
    recorder.time("ledger recount", orders, _recount, note="whole, once a day")


def _some_order() -> str:
    with db.transaction() as session:
        return session.exec(select(Order.order_number).order_by(col(Order.id)).limit(1)).one()


def _fill(size: int) -> None:
    with db.transaction() as session:
        already = session.exec(select(func.count()).select_from(StatusIntent)).one()
        orders = session.exec(select(func.count()).select_from(Order)).one()
        if already < size:
            # A million rows with their counts take longer than any statement of the product may.
            session.execute(text("SET LOCAL statement_timeout = 0"))
            numbers = {"most": size, "orders": orders, "already": already}
            session.execute(_FILL, numbers)
    while True:
        with db.transaction() as session:
            if not ledger_counts.fold(session):
                break
    # What PostgreSQL does by itself within minutes; a vacuum runs in no transaction.
    with psycopg.connect(dsn(), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE status_intents, intent_counts, intent_moves")


def _proof(query: LedgerQuery) -> Callable[[], object]:
    return _in_transaction(lambda session: ledger.prove(session, ACTOR, query))


def _page(query: LedgerQuery) -> Callable[[], object]:
    return _in_transaction(lambda session: ledger.list_changes(session, ACTOR, query))


def _recount() -> object:
    with db.transaction() as session:
        return ledger_counts.check(session)


def _in_transaction(read: Callable[[Session], object]) -> Callable[[], object]:
    def call() -> object:
        with db.transaction() as session:
            return read(session)

    return call
