"""What a file of orders is before anybody says what its columns mean: lines of text cells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MAX_LINES: Final = 200_000  # below the header
MAX_COLUMNS: Final = 200
MAX_CELL: Final = 5_000  # characters
# How far down titles and remarks may push the header.
HEAD_LINES: Final = 40

_CONTROLS: Final = {code: None for code in (*range(32), 127) if chr(code) not in "\t\n"}


class FileKind(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the table lies in a file.

    Attributes:
        kind: What the content is, whatever the name says.
        header_line: The line of the column names, counted from 1 as a spreadsheet program does.
        header: The names, each different from the others and none empty.
        encoding: Of a CSV file, by Python's name.
        delimiter: Of a CSV file.
        sheets: The names of an XLSX file's sheets.
        sheet: The one that is read.
    """

    kind: FileKind
    header_line: int
    header: tuple[str, ...]
    encoding: str = ""
    delimiter: str = ""
    sheets: tuple[str, ...] = ()
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.

    Attributes:
        number: As a spreadsheet program counts it, from 1.
        cells: As many as the header names.
        problems: Why a cell cannot be believed, by column from 0, to follow "The column ...".
        slipped: Why none of the cells can be believed, as a sentence.
    """

    number: int
    cells: tuple[str, ...]
    problems: Mapping[int, str] = field(default_factory=dict[int, str])
    slipped: str = ""

    @property
    def is_blank(self) -> bool:
        return not any(self.cells) and not self.problems


def clean(text: str) -> str:
    """A cell without outer spaces and without what a database cannot keep."""
    if text.isascii() and text.isprintable():
        return text.strip()
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)
    return text.encode("utf-8", "replace").decode("utf-8").strip().strip("\ufeff\u00a0")


def fitted(number: int, cells: list[str], problems: dict[int, str]) -> Line:
    """A line whose cells are cleaned, and cut with a reason where they are too long."""
    kept = [clean(cell) if cell else "" for cell in cells]
    for index, cell in enumerate(kept):
        if len(cell) > MAX_CELL:
            kept[index] = cell[:MAX_CELL]
            problems[index] = f"holds {len(cell):,} characters; {MAX_CELL:,} are the most"
    return Line(number, tuple(kept), problems)
