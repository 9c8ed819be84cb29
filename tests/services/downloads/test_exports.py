"""Exports: every row of the filter, once, in every format, whatever happens on the way."""

import csv
import dataclasses
import io
import json
from datetime import timedelta
from decimal import Decimal

import openpyxl
import pytest
from sqlalchemy import func, text, update
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.download import DownloadState, FileFormat
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from crm_app.models import AuditEntry, Download, DownloadPart, DownloadPiece, Notice, User
from crm_app.services.downloads import asking, keeping, working, xlsx
from crm_app.services.order_query import OrderQuery, Sort
from tests.conftest import as_owner
from tests.factories import PLACED_AT, AccountFactory, OrderFactory, OrderLineFactory

ALL = OrderQuery()


def ask(
    actor: Actor,
    query: OrderQuery = ALL,
    kind: FileFormat = FileFormat.CSV,
    keys: tuple[str, ...] = (),
    key: str = "press",
) -> int:
    with db.transaction() as session:
        return asking.export(session, actor, query, kind=kind, keys=keys, key=key).id


def work(download_id: int) -> None:
    while working.work(download_id, budget_s=30):
        pass


def found(download_id: int) -> Download:
    with db.transaction() as session:
        return session.get_one(Download, download_id)


def body(actor: Actor, download_id: int) -> bytes:
    with db.transaction() as session:
        file = keeping.take(session, actor, download_id)
    content = b"".join(file.pieces())
    assert len(content) == file.size
    return content


def table(actor: Actor, download_id: int) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body(actor, download_id).decode("utf-8-sig"))))


def fill(session: Session, count: int, **values: object) -> list[str]:
    """Order numbers, the newest first."""
    account = AccountFactory(channel=values.pop("channel", Channel.AMAZON))
    numbers: list[str] = []
    for place in range(count):
        order = OrderFactory(
            account=account, placed_at=PLACED_AT - timedelta(minutes=place), **values
        )
        numbers.append(order.order_number)
    session.commit()
    return numbers


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PART", 4)


def test_a_csv_has_every_row_of_the_filter_in_its_order(session: Session, asha: Actor) -> None:
    numbers = fill(session, 11)
    fill(session, 3, status=OrderStatus.SHIPPED)
    query = OrderQuery(statuses=(OrderStatus.CONFIRMED,), sort=Sort.OLDEST)

    download_id = ask(asha, query)
    asked = found(download_id)
    work(download_id)

    done = found(download_id)
    assert (asked.state, asked.total, asked.title) == (
        DownloadState.QUEUED,
        11,
        "Orders: Confirmed",
    )
    assert (done.state, done.done, done.emptied_at) == (DownloadState.DONE, 11, None)
    assert [row["Order number"] for row in table(asha, download_id)] == numbers[::-1]


def test_rows_that_come_later_change_nothing(session: Session, asha: Actor) -> None:
    numbers = fill(session, 3)
    download_id = ask(asha)
    fill(session, 2)

    work(download_id)

    assert [row["Order number"] for row in table(asha, download_id)] == numbers


def test_chosen_columns_and_no_formula(session: Session, asha: Actor) -> None:
    order = OrderFactory(customer_name="=1+1", total_minor=149_905)
    OrderLineFactory(order=order, sku="A-1", quantity=2)
    OrderLineFactory(order=order, sku="", title="Ring", position=1)
    session.commit()

    download_id = ask(asha, keys=("items", "customer", "total", "placed_at", "cod"))
    work(download_id)

    (row,) = table(asha, download_id)
    assert list(row) == ["Items", "Customer", "Total", "Placed", "COD"]
    assert sorted(row["Items"].split("; ")) == ["1 × Ring", "2 × A-1"]
    assert (row["Customer"], row["Total"], row["Placed"], row["COD"]) == (
        "'=1+1",
        "1499.05",
        "2026-11-18 12:00",
        "no",
    )


def test_json_keeps_amounts_exact(session: Session, asha: Actor) -> None:
    fill(session, 9, total_minor=10)
    download_id = ask(asha, kind=FileFormat.JSON, keys=("number", "total", "ship_by", "lines"))

    work(download_id)

    rows = json.loads(body(asha, download_id))
    assert len(rows) == 9
    assert {(row["total"], row["ship_by"], row["lines"]) for row in rows} == {("0.10", None, 1)}


