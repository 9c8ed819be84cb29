"""A million orders into an empty database in minutes: COPY first, indexes after."""

import hashlib
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import psycopg
from psycopg import sql

from benchmarks.servers import DATA_DIR, ROOT, Servers
from benchmarks.shop import ACCOUNTS, COLLEAGUES, ORDER_COLUMNS, TAGS, Drawn, Shop
from crm_app import db, vault
from crm_app.domain.permissions import Role
from crm_app.models import ChannelAccount, Tag, User
from crm_app.services import rollups

_CHUNK: Final = 20_000
_FILLED: Final = ("customers", "orders", "order_lines", "order_events", "order_tags")
_NUMBERED: Final = ("customers", "orders", "order_lines", "order_events")
_LINE_COLUMNS: Final = (
    "id, order_id, position, external_id, sku, title, quantity, quantity_shipped, "
    "quantity_cancelled, quantity_returned, unit_price_minor, total_minor"
)
_EVENT_COLUMNS: Final = "id, order_id, kind, at, actor_kind, actor_label, data"
_TAG_COLUMNS: Final = "order_id, tag_id, placed_at"
_CUSTOMER_COLUMNS: Final = (
    "id, account_id, identity, name, email, phone, phone_digits, city, state, pincode"
)

Connection = psycopg.Connection[tuple[Any, ...]]


def use_shop(servers: Servers, orders: int) -> float | None:
    """Point the process at a shop of this size, made if there is none of today.

    Returns:
        Seconds that the making took; None if it was there.
    """
    name = f"bench_{orders}"
    made = DATA_DIR / f"{name}.made"
    if made.exists() and made.read_text() == _fingerprint() and not servers.use(name):
        return None
    made.unlink(missing_ok=True)
    servers.use_empty(name)
    began = time.monotonic()
    with psycopg.connect(dsn(), autocommit=True) as connection:
        fill(connection, Shop(orders, datetime.now(UTC)))
    _check(orders)
    made.write_text(_fingerprint())
    return time.monotonic() - began


def _fingerprint() -> str:
    """Deadlines and "today" move, so yesterday's shop is stale; so is one of other tables."""
    digest = hashlib.sha256(datetime.now(UTC).date().isoformat().encode())
    for path in sorted((ROOT / "alembic" / "versions").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def dsn() -> str:
    return db.get_engine().url.set(drivername="postgresql").render_as_string(hide_password=False)


def _add_accounts() -> None:
    with db.transaction() as session:
        for channel, name, _, _ in ACCOUNTS:
            session.add(
                ChannelAccount(
                    channel=channel,
                    name=name,
                    base_url="https://channel.invalid",
                    credentials=vault.seal({"key": "value"}),
                )
            )


def _add_colleagues() -> None:
    """In an empty database their numbers are those that the orders name: from one on."""
    with db.transaction() as session:
        for name in COLLEAGUES:
            email = f"{name.lower()}@bench.test"
            session.add(User(email=email, name=name, role=Role.SUPPORT, password_hash=""))
            session.flush()
        for name, _ in TAGS:
            session.add(Tag(name=name))
            session.flush()


def fill(connection: Connection, shop: Shop) -> None:
    """Store a shop in the empty, migrated database of this process, with its statistics."""
    _add_accounts()
    _add_colleagues()
    # Every key that is copied was made here: checking four million of them proves nothing.
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET synchronous_commit = off")
    indexes = _drop_indexes(connection)
    _copy(connection, "customers", _CUSTOMER_COLUMNS, "".join(shop.customer_rows()))
    # Drawing keeps one core busy and storing another.
    with ThreadPoolExecutor(1) as storing:
        stored: Future[None] | None = None
        for chunk in _chunks(shop.draw()):
            if stored is not None:
                stored.result()
            stored = storing.submit(_store, connection, chunk)
        if stored is not None:
            stored.result()
    for statement in indexes:
        connection.execute(statement.encode())
    for table in _NUMBERED:
        connection.execute(
            sql.SQL(
                "SELECT setval(pg_get_serial_sequence({name}, 'id'), (SELECT max(id) FROM {table}))"
            ).format(name=sql.Literal(table), table=sql.Identifier(table))
        )
    connection.execute(
        """INSERT INTO order_rollups (day, account_id, status, currency, channel, orders,
                                      total_minor)
           SELECT placed_on, account_id, status, coalesce(currency, ''), channel, count(*),
                  coalesce(sum(total_minor), 0)
           FROM orders GROUP BY 1, 2, 3, 4, 5"""
    )
    connection.execute(
        """INSERT INTO order_counts (account_id, status, channel, orders)
           SELECT account_id, status, channel, sum(orders) FROM order_rollups GROUP BY 1, 2, 3"""
    )
    # What autovacuum does on a living database: statistics, and the map of settled pages.
    connection.execute("VACUUM (ANALYZE)")
    connection.execute("CHECKPOINT")


def _drop_indexes(connection: Connection) -> list[str]:
    """Drop what is no constraint; the statements that make it again. Each index is then built in
    one go instead of a million steps."""
    found = connection.execute(
        """SELECT indexname, indexdef FROM pg_indexes
           WHERE schemaname = 'public' AND tablename = ANY(%s)
             AND indexname NOT IN (SELECT conname FROM pg_constraint)""",
        [list(_FILLED)],
    ).fetchall()
    for name, _ in found:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    return [definition for _, definition in found]


def _chunks(drawn: Iterator[Drawn]) -> Iterator[list[Drawn]]:
    while chunk := list(islice(drawn, _CHUNK)):
        yield chunk


def _store(connection: Connection, chunk: list[Drawn]) -> None:
    _copy(connection, "orders", ORDER_COLUMNS, "".join(order.row for order in chunk))
    _copy(connection, "order_lines", _LINE_COLUMNS, "".join(order.lines for order in chunk))
    _copy(connection, "order_events", _EVENT_COLUMNS, "".join(order.events for order in chunk))
    _copy(connection, "order_tags", _TAG_COLUMNS, "".join(order.tags for order in chunk))


def _copy(connection: Connection, table: str, columns: str, rows: str) -> None:
    with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as copy:
        copy.write(rows)


def _check(orders: int) -> None:
    with db.transaction() as session:
        kept, counted = rollups.differences(session)
        assert not kept, "the rollups of the generated shop are not exact"
        assert not counted
        found = session.connection().exec_driver_sql("SELECT count(*) FROM orders").scalar()
        assert found == orders
