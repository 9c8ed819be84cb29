"""The worker reads a file once: its lines go into the database, and a mapping is suggested."""

import dataclasses
import logging
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO, Final

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.errors import InvalidInputError
from crm_app.models import Document, DocumentLine, DocumentState
from crm_app.services import bulk
from crm_app.services.documents import lines, mapping, presets, reading, uploads
from crm_app.services.documents.fields import Field
from crm_app.services.documents.table import FileKind, Layout, Line

logger = logging.getLogger(__name__)

_AT_ONCE: Final = 1_000


def read_file(document_id: int, *, budget_s: float) -> bool:
    """Bring a received file to `ready`, or to `refused` with the reason; whether more is to read.

    A step keeps new lines for about so long. What a killed worker kept stays, and the next step
    goes on behind it: lines that are here are passed without being written. Callers hold the
    document's lock.
    """
    with db.transaction() as session:
        document = session.get_one(Document, document_id)
        if document.state is not DocumentState.RECEIVED:
            return False
        wanted = str(document.layout.get("sheet", ""))
        layout = layout_of(document) if document.layout.get("header") else None
        if layout is None:
            _forget_lines(session, document_id)
            document.lines = 0
    try:
        with uploads.stored(document_id) as file:
            layout = layout or _looked(document_id, reading.look(file, wanted))
            if not _keep_lines(document_id, file, layout, budget_s):
                return True
    except InvalidInputError as error:
        _refuse(document_id, str(error))
        return False
    with db.transaction() as session:
        document = session.get_one(Document, document_id, with_for_update=True)
        if document.state is not DocumentState.RECEIVED:
            return False
        document.state = DocumentState.READY
        _suggest(session, document, layout)
        logger.info("Read document %d: %d lines", document_id, document.lines)
    return False


def _looked(document_id: int, layout: Layout) -> Layout:
    """Remember where the table lies: the next step reads the same one."""
    with db.transaction() as session:
        session.get_one(Document, document_id).layout = layout_json(layout)
    return layout


def layout_json(layout: Layout) -> dict[str, Any]:
    """For the database."""
    return {**dataclasses.asdict(layout), "kind": layout.kind.value}


def layout_of(document: Document) -> Layout:
    """What `layout_json` wrote; of a file that was not read yet an empty one."""
    stored = dict(document.layout)
    return Layout(
        kind=FileKind(stored.get("kind", "csv")),
        header_line=int(stored.get("header_line", 0)),
        header=tuple(stored.get("header", ())),
        encoding=str(stored.get("encoding", "")),
        delimiter=str(stored.get("delimiter", "")),
        sheets=tuple(stored.get("sheets", ())),
        sheet=str(stored.get("sheet", "")),
    )


def _suggest(session: Session, document: Document, layout: Layout) -> None:
    """The mapping saved for such files, or else one guessed from the header and the cells."""
    preset = presets.fitting(session, layout.header)
    if preset is not None:
        document.preset = preset.name
        document.account_id = preset.account_id
        found = mapping.Mapping.from_json(preset.mapping).fitting(layout.header)
    else:
        document.preset = ""
        found = mapping.guess(layout.header)
        if place := found.columns.get(Field.PLACED_AT):
            found = dataclasses.replace(
                found, date_order=lines.evidence(session, document, layout, place).guess
            )
    if column := found.columns.get(Field.STATUS):
        words = [word for word, _ in lines.distinct(session, document, layout, column)]
        found = mapping.with_words(found, words)
    document.mapping = found.to_json()


def _keep_lines(document_id: int, file: BinaryIO, layout: Layout, budget_s: float) -> bool:
    """Keep the lines behind those that are here; whether these are all."""
    with db.transaction() as session:
        last = session.exec(
            select(func.max(DocumentLine.number)).where(DocumentLine.document_id == document_id)
        ).one()
    new = (line for line in reading.lines(file, layout) if line.number > (last or 0))
    give_up = 0.0
    for batch in _batches(new):
        # From the first new line on: a step that only passes old ones would bring nothing.
        give_up = give_up or time.monotonic() + budget_s
        rows = [lines.row_of(document_id, line) for line in batch]
        with db.transaction() as session:
            session.execute(bulk.insert_rows(DocumentLine, list(rows[0])), bulk.parameter(rows))
            session.get_one(Document, document_id, with_for_update=True).lines += len(rows)
        if time.monotonic() > give_up:
            return False
    return True


def _batches(found: Iterator[Line]) -> Iterator[list[Line]]:
    while batch := list(islice(found, _AT_ONCE)):
        yield batch


def _refuse(document_id: int, reason: str) -> None:
    with db.transaction() as session:
        document = session.get_one(Document, document_id, with_for_update=True)
        document.state = DocumentState.REFUSED
        document.reason = reason[:500]
        document.lines = 0
        _forget_lines(session, document_id)
    logger.info("Refused document %d: %s", document_id, reason)


def _forget_lines(session: Session, document_id: int) -> None:
    session.execute(delete(DocumentLine).where(col(DocumentLine.document_id) == document_id))
