"""Workbooks of any length: rows as sheet XML, part by part, put into the zip at the end.

A library writes a workbook in one go; ours is written in parts that survive a killed worker, and
only then packed. ECMA-376: cells and rows need no addresses, texts may stand in the cell.
"""

import re
import zipfile
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import IO, Final
from zoneinfo import ZoneInfo

from crm_app.services.downloads.columns import Column, Kind, Value

MAX_ROWS: Final = 1_048_576
_LONGEST_TEXT: Final = 32_767
# XML has no way to write these; a lone half of a character is none.
_UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Serial days of Excel count from here; the error of 1900 is in it.
_DAY_ZERO: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - Excel knows no zones
_DAY_S: Final = 86_400
# Indexes of the cell formats in `_STYLES`.
_HEAD, _TIME, _MONEY = 1, 2, 3
_EMPTY: Final = "<c/>"


class RowWriter:
    """Rows as XML, one a line."""

    def __init__(self, kinds: Sequence[Kind], zone: ZoneInfo) -> None:
        self._zone = zone
        self._cells: list[Callable[[Value], str]] = [self._writer(kind) for kind in kinds]

    def part(self, rows: Iterable[Sequence[Value]], *, is_first: bool) -> str:
        """See `formats.Writer`. The heading is written with the sheet."""
        del is_first
        cells = self._cells
        return "".join(
            "<row>"
            + "".join([write(value) for write, value in zip(cells, row, strict=True)])
            + "</row>\n"
            for row in rows
        )

    def _writer(self, kind: Kind) -> Callable[[Value], str]:
        writers: dict[Kind, Callable[[Value], str]] = {
            Kind.NUMBER: _number,
            Kind.MONEY: _money,
            Kind.TIME: self._time,
            Kind.FLAG: lambda value: _text("yes" if value else "no"),
        }
        return writers.get(kind, _text)

    def _time(self, value: Value) -> str:
        if not isinstance(value, datetime):
            return _EMPTY
        local = value.astimezone(self._zone).replace(tzinfo=None)
        return f'<c s="{_TIME}"><v>{(local - _DAY_ZERO).total_seconds() / _DAY_S:.6f}</v></c>'


def _number(value: Value) -> str:
    return _EMPTY if value is None else f"<c><v>{value}</v></c>"


def _money(value: Value) -> str:
    return f'<c s="{_MONEY}"><v>{value:f}</v></c>' if isinstance(value, Decimal) else _EMPTY


def _text(value: Value, style: int = 0) -> str:
    if value is None or value == "":
        return _EMPTY
    text = str(value)[:_LONGEST_TEXT]
    if not text.isprintable():
        text = _UNWRITABLE.sub("", text)
    if "&" in text or "<" in text or ">" in text:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A line of the part is a row.
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "&#10;")
    look = f' s="{style}"' if style else ""
    return f'<c{look} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


class Workbook:
    """Puts parts into a file; begins another sheet where one is full."""

    def __init__(self, archive: zipfile.ZipFile, columns: Sequence[Column], name: str) -> None:
        self._archive = archive
        self._columns = columns
        self._name = name
        self._sheet: IO[bytes] | None = None
        self._left = 0
        self.sheets = 0

    def write(self, part: str, count: int) -> None:
        """Add a part of `count` rows."""
        if count <= self._left:
            self._add(part, count)
            return
        # Not `splitlines`: texts hold other line ends of Unicode.
        lines = part.split("\n")[:-1]
        while lines:
            if not self._left:
                self._begin()
            now, lines = lines[: self._left], lines[self._left :]
            self._add("\n".join(now) + "\n", len(now))

    def _add(self, rows: str, count: int) -> None:
        if self._sheet is not None:
            self._sheet.write(rows.encode())
            self._left -= count

    def _begin(self) -> None:
        self._end()
        self.sheets += 1
        self._left = MAX_ROWS - 1
        info = zipfile.ZipInfo(f"xl/worksheets/sheet{self.sheets}.xml", (1980, 1, 1, 0, 0, 0))
        info.compress_type = zipfile.ZIP_DEFLATED
        self._sheet = self._archive.open(info, "w", force_zip64=True)
        widths = "".join(
            f'<col min="{at}" max="{at}" width="{column.width}" customWidth="1"/>'
            for at, column in enumerate(self._columns, start=1)
        )
        head = "".join(_text(column.heading, _HEAD) for column in self._columns)
        self._sheet.write(
            f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
            '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
            f"</sheetView></sheetViews><cols>{widths}</cols><sheetData><row>{head}</row>\n".encode()
        )

    def _end(self) -> None:
        if self._sheet is not None:
            self._sheet.write(b"</sheetData></worksheet>")
            self._sheet.close()

    def close(self) -> None:
        """Write what holds the sheets together. A workbook without rows has one empty sheet."""
        if not self.sheets:
            self._begin()
        self._end()
        numbers = range(1, self.sheets + 1)
        for path, body in (
            ("xl/styles.xml", _STYLES),
            ("xl/workbook.xml", _workbook(self._name, numbers)),
            ("xl/_rels/workbook.xml.rels", _relations(numbers)),
            ("_rels/.rels", _ROOT),
            ("[Content_Types].xml", _types(numbers)),
        ):
            self._archive.writestr(path, _XML + body)


@contextmanager
def workbook(file: IO[bytes], columns: Sequence[Column], name: str) -> Generator[Workbook]:
    """A workbook that is written into `file` and whole when the block ends.

    Args:
        file: Seekable.
        columns: Headings and widths.
        name: Of the first sheet; the others count.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        made = Workbook(archive, columns, name)
        yield made
        made.close()


_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_FORMATS: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_ROOT: Final = (
    f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
_STYLES: Final = (
    f'<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFEDEDF2"/></patternFill></fill></fills>'
    '<borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="4"><xf xfId="0"/><xf xfId="0" fontId="1" fillId="2" applyFont="1" '
    'applyFill="1"/><xf xfId="0" numFmtId="164" applyNumberFormat="1"/>'
    '<xf xfId="0" numFmtId="4" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)


def _workbook(name: str, numbers: Sequence[int]) -> str:
    sheets = "".join(
        f'<sheet name="{name if number == 1 else f"{name} {number}"}" sheetId="{number}" '
        f'r:id="rId{number}"/>'
        for number in numbers
    )
    return f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'


def _relations(numbers: Sequence[int]) -> str:
    sheets = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" '
        f'Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    return (
        f'<Relationships xmlns="{_PACKAGE}/relationships">{sheets}<Relationship '
        f'Id="rId{len(numbers) + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    )


def _types(numbers: Sequence[int]) -> str:
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" '
        f'ContentType="{_FORMATS}.worksheet+xml"/>'
        for number in numbers
    )
    return (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_FORMATS}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_FORMATS}.styles+xml"/>'
        f"{sheets}</Types>"
    )
