"""The audit trail: a million entries proved, from the database and from a file."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from benchmarks.figures import Recorder
from benchmarks.servers import DATA_DIR, Servers
from crm_app import audit as command
from crm_app import db
from crm_app.domain import chain
from crm_app.domain.actor import SYSTEM
from crm_app.domain.chain import Link
from crm_app.services import audit

ENTRIES: Final = 1_000_000
_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)


def measure(servers: Servers, recorder: Recorder) -> None:
    """Record how long a million entries take to prove, and what one more costs."""
    servers.use_empty("bench_trail")
    _fill()
    for figure, call in (
        ("audit verify", lambda: command.main(["verify"])),
        ("audit export", lambda: command.main(["export", str(DATA_DIR / "trail.jsonl")])),
        ("audit verify a file", _verify_file),
    ):
        began, spent = time.perf_counter(), time.process_time()
        assert call() == 0
        seconds = time.perf_counter() - began
        recorder.record(figure, seconds, "s", ENTRIES, cpu_s=time.process_time() - spent)
    recorder.time("audit record", ENTRIES, _record)


def _verify_file() -> int:
    path = DATA_DIR / "trail.jsonl"
    code = command.main(["verify", "--file", str(path)])
    path.unlink()
    return code


def _record() -> None:
    with db.transaction() as session:
        audit.record(session, SYSTEM, "order:viewed", subject_type="order", subject_id=1)


def _fill() -> None:
    names = ", ".join(chain.COLUMNS)
    with db.get_engine().begin() as connection:
        driver: Any = connection.connection.driver_connection
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY audit_entries ({names}) FROM STDIN") as target,
        ):
            for link in _entries():
                target.write_row(
                    [json.dumps(one) if isinstance(one, dict) else one for one in link]
                )


def _entries() -> Iterator[Link]:
    previous = chain.GENESIS
    for number in range(1, ENTRIES + 1):
        link: Link = (
            number, _BEGAN + timedelta(seconds=number), "order:status:changed", "order",
            str(number % 90_000), "person", number % 40, "Asha Kulkarni",
            {"status": "confirmed", "version": number % 9},
            {"status": "packed", "version": number % 9 + 1}, chain.FORM, "203.0.113.7", None,
            previous, b"",
        )  # fmt: skip
        previous = chain.digest(link)
        yield (*link[:-1], previous)
