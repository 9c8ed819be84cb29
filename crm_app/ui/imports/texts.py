"""The sentences on a file's page. Pure."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from crm_app.models import Document, DocumentState, Outcome
from crm_app.services.documents import csv_reading
from crm_app.services.documents.editing import Details
from crm_app.services.documents.table import FileKind, Layout
from crm_app.ui.shared import times

WORKING: Final = (DocumentState.RECEIVED, DocumentState.CHECKING, DocumentState.IMPORTING)


def is_working(document: Document) -> bool:
    """Whether a job has it, or has it next."""
    return document.state in WORKING


def orders_of(document: Document) -> dict[Outcome, int]:
    """Orders by outcome."""
    counts = document.counts.get("orders", {})
    return {one: int(counts.get(one.value, 0)) for one in Outcome}


def about_text(document: Document, layout: Layout) -> str:
    """`12,402 lines, 18 columns`."""
    if not document.lines:
        return ""
    lines = "line" if document.lines == 1 else "lines"
    columns = f", {len(layout.header)} columns" if layout.header else ""
    return f"{document.lines:,} {lines}{columns}"


def found_text(layout: Layout) -> str:
    """How the file was read, in the words of the people who saved it."""
    if not layout.header:
        return ""
    where = f"column names in line {layout.header_line:,}"
    if layout.kind is FileKind.XLSX:
        return f"Workbook, {where}"
    encoding = csv_reading.ENCODING_NAMES.get(layout.encoding, layout.encoding)
    between = csv_reading.DELIMITER_NAMES.get(layout.delimiter, layout.delimiter)
    return f"CSV in {encoding} with {between}, {where}"


def who_text(document: Document, now: datetime, zone: ZoneInfo) -> str:
    said = f"Uploaded by {document.uploaded_by_name}, {times.when(document.created_at, now, zone)}"
    if document.state is DocumentState.DONE and document.finished_at:
        finished = times.when(document.finished_at, now, zone)
        said += f". Imported by {document.imported_by_name}, {finished}"
    return said + "."


def earlier_text(earlier: Document | None, now: datetime, zone: ZoneInfo) -> str:
    if earlier is None:
        return ""
    when = times.when(earlier.finished_at or earlier.created_at, now, zone)
    return f"This very file was imported before, by {earlier.imported_by_name}, {when}."


def percent(document: Document) -> int:
    return document.progress * 100 // document.progress_of if document.progress_of else 0


def progress_text(document: Document) -> str:
    """What the worker is at, in orders of orders."""
    if document.state is DocumentState.RECEIVED:
        return f"Reading the file: {document.lines:,} lines so far" if document.lines else "Reading"
    if not document.progress_of:
        return "Waiting for the worker"
    return f"{document.progress:,} of {document.progress_of:,} orders"


def date_text(details: Details) -> str:
    """Why the order of day and month was chosen, or that somebody has to look."""
    seen = details.dates
    if seen.day_first and seen.month_first:
        return (
            f"The file mixes both: {seen.day_first:,} spellings can only be day first, "
            f"{seen.month_first:,} only month first. The others' lines are refused with a reason."
        )
    if seen.day_first or seen.month_first:
        return "The dates in the file show it."
    if seen.either:
        return f"The file does not show it: “{seen.example}” reads both ways. Please look."
    return "The dates in the file read only one way."


def unknown_text(words: list[str]) -> str:
    if not words:
        return ""
    if len(words) == 1:
        return f"“{words[0]}” needs a meaning; its orders are refused until then."
    return f"{len(words)} words need a meaning; their orders are refused until then."


def headline(document: Document) -> str:
    if document.state is DocumentState.CHECKED:
        return "If you import this file"
    if document.state is DocumentState.DONE:
        return "What the import did"
    return "What the import did before it was stopped" if document.counts else ""


def import_text(document: Document) -> str:
    """The words of the button; empty where there is nothing to import."""
    counts = orders_of(document)
    count = counts[Outcome.CREATED] + counts[Outcome.CHANGED]
    if document.state is not DocumentState.CHECKED or not count:
        return ""
    return f"Import {count:,} {'order' if count == 1 else 'orders'}"