def test_a_workbook_opens_and_begins_another_sheet_where_one_is_full(
    session: Session, asha: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx, "MAX_ROWS", 7)  # a heading and six rows
    odd = "<b>&\u2028\x0b=1+1\nsecond"
    numbers = fill(session, 9, customer_name=odd)
    download_id = ask(
        asha, kind=FileFormat.XLSX, keys=("number", "customer", "total", "placed_at", "units")
    )

    work(download_id)

    book = openpyxl.load_workbook(io.BytesIO(body(asha, download_id)))
    assert book.sheetnames == ["Orders", "Orders 2"]
    rows = [[cell.value for cell in row] for sheet in book for row in sheet.iter_rows(min_row=2)]
    assert [row[0] for row in rows] == numbers
    assert {str(row[1]) for row in rows} == {"<b>&\u2028=1+1\nsecond"}
    assert Decimal(str(rows[0][2])) == Decimal(1499)
    assert f"{rows[0][3]:%Y-%m-%d %H:%M}" == "2026-11-18 12:00"
    assert [cell.value for cell in next(book["Orders 2"].iter_rows())][:2] == [
        "Order number",
        "Customer",
    ]


@pytest.mark.parametrize("kind", [FileFormat.CSV, FileFormat.XLSX, FileFormat.JSON])
def test_a_killed_worker_loses_and_doubles_nothing(
    session: Session, asha: Actor, kind: FileFormat
) -> None:
    numbers = fill(session, 10)
    download_id = ask(asha, kind=kind, keys=("number",))

    slices = 0
    while working.work(download_id, budget_s=0):  # as if killed after each part
        slices += 1

    assert slices == 3
    content = body(asha, download_id)
    if kind is FileFormat.CSV:
        assert content.decode("utf-8-sig").split() == ["Order", "number", *numbers]
    elif kind is FileFormat.JSON:
        assert [row["number"] for row in json.loads(content)] == numbers
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        assert sheet is not None
        assert [row[0].value for row in sheet.iter_rows(min_row=2)] == numbers
    with db.transaction() as opened:
        assert opened.exec(select(DownloadPart)).all() == []


def test_the_same_press_is_one_file(session: Session, asha: Actor) -> None:
    fill(session, 1)

    assert ask(asha) == ask(asha)
    assert ask(asha, key="another") != ask(asha)


def test_nobody_exports_what_they_may_not_see(session: Session, asha: Actor, reader: Actor) -> None:
    fill(session, 1)
    without = dataclasses.replace(
        asha, permissions=asha.permissions - {Permission.SEE_PERSONAL_DATA}
    )

    with pytest.raises(PermissionDeniedError):
        ask(reader)
    with pytest.raises(PermissionDeniedError, match="Phone"):
        ask(without, keys=("number", "phone"))
    download_id = ask(without)

    asked = found(download_id)
    assert not asked.has_people
    assert "customer" not in asked.settings["columns"]
    assert len(session.exec(select(Download)).all()) == 1


def test_a_file_is_its_askers_and_taking_it_is_recorded(
    session: Session, asha: Actor, admin: Actor
) -> None:
    fill(session, 1)
    download_id = ask(asha)
    with pytest.raises(ConflictError, match="not ready"):
        body(asha, download_id)
    work(download_id)

    body(asha, download_id)
    with pytest.raises(NotFoundError):
        body(admin, download_id)

    entries = session.exec(
        select(AuditEntry).where(AuditEntry.subject_type == "download").order_by("id")
    ).all()
    assert [(entry.action, entry.actor_id) for entry in entries] == [
        ("export:asked", asha.user_id),
        ("download:taken", asha.user_id),
    ]
    assert entries[0].after["personal_data"] is True


def test_the_trail_keeps_no_name_that_was_searched_for(session: Session, asha: Actor) -> None:
    (number,) = fill(session, 1)

    ask(asha, OrderQuery(text=number))

    (entry,) = session.exec(select(AuditEntry).where(AuditEntry.action == "export:asked"))
    assert entry.after["filter"] == {}


def test_who_may_no_longer_export_gets_no_file(session: Session, asha: Actor) -> None:
    fill(session, 1)
    download_id = ask(asha)
    session.execute(update(User).where(col(User.id) == asha.user_id).values(is_active=False))
    session.commit()

    work(download_id)

    failed = found(download_id)
    assert (failed.state, failed.reason) == (
        DownloadState.FAILED,
        "Support person may no longer sign in.",
    )


