"""A person says what a file's columns mean, and sees what that makes of its first lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, select

from crm_app import queue
from crm_app.channels.base import ChannelOrder
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError
from crm_app.models import ChannelAccount, Document, DocumentState
from crm_app.services import accounts, audit, reach
from crm_app.services.documents import lines, mapping, orders, presets, staging, uploads
from crm_app.services.documents.fields import Field
from crm_app.services.documents.mapping import Mapping
from crm_app.services.documents.values import DateEvidence
from crm_app.services.documents.words import Meaning

EDITABLE: Final = (DocumentState.READY, DocumentState.CHECKED, DocumentState.CANCELLED)
_SAMPLE: Final = 300  # lines that a preview and the samples are taken from
_LONGEST_NAME: Final = 120


@dataclass(frozen=True, slots=True)
class Preview:
    """What the mapping makes of the first lines.

    Attributes:
        orders: The first orders, as they would be.
        refused: Line number and reason of the first lines that cannot be read.
    """

    orders: tuple[ChannelOrder, ...]
    refused: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file with its first different cells that are not empty."""

    name: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatusWord:
    """A status word of the file: on how many lines, and what it was decided to mean."""

    word: str
    lines: int
    meaning: Meaning | None


@dataclass(frozen=True, slots=True)
class Details:
    """Everything that the mapping of a file is decided by."""

    mapping: Mapping
    columns: tuple[Column, ...]
    words: tuple[StatusWord, ...]
    dates: DateEvidence
    missing: tuple[str, ...]
    preview: Preview


def details(session: Session, actor: Actor, document_id: int, *, orders: int = 5) -> Details:
    """What a person sees while deciding about a file that was read.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        NotFoundError: If there is no such file.
    """
    document = uploads.get_document(session, actor, document_id)
    decided = Mapping.from_json(document.mapping)
    layout = staging.layout_of(document)
    sample = lines.first_lines(session, document, _SAMPLE)
    placed = decided.columns.get(Field.PLACED_AT, "")
    column = decided.columns.get(Field.STATUS, "")
    return Details(
        mapping=decided,
        columns=tuple(
            Column(name, _samples([line.cells[place] for line in sample]))
            for place, name in enumerate(layout.header)
        ),
        words=tuple(
            StatusWord(word, count, decided.statuses.get(word))
            for word, count in lines.distinct(session, document, layout, column)
        ),
        dates=lines.evidence(session, document, layout, placed),
        missing=decided.missing(),
        preview=_preview(document, decided, layout.header, sample, orders),
    )


def _samples(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cell[:80] for cell in cells if cell))[:3]


def _preview(
    document: Document,
    decided: Mapping,
    header: Sequence[str],
    sample: Sequence[lines.Line],
    most: int,
) -> Preview:
    if decided.missing():
        return Preview((), ())
    reader = orders.Reader(decided, header, get_settings().zone, document.created_at)
    place = header.index(decided.columns[Field.ORDER_ID])
    groups: dict[str, list[lines.Line]] = {}
    for line in sample:
        key, _ = orders.order_id(line, place)
        groups.setdefault(key, []).append(line)
    verdicts = [reader.read(key, found) for key, found in groups.items()]
    made = [verdict.order for verdict in verdicts if verdict.order is not None]
    refused = sorted(pair for verdict in verdicts for pair in verdict.refused.items())
    return Preview(tuple(made[:most]), tuple(refused[:most]))


def set_mapping(session: Session, actor: Actor, document_id: int, decided: Mapping) -> Document:
    """Decide what the columns mean. What was checked with another mapping must be checked again.

    Words of a newly chosen status column get a guess each.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        NotFoundError: If there is no such file.
        ConflictError: While a job works on it, or when it is imported.
        InvalidInputError: If it names a column that the file does not have.
    """
    document = uploads.lock_document(session, actor, document_id, *EDITABLE)
    layout = staging.layout_of(document)
    known = set(layout.header)
    if unknown := [name for name in decided.columns.values() if name not in known]:
        raise InvalidInputError(
            f"The file has no column “{unknown[0]}”.", details={"columns": unknown[0]}
        )
    before = Mapping.from_json(document.mapping)
    column = decided.columns.get(Field.STATUS)
    if column and column != before.columns.get(Field.STATUS):
        found = [word for word, _ in lines.distinct(session, document, layout, column)]
        decided = mapping.with_words(decided, found)
    if decided != before:
        _decide(session, actor, document, decided)
    _back_to_ready(document)
    return document


