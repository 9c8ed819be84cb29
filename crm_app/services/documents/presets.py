"""Mappings kept by name, so that next month's file needs no clicks."""

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import InvalidInputError, NotFoundError
from crm_app.models import Document, DocumentPreset
from crm_app.services import audit, reach
from crm_app.services.documents import mapping


def list_presets(session: Session, actor: Actor) -> list[DocumentPreset]:
    """Every saved mapping by name.

    Raises:
        PermissionDeniedError: Without `orders.import`.
    """
    reach.require(session, actor, Permission.IMPORT_ORDERS)
    return list(session.exec(select(DocumentPreset).order_by(func.lower(DocumentPreset.name))))


def save(session: Session, actor: Actor, document: Document, name: str) -> DocumentPreset:
    """Keep a file's mapping under a name; one that has this name already is replaced.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        InvalidInputError: If the name is empty or too long, or the file has no source yet.
    """
    reach.require(session, actor, Permission.IMPORT_ORDERS)
    plain = " ".join(name.split())
    if not plain or len(plain) > 120:
        raise InvalidInputError(
            "A saved mapping needs a name.", details={"preset": "Give it 1 to 120 characters."}
        )
    if document.account_id is None:
        raise InvalidInputError(
            "Say first whose orders these are.", details={"source": "Name the source."}
        )
    preset = session.exec(select(DocumentPreset).where(DocumentPreset.name == plain)).first()
    before = dict(preset.mapping) if preset else {}
    if preset is None:
        preset = DocumentPreset(name=plain, account_id=document.account_id, saved_by_name="")
        session.add(preset)
    preset.account_id = document.account_id
    preset.header = list(document.layout.get("header", []))
    preset.mapping = document.mapping
    preset.saved_by_name = actor.label
    preset.saved_at = now()
    session.flush()
    document.preset = plain
    audit.record(
        session,
        actor,
        "document_preset:saved",
        subject_type="document_preset",
        subject_id=preset.id,
        before={"mapping": before} if before else {},
        after={"name": plain, "mapping": preset.mapping},
    )
    return preset


def apply(session: Session, actor: Actor, document: Document, name: str) -> None:
    """Read a file with a saved mapping, as far as its columns are there.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        NotFoundError: If none has this name.
    """
    reach.require(session, actor, Permission.IMPORT_ORDERS)
    preset = session.exec(select(DocumentPreset).where(DocumentPreset.name == name)).first()
    if preset is None:
        raise NotFoundError("saved mapping", name)
    header = document.layout.get("header", [])
    document.mapping = mapping.Mapping.from_json(preset.mapping).fitting(header).to_json()
    document.account_id = preset.account_id
    document.preset = preset.name


def fitting(session: Session, header: Sequence[str]) -> DocumentPreset | None:
    """The newest saved mapping whose file had these very columns, in whatever order."""
    wanted = sorted(header)
    newest_first = select(DocumentPreset).order_by(col(DocumentPreset.saved_at).desc())
    return next(
        (preset for preset in session.exec(newest_first) if sorted(preset.header) == wanted), None
    )
