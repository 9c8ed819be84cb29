"""A file arrives: kept in pieces, so that neither process ever holds the whole of it."""

import hashlib
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import BinaryIO, Final, cast

import zstandard
from sqlalchemy import insert, text
from sqlmodel import Session, col, select

from crm_app import db, queue
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError
from crm_app.models import Document, DocumentChunk, DocumentState
from crm_app.services import audit, reach

_PIECE: Final = 1 << 20  # bytes
_LEVEL: Final = 3
_LONGEST_NAME: Final = 200
LIST_SIZE: Final = 50


def receive(session: Session, actor: Actor, name: str, file: BinaryIO) -> Document:
    """Keep an uploaded file and ask a worker to read it.

    Args:
        session: Committed by the caller.
        actor: Who uploads.
        name: As the browser says it; only its last part is kept.
        file: Read to its end, piece by piece.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        InvalidInputError: If it is empty or larger than allowed.
    """
    reach.require(session, actor, Permission.IMPORT_ORDERS)
    document = Document(
        name=_plain(name),
        size=0,
        sha256=b"",
        uploaded_by=actor.user_id or 0,
        uploaded_by_name=actor.label,
    )
    session.add(document)
    session.flush()
    document.size, document.sha256 = _keep(session, document.id, file)
    queue.hint_document(session, document.id)
    audit.record(
        session,
        actor,
        "document:uploaded",
        subject_type="document",
        subject_id=document.id,
        after={"name": document.name, "size": document.size, "sha256": document.sha256.hex()},
    )
    return document


def _keep(session: Session, document_id: int, file: BinaryIO) -> tuple[int, bytes]:
    most = get_settings().document_max_mb
    digest = hashlib.sha256()
    size = 0
    for position, piece in enumerate(_pieces(file)):
        size += len(piece)
        if size > most << 20:
            raise InvalidInputError(f"The file is larger than {most} MB, which is the most.")
        digest.update(piece)
        # Not an object of the session: that would keep every piece until the commit.
        session.execute(
            insert(DocumentChunk),
            {
                "document_id": document_id,
                "position": position,
                "body": zstandard.compress(piece, _LEVEL),
            },
        )
    if not size:
        raise InvalidInputError("The file is empty.")
    return size, digest.digest()


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _plain(name: str) -> str:
    """The last part of a path, without what no name has; browsers once sent whole paths."""
    last = PurePath(name.replace("\\", "/")).name
    kept = "".join(letter for letter in last if letter.isprintable()).strip()
    return kept.encode("utf-8", "replace").decode("utf-8")[-_LONGEST_NAME:] or "file"


@contextmanager
def stored(document_id: int) -> Generator[BinaryIO]:
    """The file for the block, on the disk of this process.

    Raises:
        InvalidInputError: If it is not kept any more.
    """
    with tempfile.TemporaryFile() as file:
        position = 0
        while piece := _read_piece(document_id, position):
            file.write(piece)
            position += 1
        if not position:
            raise InvalidInputError("The file is not kept any more: upload it again.")
        file.seek(0)
        yield cast(BinaryIO, file)


def _read_piece(document_id: int, position: int) -> bytes:
    with db.transaction() as session:
        chunk = session.get(DocumentChunk, (document_id, position))
    return b"" if chunk is None else zstandard.decompress(chunk.body)


def get_document(session: Session, actor: Actor, document_id: int) -> Document:
    """One uploaded file.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        NotFoundError: If there is none with this id.
    """
    reach.require(session, actor, Permission.IMPORT_ORDERS)
    document = session.get(Document, document_id)
    if document is None:
        raise NotFoundError("imported file", document_id)
    return document


def lock_document(
    session: Session, actor: Actor, document_id: int, *states: DocumentState
) -> Document:
    """The file's row, locked until the transaction ends.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        NotFoundError: If there is none with this id.
        ConflictError: If it is in none of `states`.
    """
    get_document(session, actor, document_id)
    document = session.get_one(Document, document_id, with_for_update=True, populate_existing=True)
    if document.state not in states:
        raise ConflictError(_NOT_NOW[document.state])
    return document


_NOT_NOW: Final = {
    DocumentState.RECEIVED: "The file is being read; wait a moment.",
    DocumentState.READY: "Check the file first.",
    DocumentState.REFUSED: "The file cannot be read; upload another.",
    DocumentState.CHECKING: "The file is being checked; wait, or stop the check.",
    DocumentState.CHECKED: "The file is checked already.",
    DocumentState.IMPORTING: "The file is being imported; wait, or stop the import.",
    DocumentState.DONE: "The file is imported already; upload it again to import it again.",
    DocumentState.CANCELLED: "The import was stopped; check the file again.",
}


def list_documents(
    session: Session, actor: Actor, *, limit: int = LIST_SIZE, before: int | None = None
) -> list[Document]:
    """The files that were uploaded, newest first.

    Args:
        session: Open.
        actor: Needs `orders.import`.
        limit: At most so many.
        before: Only those with a smaller id.

    Raises:
        PermissionDeniedError: Without `orders.import`.
    """
    reach.require(session, actor, Permission.IMPORT_ORDERS)
    wanted = select(Document).order_by(col(Document.id).desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(Document.id < before)
    return list(session.exec(wanted))


def imported_before(session: Session, document: Document) -> Document | None:
    """The newest other upload of the very same content that was imported."""
    return session.exec(
        select(Document)
        .where(
            Document.sha256 == document.sha256,
            Document.id != document.id,
            Document.state == DocumentState.DONE,
        )
        .order_by(col(Document.id).desc())
        .limit(1)
    ).first()


def in_work(session: Session) -> list[int]:
    """Ids of the files that wait for a job or are in one; oldest first."""
    # In the words of the partial index.
    working = text("state IN ('received', 'checking', 'importing')")
    return list(session.exec(select(Document.id).where(working).order_by(col(Document.id))))
