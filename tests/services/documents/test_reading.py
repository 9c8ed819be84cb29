import io
import zipfile
from datetime import datetime
from itertools import repeat

import pytest

from crm_app.errors import InvalidInputError
from crm_app.services.documents import reading, table
from tests.services.documents.files import HEADER, ROW, csv_of, patched, read, xlsx_of


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_is_read_in_every_common_spelling(encoding: str, delimiter: str) -> None:
    named = (*ROW[:-1], "Zoë “Ash” Müller")

    header, (line,) = read(csv_of(HEADER, named, encoding=encoding, delimiter=delimiter))

    assert header == HEADER
    assert (line.number, line.cells) == (2, named)


def test_quotes_blank_lines_and_short_lines_are_understood() -> None:
    text = (
        'Order ID,Date,Address\r\n\r\nCS-1,18/11/2026,"14, Hill ""Road""\nBandra"\r\nCS-2\r\n,,\r\n'
    )

    _, lines = read(io.BytesIO(text.encode()))

    assert [(line.number, line.cells) for line in lines] == [
        (3, ("CS-1", "18/11/2026", '14, Hill "Road"\nBandra')),
        (4, ("CS-2", "", "")),
    ]


def test_titles_above_the_header_are_passed_over() -> None:
    file = csv_of(("Sales of November", ""), ("Printed", "20-11-2026"), ("", ""), HEADER, ROW)

    header, (line,) = read(file)

    assert (header, line.number) == (HEADER, 5)


def test_equal_and_empty_column_names_become_distinct() -> None:
    header, _ = read(csv_of(("Order ID", "Date", "", "Date"), ("1", "2", "3", "4")))

    assert header == ("Order ID", "Date", "Column 3", "Date (2)")


def test_a_workbook_gives_the_texts_that_a_csv_would_hold() -> None:
    file = xlsx_of(
        ("Order ID", "Date", "Amount", "Paid", "Pincode", "Sum"),
        (70001, datetime(2026, 11, 18, 10, 30), 0.1 + 0.2, True, 400050.0, 1499.5),  # noqa: DTZ001
        ("CS-2", datetime(2026, 11, 18), None, False, "020001", 7),  # noqa: DTZ001
    )

    _, lines = read(file)

    assert [line.cells for line in lines] == [
        ("70001", "2026-11-18 10:30:00", "0.3", "TRUE", "400050", "1499.5"),
        ("CS-2", "2026-11-18", "", "FALSE", "020001", "7"),
    ]


def test_the_first_sheet_with_a_header_is_read_unless_another_is_named() -> None:
    file = xlsx_of(
        ("Cover",), Orders=[HEADER, ROW], Old=[HEADER, ("CS-9", *ROW[1:])], title="Cover"
    )

    layout = reading.look(file)

    assert (layout.sheets, layout.sheet) == (("Cover", "Orders", "Old"), "Orders")
    assert read(file, "Old")[1][0].cells[0] == "CS-9"
    with pytest.raises(InvalidInputError, match="no sheet “Gone”"):
        reading.look(file, "Gone")


def test_formulas_count_as_their_last_result_or_are_a_problem_of_their_cell() -> None:
    file = xlsx_of(("Order ID", "Qty", "Sum"), ("CS-1", 2, "=B2*2"), ("CS-2", 1, "=B3*2"))
    sheet = "xl/worksheets/sheet1.xml"
    calculated = patched(file, sheet, b"<f>B2*2</f><v />", b"<f>B2*2</f><v>4</v>")

    _, (first, second) = read(calculated)

    assert (first.cells, dict(first.problems)) == (("CS-1", "2", "4"), {})
    assert "formula without a result" in second.problems[2]


def test_errors_and_rounded_numbers_of_a_workbook_are_problems_of_their_cells() -> None:
    file = xlsx_of(("Order ID", "Sum"), (171919815111011460, "#REF!"))

    _, (line,) = read(file)

    assert "rounded" in line.problems[0]
    assert "#REF!" in line.problems[1]


def test_a_cell_without_end_is_cut_and_said() -> None:
    _, (line,) = read(csv_of(("Order ID", "Note"), ("CS-1", "x" * 6_000)))

    assert len(line.cells[1]) == table.MAX_CELL
    assert line.problems == {1: "holds 6,000 characters; 5,000 are the most"}


