"""A real seller's report comes in twice: by the channel's API and as a file. Both are equal.

A part of it by default; `CRM_WHOLE_REPORT=1` takes all of it (some minutes).
"""

import csv
import gzip
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.jobs.pull import pull_account
from crm_app.models import ChannelAccount, Order, OrderLine
from crm_app.sandbox import credentials
from crm_app.services import rollups
from crm_app.services.documents import editing, mapping, uploads
from crm_app.services.documents.words import Meaning
from tests import running
from tests.conftest import ROOT, SHARED
from tests.jobs.conftest import connect_amazon
from tests.jobs.report_file import LINE_FIELDS, NOT_IN_BOTH
from tests.services.documents import desk

REPORT: Final = SHARED / "datasets" / "amazon_sale_report_in_2022.csv.gz"
IS_WHOLE: Final = os.environ.get("CRM_WHOLE_REPORT") == "1"
_ORDERS: Final = 400

# Columns of our own, which two ways in cannot share; the others are compared.
OUR_OWN: Final = {
    "id",
    "account_id",
    "channel",
    "version",
    "payload_hash",
    "created_at",
    "updated_at",
}


def part_of_report() -> bytes:
    """Every row of the first orders; an order's rows may lie far apart. All rows if asked for."""
    raw = gzip.decompress(REPORT.read_bytes())
    if IS_WHOLE:
        return raw
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    place = rows[0].index("Order ID")
    wanted = set(list(dict.fromkeys(row[place] for row in rows[1:]))[:_ORDERS])
    text = io.StringIO(newline="")
    csv.writer(text).writerows([rows[0], *(row for row in rows[1:] if row[place] in wanted)])
    return text.getvalue().encode()


@pytest.mark.skipif(
    not REPORT.exists(), reason="the real seller report is not beside this checkout"
)
def test_the_report_as_a_file_equals_what_the_channel_told(
    session: Session, asha: Actor, postgres_url_for: Callable[[str], str], tmp_path: Path
) -> None:
    report = part_of_report()

    told = by_channel(report, postgres_url_for("sandbox_of_report_part"), tmp_path)
    filed = by_file(report, asha)

    came, read = orders_of(session, told), orders_of(session, filed)
    assert len(came) == (120_229 if IS_WHOLE else _ORDERS)
    assert came.keys() == read.keys()
    different: dict[str, Any] = {}
    for key, order in came.items():
        for name, value in order.items():
            if value != read[key][name]:
                different.setdefault(name, (key, value, read[key][name]))
    assert different == {}
    assert rollups.differences(session) == ([], [])


def by_channel(report: bytes, url: str, folder: Path) -> int:
    """Through the sandbox's API and the worker's job; the account."""
    file = folder / "report.csv.gz"
    file.write_bytes(gzip.compress(report))
    settings = {**os.environ, "CRM_SANDBOX_DATABASE_URL": url}
    load = [sys.executable, "-m", "crm_app.sandbox", "load", str(file)]
    subprocess.run(load, cwd=ROOT, env=settings, check=True, capture_output=True)
    with running.sandbox(url, folder / "sandbox.log") as sandbox:
        seller = credentials.AMAZON_REPORT_SELLER
        account_id = connect_amazon(sandbox, seller, first_import_days=36_500).id
        while True:
            pull_account(account_id)
            with db.transaction() as session:
                account = session.get_one(ChannelAccount, account_id)
            assert not account.last_error
            if account.cursor is not None and account.resume is None:
                return account_id


def by_file(report: bytes, actor: Actor) -> int:
    """Uploaded, with the decisions that a person makes on the screen; the account."""
    document_id = desk.upload(actor, io.BytesIO(report), "report.csv")
    with db.transaction() as session:
        editing.set_source(session, actor, document_id, "Amazon's report")
        document = uploads.get_document(session, actor, document_id)
        decided = mapping.Mapping.from_json(document.mapping)
    # The report's pending orders are paid and to be packed: its own word says less.
    words = {word: meaning.value for word, meaning in decided.statuses.items()}
    desk.decide(
        actor,
        document_id,
        payment="paid",
        date_order="month_first",
        statuses={**words, "Pending": Meaning.CONFIRMED.value},
    )
    desk.check(actor, document_id)
    done = desk.import_(actor, document_id)
    assert done.account_id is not None
    return done.account_id


def orders_of(session: Session, account_id: int) -> dict[str, dict[str, Any]]:
    """All that both ways in can know of each order, by its id at the channel."""
    left_out = OUR_OWN | NOT_IN_BOTH.keys()
    names = [name for name in Order.model_fields if name not in left_out]
    found: dict[int, dict[str, Any]] = {}
    for order in session.exec(select(Order).where(Order.account_id == account_id)):
        found[order.id] = {name: getattr(order, name) for name in names} | {"lines": []}
    lines = (
        select(OrderLine)
        .join(Order)
        .where(Order.account_id == account_id)
        .order_by("order_id", "position")
    )
    for line in session.exec(lines):
        found[line.order_id]["lines"].append(tuple(getattr(line, name) for name in LINE_FIELDS))
    session.rollback()
    return {one["external_id"]: one for one in found.values()}
