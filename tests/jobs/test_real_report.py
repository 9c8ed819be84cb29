"""A real seller's report, from its file through the sandbox and the real worker, to the paisa."""

import csv
import gzip
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, text
from sqlmodel import col, select

from crm_app import db, queue
from crm_app.domain.order_status import OrderStatus
from crm_app.models import Order, OrderEvent, OrderLine
from crm_app.sandbox import credentials
from crm_app.services import accounts, rollups
from tests import running
from tests.conftest import ROOT, SHARED
from tests.jobs.conftest import connect_amazon
from tests.jobs.report_file import assert_file_equals_what_came

REPORT = SHARED / "datasets" / "amazon_sale_report_in_2022.csv.gz"

# The report's words in ours; of an order all lines carry the same word.
STATUSES = {
    "Pending": OrderStatus.CONFIRMED,
    "Pending - Waiting for Pick Up": OrderStatus.READY_TO_SHIP,
    "Shipping": OrderStatus.SHIPPED,
    "Shipped": OrderStatus.SHIPPED,
    "Shipped - Picked Up": OrderStatus.SHIPPED,
    "Shipped - Out for Delivery": OrderStatus.OUT_FOR_DELIVERY,
    "Shipped - Delivered to Buyer": OrderStatus.DELIVERED,
    "Shipped - Rejected by Buyer": OrderStatus.SHIPPED,
    "Shipped - Returning to Seller": OrderStatus.SHIPPED,
    "Shipped - Returned to Seller": OrderStatus.RETURNED,
    "Shipped - Lost in Transit": OrderStatus.FAILED,
    "Shipped - Damaged": OrderStatus.FAILED,
    "Cancelled": OrderStatus.CANCELLED,
}
COMING_BACK = ("Shipped - Rejected by Buyer", "Shipped - Returning to Seller")

Money = dict[tuple[str, str | None], int]


@dataclass
class Figures:
    """What the report holds, by this test's own reading of it."""

    lines: int = 0
    units: int = 0
    statuses: dict[str, str] = field(default_factory=dict[str, str])
    paise: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    priced: dict[str, str] = field(default_factory=dict[str, str])
    coming_back: set[str] = field(default_factory=set[str])

    def money(self) -> Money:
        sums: defaultdict[tuple[str, str | None], int] = defaultdict(int)
        for order_id, status in self.statuses.items():
            currency = self.priced.get(order_id)
            sums[status, currency] += self.paise[order_id] if currency else 0
        return dict(sums)


def read_report() -> Figures:
    """Rules: rows that differ in `index` alone are one line; a line without an amount adds none."""
    figures = Figures()
    seen: set[tuple[str, ...]] = set()
    with gzip.open(REPORT, "rt", encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            content = tuple(value for name, value in row.items() if name != "index")
            if content in seen:
                continue
            seen.add(content)
            order_id = row["Order ID"]
            figures.lines += 1
            figures.units += int(row["Qty"])
            figures.statuses[order_id] = STATUSES[row["Status"]].value
            if row["Status"] in COMING_BACK:
                figures.coming_back.add(order_id)
            if row["Amount"]:
                paise = Decimal(row["Amount"]) * 100
                assert paise == int(paise)
                figures.paise[order_id] += int(paise)
                figures.priced[order_id] = row["currency"]
    return figures


@pytest.mark.usefixtures("database")
@pytest.mark.skipif(
    not REPORT.exists(), reason="the real seller report is not beside this checkout"
)
def test_the_whole_report_arrives_equal_to_the_last_paisa(
    postgres_url_for: Callable[[str], str], tmp_path: Path
) -> None:
    url = postgres_url_for("sandbox_of_report")
    load_report(url)
    expected = read_report()
    log = tmp_path / "worker.log"
    with running.sandbox(url, tmp_path / "sandbox.log") as sandbox:
        account = connect_amazon(
            sandbox, credentials.AMAZON_REPORT_SELLER, first_import_days=36_500
        )

        with running.process(["worker.py"], {}, log):
            drain(account.id)
        first = fingerprint()
        assert_equal(expected)
        # The other way in: the report as a file that somebody uploads.
        assert assert_file_equals_what_came(REPORT) == 120_229

        forget_cursor(account.id)
        with running.process(["worker.py"], {}, log):
            drain(account.id)

    assert fingerprint() == first
    assert "Traceback" not in log.read_text()


def load_report(url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "crm_app.sandbox", "load", str(REPORT)],
        cwd=ROOT,
        env={**os.environ, "CRM_SANDBOX_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "128017 lines of 120229 orders" in done.stdout


def drain(account_id: int) -> None:
    """Ask the worker once; it goes on by itself until the last page is stored."""
    assert queue.enqueue(queue.PULL, queue.PULL_ACCOUNT, account_id)
    running.wait_for(lambda: cursor_of(account_id), "the account is drained", timeout_s=900)


def cursor_of(account_id: int) -> str | None:
    with db.transaction() as session:
        account = accounts.get_account(session, account_id)
        assert not account.last_error
        return account.cursor


def forget_cursor(account_id: int) -> None:
    with db.transaction() as session:
        accounts.get_account(session, account_id).cursor = None


def assert_equal(expected: Figures) -> None:
    with db.transaction() as session:
        statuses = dict(session.exec(select(Order.external_id, Order.status)).all())
        lines = session.exec(select(func.count()).select_from(OrderLine)).one()
        units = session.exec(select(func.sum(OrderLine.quantity))).one()
        money = session.execute(
            text("SELECT status, currency, coalesce(sum(total_minor), 0) FROM orders GROUP BY 1, 2")
        ).all()
        coming_back = session.exec(
            select(Order.external_id).where(col(Order.return_requested).is_(True))
        ).all()
        assert rollups.differences(session) == ([], [])
    assert Counter(statuses.values()) == Counter(expected.statuses.values())
    assert statuses == expected.statuses
    assert (lines, units) == (expected.lines, expected.units)
    assert {(status, currency): int(total) for status, currency, total in money} == (
        expected.money()
    )
    assert set(coming_back) == expected.coming_back


def fingerprint() -> tuple[object, ...]:
    """Changes whenever a pull changes anything that counts."""
    with db.transaction() as session:
        return (
            session.exec(
                select(
                    func.count(),
                    func.sum(Order.version),
                    func.max(Order.updated_at),
                    func.max(Order.id),
                ).select_from(Order)
            ).one(),
            session.exec(select(func.count(), func.max(OrderLine.id)).select_from(OrderLine)).one(),
            session.exec(select(func.count()).select_from(OrderEvent)).one(),
        )
