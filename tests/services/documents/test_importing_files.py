import dataclasses
import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app import db
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.time import now
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError, PermissionDeniedError
from crm_app.models import (
    AuditEntry,
    ChannelAccount,
    Document,
    DocumentChunk,
    DocumentLine,
    DocumentResult,
    DocumentState,
    InboxEntry,
    Order,
    OrderEvent,
    Outcome,
    StatusIntent,
)
from crm_app.services import health, history, order_search, rollups
from crm_app.services import orders as desk_orders
from crm_app.services.documents import (
    editing,
    presets,
    reading,
    results,
    saving,
    steps,
    uploads,
    working,
)
from crm_app.services.documents.fields import Field
from crm_app.services.order_query import OrderQuery
from tests.services.documents import desk
from tests.services.documents.files import HEADER, ROW, csv_of, xlsx_of

SECOND = ("CS-2", "19/11/2026", "Shipped", "RING-7", "Ring", "2", "998.00", "Ravi")
CREATED, CHANGED, SKIPPED, REFUSED = Outcome


def test_a_file_becomes_orders_with_all_that_belongs_to_them(session: Session, asha: Actor) -> None:
    document = desk.import_(asha, desk.ready(asha, HEADER, ROW, SECOND))

    found = desk.orders(session)
    assert set(found) == {"CS-1", "CS-2"}
    order = found["CS-1"]
    assert (order.channel, order.status, order.sync_status, order.total_minor) == (
        Channel.DOCUMENT,
        OrderStatus.DELIVERED,
        SyncStatus.IN_SYNC,
        149_900,
    )
    event = session.exec(select(OrderEvent).where(OrderEvent.order_id == order.id)).one()
    assert (event.actor_id, event.actor_label) == (asha.user_id, asha.label)
    assert history.sentence(event.kind, event.data, order) == (
        "imported the order from counter.csv as Delivered"
    )
    assert rollups.differences(session) == ([], [])
    listed = order_search.list_orders(session, asha, OrderQuery(text="CS-2"))
    assert [summary.external_id for summary in listed.orders] == ["CS-2"]
    assert document.counts == {"orders": {"created": 2}, "lines": {"created": 2}}
    assert [entry.action for entry in session.exec(select(AuditEntry).order_by("id"))] == [
        "document:uploaded",
        "account:created",
        "document:import:started",
        "document:imported",
    ]


def test_the_same_file_again_changes_nothing(session: Session, asha: Actor) -> None:
    desk.import_(asha, desk.ready(asha, HEADER, ROW, SECOND))
    before = {key: (order.version, order.updated_at) for key, order in desk.orders(session).items()}
    session.expunge_all()

    again = desk.import_(asha, desk.ready(asha, HEADER, ROW, SECOND))

    assert desk.outcomes(again.id) == {
        2: (SKIPPED, saving.AS_BEFORE),
        3: (SKIPPED, saving.AS_BEFORE),
    }
    assert again.counts["orders"] == {"skipped": 2}
    after = {key: (order.version, order.updated_at) for key, order in desk.orders(session).items()}
    assert after == before


def test_a_later_file_wins_and_says_what_it_changed(session: Session, asha: Actor) -> None:
    desk.import_(asha, desk.ready(asha, HEADER, SECOND))
    later = desk.ready(asha, HEADER, (*SECOND[:2], "Delivered", *SECOND[3:6], "₹1000.50", "Ravi"))

    desk.import_(asha, later)

    assert desk.outcomes(later) == {
        2: (
            CHANGED,
            "Status: Shipped → Delivered. Total: ₹998.00 → ₹1,000.50. Lines.",
        )
    }
    assert desk.orders(session)["CS-2"].status is OrderStatus.DELIVERED
    assert rollups.differences(session) == ([], [])


def test_a_version_older_than_ours_changes_nothing(session: Session, asha: Actor) -> None:
    header = (*HEADER, "Last updated")
    desk.import_(asha, desk.ready(asha, header, (*SECOND, "20/11/2026 10:00")))
    older = desk.ready(asha, header, (*SECOND[:2], "Cancelled", *SECOND[3:], "19/11/2026 10:00"))

    desk.import_(asha, older)

    assert desk.outcomes(older) == {2: (SKIPPED, "Older than what is here.")}
    assert desk.orders(session)["CS-2"].status is OrderStatus.SHIPPED