def choose_sheet(session: Session, actor: Actor, document_id: int, sheet: str) -> Document:
    """Read another sheet of the workbook instead.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        NotFoundError: If there is no such file.
        ConflictError: While a job works on it, or when it is imported.
        InvalidInputError: If there is no such sheet.
    """
    document = uploads.lock_document(session, actor, document_id, *EDITABLE)
    if sheet not in staging.layout_of(document).sheets:
        raise InvalidInputError(f"The workbook has no sheet “{sheet}”.")
    document.layout = {"kind": "xlsx", "sheet": sheet}
    document.state = DocumentState.RECEIVED
    queue.hint_document(session, document.id)
    return document


def use_preset(session: Session, actor: Actor, document_id: int, name: str) -> Document:
    """Read the file with a mapping that was saved by name, as far as its columns are there.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        NotFoundError: If there is no such file, or no mapping of this name.
        ConflictError: While a job works on it, or when it is imported.
    """
    document = uploads.lock_document(session, actor, document_id, *EDITABLE)
    before = document.mapping
    presets.apply(session, actor, document, name)
    layout = staging.layout_of(document)
    decided, document.mapping = Mapping.from_json(document.mapping), before
    column = decided.columns.get(Field.STATUS, "")
    found = [word for word, _ in lines.distinct(session, document, layout, column)]
    _decide(session, actor, document, mapping.with_words(decided, found))
    _back_to_ready(document)
    return document


def _decide(session: Session, actor: Actor, document: Document, decided: Mapping) -> None:
    before, document.mapping = dict(document.mapping), decided.to_json()
    changed = {name for name, value in document.mapping.items() if before.get(name) != value}
    if changed:
        audit.record(
            session,
            actor,
            "document:mapping:changed",
            subject_type="document",
            subject_id=document.id,
            before={name: before[name] for name in sorted(changed & before.keys())},
            after={name: document.mapping[name] for name in sorted(changed)},
        )


def save_preset(session: Session, actor: Actor, document_id: int, name: str) -> Document:
    """Keep the file's mapping by name, for the next file of its kind.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        NotFoundError: If there is no such file.
        InvalidInputError: If the name is empty or too long, or the file has no source yet.
    """
    document = uploads.get_document(session, actor, document_id)
    presets.save(session, actor, document, name)
    return document


def set_source(session: Session, actor: Actor, document_id: int, name: str) -> ChannelAccount:
    """Say whose orders these are, by the name of a source; a new name makes a new source.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        NotFoundError: If there is no such file.
        ConflictError: While a job works on it, or when it is imported.
        InvalidInputError: If the name is empty or too long.
    """
    document = uploads.lock_document(session, actor, document_id, *EDITABLE)
    plain = " ".join(name.split())
    if not plain or len(plain) > _LONGEST_NAME:
        raise InvalidInputError(
            "The source needs a name.", details={"source": "Give it 1 to 120 characters."}
        )
    account = session.exec(
        select(ChannelAccount).where(
            ChannelAccount.channel == Channel.DOCUMENT, ChannelAccount.name == plain
        )
    ).first()
    if account is None:
        account = accounts.add_account(
            session, channel=Channel.DOCUMENT, name=plain, base_url="", credentials={}
        )
        audit.record(
            session,
            actor,
            "account:created",
            subject_type="account",
            subject_id=account.id,
            after={"channel": Channel.DOCUMENT.value, "name": plain},
        )
    document.account_id = account.id
    _back_to_ready(document)
    return account


def list_sources(session: Session, actor: Actor) -> list[str]:
    """Names of the sources that files were imported for.

    Raises:
        PermissionDeniedError: Without `orders.import`.
    """
    reach.require(session, actor, Permission.IMPORT_ORDERS)
    return list(
        session.exec(
            select(ChannelAccount.name)
            .where(ChannelAccount.channel == Channel.DOCUMENT)
            .order_by(col(ChannelAccount.name))
        )
    )


def _back_to_ready(document: Document) -> None:
    document.state = DocumentState.READY
    document.counts = {}
    document.progress = document.progress_of = 0
