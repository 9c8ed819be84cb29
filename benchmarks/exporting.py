"""Exports of a whole shop: rows a second, and what the process takes meanwhile."""

import json
import subprocess
import sys
import time
import uuid
from dataclasses import replace
from typing import Final

import psutil

from benchmarks import people
from benchmarks.figures import Recorder
from benchmarks.servers import ROOT
from crm_app import db
from crm_app.domain.download import DownloadState, FileFormat
from crm_app.domain.time import now
from crm_app.models import Download
from crm_app.services import auth
from crm_app.services.downloads import asking, keeping, working
from crm_app.services.order_query import OrderQuery

_EMAIL: Final = "bench@palmonas.test"
_LONGEST_S: Final = 900.0


def measure(recorder: Recorder, orders: int) -> None:
    """Record asking for all orders, and writing them in each format, in a process of its own."""
    for kind in (FileFormat.CSV, FileFormat.XLSX, FileFormat.JSON):
        answer = subprocess.run(
            [sys.executable, "-m", "benchmarks.exporting", kind.value],
            cwd=ROOT,
            capture_output=True,
            check=True,
            timeout=_LONGEST_S,
        )
        found = json.loads(answer.stdout)
        recorder.record(
            f"export {kind.value}",
            found["rows"] / found["seconds"],
            "rows/s",
            orders,
            rows=found["rows"],
            seconds=found["seconds"],
            asked_s=found["asked_s"],
            grew_mb=found["grew_mb"],
            most_mb=found["most_mb"],
            file_mb=found["file_mb"],
            cpu_s=found["cpu_s"],
        )
        # What a busy machine does not change, and that memory stays flat however many rows.
        recorder.record(
            f"export {kind.value} by processor time",
            found["rows"] / found["cpu_s"],
            "rows/CPU s",
            orders,
            rows=found["rows"],
        )
        recorder.record(f"export {kind.value} memory", found["grew_mb"], "MB more", orders)
        recorder.record(f"export {kind.value} accepted", found["asked_s"] * 1_000, "ms", orders)


def main(kind: str) -> None:
    """Export every order once, and print what it took as one JSON line."""
    process = psutil.Process()
    with db.transaction() as session:
        actor = replace(auth.person(session, people.admin(session, _EMAIL)), confirmed_at=now())
        session.flush()
    began, cpu = time.monotonic(), time.process_time()
    with db.transaction() as session:
        asked = asking.export(
            session, actor, OrderQuery(), kind=FileFormat(kind), key=uuid.uuid4().hex
        ).id
    asked_s = time.monotonic() - began
    before = most = process.memory_info().rss
    while working.work(asked, budget_s=0.5):
        most = max(most, process.memory_info().rss)
    seconds = time.monotonic() - began
    most = max(most, process.memory_info().rss)
    with db.transaction() as session:
        done = session.get_one(Download, asked)
        assert done.state is DownloadState.DONE, done.reason
        assert done.done == done.total
        keeping.remove(session, actor, asked)
    print(
        json.dumps(
            {
                "rows": done.done,
                "seconds": round(seconds, 2),
                "asked_s": round(asked_s, 2),
                "grew_mb": (most - before) >> 20,
                "most_mb": most >> 20,
                "cpu_s": round(time.process_time() - cpu, 2),
                "file_mb": round(done.size / (1 << 20), 1),
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