def test_a_check_says_what_an_import_would_do_and_leaves_no_trace(
    session: Session, asha: Actor
) -> None:
    desk.import_(asha, desk.ready(asha, HEADER, ROW, SECOND))
    rows = (
        ROW,
        (*SECOND[:2], "Returned", *SECOND[3:]),
        ("CS-3", "20/11/2026", "New", "A", "Anklet", "1", "250", "Mira"),
        ("CS-4", "99/11/2026", "New", "A", "Anklet", "1", "250", "Mira"),
        ("CS-3", "20/11/2026", "New", "A", "Anklet", "1", "250", "Mira"),
        ("", "", "", "", "Total", "", "1750", ""),
    )
    before = traces(session)
    document_id = desk.ready(asha, HEADER, *rows)

    document = desk.check(asha, document_id)
    said = desk.outcomes(document_id)

    assert document.state is DocumentState.CHECKED
    assert document.counts == {
        "orders": {"skipped": 1, "changed": 1, "created": 1, "refused": 2},
        "lines": {"skipped": 2, "changed": 1, "created": 1, "refused": 2},
    }
    assert [outcome for outcome, _ in said.values()] == [
        SKIPPED,
        CHANGED,
        CREATED,
        REFUSED,
        SKIPPED,
        REFUSED,
    ]
    assert "no date when read day first" in said[5][1]
    assert said[6][1] == "Repeats line 4 exactly; counted once."
    assert traces(session) == before
    imported = desk.import_(asha, document_id)
    assert desk.outcomes(document_id) == said
    assert imported.counts == document.counts
    # A file has no inbox: what it refuses stands in its own result.
    assert session.exec(select(InboxEntry)).all() == []


def traces(session: Session) -> tuple[object, ...]:
    """Everything that an import changes, as it lies in the database."""
    session.expire_all()
    return (
        sorted((key, order.version, order.status) for key, order in desk.orders(session).items()),
        len(session.exec(select(OrderEvent)).all()),
        rollups.differences(session),
    )


def test_lines_of_an_order_need_not_stand_together(session: Session, asha: Actor) -> None:
    other = [(f"X-{index}", *SECOND[1:]) for index in range(400)]
    document_id = desk.ready(asha, HEADER, ROW, *other, (*ROW[:3], "RING-9", "Ring", "1", "1", ""))

    document = desk.import_(asha, document_id)

    order = desk.orders(session)["CS-1"]
    assert (order.line_count, order.total_minor) == (2, 150_000)
    assert (document.lines, document.progress, document.progress_of) == (402, 401, 401)


def test_a_killed_job_is_gone_on_with_where_it_was(session: Session, asha: Actor) -> None:
    rows = [(f"X-{index:04}", *SECOND[1:]) for index in range(700)]
    document_id = desk.ready(asha, HEADER, *rows)
    with db.transaction() as opened:
        steps.start_import(opened, asha, document_id)
    with db.transaction() as opened:
        plan = working.plan_of(opened, document_id)
        assert plan is not None
        assert working.do_page(opened, plan)

    with db.transaction() as opened:
        working.do_page(opened, plan)
        opened.rollback()
    halfway = desk.stored(document_id)
    desk.work(document_id)

    assert (halfway.progress, halfway.counts["orders"]) == (300, {"created": 300})
    document = desk.stored(document_id)
    assert document.counts == {"orders": {"created": 700}, "lines": {"created": 700}}
    assert len(session.exec(select(Order.id)).all()) == 700
    assert rollups.differences(session) == ([], [])


def test_a_stopped_import_keeps_what_it_did_and_can_be_begun_again(
    session: Session, asha: Actor
) -> None:
    rows = [(f"X-{index:04}", *SECOND[1:]) for index in range(400)]
    document_id = desk.ready(asha, HEADER, *rows)
    with db.transaction() as opened:
        steps.start_import(opened, asha, document_id)
    with db.transaction() as opened:
        plan = working.plan_of(opened, document_id)
        assert plan is not None
        assert working.do_page(opened, plan)

    with db.transaction() as opened:
        steps.stop(opened, asha, document_id)
        assert not working.do_page(opened, plan)
    stopped = desk.stored(document_id)
    desk.import_(asha, document_id)

    assert (stopped.state, stopped.counts["orders"]) == (DocumentState.CANCELLED, {"created": 300})
    assert desk.stored(document_id).counts["orders"] == {"skipped": 300, "created": 100}
    with pytest.raises(ConflictError, match="imported already"):
        steps.stop(session, asha, document_id)


