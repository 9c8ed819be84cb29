"""What the database does for a call: its statements, run again under EXPLAIN ANALYZE."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import event
from sqlmodel import Session

# Those grow with the number of orders; of all others a whole reading is a small one.
GROWING: Final = ("orders", "order_lines", "order_events", "order_tags", "customers")


@dataclass(frozen=True)
class Work:
    """One statement, and the rows of growing tables that were looked at for it."""

    statement: str
    rows: int
    scans: tuple[str, ...]  # tables that were read from end to end


def work_of(session: Session, act: Callable[[], object]) -> list[Work]:
    """Every SELECT that `act` runs, with what it cost."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _k: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return [
        _explained(session, *one)
        for one in asked
        if one[0].lstrip().upper().startswith(("SELECT", "WITH")) and "set_config" not in one[0]
    ]


def _explained(session: Session, statement: str, parameters: Any) -> Work:
    explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
    (told,) = session.connection().exec_driver_sql(explain, parameters).scalars()
    (plan,) = json.loads(told) if isinstance(told, str) else told
    nodes = list(_nodes(plan["Plan"]))
    return Work(
        statement,
        sum(_looked_at(node) for node in nodes if node.get("Relation Name") in GROWING),
        tuple(
            node["Relation Name"]
            for node in nodes
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] in GROWING
        ),
    )


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _looked_at(node: dict[str, Any]) -> int:
    """Rows that a scan gave, and those that it read and threw away."""
    each = sum(
        node.get(name, 0)
        for name in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    )
    return int(each * node.get("Actual Loops", 1))
