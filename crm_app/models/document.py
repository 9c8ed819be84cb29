"""Files of orders that people upload, their lines, and what became of each."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.models.base import enum_type, identity_key, newest, set_at_insert, timestamp


class DocumentState(StrEnum):
    RECEIVED = "received"  # stored; a job reads it next
    READY = "ready"  # its lines are here; a person says what the columns mean
    REFUSED = "refused"  # it cannot be read; `reason` says why
    CHECKING = "checking"  # a job finds out what an import would do
    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    CANCELLED = "cancelled"  # a person stopped the import; what it did stays


class Outcome(StrEnum):
    """What becomes of a line's order."""

    CREATED = "created"
    CHANGED = "changed"
    SKIPPED = "skipped"
    REFUSED = "refused"


class Document(SQLModel, table=True):
    """One uploaded file and how far its import has come."""

    __tablename__ = "documents"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_documents_newest", newest("id")),
        Index(None, "sha256"),
        # What the clock looks for.
        Index(
            "ix_documents_work",
            "id",
            postgresql_where=text("state IN ('received', 'checking', 'importing')"),
        ),
    )

    id: int = identity_key()
    name: str = Field(max_length=200)
    size: int = Field(sa_type=BigInteger)  # bytes
    sha256: bytes
    state: DocumentState = Field(default=DocumentState.RECEIVED, sa_type=enum_type(DocumentState))
    reason: str = Field(default="", max_length=500)
    uploaded_by: int = Field(foreign_key="users.id", sa_type=BigInteger)
    uploaded_by_name: str = Field(max_length=120)
    # Who pressed "Import": the author of what changed.
    imported_by: int | None = Field(
        default=None, foreign_key="users.id", sa_type=BigInteger, nullable=True
    )
    imported_by_name: str = Field(default="", max_length=120)
    # The API token that asked; what it may do, and whether it still may, holds for the work too.
    token_id: int | None = Field(
        default=None, foreign_key="api_tokens.id", sa_type=BigInteger, nullable=True
    )
    # Whose orders these are: an account of the channel `document`.
    account_id: int | None = Field(
        default=None, foreign_key="channel_accounts.id", sa_type=BigInteger, nullable=True
    )

    # Where the table lies in the file: `services.documents.table.Layout`.
    layout: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    lines: int = 0
    # What the columns mean: `services.documents.mapping.Mapping`.
    mapping: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    preset: str = Field(default="", max_length=120)

    # Orders that the running (or last) step is through with, of so many.
    progress: int = 0
    progress_of: int = 0
    # Orders and lines by outcome, of the last check or of the import.
    counts: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    # Grows with each step that is begun; a job that began an earlier one ends by itself.
    step: int = 0

    created_at: datetime = set_at_insert()
    # When anything about it changed last: a step that is stuck is told from one that goes on.
    moved_at: datetime | None = timestamp(sa_column_kwargs={"onupdate": func.clock_timestamp()})
    finished_at: datetime | None = timestamp()
    # When the file and its lines were deleted; the summary stays.
    emptied_at: datetime | None = timestamp()


class DocumentChunk(SQLModel, table=True):
    """A piece of the file as it came, compressed with Zstandard."""

    __tablename__ = "document_chunks"  # pyright: ignore[reportAssignmentType]

    document_id: int = Field(
        primary_key=True, foreign_key="documents.id", ondelete="CASCADE", sa_type=BigInteger
    )
    position: int = Field(primary_key=True)
    body: bytes


class DocumentLine(SQLModel, table=True):
    """One line below the header, as texts."""

    __tablename__ = "document_lines"  # pyright: ignore[reportAssignmentType]

    document_id: int = Field(
        primary_key=True, foreign_key="documents.id", ondelete="CASCADE", sa_type=BigInteger
    )
    number: int = Field(primary_key=True)
    cells: list[str] = Field(default_factory=list, sa_type=JSONB)
    # Column (as text) -> why its cell cannot be believed; "line": why none can.
    problems: dict[str, str] = Field(default_factory=dict, sa_type=JSONB)


class DocumentResult(SQLModel, table=True):
    """What became, or would become, of one line."""

    __tablename__ = "document_results"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_document_results_outcome", "document_id", "outcome", "number"),)

    document_id: int = Field(
        primary_key=True, foreign_key="documents.id", ondelete="CASCADE", sa_type=BigInteger
    )
    number: int = Field(primary_key=True)
    external_id: str = Field(default="", max_length=128)
    outcome: Outcome = Field(sa_type=enum_type(Outcome))
    reason: str = Field(default="", max_length=500)


class DocumentPreset(SQLModel, table=True):
    """A mapping kept by name, for the next file of the same kind."""

    __tablename__ = "document_presets"  # pyright: ignore[reportAssignmentType]

    id: int = identity_key()
    name: str = Field(max_length=120, unique=True)
    account_id: int = Field(foreign_key="channel_accounts.id", sa_type=BigInteger)
    header: list[str] = Field(default_factory=list, sa_type=JSONB)
    mapping: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    saved_by_name: str = Field(max_length=120)
    saved_at: datetime = set_at_insert()
