"""Everything that a page about one file shows, read at once."""

from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.models import ChannelAccount, Document, DocumentState, Outcome
from crm_app.services.documents import editing, presets, results, staging, uploads
from crm_app.services.documents.editing import Details
from crm_app.services.documents.results import ResultLine
from crm_app.services.documents.table import Layout

_WITH_LINES: Final = (DocumentState.CHECKED, DocumentState.DONE, DocumentState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Screen:
    """One file.

    Attributes:
        document: Its row.
        layout: Where its table lies.
        source: The name of its source; empty while it has none.
        sources: Names of all sources.
        presets: Names of the saved mappings.
        details: What its mapping is decided by; None unless it may be changed.
        earlier: The last import of the very same content.
        lines: A page of results, one more than fits if there is a next page.
        reasons: Why lines are refused, the most frequent first.
    """

    document: Document
    layout: Layout
    source: str
    sources: tuple[str, ...]
    presets: tuple[str, ...]
    details: Details | None
    earlier: Document | None
    lines: tuple[ResultLine, ...]
    reasons: tuple[tuple[str, int], ...]


def show(
    session: Session,
    actor: Actor,
    document_id: int,
    *,
    outcome: Outcome | None = None,
    after: int = 0,
) -> Screen:
    """Read what the page of a file shows.

    Args:
        session: Open.
        actor: Needs `orders.import`.
        document_id: Which file.
        outcome: Only results of this kind.
        after: Only results of lines with a greater number.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        NotFoundError: If there is no such file.
    """
    document = uploads.get_document(session, actor, document_id)
    is_open = document.state in editing.EDITABLE and document.emptied_at is None
    has_lines = document.state in _WITH_LINES and document.emptied_at is None
    found = (
        results.list_results(
            session, actor, document_id, outcome=outcome, after=after, limit=results.PAGE_SIZE + 1
        )
        if has_lines
        else []
    )
    return Screen(
        document=document,
        layout=staging.layout_of(document),
        source=sources_of(session, [document]).get(document.account_id or 0, ""),
        sources=tuple(editing.list_sources(session, actor)),
        presets=tuple(preset.name for preset in presets.list_presets(session, actor)),
        details=editing.details(session, actor, document_id) if is_open else None,
        earlier=uploads.imported_before(session, document),
        lines=tuple(found),
        reasons=tuple(results.reasons(session, document_id, Outcome.REFUSED)) if has_lines else (),
    )


def sources_of(session: Session, documents: list[Document]) -> dict[int, str]:
    """Names of the sources of some files, by account."""
    ids = {document.account_id for document in documents if document.account_id is not None}
    if not ids:
        return {}
    rows = session.exec(
        select(ChannelAccount.id, ChannelAccount.name).where(col(ChannelAccount.id).in_(ids))
    )
    return dict(rows.all())


def list_files(
    session: Session, actor: Actor, *, before: int | None = None
) -> list[tuple[Document, str]]:
    """The newest files, each with the name of its source; `before` an id: those before it.

    Raises:
        PermissionDeniedError: Without `orders.import`.
    """
    found = uploads.list_documents(session, actor, before=before)
    names = sources_of(session, found)
    return [(document, names.get(document.account_id or 0, "")) for document in found]
