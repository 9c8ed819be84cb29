"""A file of orders as lines: its kind, where its header stands, then every line as a stream."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import BinaryIO, Final

from crm_app.errors import InvalidInputError
from crm_app.services.documents import csv_reading, fields, sniffing, xlsx_reading
from crm_app.services.documents.table import HEAD_LINES, MAX_LINES, FileKind, Layout, Line

# What stands in data and in no name of a column: a date, a long number, an address.
_DATA: Final = re.compile(r"\d{4}|\d[-/.:]\d|@|^[\W\d]*$|^.{81,}$", re.DOTALL)
_NAMES_AT_LEAST: Final = 0.8
_LONGEST_NAME: Final = 80

_NO_HEADER: Final = (
    "The file has no header: one of its first lines must name the columns, such as “Order id”, "
    "“Date” and “Amount”."
)


def look(file: BinaryIO, sheet: str = "") -> Layout:
    """Find out what a file is and where its table begins.

    Args:
        file: Can be read from any place.
        sheet: Of an XLSX file; empty: the first one that has a header.

    Raises:
        InvalidInputError: If it is no table that can be read, with a sentence that says why.
    """
    if sniffing.kind_of(file) is FileKind.XLSX:
        xlsx_reading.check_archive(file)
        return _look_xlsx(file, sheet)
    encoding = csv_reading.encoding_of(file)
    delimiter = csv_reading.delimiter_of(file, encoding)
    head = list(islice(csv_reading.lines_of(file, encoding, delimiter), HEAD_LINES))
    found = _header(head)
    if found is None:
        raise InvalidInputError(_NO_HEADER)
    line, names = found
    return Layout(FileKind.CSV, line, names, encoding=encoding, delimiter=delimiter)


def lines(file: BinaryIO, layout: Layout) -> Iterator[Line]:
    """The lines below the header that are not blank, each as wide as the header.

    Raises:
        InvalidInputError: If there are none or too many, or the file turns out to be damaged.
    """
    width = len(layout.header)
    if layout.kind is FileKind.XLSX:
        found = xlsx_reading.lines_of(file, layout.sheet, width)
    else:
        found = csv_reading.lines_of(file, layout.encoding, layout.delimiter)
    count = 0
    for line in found:
        if line.number <= layout.header_line or line.is_blank:
            continue
        count += 1
        if count > MAX_LINES:
            raise InvalidInputError(
                f"The file has more than {MAX_LINES:,} lines, which is the most for one import. "
                "Split it, by month for example."
            )
        yield _fit(line, width)
    if not count:
        raise InvalidInputError("The file has a header and no line below it.")


def _look_xlsx(file: BinaryIO, wanted: str) -> Layout:
    with xlsx_reading.workbook(file) as book:
        sheets = xlsx_reading.sheets_of(book)
        if wanted and wanted not in sheets:
            raise InvalidInputError(f"The workbook has no sheet “{wanted}”.")
        for sheet in [wanted] if wanted else sheets:
            found = _header(xlsx_reading.head_of(book, sheet))
            if found is not None:
                line, names = found
                return Layout(FileKind.XLSX, line, names, sheets=sheets, sheet=sheet)
    raise InvalidInputError(_NO_HEADER)


def _header(head: Sequence[Line]) -> tuple[int, tuple[str, ...]] | None:
    """The line that names the columns: of the first lines the one with the most known names."""
    best: Line | None = None
    best_score = -1
    for line in head:
        if not _names_columns(line):
            continue
        score = len(fields.guess(line.cells))
        if score > best_score:
            best, best_score = line, score
    return None if best is None else (best.number, _distinct(best.cells))


def _names_columns(line: Line) -> bool:
    filled = [cell for cell in line.cells if cell]
    if len(filled) < 2 or line.problems:
        return False
    names = sum(not _DATA.search(cell) for cell in filled)
    return names >= _NAMES_AT_LEAST * len(filled)


def _distinct(cells: Sequence[str]) -> tuple[str, ...]:
    """Names without empty and equal ones; nothing right of the last name."""
    width = max(index for index, cell in enumerate(cells) if cell) + 1
    names: list[str] = []
    for index, cell in enumerate(cells[:width], 1):
        name = " ".join(cell.split())[:_LONGEST_NAME] or f"Column {index}"
        base, copy = name, 2
        while name in names:
            name = f"{base} ({copy})"
            copy += 1
        names.append(name)
    return tuple(names)


def _fit(line: Line, width: int) -> Line:
    cells = line.cells
    slipped = ""
    if len(cells) > width and any(cells[width:]):
        # Which of its cells slipped nobody can know, so none is believed.
        slipped = f"The line has {len(cells)} cells where the header names {width} columns."
    fitted = (*cells, *[""] * (width - len(cells)))[:width]
    problems = {index: said for index, said in line.problems.items() if index < width}
    return Line(line.number, fitted, problems, slipped)
