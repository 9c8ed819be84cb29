"""XLSX workbooks as lines of cells: guarded before they are opened, read as a stream.

A workbook is a ZIP archive of XML, so a few kilobytes can ask for any amount of memory and time.
The archive's own table of contents says how large its parts become, and Python's reader stops
there: what it announces is checked before anything is unpacked.
"""

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO, Final, cast
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from crm_app.errors import InvalidInputError
from crm_app.services.documents.table import HEAD_LINES, MAX_COLUMNS, Line, fitted

_MB: Final = 1 << 20
_MAX_PARTS: Final = 5_000
_MAX_UNPACKED: Final = 700 * _MB
_MAX_STRINGS: Final = 64 * _MB  # the one part that is kept in memory while the sheet is read
_MAX_OTHER_PART: Final = 16 * _MB
_SMALL: Final = 40 * _MB
_MAX_RATIO: Final = 150  # a sheet of one repeated word packs to a hundredth
_MAX_ROWS: Final = 1_048_576  # Excel's own
_BLOCK: Final = 4 * _MB
_STREAMED: Final = ("xl/worksheets/", "xl/media/", "xl/embeddings/", "xl/drawings/")
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[ >/]")
_ERRORS: Final = frozenset(
    {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!"}
)
# Beyond 15 digits a spreadsheet program has put zeros for what it could not keep.
_EXACT_DIGITS: Final = 10**15

_BROKEN: Final = (
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    OverflowError,
    EOFError,
    NotImplementedError,
    ParseError,
    zlib.error,
    zipfile.BadZipFile,
    InvalidFileException,
)


def check_archive(file: BinaryIO) -> None:
    """Refuse what is no workbook, and what would unpack to more than an honest one.

    Raises:
        InvalidInputError: With a sentence that says which.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (*_BROKEN, OSError) as error:
        raise InvalidInputError(
            "The file is damaged: it ends before its end, or is no workbook."
        ) from error
    names = {part.filename for part in parts}
    if any(part.flag_bits & 1 for part in parts):
        raise InvalidInputError("The archive is protected by a password.")
    if "xl/workbook.bin" in names:
        raise InvalidInputError("The file is a binary workbook (.xlsb). Save it as XLSX.")
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        raise InvalidInputError(
            "The file is a ZIP archive but no XLSX workbook. Upload a CSV or XLSX file."
        )
    _check_sizes(parts)


def _check_sizes(parts: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts) or 1
    is_bomb = unpacked > _SMALL and unpacked / packed > _MAX_RATIO
    too_large = [
        part.filename
        for part in parts
        if part.file_size > (_MAX_STRINGS if "haredStrings" in part.filename else _MAX_OTHER_PART)
        and not part.filename.startswith(_STREAMED)
    ]
    if len(parts) > _MAX_PARTS or unpacked > _MAX_UNPACKED or is_bomb or too_large:
        raise InvalidInputError(
            f"The workbook would unpack to {unpacked // _MB:,} MB, more than an honest one of "
            "its size needs. Save only the sheet of orders, as CSV."
        )


@contextmanager
def workbook(file: BinaryIO, *, formulas: bool = False) -> Iterator[Any]:
    """The workbook for the block; `formulas` gives formulas in place of their last results.

    Raises:
        InvalidInputError: If it cannot be read, at opening or later.
    """
    file.seek(0)
    with warnings.catch_warnings():
        # What the library does not support (pictures, styles) does not concern the cells.
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(
                file, read_only=True, data_only=not formulas, keep_links=False
            )
            # Not `close()`: the file belongs to the caller, who reads it again.
            yield book
        except InvalidInputError:
            raise
        except _BROKEN as error:
            raise InvalidInputError(
                "The workbook is damaged and cannot be read. Open it in a spreadsheet program, "
                "save it anew and try again."
            ) from error


def sheets_of(book: Any) -> tuple[str, ...]:
    """The names of the sheets that hold cells; charts have none."""
    return tuple(sheet.title for sheet in book.worksheets)


def head_of(book: Any, sheet: str) -> list[Line]:
    """The first lines of a sheet, from line 1, at their full width.

    Raises:
        InvalidInputError: If it has too many columns.
    """
    rows = _rows(book, sheet, columns=MAX_COLUMNS + 1, rows=HEAD_LINES)
    lines = [_line(number, row) for number, row in enumerate(rows, 1)]
    if any(len(line.cells) > MAX_COLUMNS and line.cells[MAX_COLUMNS] for line in lines):
        raise InvalidInputError(f"The sheet has more than {MAX_COLUMNS} columns.")
    return lines


def lines_of(file: BinaryIO, sheet: str, width: int) -> Iterator[Line]:
    """Every line of a sheet from the first, `width` columns of it, blank ones included.

    A formula counts as its last result; one without a result is a problem of its cell.

    Raises:
        InvalidInputError: If the workbook turns out to be damaged.
    """
    with workbook(file) as book:
        results = _rows(book, sheet, columns=width, rows=_MAX_ROWS)
        if not _has_formulas(file):
            for number, row in enumerate(results, 1):
                yield _line(number, row)
            return
        with workbook(file, formulas=True) as written:
            formulas = _rows(written, sheet, columns=width, rows=_MAX_ROWS)
            for number, (row, behind) in enumerate(zip(results, formulas, strict=False), 1):
                yield _line(number, row, behind)


def _rows(book: Any, sheet: str, *, columns: int, rows: int) -> Iterable[tuple[Any, ...]]:
    found = book[sheet]
    # Some programs write a size that is not true.
    found.reset_dimensions()
    return found.iter_rows(max_row=rows, max_col=columns, values_only=True)


def _has_formulas(file: BinaryIO) -> bool:
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if not name.startswith("xl/worksheets/") or not name.endswith(".xml"):
                continue
            with archive.open(name) as part:
                before = b""
                while block := part.read(_BLOCK):
                    if _FORMULA.search(before + block):
                        return True
                    before = block[-32:]
    return False


def _line(number: int, row: tuple[Any, ...], behind: tuple[Any, ...] = ()) -> Line:
    problems: dict[int, str] = {}
    cells = [_text(value, index, problems) for index, value in enumerate(row)]
    for index, formula in enumerate(behind):
        if formula is not None and row[index] is None:
            problems[index] = (
                "holds a formula without a result: open the file in a spreadsheet program and "
                "save it"
            )
    return fitted(number, cells, problems)


def _text(value: Any, index: int, problems: dict[int, str]) -> str:
    """A cell's value as the text that a CSV file would hold."""
    if value is None:
        return ""
    if isinstance(value, str):
        if value in _ERRORS:
            problems[index] = f"holds the error {value}"
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        if abs(value) >= _EXACT_DIGITS:
            problems[index] = (
                "holds a number that the spreadsheet program has rounded; format the column as "
                "text before entering it"
            )
        return _number(value)
    return _moment(cast("datetime | date | time | timedelta", value))


def _number(value: float) -> str:
    if isinstance(value, int) or value.is_integer():
        return str(int(value))
    # What the program shows of a binary fraction: 0.1 + 0.2 is 0.3.
    text = f"{value:.15g}"
    return text if "e" not in text else f"{value:.15f}".rstrip("0")


def _moment(value: datetime | date | time | timedelta) -> str:
    if isinstance(value, datetime):
        # Serial numbers keep no whole seconds; half of one is noise.
        rounded = (value + timedelta(milliseconds=500)).replace(microsecond=0)
        return rounded.isoformat(" ").removesuffix(" 00:00:00")
    return value.isoformat() if isinstance(value, date | time) else str(value)
