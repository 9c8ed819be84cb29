"""What a person does with files that were asked for: look, take, cancel, delete; and their end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import zstandard
from sqlalchemy import delete, func, insert, update
from sqlalchemy import select as fields
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.download import ACTIVE, DownloadKind, DownloadState
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ConflictError, NotFoundError, PermissionDeniedError
from crm_app.models import Download, DownloadPart, DownloadPiece, Order
from crm_app.services import audit, reach

INSERT_PIECE: Final = insert(DownloadPiece)
LIST_SIZE: Final = 100
# After its file, the row itself: who asked for what is in the audit trail.
_KEEP_ROWS: Final = timedelta(days=90)
_AT_ONCE: Final = 20


def kept_for() -> timedelta:
    """How long a finished file is kept."""
    return timedelta(days=get_settings().download_keep_days)


def list_downloads(session: Session, actor: Actor, *, limit: int = LIST_SIZE) -> list[Download]:
    """One's own files, the newest first. Needs `orders.view`."""
    reach.require(session, actor, Permission.VIEW_ORDERS)
    return list(
        session.exec(
            select(Download)
            .where(Download.user_id == actor.user_id)
            .order_by(col(Download.id).desc())
            .limit(limit)
        )
    )


def get_download(session: Session, actor: Actor, download_id: int) -> Download:
    """One of one's own files.

    Raises:
        PermissionDeniedError: Without `orders.view`.
        NotFoundError: If there is none, or it is somebody else's.
    """
    return _own(session, actor, download_id, lock=False)


def _own(session: Session, actor: Actor, download_id: int, *, lock: bool) -> Download:
    reach.require(session, actor, Permission.VIEW_ORDERS)
    wanted = select(Download).where(Download.id == download_id, Download.user_id == actor.user_id)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    download = session.exec(wanted).one_or_none()
    if download is None:
        raise NotFoundError("file", download_id)
    return download


def cancel(session: Session, actor: Actor, download_id: int) -> Download:
    """Stop the work on a file; what was written of it is deleted.

    Raises:
        NotFoundError: If it is not one's own.
        ConflictError: If it is finished already.
    """
    download = _own(session, actor, download_id, lock=True)
    if download.state is DownloadState.CANCELLED:
        return download
    if download.state not in ACTIVE:
        raise ConflictError(f"This file is {download.state.label.lower()} already.")
    download.state, download.finished_at = DownloadState.CANCELLED, now()
    _empty(session, [download_id])
    return download


def remove(session: Session, actor: Actor, download_id: int) -> None:
    """Delete a file and its row; one that is in work is stopped by it.

    Raises:
        NotFoundError: If it is not one's own.
    """
    download = _own(session, actor, download_id, lock=True)
    session.delete(download)
    session.flush()
    audit.record(
        session, actor, "download:deleted", subject_type="download", subject_id=download_id
    )


@dataclass(frozen=True, slots=True)
class File:
    """A finished file: what it is called, and where its pieces are."""

    download_id: int
    name: str
    media_type: str
    size: int
    positions: tuple[int, ...]

    def pieces(self) -> Iterator[bytes]:
        """The file, piece by piece, each read when it is asked for."""
        for position in self.positions:
            with db.transaction() as session:
                piece = session.get(DownloadPiece, (self.download_id, position))
            if piece is None:
                return  # deleted while it was read: the length told shows that it broke off
            yield zstandard.decompress(piece.body)


def take(session: Session, actor: Actor, download_id: int) -> File:
    """One's own finished file; that it was taken is recorded.

    Raises:
        PermissionDeniedError: If the actor may (no longer) see what is in it.
        NotFoundError: If it is not one's own.
        ConflictError: If it is not finished, or was deleted after its time.
    """
    download = _own(session, actor, download_id, lock=False)
    is_print = download.kind is DownloadKind.PRINT
    reach.require(session, actor, Permission.PRINT_ORDERS if is_print else Permission.EXPORT_ORDERS)
    if download.has_people:
        reach.require(session, actor, Permission.SEE_PERSONAL_DATA)
    _require_all(session, actor, download_id)
    if download.emptied_at is not None:
        raise ConflictError("This file was deleted after its time. Ask for it again.")
    if download.state is not DownloadState.DONE:
        raise ConflictError(f"This file is not ready: {download.state.label.lower()}.")
    positions = session.exec(
        select(DownloadPiece.position)
        .where(DownloadPiece.download_id == download_id)
        .order_by(col(DownloadPiece.position))
    ).all()
    audit.record(
        session,
        actor,
        "download:taken",
        subject_type="download",
        subject_id=download_id,
        after={"orders": download.total, "personal_data": download.has_people},
    )
    return File(
        download.id,
        name_of(download),
        download.format.media_type,
        download.size,
        tuple(positions),
    )


def _require_all(session: Session, actor: Actor, download_id: int) -> None:
    """A file that was made when one reached further is not handed out any more."""
    if not actor.narrowed:
        return
    ids = select(func.unnest(col(DownloadPart.order_ids)).label("id")).where(
        DownloadPart.download_id == download_id
    )
    frozen = ids.subquery()
    beyond = select(frozen.c.id).where(frozen.c.id.not_in(select(Order.id))).limit(1)
    if session.exec(beyond).first() is not None:
        raise PermissionDeniedError("You may no longer see all of the orders in this file.")


def name_of(download: Download) -> str:
    """`orders-2026-11-21-12.csv`: plain letters only, whatever was asked for."""
    what = str(download.settings.get("paper", "orders")).replace("_", "-")
    day = download.created_at.astimezone(get_settings().zone).date()
    return f"{what}-{day}-{download.id}.{download.format.value}"


def forget(session: Session) -> int:
    """Delete files whose time is over, and rows long after; of how many something was deleted."""
    moment = now()
    old = session.exec(
        select(Download.id)
        .where(col(Download.expires_at) < moment, col(Download.emptied_at).is_(None))
        .order_by(col(Download.expires_at))
        .limit(_AT_ONCE)
    ).all()
    _empty(session, old)
    session.execute(update(Download).where(col(Download.id).in_(old)).values(emptied_at=moment))
    gone = session.execute(
        fields(col(Download.id))
        .where(col(Download.created_at) < moment - _KEEP_ROWS, col(Download.state).not_in(ACTIVE))
        .limit(_AT_ONCE)
    ).all()
    session.execute(delete(Download).where(col(Download.id).in_([row[0] for row in gone])))
    return len(old) + len(gone)


def _empty(session: Session, ids: Any) -> None:
    for table in (DownloadPart, DownloadPiece):
        session.execute(delete(table).where(col(table.download_id).in_(list(ids))))
