"""Small files of orders, made as the programs of people make them."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

import openpyxl

from crm_app.services.documents import reading
from crm_app.services.documents.table import Line

HEADER = ("Order ID", "Order Date", "Status", "SKU", "Product", "Qty", "Amount", "Customer Name")
ROW = ("CS-1", "18/11/2026", "Delivered", "PDE-18K", "Pearl Drop Earrings", "1", "1499.00", "Asha")


def csv_of(*rows: Sequence[str], encoding: str = "utf-8", delimiter: str = ",") -> io.BytesIO:
    """A CSV file; cells are written as they are."""
    text = "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"
    return io.BytesIO(text.encode(encoding))


def xlsx_of(
    *rows: Iterable[Any], title: str = "Orders", **others: Sequence[Sequence[Any]]
) -> io.BytesIO:
    """A workbook whose first sheet holds the rows; `others` are sheets after it, by title."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    for name, cells in others.items():
        more = book.create_sheet(name)
        for row in cells:
            more.append(list(row))
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


def patched(file: io.BytesIO, part: str, before: bytes, after: bytes) -> io.BytesIO:
    """The same workbook with a piece of one part replaced."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(file) as source,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            body = source.read(name)
            if name == part:
                assert before in body
                body = body.replace(before, after)
            target.writestr(name, body)
    return made


def read(file: io.BytesIO, sheet: str = "") -> tuple[tuple[str, ...], list[Line]]:
    """Header and lines."""
    layout = reading.look(file, sheet)
    return layout.header, list(reading.lines(file, layout))