def test_a_local_change_of_the_desk_survives_the_same_word_of_a_file(
    session: Session, asha: Actor
) -> None:
    desk.import_(asha, desk.ready(asha, HEADER, SECOND))
    order = desk.orders(session)["CS-2"]
    desk_orders.change_status(session, asha, order.id, OrderStatus.DELIVERED)
    session.commit()

    again = desk.ready(asha, HEADER, (*SECOND[:-1], "Ravi K"))
    desk.import_(asha, again)

    session.refresh(order)
    assert (order.status, order.customer_name) == (OrderStatus.DELIVERED, "Ravi K")
    # Behind a file there is nobody to tell.
    assert session.exec(select(StatusIntent)).all() == []


def test_an_order_id_column_that_is_none_is_said(asha: Actor) -> None:
    rows = [("18/11/2026", f"CS-{index}") for index in range(working.MAX_LINES_OF_ORDER + 1)]
    document_id = desk.ready(asha, ("Order date", "Order ID"), *rows)
    desk.decide(asha, document_id, columns={"order_id": "Order date", "placed_at": "Order date"})

    desk.check(asha, document_id)

    outcome, reason = desk.outcomes(document_id)[2]
    assert outcome is REFUSED
    assert "1,001 lines have this order id" in reason


def test_a_workbook_is_imported_and_another_sheet_can_be_chosen(
    session: Session, asha: Actor
) -> None:
    file = xlsx_of(HEADER, ROW, November=[HEADER, SECOND])
    document_id = desk.upload(asha, file, "C:\\Users\\asha\\orders.xlsx")
    first = desk.stored(document_id)

    with db.transaction() as opened:
        editing.choose_sheet(opened, asha, document_id, "November")
    desk.work(document_id)
    with db.transaction() as opened:
        editing.set_source(opened, asha, document_id, desk.SOURCE)
    desk.import_(asha, document_id)

    assert (first.name, first.layout["sheet"]) == ("orders.xlsx", "Orders")
    assert set(desk.orders(session)) == {"CS-2"}


def test_what_cannot_be_read_is_refused_with_its_reason_and_keeps_no_line(
    session: Session, asha: Actor
) -> None:
    document_id = desk.upload(asha, io.BytesIO(b"%PDF-1.7"))

    document = desk.stored(document_id)

    assert (document.state, document.lines) == (DocumentState.REFUSED, 0)
    assert document.reason.startswith("The file is a PDF document.")
    with pytest.raises(ConflictError, match="upload another"):
        steps.start_check(session, asha, document_id)


