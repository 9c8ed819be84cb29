"""The ledger as a sheet: every change of a filter, read page by page, so that memory stays flat."""

import tempfile
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import IO, Final

from crm_app import db
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.download import FileFormat
from crm_app.domain.permissions import Permission
from crm_app.services import ledger
from crm_app.services.downloads import xlsx
from crm_app.services.downloads.columns import Column, Kind, Value
from crm_app.services.downloads.formats import writer_of
from crm_app.services.ledger import Change
from crm_app.services.ledger_query import LedgerQuery

_CHUNK: Final = 500
_PIECE_BYTES: Final = 256 * 1024
COLUMNS: Final = tuple(
    Column(key, heading, kind, None)
    for key, heading, kind in (
        ("id", "Change", Kind.NUMBER),
        ("order_number", "Order number", Kind.TEXT),
        ("channel", "Channel", Kind.TEXT),
        ("from_status", "From", Kind.TEXT),
        ("to_status", "To", Kind.TEXT),
        ("state", "State", Kind.TEXT),
        ("who", "By", Kind.TEXT),
        ("why", "Why", Kind.TEXT),
        ("run_id", "Bulk change", Kind.NUMBER),
        ("operation", "Call", Kind.TEXT),
        ("attempts", "Tries", Kind.NUMBER),
        ("reason", "Reason", Kind.TEXT),
        ("created_at", "Written", Kind.TIME),
        ("settled_at", "Settled", Kind.TIME),
    )
)


def pieces(actor: Actor, query: LedgerQuery, kind: FileFormat) -> Iterator[bytes]:
    """The file in pieces; a CSV as it is read, a workbook once it is whole.

    Raises:
        PermissionDeniedError: Before the first piece, without `orders.export` and `orders.view`.
    """
    actor.require(Permission.VIEW_ORDERS)
    actor.require(Permission.EXPORT_ORDERS)
    # An export holds all of the filter, wherever the page stood.
    everything = replace(query, before=None, after=None, limit=_CHUNK)
    return _workbook(actor, everything) if kind is FileFormat.XLSX else _csv(actor, everything)


def _csv(actor: Actor, query: LedgerQuery) -> Generator[bytes]:
    writer = writer_of(FileFormat.CSV, COLUMNS, get_settings().zone)
    is_first = True
    for rows in _rows(actor, query):
        yield writer.part(rows, is_first=is_first).encode()
        is_first = False


def _workbook(actor: Actor, query: LedgerQuery) -> Generator[bytes]:
    writer = writer_of(FileFormat.XLSX, COLUMNS, get_settings().zone)
    with tempfile.TemporaryFile() as file:
        with xlsx.workbook(file, COLUMNS, "Ledger") as book:
            for rows in _rows(actor, query):
                book.write(writer.part(rows, is_first=False), len(rows))
        file.seek(0)
        yield from _pieces_of(file)


def _pieces_of(file: IO[bytes]) -> Generator[bytes]:
    while piece := file.read(_PIECE_BYTES):
        yield piece


def _rows(actor: Actor, query: LedgerQuery) -> Generator[Sequence[Sequence[Value]]]:
    """Page by page, each in a transaction of its own; one empty page if there is nothing."""
    following: LedgerQuery | None = query
    while following is not None:
        with db.transaction() as session:
            page = ledger.list_changes(session, actor, following)
        yield [_row(change) for change in page.changes]
        following = page.older


def _row(change: Change) -> list[Value]:
    return [
        change.id,
        change.order_number,
        change.channel.label,
        change.from_status.label,
        change.to_status.label,
        change.state.value.replace("_", " "),
        change.actor_label,
        change.why,
        change.run_id,
        change.operation,
        change.attempts,
        change.reason,
        change.created_at,
        change.settled_at,
    ]
