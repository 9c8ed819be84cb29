"""What became of each line: by page for the screen, and as a file for the desk."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Integer, any_, delete, func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.time import now
from crm_app.errors import ConflictError
from crm_app.models import (
    Document,
    DocumentChunk,
    DocumentLine,
    DocumentResult,
    DocumentState,
    Order,
    Outcome,
)
from crm_app.services import audit
from crm_app.services.documents import staging, uploads

PAGE_SIZE: Final = 50
_AT_ONCE: Final = 1_000
# A cell that begins so is run as a formula by a spreadsheet program that opens the result.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS: Final = ("Line", "Result", "Reason")
_KEPT_STATES: Final = (
    DocumentState.READY,
    DocumentState.CHECKED,
    DocumentState.DONE,
    DocumentState.CANCELLED,
    DocumentState.REFUSED,
)


@dataclass(frozen=True, slots=True)
class ResultLine:
    """One line. `order_id` is our order's, None while there is none."""

    number: int
    external_id: str
    outcome: Outcome
    reason: str
    order_id: int | None


def list_results(
    session: Session,
    actor: Actor,
    document_id: int,
    *,
    outcome: Outcome | None = None,
    after: int = 0,
    limit: int = PAGE_SIZE,
) -> list[ResultLine]:
    """Lines of a check or an import, in the file's order.

    Args:
        session: Open.
        actor: Needs `orders.import`.
        document_id: Which file.
        outcome: Only these.
        after: Only lines with a greater number.
        limit: At most so many.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        NotFoundError: If there is no such file.
    """
    document = uploads.get_document(session, actor, document_id)
    wanted = (
        select(DocumentResult, Order.id)
        .join(
            Order,
            (col(Order.account_id) == (document.account_id or 0))
            & (col(Order.external_id) == col(DocumentResult.external_id)),
            isouter=True,
        )
        .where(DocumentResult.document_id == document_id, DocumentResult.number > after)
        .order_by(col(DocumentResult.number))
        .limit(limit)
    )
    if outcome is not None:
        wanted = wanted.where(DocumentResult.outcome == outcome)
    return [
        ResultLine(row.number, row.external_id, row.outcome, row.reason, order_id)
        for row, order_id in session.exec(wanted)
    ]


def reasons(session: Session, document_id: int, outcome: Outcome) -> list[tuple[str, int]]:
    """The most frequent reasons of an outcome, with how many lines have each."""
    found = session.execute(
        select(DocumentResult.reason, func.count())
        .where(
            DocumentResult.document_id == document_id,
            DocumentResult.outcome == outcome,
            DocumentResult.reason != "",
        )
        .group_by(col(DocumentResult.reason))
        .order_by(func.count().desc(), col(DocumentResult.reason))
        .limit(5)
    )
    return [(row[0], row[1]) for row in found]


def request_file(session: Session, actor: Actor, document_id: int) -> Document:
    """Ask for the result file; that somebody took it is recorded, for it holds personal data.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        NotFoundError: If there is no such file.
        ConflictError: If its lines were deleted, or nothing was checked or imported yet.
    """
    document = uploads.get_document(session, actor, document_id)
    if document.emptied_at is not None:
        raise ConflictError("The lines of this file were deleted; only the summary is kept.")
    if not document.counts:
        raise ConflictError("There is no result yet: check or import the file first.")
    audit.record(
        session,
        actor,
        "document:result:downloaded",
        subject_type="document",
        subject_id=document.id,
        after={"name": document.name, "lines": document.lines},
    )
    return document


def file_of(document: Document) -> Iterator[bytes]:
    """The result as CSV: every line of the file as it came, and what became of it before it.

    Each piece is read in a transaction of its own: the reader may be slow.
    """
    header = staging.layout_of(document).header
    # The mark tells spreadsheet programs that it is UTF-8.
    yield b"\xef\xbb\xbf" + _csv([[*_COLUMNS, *header]])
    after = 0
    while True:
        with db.transaction() as session:
            rows = _rows(session, document.id, after)
        if not rows:
            return
        after = rows[-1][0]
        yield _csv([number, outcome, reason, *cells] for number, outcome, reason, cells in rows)


def _rows(session: Session, document_id: int, after: int) -> list[tuple[int, str, str, list[str]]]:
    found = session.execute(
        select(DocumentResult.number, DocumentResult.outcome, DocumentResult.reason)
        .where(DocumentResult.document_id == document_id, DocumentResult.number > after)
        .order_by(col(DocumentResult.number))
        .limit(_AT_ONCE)
    ).all()
    numbers = any_(literal([row[0] for row in found], ARRAY(Integer)))
    columns: Any = select  # SQLModel's own is typed for columns of plain types only
    stored = session.execute(
        columns(DocumentLine.number, DocumentLine.cells).where(
            DocumentLine.document_id == document_id, col(DocumentLine.number) == numbers
        )
    )
    cells = {row[0]: row[1] for row in stored}
    return [
        (number, Outcome(outcome).value, reason, cells.get(number, []))
        for number, outcome, reason in found
    ]


def _csv(rows: Any) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
    return text.getvalue().encode("utf-8")


def harmless(cell: object) -> str:
    """A cell that a spreadsheet program shows and does not run."""
    text = str(cell)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def empty_old(session: Session) -> int:
    """Delete files, lines and results that were kept long enough; how many files.

    The summary of each stays: who, when, what, and the counts.
    """
    until = now() - timedelta(days=get_settings().document_keep_days)
    old = session.exec(
        select(Document)
        .where(
            col(Document.emptied_at).is_(None),
            Document.created_at < until,
            col(Document.state).in_(_KEPT_STATES),
        )
        .order_by(col(Document.id))
        .limit(20)
        .with_for_update(skip_locked=True)
    ).all()
    for document in old:
        _empty(session, document)
    return len(old)


def _empty(session: Session, document: Document) -> None:
    of: Sequence[Any] = (DocumentChunk, DocumentLine, DocumentResult)
    for table in of:
        session.execute(delete(table).where(col(table.document_id) == document.id))
    document.emptied_at = now()
    if document.state in (DocumentState.READY, DocumentState.CHECKED):
        document.state = DocumentState.REFUSED
        document.reason = "It was not imported in time, and its lines were deleted."
