"""The lines of a file as they lie in the database."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Integer, any_, func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col, select

from crm_app.models import Document, DocumentLine
from crm_app.services.documents import values
from crm_app.services.documents.table import Layout, Line
from crm_app.services.documents.values import DateEvidence

_WHOLE_LINE: Final = "line"
_MOST_DATES: Final = 20_000
_MOST_WORDS: Final = 200


def row_of(document_id: int, line: Line) -> dict[str, Any]:
    """The row of `document_lines` for a line."""
    problems = {str(index): said for index, said in line.problems.items()}
    if line.slipped:
        problems[_WHOLE_LINE] = line.slipped
    return {
        "document_id": document_id,
        "number": line.number,
        "cells": list(line.cells),
        "problems": problems,
    }


def _line_of(number: int, cells: Sequence[str], stored: Mapping[str, str]) -> Line:
    by_column = {int(index): said for index, said in stored.items() if index != _WHOLE_LINE}
    return Line(number, tuple(cells), by_column, stored.get(_WHOLE_LINE, ""))


def first_lines(session: Session, document: Document, count: int) -> list[Line]:
    """The first lines of the file."""
    rows = session.execute(_columns(document).order_by(col(DocumentLine.number)).limit(count))
    return [_line_of(*row) for row in rows]


def numbered(session: Session, document: Document, numbers: Sequence[int]) -> dict[int, Line]:
    """The lines with these numbers, by number."""
    wanted = any_(literal(list(numbers), ARRAY(Integer)))
    rows = session.execute(_columns(document).where(col(DocumentLine.number) == wanted))
    return {row[0]: _line_of(*row) for row in rows}


def _columns(document: Document) -> Any:
    # Columns, not objects: a session would remember each of two hundred thousand.
    columns: Any = select  # SQLModel's own is typed for columns of plain types only
    return columns(DocumentLine.number, DocumentLine.cells, DocumentLine.problems).where(
        DocumentLine.document_id == document.id
    )


def cells_of(session: Session, document: Document, place: int) -> list[tuple[int, str, str]]:
    """Number, cell and problem of one column (from 0) of every line, in the file's order."""
    found = session.execute(
        select(
            DocumentLine.number,
            _cell(place),
            func.coalesce(col(DocumentLine.problems).op("->>")(str(place)), ""),
        )
        .where(DocumentLine.document_id == document.id)
        .order_by(col(DocumentLine.number))
    )
    return [(number, cell, problem) for number, cell, problem in found]


def distinct(
    session: Session, document: Document, layout: Layout, column: str
) -> list[tuple[str, int]]:
    """The different cells of a column that are not empty, the most frequent first, with counts."""
    if column not in layout.header:
        return []
    cell = _cell(layout.header.index(column))
    found = session.execute(
        select(cell, func.count())
        .where(DocumentLine.document_id == document.id, cell != "")
        .group_by(cell)
        .order_by(func.count().desc(), cell)
        .limit(_MOST_WORDS)
    )
    return [(word, count) for word, count in found]


def evidence(session: Session, document: Document, layout: Layout, column: str) -> DateEvidence:
    """What the dates of a column say about the order of day and month."""
    if column not in layout.header:
        return DateEvidence()
    cell = _cell(layout.header.index(column))
    found = session.execute(
        select(cell)
        .where(DocumentLine.document_id == document.id, cell != "")
        .distinct()
        .limit(_MOST_DATES)
    )
    return values.date_evidence(row[0] for row in found)


def _cell(place: int) -> Any:
    return col(DocumentLine.cells).op("->>")(place)
