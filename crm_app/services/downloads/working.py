"""The worker's part: a file is written in parts that each end in a commit, then put together.

A killed worker loses the part in its hands. A part that is written stays, so every row is in the
file once, however often the work began anew.
"""

import logging
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import IO, Any, Final

import zstandard
from sqlalchemy import BigInteger, any_, delete, literal, text
from sqlalchemy import select as fields
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.download import ACTIVE, DownloadKind, DownloadState, FileFormat, Paper
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError, PermissionDeniedError, ServiceUnavailableError
from crm_app.models import Download, DownloadPart, DownloadPiece, Order
from crm_app.services import notices, reach
from crm_app.services.behalf import on_behalf
from crm_app.services.downloads import asking, columns, formats, keeping, xlsx
from crm_app.services.downloads.columns import Column
from crm_app.services.papers import printing

logger = logging.getLogger(__name__)

_LEVEL: Final = 3
_PIECE: Final = 1 << 20  # bytes
_BROKEN: Final = "Something went wrong on our side; it was written to the log. Ask for it again."

# Rows first, then what ends the file: nothing is read or packed a second time.
_MOVE_PARTS: Final = text(
    "INSERT INTO download_pieces (download_id, position, body) "
    "SELECT download_id, position, body FROM download_parts WHERE download_id = :id"
)


def work(download_id: int, *, budget_s: float) -> bool:
    """Go on with a file for about so long; whether more is left. Callers hold its lock."""
    give_up = time.monotonic() + budget_s
    try:
        while True:
            with db.transaction() as session:
                is_left = _step(session, download_id)
            if not is_left:
                return False
            if time.monotonic() >= give_up:
                return True
    except ServiceUnavailableError:
        raise
    except Exception as error:
        if not isinstance(error, CrmError):
            logger.exception("Download %d failed", download_id)
        with db.transaction() as session:
            _fail(session, download_id, str(error) if isinstance(error, CrmError) else _BROKEN)
        return False


def in_work(session: Session) -> list[int]:
    """Ids of the files that a worker should be at, the oldest first."""
    return list(
        session.exec(
            select(Download.id).where(col(Download.state).in_(ACTIVE)).order_by(col(Download.id))
        )
    )


def _step(session: Session, download_id: int) -> bool:
    """One part, or the end; whether there is more to do."""
    download = session.exec(
        select(Download).where(Download.id == download_id).with_for_update()
    ).one_or_none()
    if download is None or download.state not in ACTIVE:
        return False
    if download.state is DownloadState.QUEUED:
        download.state, download.started_at = DownloadState.RUNNING, now()
    actor = _actor(session, download)
    if download.kind is DownloadKind.PRINT:
        _print(session, actor, download)
        return False
    if not asking.is_frozen(download):
        asking.freeze(session, actor, download)
        return True
    chosen = columns.chosen(actor, download.settings["columns"])
    part = _next_part(session, download_id)
    if part is None:
        _put_together(session, download, chosen)
        return False
    rows = _rows(session, part.order_ids, chosen)
    writer = formats.writer_of(download.format, chosen, get_settings().zone)
    body = writer.part(rows, is_first=part.position == 0).encode("utf-8", "replace")
    part.body, part.size = zstandard.compress(body, _LEVEL), len(body)
    download.done += len(part.order_ids)
    if len(rows) != len(part.order_ids) and actor.narrowed:
        raise PermissionDeniedError("You may no longer see all of these orders.")
    if len(rows) != len(part.order_ids):
        # Orders stay for good, so this is a mistake somewhere: no file that lacks a row goes out.
        raise RuntimeError(f"{len(part.order_ids) - len(rows)} frozen orders are gone")
    return True


def _actor(session: Session, download: Download) -> Actor:
    """Who asked for the file, with what they may do today."""
    actor = on_behalf(session, download.user_id, download.token_id)
    reach.require(
        session,
        actor,
        Permission.PRINT_ORDERS
        if download.kind is DownloadKind.PRINT
        else Permission.EXPORT_ORDERS,
    )
    return actor


def _next_part(session: Session, download_id: int) -> DownloadPart | None:
    return session.exec(
        select(DownloadPart)
        .where(DownloadPart.download_id == download_id, col(DownloadPart.body).is_(None))
        .order_by(col(DownloadPart.position))
        .limit(1)
    ).first()