def test_a_line_with_more_cells_than_the_header_is_not_believed() -> None:
    _, (line,) = read(csv_of(("Order ID", "Note"), ("CS-1", "a", "b")))

    assert line.slipped == "The line has 3 cells where the header names 2 columns."


REFUSED = {
    "empty": (b"", "is empty"),
    "blank": (b" \r\n\r\n", "is empty"),
    "pdf": (b"%PDF-1.7 ...", "PDF"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(50), "a picture"),
    "program": (b"MZ\x90\x00" + bytes(200), "a program"),
    "gzip": (b"\x1f\x8b\x08" + bytes(20), "unpack it first"),
    "web page": (b"<html><table><tr><td>Order ID</td></tr></table>", "web page"),
    "old excel": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2_000), "old Excel"),
    "password": (
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(900) + "EncryptedPackage".encode("utf-16-le"),
        "protected by a password",
    ),
    "half an archive": (b"PK\x03\x04" + bytes(40), "damaged"),
    "noise": (bytes(range(256)) * 20, "no text"),
    "windows noise": (b"Order ID,Date\r\nA,\x81\x8d\r\n", "no text"),
    "one column": (b"Order ID\r\nA\r\nB\r\n", "only one column"),
    "no header": (b"405-8078784-5731545,04-30-22,647.62\r\n405-1,04-30-22,1.0\r\n", "no header"),
    "only a header": (b"Order ID,Date,Amount\r\n", "no line below"),
    "open quote": (b'Order ID,Date\r\nA,"' + b"x\n" * 70_000, "a quote is opened"),
}


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_table_is_refused_in_plain_words(content: bytes, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        read(io.BytesIO(content))


def test_a_million_lines_are_refused_without_reading_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_LINES", 500)
    file = io.BytesIO(b"Order ID,Date,Amount\r\n" + b"A-1,2026-11-18,5\r\n" * 20_000)
    layout = reading.look(file)

    found = reading.lines(file, layout)
    with pytest.raises(InvalidInputError, match="more than 500 lines"):
        for _ in found:
            pass

    assert file.tell() < 200_000


def test_too_many_columns_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="201 columns"):
        read(csv_of([f"name {index}" for index in range(201)], [*repeat("a", 201)]))
    with pytest.raises(InvalidInputError, match="more than 200 columns"):
        read(xlsx_of([f"name {index}" for index in range(201)], [*repeat("a", 201)]))


def archive(parts: dict[str, bytes]) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, body in parts.items():
            made.writestr(name, body)
    return file


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    zeros = bytes(100_000_000)
    bomb = archive(
        {"[Content_Types].xml": b"", "xl/workbook.xml": b"", "xl/worksheets/a.xml": zeros}
    )
    strings = archive(
        {"[Content_Types].xml": b"", "xl/workbook.xml": b"", "xl/sharedStrings.xml": zeros}
    )

    assert len(bomb.getvalue()) < 200_000
    for file in (bomb, strings):
        with pytest.raises(InvalidInputError, match="would unpack to 95 MB"):
            reading.look(file)


def test_other_archives_and_damaged_workbooks_are_refused() -> None:
    whole = xlsx_of(HEADER, ROW)

    with pytest.raises(InvalidInputError, match="no XLSX workbook"):
        reading.look(archive({"orders.csv": b"Order ID,Date"}))
    with pytest.raises(InvalidInputError, match="binary workbook"):
        reading.look(archive({"xl/workbook.bin": b"", "[Content_Types].xml": b""}))
    with pytest.raises(InvalidInputError, match="damaged"):
        reading.look(io.BytesIO(whole.getvalue()[:-2_000]))
    with pytest.raises(InvalidInputError, match="damaged"):
        read(patched(whole, "xl/worksheets/sheet1.xml", b"</row>", b"</wor>"))


def test_lines_far_below_cost_no_memory_and_no_time() -> None:
    far = patched(
        xlsx_of(HEADER, ROW), "xl/worksheets/sheet1.xml", b'<row r="2"', b'<row r="1048577"'
    )

    with pytest.raises(InvalidInputError, match="no line below"):
        read(far)
