"""What a person starts and stops: the check of a file, and its import."""

from typing import Final

from sqlmodel import Session

from crm_app import queue
from crm_app.domain.actor import Actor
from crm_app.errors import InvalidInputError
from crm_app.models import Document, DocumentState
from crm_app.services import audit
from crm_app.services.documents import uploads
from crm_app.services.documents.mapping import Mapping

_BEFORE_CHECK: Final = (DocumentState.READY, DocumentState.CHECKED, DocumentState.CANCELLED)


def start_check(session: Session, actor: Actor, document_id: int) -> Document:
    """Find out, line by line, what an import would do. Nothing is changed by it.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        NotFoundError: If there is no such file.
        ConflictError: While a job works on it, or when it is imported.
        InvalidInputError: If the mapping is not complete.
    """
    document = uploads.lock_document(session, actor, document_id, *_BEFORE_CHECK)
    _require_complete(document)
    _begin(session, document, DocumentState.CHECKING)
    return document


def start_import(session: Session, actor: Actor, document_id: int) -> Document:
    """Create and change the orders of a file, in the name of the actor.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        NotFoundError: If there is no such file.
        ConflictError: While a job works on it, or when it is imported.
        InvalidInputError: If the mapping is not complete.
    """
    document = uploads.lock_document(session, actor, document_id, *_BEFORE_CHECK)
    _require_complete(document)
    document.imported_by, document.imported_by_name = actor.user_id, actor.label
    document.token_id = actor.token_id
    _begin(session, document, DocumentState.IMPORTING)
    audit.record(
        session,
        actor,
        "document:import:started",
        subject_type="document",
        subject_id=document.id,
        after={"name": document.name, "account": document.account_id, "lines": document.lines},
    )
    return document


def stop(session: Session, actor: Actor, document_id: int) -> Document:
    """Stop a check or an import. What an import did so far stays, and is counted.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        NotFoundError: If there is no such file.
        ConflictError: If nothing runs.
    """
    document = uploads.get_document(session, actor, document_id)
    running = (DocumentState.CHECKING, DocumentState.IMPORTING)
    document = uploads.lock_document(session, actor, document_id, *running)
    # The job sees it before its next page.
    document.step += 1
    if document.state is DocumentState.CHECKING:
        document.state = DocumentState.READY
        document.counts = {}
        return document
    document.state = DocumentState.CANCELLED
    audit.record(
        session,
        actor,
        "document:import:stopped",
        subject_type="document",
        subject_id=document.id,
        after={"orders": document.progress, "of": document.progress_of},
    )
    return document


def _require_complete(document: Document) -> None:
    missing = list(Mapping.from_json(document.mapping).missing())
    if missing:
        raise InvalidInputError(
            f"Say first which column holds: {', '.join(missing)}.",
            details={"columns": ", ".join(missing)},
        )
    if document.account_id is None:
        raise InvalidInputError(
            "Say first whose orders these are.", details={"source": "Name the source."}
        )


def _begin(session: Session, document: Document, state: DocumentState) -> None:
    document.state = state
    document.step += 1
    document.progress = document.progress_of = 0
    document.counts = {}
    document.finished_at = None
    queue.hint_document(session, document.id)
