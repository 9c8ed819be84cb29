"""Rows as CSV that a spreadsheet opens safely."""

import csv
import io
from collections.abc import Iterable
from typing import Final

# Excel takes UTF-8 for its own code page unless the file begins with this.
BOM: Final = "\ufeff"
# A spreadsheet runs what begins so; buyers choose their own names.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def lines(rows: Iterable[Iterable[object]]) -> str:
    """The rows as CSV with CRLF; a text that a spreadsheet would run gets an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
