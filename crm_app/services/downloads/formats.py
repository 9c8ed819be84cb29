"""Rows as the text of a file: written a part at a time, so that a part can be done again alone."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from crm_app.domain.download import FileFormat
from crm_app.services import sheets
from crm_app.services.downloads import xlsx
from crm_app.services.downloads.columns import Column, Kind, Value

Row = Sequence[Value]


class Writer(Protocol):
    """What a format writes of some rows; the parts in order are the body of the file."""

    def part(self, rows: Iterable[Row], *, is_first: bool) -> str:
        """The rows as text."""
        ...


class CsvWriter:
    """One line a row; times in the business zone."""

    def __init__(self, columns: Sequence[Column], zone: ZoneInfo) -> None:
        self._head = [column.heading for column in columns]
        self._zone = zone
        # By column, not by value: most cells are texts, and go as they are.
        self._cells = [self._writer(column.kind) for column in columns]

    def part(self, rows: Iterable[Row], *, is_first: bool) -> str:
        """See `Writer`."""
        cells = self._cells
        text = sheets.lines(
            [
                value if write is None else write(value)
                for write, value in zip(cells, row, strict=True)
            ]
            for row in rows
        )
        return sheets.BOM + sheets.lines([self._head]) + text if is_first else text

    def _writer(self, kind: Kind) -> Callable[[Value], Value] | None:
        return {Kind.TIME: self._time, Kind.FLAG: _flag}.get(kind)

    def _time(self, value: Value) -> Value:
        if not isinstance(value, datetime):
            return None
        return f"{value.astimezone(self._zone):%Y-%m-%d %H:%M}"


def _flag(value: Value) -> Value:
    return "yes" if value else "no"


class JsonWriter:
    """An array of objects; amounts are texts, for a float would round them, and times say UTC."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._keys = [column.key for column in columns]

    def part(self, rows: Iterable[Row], *, is_first: bool) -> str:
        """See `Writer`."""
        objects = (
            json.dumps(
                {key: _plain(value) for key, value in zip(self._keys, row, strict=True)},
                ensure_ascii=False,
                check_circular=False,
            )
            for row in rows
        )
        return ("[\n" if is_first else ",\n") + ",\n".join(objects)


def _plain(value: Value) -> str | int | bool | None:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, datetime) else value


JSON_END: Final = "\n]\n"


def writer_of(kind: FileFormat, columns: Sequence[Column], zone: ZoneInfo) -> Writer:
    """What writes the parts of a file."""
    if kind is FileFormat.XLSX:
        return xlsx.RowWriter([column.kind for column in columns], zone)
    return JsonWriter(columns) if kind is FileFormat.JSON else CsvWriter(columns, zone)