def _rows(
    session: Session, order_ids: Sequence[int], chosen: Sequence[Column]
) -> list[list[columns.Value]]:
    """The cells of these orders, in their order."""
    sources = [column.source for column in chosen]
    found = session.execute(
        fields(col(Order.id), col(Order.currency), *sources).where(
            col(Order.id) == any_(literal(list(order_ids), ARRAY(BigInteger)))
        )
    )
    reads = [column.read for column in chosen]
    by_id: dict[int, list[columns.Value]] = {}
    for order_id, currency, *cells in found:
        by_id[order_id] = [
            read(cell, currency) if read is not None else cell
            for read, cell in zip(reads, cells, strict=True)
        ]
    return [by_id[order_id] for order_id in order_ids if order_id in by_id]


def _put_together(session: Session, download: Download, chosen: Sequence[Column]) -> None:
    if download.format is FileFormat.XLSX:
        with tempfile.TemporaryFile() as file:
            with xlsx.workbook(file, chosen, "Orders") as book:
                for body, count in _written(session, download.id):
                    book.write(body, count)
            size = _keep(session, download.id, file)
    else:
        session.execute(_MOVE_PARTS, {"id": download.id})
        size = sum(
            session.exec(select(DownloadPart.size).where(DownloadPart.download_id == download.id))
        )
        if download.format is FileFormat.JSON:
            end = formats.JSON_END.encode()
            session.add(
                DownloadPiece(download_id=download.id, position=2**31 - 1, body=_packed(end))
            )
            size += len(end)
    _finish(session, download, size)


def _written(session: Session, download_id: int) -> Iterator[tuple[str, int]]:
    """The rows that were written, part by part, and how many each has."""
    position = 0
    while True:
        # Columns, not objects: the session would keep them all.
        found = session.execute(
            fields(col(DownloadPart.body), col(DownloadPart.order_ids)).where(
                col(DownloadPart.download_id) == download_id,
                col(DownloadPart.position) == position,
            )
        ).one_or_none()
        if found is None:
            return
        yield zstandard.decompress(found[0]).decode(), len(found[1])
        position += 1


def _keep(session: Session, download_id: int, file: IO[bytes]) -> int:
    """Store a finished file; its size in bytes."""
    file.seek(0)
    size = position = 0
    while piece := file.read(_PIECE):
        row: dict[str, Any] = {"download_id": download_id, "position": position}
        # Not an object of the session: that would keep every piece until the commit.
        session.execute(keeping.INSERT_PIECE, {**row, "body": _packed(piece)})
        size, position = size + len(piece), position + 1
    return size


def _packed(piece: bytes) -> bytes:
    return zstandard.compress(piece, _LEVEL)


def _print(session: Session, actor: Actor, download: Download) -> None:
    paper = Paper(download.settings["paper"])
    parts = session.exec(
        select(DownloadPart)
        .where(DownloadPart.download_id == download.id)
        .order_by(col(DownloadPart.position))
    )
    order_ids = [order_id for part in parts for order_id in part.order_ids]
    printed = printing.make(session, actor, paper, order_ids)
    with tempfile.TemporaryFile() as file:
        file.write(printed.body)
        size = _keep(session, download.id, file)
    download.done, download.reason = printed.count, printed.left_out
    _finish(session, download, size)


def _finish(session: Session, download: Download, size: int) -> None:
    session.execute(delete(DownloadPart).where(col(DownloadPart.download_id) == download.id))
    moment = now()
    download.state, download.size, download.finished_at = DownloadState.DONE, size, moment
    download.expires_at = moment + keeping.kept_for()
    what = download.settings.get("paper", "").replace("_", " ") or download.format.label
    count = f"{download.done:,} order" + ("" if download.done == 1 else "s")
    _ring(session, download, f"Your {what} file of {count} is ready.")


def _fail(session: Session, download_id: int, reason: str) -> None:
    download = session.get(Download, download_id, with_for_update=True)
    if download is None or download.state not in ACTIVE:
        return
    download.state, download.reason = DownloadState.FAILED, reason[:500]
    download.finished_at = now()
    _ring(session, download, f"Your {download.format.label} file could not be made.")
    session.execute(delete(DownloadPart).where(col(DownloadPart.download_id) == download_id))


def _ring(session: Session, download: Download, sentence: str) -> None:
    """Its title stays out of the bell: somebody's name may have been searched for."""
    notices.tell(
        session,
        [download.user_id],
        kind="file",
        sentence=sentence,
        href="/downloads",
        key=f"download:{download.id}",
    )
