"""Files on their way through the desk, worked on as the worker does."""

import io
from collections.abc import Sequence

from sqlmodel import Session, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.models import Document, DocumentResult, DocumentState, Order, Outcome
from crm_app.services.documents import editing, mapping, steps, uploads, working
from tests.services.documents.files import csv_of

SOURCE = "Counter sales"


def upload(actor: Actor, file: io.BytesIO, name: str = "counter.csv") -> int:
    """Upload and read a file; its id."""
    with db.transaction() as session:
        document = uploads.receive(session, actor, name, io.BytesIO(file.getvalue()))
    work(document.id)
    return document.id


def work(document_id: int) -> None:
    """Until nothing is left to do."""
    while working.work(document_id, budget_s=60):
        pass


def ready(actor: Actor, *rows: Sequence[str], source: str = SOURCE) -> int:
    """A CSV file that was read and has its source; its id."""
    document_id = upload(actor, csv_of(*rows))
    with db.transaction() as session:
        editing.set_source(session, actor, document_id, source)
    return document_id


def check(actor: Actor, document_id: int) -> Document:
    with db.transaction() as session:
        steps.start_check(session, actor, document_id)
    work(document_id)
    return stored(document_id)


def import_(actor: Actor, document_id: int) -> Document:
    with db.transaction() as session:
        steps.start_import(session, actor, document_id)
    work(document_id)
    document = stored(document_id)
    assert document.state is DocumentState.DONE
    return document


def decide(actor: Actor, document_id: int, **changed: object) -> None:
    """Change parts of the mapping, in the words of its JSON."""
    with db.transaction() as session:
        document = uploads.get_document(session, actor, document_id)
        decided = mapping.Mapping.from_json(document.mapping | changed)
        editing.set_mapping(session, actor, document_id, decided)


def stored(document_id: int) -> Document:
    with db.transaction() as session:
        return session.get_one(Document, document_id)


def outcomes(document_id: int) -> dict[int, tuple[Outcome, str]]:
    with db.transaction() as session:
        rows = session.exec(
            select(DocumentResult)
            .where(DocumentResult.document_id == document_id)
            .order_by("number")
        )
        return {row.number: (row.outcome, row.reason) for row in rows}


def orders(session: Session) -> dict[str, Order]:
    return {order.external_id: order for order in session.exec(select(Order))}
