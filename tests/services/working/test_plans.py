"""No list by the desk's own data reads the table: each of its facets pages along an index."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from tests.factories import AccountFactory, UserFactory

_ORDERS = """
INSERT INTO orders (account_id, channel, external_id, order_number, status, payment_status,
    sync_status, channel_status, on_hold, cancel_requested, return_requested, is_cod, is_business,
    fulfilled_by_channel, customer_name, ship_to, city, pincode, note, first_title, line_count,
    unit_count, placed_at, placed_on, channel_updated_at, carrier, tracking_number, version,
    payload_hash, assignee_id, priority, held_at, held_until, hold_reason, archived_at)
SELECT :account, 'amazon', 'x' || n, 'x' || n, 'confirmed', 'paid', 'in_sync', 'U',
    n % 100 = 0, false, false, false, false, false, '', '{}', '', '', '', '', 1, 1,
    now() - n * interval '1 minute', current_date, now(), '', '', 1, '\\x00',
    CASE WHEN n % 50 = 0 THEN :person END, CASE WHEN n % 80 = 0 THEN 'urgent' ELSE 'normal' END,
    CASE WHEN n % 100 = 0 THEN now() END,
    CASE WHEN n % 200 = 0 THEN now() + n * interval '1 minute' END,
    CASE WHEN n % 100 = 0 THEN 'stock' END, CASE WHEN n % 90 = 0 THEN now() END
FROM generate_series(1, 20000) n
"""
_WORK = (
    "INSERT INTO order_tags SELECT id, :tag, placed_at FROM orders WHERE id % 3 = 0",
    "INSERT INTO order_watchers SELECT id, :person, now() FROM orders WHERE id % 40 = 0",
    "INSERT INTO order_comments (order_id, author_id, text, mentions) "
    "SELECT id, :person, 'x', '{}' FROM orders",
    "ANALYZE orders",
    "ANALYZE order_tags",
    "ANALYZE order_watchers",
    "ANALYZE order_comments",
)
_PAGE = "ORDER BY placed_at DESC, id DESC LIMIT 50"
_QUERIES = {
    "assignee": f"SELECT id FROM orders WHERE assignee_id = :person {_PAGE}",
    "priority": (
        "SELECT id FROM orders WHERE priority = 'urgent' AND priority <> 'normal' "
        f"AND (placed_at, id) < (now() - interval '3 days', 5) {_PAGE}"
    ),
    "on hold": f"SELECT id FROM orders WHERE on_hold {_PAGE}",
    "hold reason": (
        "SELECT id FROM orders WHERE held_at IS NOT NULL AND hold_reason = 'stock' " + _PAGE
    ),
    "archived": f"SELECT id FROM orders WHERE archived_at IS NOT NULL {_PAGE}",
    "tag": (
        "SELECT order_id FROM order_tags WHERE tag_id = :tag AND (placed_at, order_id) < (now(), 5)"
        " ORDER BY placed_at DESC, order_id DESC LIMIT 50"
    ),
    "holds that are due": (
        "SELECT id FROM orders WHERE held_at IS NOT NULL AND (held_until <= now() OR status NOT IN"
        " ('pending', 'confirmed', 'packed', 'ready_to_ship')) ORDER BY id LIMIT 500"
    ),
    "comments": "SELECT id FROM order_comments WHERE order_id = 7 ORDER BY id DESC LIMIT 200",
    "watched": "SELECT order_id FROM order_watchers WHERE user_id = :person ORDER BY order_id",
}


@pytest.fixture
def shelf(session: Session) -> Iterator[tuple[Session, dict[str, int]]]:
    account, person = AccountFactory(), UserFactory()
    names = {"account": account.id, "person": person.id}
    session.execute(text(_ORDERS), names)
    tag = session.execute(
        text(
            "INSERT INTO tags (name, colour, is_retired) VALUES ('VIP', 'red', false) RETURNING id"
        )
    ).scalar_one()
    for statement in _WORK:
        session.execute(text(statement), {"tag": tag, **names})
    yield session, {"tag": tag, **names}
    session.rollback()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def test_each_facet_walks_its_own_index(shelf: tuple[Session, dict[str, int]]) -> None:
    session, names = shelf
    found: dict[str, list[str]] = {}
    for name, query in _QUERIES.items():
        (plan,) = session.execute(
            text(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}"), names
        ).scalar_one()
        steps = list(nodes(plan["Plan"]))
        found[name] = [step["Node Type"] for step in steps if "Seq" in step["Node Type"]]
        # What it reads and drops: never more than a small part of the shelf.
        dropped = sum(step.get("Rows Removed by Filter", 0) for step in steps)
        assert dropped <= 200, (name, dropped)

    assert found == {name: [] for name in _QUERIES}