def test_too_large_and_empty_files_leave_no_trace(
    session: Session, asha: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = get_settings().model_copy(update={"document_max_mb": 1})
    monkeypatch.setattr(uploads, "get_settings", lambda: settings)

    for content, said in ((b"x" * 1_100_000, "larger than 1 MB"), (b"", "is empty")):
        with pytest.raises(InvalidInputError, match=said), db.transaction() as opened:
            uploads.receive(opened, asha, "a.csv", io.BytesIO(content))

    assert session.exec(select(Document)).all() == []
    assert session.exec(select(DocumentChunk)).all() == []


def test_the_mapping_is_guessed_shown_and_changed(session: Session, asha: Actor) -> None:
    rows = (
        ("04-30-22", "CS-1", "Shipped", "5"),
        ("04-05-22", "CS-2", "Blorp", "7"),
    )
    document_id = desk.upload(asha, csv_of(("Date", "Order ID", "Status", "Amount"), *rows))

    seen = editing.details(session, asha, document_id)

    assert seen.mapping.columns[Field.LINE_TOTAL] == "Amount"
    assert (seen.mapping.date_order, seen.dates.is_certain) == ("month_first", True)
    assert [(word.word, word.lines, word.meaning) for word in seen.words] == [
        ("Blorp", 1, None),
        ("Shipped", 1, "shipped"),
    ]
    assert [order.external_id for order in seen.preview.orders] == ["CS-1"]
    assert seen.preview.refused == ((3, "The status “Blorp” has no meaning chosen for it."),)
    assert seen.columns[0].samples == ("04-30-22", "04-05-22")
    desk.decide(asha, document_id, statuses={"Shipped": "shipped", "Blorp": "packed"})
    session.expire_all()
    assert [
        order.status for order in editing.details(session, asha, document_id).preview.orders
    ] == [
        OrderStatus.SHIPPED,
        OrderStatus.PACKED,
    ]
    with pytest.raises(InvalidInputError, match="no column “Sum”"):
        desk.decide(asha, document_id, columns={"order_id": "Sum"})
    with pytest.raises(InvalidInputError, match="whose orders"):
        steps.start_import(session, asha, document_id)
    session.rollback()
    desk.decide(asha, document_id, columns={"order_id": "Order ID"})
    with pytest.raises(InvalidInputError, match="Placed"):
        steps.start_check(session, asha, document_id)


def test_a_saved_mapping_is_recognised_by_the_next_file(session: Session, asha: Actor) -> None:
    first = desk.ready(asha, HEADER, ROW)
    desk.decide(asha, first, currency="USD", statuses={"Delivered": "returned"})
    with db.transaction() as opened:
        document = uploads.get_document(opened, asha, first)
        presets.save(opened, asha, document, "  Counter   till ")

    second = desk.stored(desk.upload(asha, csv_of(tuple(reversed(HEADER)), tuple(reversed(ROW)))))
    other = desk.stored(desk.upload(asha, csv_of(HEADER[:-1], ROW[:-1])))

    assert (second.preset, second.mapping["currency"]) == ("Counter till", "USD")
    assert second.account_id == desk.stored(first).account_id
    assert (other.preset, other.mapping["currency"], other.account_id) == ("", "INR", None)
    document = uploads.get_document(session, asha, other.id)
    presets.apply(session, asha, document, "Counter till")
    assert (document.mapping["currency"], "buyer_name" in document.mapping["columns"]) == (
        "USD",
        False,
    )
    with pytest.raises(NotFoundError):
        presets.apply(session, asha, document, "nothing")


def test_the_result_file_holds_every_line_and_runs_nothing(session: Session, asha: Actor) -> None:
    formula = ("CS-3", "=cmd()", "New", "+1", "@x", "1", "5", "-Mira")
    document_id = desk.ready(asha, HEADER, ROW, formula)
    with pytest.raises(ConflictError, match="no result yet"):
        results.request_file(session, asha, document_id)
    desk.check(asha, document_id)
    session.expire_all()

    document = results.request_file(session, asha, document_id)
    session.commit()
    lines = b"".join(results.file_of(document)).decode("utf-8-sig").splitlines()

    assert lines[0] == "Line,Result,Reason," + ",".join(HEADER)
    assert lines[1] == "2,created,," + ",".join(ROW)
    assert lines[2].endswith("CS-3,'=cmd(),New,'+1,'@x,1,5,'-Mira")
    assert "no date" in lines[2]
    # What was made harmless is read again as it was.
    assert desk.stored(desk.upload(asha, io.BytesIO("\n".join(lines).encode()))).lines == 2


def test_results_are_listed_by_outcome_and_page(session: Session, asha: Actor) -> None:
    rows = [(f"X-{index}", *SECOND[1:]) for index in range(3)]
    document_id = desk.ready(asha, HEADER, *rows, ("bad", "never", *SECOND[2:]))
    desk.import_(asha, document_id)

    page = results.list_results(session, asha, document_id, limit=2)
    rest = results.list_results(session, asha, document_id, after=page[-1].number)
    refused = results.list_results(session, asha, document_id, outcome=REFUSED)

    assert [line.external_id for line in [*page, *rest]] == ["X-0", "X-1", "X-2", "bad"]
    assert [(line.external_id, line.order_id) for line in refused] == [("bad", None)]
    assert page[0].order_id == desk.orders(session)["X-0"].id
    ((reason, count),) = results.reasons(session, document_id, REFUSED)
    assert ("no date" in reason, count) == (True, 1)


def test_old_files_are_emptied_and_their_summary_stays(session: Session, asha: Actor) -> None:
    old = desk.import_(asha, desk.ready(asha, HEADER, ROW))
    young = desk.import_(asha, desk.ready(asha, HEADER, SECOND))
    with db.transaction() as opened:
        opened.get_one(Document, old.id).created_at = now() - timedelta(days=31)

    with db.transaction() as opened:
        assert results.empty_old(opened) == 1
    with db.transaction() as opened:
        assert results.empty_old(opened) == 0

    for table in (DocumentChunk, DocumentLine, DocumentResult):
        assert {row.document_id for row in session.exec(select(table))} == {young.id}
    kept = session.get_one(Document, old.id)
    assert (kept.state, kept.counts["orders"]) == (DocumentState.DONE, {"created": 1})
    with pytest.raises(ConflictError, match="only the summary"):
        results.request_file(session, asha, old.id)
    assert len(desk.orders(session)) == 2


def test_a_source_of_files_is_healthy_without_a_pull(session: Session, asha: Actor) -> None:
    desk.ready(asha, HEADER, ROW)

    found = health.sync_health(session, asha)

    assert (found.level, found.sentence) == ("ok", "All channels current")
    assert session.exec(select(ChannelAccount.channel)).one() is Channel.DOCUMENT


def test_who_may_not_import_touches_nothing(session: Session, asha: Actor, reader: Actor) -> None:
    document_id = desk.ready(asha, HEADER, ROW)
    nobody = dataclasses.replace(reader)
    document = uploads.get_document(session, asha, document_id)

    for act in (
        lambda: uploads.receive(session, nobody, "a.csv", csv_of(HEADER, ROW)),
        lambda: uploads.list_documents(session, nobody),
        lambda: editing.details(session, nobody, document_id),
        lambda: editing.set_source(session, nobody, document_id, "Mine"),
        lambda: editing.list_sources(session, nobody),
        lambda: presets.save(session, nobody, document, "Mine"),
        lambda: presets.list_presets(session, nobody),
        lambda: steps.start_check(session, nobody, document_id),
        lambda: steps.start_import(session, nobody, document_id),
        lambda: steps.stop(session, nobody, document_id),
        lambda: results.list_results(session, nobody, document_id),
        lambda: results.request_file(session, nobody, document_id),
    ):
        with pytest.raises(PermissionDeniedError):
            act()

    assert desk.stored(document_id).state is DocumentState.READY
    assert len(session.exec(select(Document)).all()) == 1


@pytest.mark.parametrize("make", [csv_of, xlsx_of])
def test_a_large_file_is_read_in_steps_that_a_killed_worker_takes_up_again(
    session: Session, asha: Actor, make: Callable[..., io.BytesIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(f"CS-{number}", *ROW[1:]) for number in range(2_500)]
    with db.transaction() as inside:
        found = uploads.receive(inside, asha, "much.csv", make(HEADER, *rows))
    whole = reading.lines

    def killed(*given: Any) -> Iterator[Any]:
        for line in whole(*given):
            if line.number > 1_500:
                raise KeyboardInterrupt
            yield line

    monkeypatch.setattr(reading, "lines", killed)
    with pytest.raises(KeyboardInterrupt):
        working.work(found.id, budget_s=60)
    kept = desk.stored(found.id).lines
    monkeypatch.setattr(reading, "lines", whole)
    steps_ = [working.work(found.id, budget_s=0) for _ in range(2)]
    between = desk.stored(found.id)

    assert (kept, steps_) == (1_000, [True, True])
    assert (between.state, between.lines) == (DocumentState.RECEIVED, 2_500)
    working.work(found.id, budget_s=0)
    session.expire_all()
    document = session.get_one(Document, found.id)
    numbers = session.exec(
        select(DocumentLine.number).where(DocumentLine.document_id == found.id).order_by("number")
    ).all()
    assert (document.state, document.lines) == (DocumentState.READY, 2_500)
    assert list(numbers) == list(range(2, 2_502))
    assert document.mapping["columns"]
