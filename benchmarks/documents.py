"""A spreadsheet of orders: read, checked and imported by the worker's side, in its own process."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from openpyxl import Workbook

from benchmarks import people
from benchmarks.figures import Recorder
from benchmarks.reading import ACTOR
from benchmarks.servers import DATA_DIR, ROOT, Servers
from crm_app import db
from crm_app.services import rollups
from crm_app.services.auth import person
from crm_app.services.documents import uploads

LINES: Final = int(os.environ.get("BENCH_DOCUMENT_LINES", "100000"))
_HEADER: Final = (
    "Order ID", "Order Date", "Status", "SKU", "Product", "Quantity", "Unit Price", "Amount",
    "Currency", "Buyer Name", "Phone", "Email", "Address", "City", "State", "Pincode",
    "Payment Method", "Note",
)  # fmt: skip


def measure(servers: Servers, recorder: Recorder) -> None:
    """Record how long a file of so many lines takes, step by step, and the worker's memory."""
    servers.use_empty("bench_documents")
    path = DATA_DIR / f"orders-{LINES}.xlsx"
    if not path.exists():
        _write(path)
    document_id = _upload(path)
    done = _work(document_id)
    seconds = done["read_s"] + done["import_s"]
    recorder.record(
        "spreadsheet",
        seconds,
        "s",
        int(done["orders"]),
        lines=LINES,
        read_s=done["read_s"],
        check_s=done["check_s"],
        import_s=done["import_s"],
        worker_cpu_s=done["cpu_s"],
        worker_mb=done["peak_mb"],
    )
    with db.transaction() as session:
        assert rollups.differences(session) == ([], []), "the rollups are not exact"


def _work(document_id: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.document_work", str(document_id)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _upload(path: Path) -> int:
    with db.transaction() as session:
        actor = person(session, people.admin(session, "bench@demo.test", ACTOR.label))
        with path.open("rb") as file:
            document_id = uploads.receive(session, actor, path.name, file).id
    return document_id


def _write(path: Path) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Orders")
    sheet.append(_HEADER)
    start = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    for index in range(LINES):
        order, quantity = index * 5 // 6, 1 + index % 3
        sheet.append(
            (
                f"CS-{order:07}",
                start + timedelta(minutes=4 * order),
                ("Shipped", "Pending", "Delivered")[order % 3],
                f"SKU-{index % 800}",
                f"Pearl ring {index % 800}",
                quantity,
                999.5,
                999.5 * quantity,
                "INR",
                f"Person {order}",
                f"98{order:08}",
                f"p{order}@mail.example",
                f"{order} Hill Road",
                "Mumbai",
                "Maharashtra",
                "400050",
                ("COD", "Prepaid")[order % 2],
                "",
            )
        )
    book.save(path)
