"""A file through the real worker and the real clock."""

from pathlib import Path

from sqlmodel import Session, select

from crm_app import db, queue
from crm_app.domain.actor import Actor
from crm_app.jobs import documents
from crm_app.models import DocumentState, Order
from crm_app.services.documents import editing, steps, uploads
from tests import running
from tests.services.documents import desk
from tests.services.documents.files import HEADER, ROW, xlsx_of


def test_the_worker_reads_and_imports_a_workbook(
    session: Session, asha: Actor, worker_log: Path
) -> None:
    rows = [(f"X-{index}", *ROW[1:]) for index in range(400)]
    with running.process(["worker.py"], {}, worker_log):
        with db.transaction() as opened:
            file = xlsx_of(HEADER, *rows)
            file.seek(0)
            document_id = uploads.receive(opened, asha, "fair.xlsx", file).id
        running.wait_for(lambda: is_in(document_id, DocumentState.READY), "the file is read")
        with db.transaction() as opened:
            editing.set_source(opened, asha, document_id, "Fair")
            steps.start_import(opened, asha, document_id)
        running.wait_for(lambda: is_in(document_id, DocumentState.DONE), "the file is imported")

    assert len(session.exec(select(Order.id)).all()) == 400
    assert "Traceback" not in worker_log.read_text()


def is_in(document_id: int, state: DocumentState) -> bool:
    return desk.stored(document_id).state is state


def test_the_clock_finds_a_file_whose_hint_was_lost(asha: Actor) -> None:
    document_id = desk.ready(asha, HEADER, ROW)
    with db.transaction() as opened:
        steps.start_import(opened, asha, document_id)
    queue.connection().flushdb()

    asked = documents.work_due()
    hints = queue.connection().llen(f"rq:queue:{queue.PULL}")
    with db.exclusive(db.LOCK_DOCUMENT, document_id):
        beside = documents.work_on(document_id)
    still = desk.stored(document_id).state
    documents.work_on(document_id)

    assert (asked, hints, beside, still) == (1, 1, False, DocumentState.IMPORTING)
    assert desk.stored(document_id).state is DocumentState.DONE
    assert (documents.work_due(), documents.empty_old()) == (0, 0)
