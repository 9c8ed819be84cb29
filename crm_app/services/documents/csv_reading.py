"""Delimited text as lines of cells, read as a stream whatever its size."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, Final

from crm_app.errors import InvalidInputError
from crm_app.services.documents.table import MAX_COLUMNS, Line, fitted

_BLOCK: Final = 1 << 20
_SAMPLE_LINES: Final = 60
# Longest first: UTF-32's mark begins with UTF-16's.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS: Final = (",", ";", "\t", "|")
ENCODING_NAMES: Final = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252",
}
DELIMITER_NAMES: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def encoding_of(file: BinaryIO) -> str:
    """The encoding that the whole file can be read in: by its mark, else UTF-8, else Windows-1252.

    Raises:
        InvalidInputError: If it is none of these, or no text at all.
    """
    file.seek(0)
    head = file.read(8_192)
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), "")
    if marked:
        tried = [marked]
    elif b"\x00" in head:
        # Latin letters in UTF-16: every other byte is null.
        tried = ["utf-16-le"] if head[1:200:2].count(0) > head[:200:2].count(0) else ["utf-16-be"]
    else:
        tried = ["utf-8", "cp1252"]
    for name in tried:
        if _is_readable_as(file, name):
            return name
    raise InvalidInputError(
        "The file is no text that can be read: neither UTF-8, UTF-16 nor Windows-1252. "
        "Save it as “CSV UTF-8” and upload that."
    )


def _is_readable_as(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while block := file.read(_BLOCK):
            if "\x00" in decoder.decode(block):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def delimiter_of(file: BinaryIO, encoding: str) -> str:
    """What stands between the cells: what splits most of the first lines into equally many.

    Raises:
        InvalidInputError: If nothing splits them.
    """
    lines = list(islice(_text(file, encoding), _SAMPLE_LINES))
    best, best_score = "", 0
    for delimiter in _DELIMITERS:
        rows = csv.reader(lines, delimiter=delimiter)
        widths = Counter(len(row) for row in rows if row)
        wide = [(count * width, width) for width, count in widths.items() if width > 1]
        score = max(wide, default=(0, 0))[0]
        if score > best_score:
            best, best_score = delimiter, score
    if not best:
        raise InvalidInputError(
            "The file has only one column. Its cells must be separated by commas, semicolons, "
            "tabs or bars."
        )
    return best


def lines_of(file: BinaryIO, encoding: str, delimiter: str) -> Iterator[Line]:
    """Every line from the first, blank ones included.

    Raises:
        InvalidInputError: If a quote is never closed, or a line has too many columns.
    """
    number = 0
    try:
        for number, cells in enumerate(csv.reader(_text(file, encoding), delimiter=delimiter), 1):
            if len(cells) > MAX_COLUMNS:
                while cells and not cells[-1]:
                    cells.pop()
                if len(cells) > MAX_COLUMNS:
                    raise InvalidInputError(
                        f"Line {number:,} has {len(cells):,} columns; {MAX_COLUMNS} are the most."
                    )
            yield fitted(number, [_unescaped(cell) for cell in cells], {})
    except csv.Error as error:
        raise InvalidInputError(
            f"The file cannot be read after line {number:,}: a quote is opened and not closed."
        ) from error


def _unescaped(cell: str) -> str:
    """Without the apostrophe that our own result file puts before what looks like a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


def _text(file: BinaryIO, encoding: str) -> Iterator[str]:
    file.seek(0)
    wrapper = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        # Not `yield from`: left early, it would close the wrapper and the file with it.
        for line in wrapper:  # noqa: UP028
            yield line
    finally:
        # The file belongs to the caller, who reads it again.
        wrapper.detach()