def test_cancel_stops_and_delete_removes(session: Session, asha: Actor, admin: Actor) -> None:
    fill(session, 6)
    download_id = ask(asha)
    working.work(download_id, budget_s=0)

    with pytest.raises(NotFoundError), db.transaction() as opened:
        keeping.cancel(opened, admin, download_id)
    with db.transaction() as opened:
        keeping.cancel(opened, asha, download_id)
    work(download_id)

    assert found(download_id).state is DownloadState.CANCELLED
    with db.transaction() as opened:
        assert opened.exec(select(DownloadPart)).all() == []
        keeping.remove(opened, asha, download_id)
    with db.transaction() as opened:
        assert opened.exec(select(Download)).all() == []


def test_files_are_deleted_in_their_time(session: Session, asha: Actor) -> None:
    fill(session, 1)
    download_id = ask(asha)
    work(download_id)

    def forget(days: int) -> int:
        moment = now() - timedelta(days=days)
        with db.transaction() as opened:
            opened.execute(
                update(Download).values(created_at=moment, expires_at=moment + keeping.kept_for())
            )
        with db.transaction() as opened:
            return keeping.forget(opened)

    assert forget(6) == 0
    assert forget(8) == 1
    with pytest.raises(ConflictError, match="deleted after its time"):
        body(asha, download_id)
    with db.transaction() as opened:
        assert opened.exec(select(DownloadPiece)).all() == []
    assert forget(91) == 1
    with db.transaction() as opened:
        assert opened.get(Download, download_id) is None


def test_bad_questions_are_answered_with_a_sentence(session: Session, asha: Actor) -> None:
    with pytest.raises(InvalidInputError, match="No order matches"):
        ask(asha)
    fill(session, 1)
    with pytest.raises(InvalidInputError, match="no column 'paint'"):
        ask(asha, keys=("paint",))
    with pytest.raises(InvalidInputError, match="CSV, XLSX or JSON"):
        ask(asha, kind=FileFormat.PDF)
    with pytest.raises(InvalidInputError, match="1 to 64"):
        ask(asha, key="")
    assert session.exec(select(Download)).all() == []


def test_a_person_has_only_so_many_files_in_work(session: Session, asha: Actor) -> None:
    fill(session, 1)
    for number in range(10):
        ask(asha, key=f"press {number}")

    with pytest.raises(ConflictError, match="10 of your files"):
        ask(asha, key="one more")


def test_a_missing_order_fails_the_file(session: Session, asha: Actor) -> None:
    fill(session, 2)
    download_id = ask(asha)
    as_owner(session)
    session.execute(text("DELETE FROM orders"))
    session.commit()

    work(download_id)

    assert found(download_id).state is DownloadState.FAILED


def test_many_orders_are_accepted_at_once_and_frozen_by_the_worker(
    session: Session, asha: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "FROZEN_AT_ONCE", 5)
    numbers = fill(session, 9)
    fill(session, 2, status=OrderStatus.SHIPPED)

    download_id = ask(asha, OrderQuery(statuses=(OrderStatus.CONFIRMED,)))
    asked = found(download_id)
    assert (asked.state, asked.total) == (DownloadState.QUEUED, 0)
    assert session.exec(select(func.count()).select_from(DownloadPart)).one() == 0

    working.work(download_id, budget_s=0)
    assert (found(download_id).total, found(download_id).done) == (9, 0)
    fill(session, 1)
    work(download_id)

    assert [row["Order number"] for row in table(asha, download_id)] == numbers
    entry = session.exec(select(AuditEntry).where(AuditEntry.action == "export:asked")).one()
    assert "counted by the worker" in str(entry.after)


def test_a_filter_that_matches_nothing_any_more_ends_with_a_sentence(
    session: Session, asha: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "FROZEN_AT_ONCE", 0)
    fill(session, 2)
    download_id = ask(asha)
    session.execute(text("DELETE FROM orders"))
    session.commit()

    work(download_id)

    failed = found(download_id)
    assert failed.state is DownloadState.FAILED
    assert failed.reason == "No order matches: there is nothing to write."


def test_the_bell_says_that_a_file_is_ready(session: Session, asha: Actor) -> None:
    fill(session, 2)
    download_id = ask(asha)
    assert session.exec(select(Notice)).all() == []

    work(download_id)
    work(download_id)

    (notice,) = session.exec(select(Notice)).all()
    assert notice.user_id == asha.user_id
    assert (notice.sentence, notice.href) == (
        "Your CSV file of 2 orders is ready.",
        "/downloads",
    )
