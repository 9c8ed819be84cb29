"""Files that the desk makes for people, and the frozen orders that they are made of."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from crm_app.domain.download import DownloadKind, DownloadState, FileFormat
from crm_app.models.base import enum_type, identity_key, newest, set_at_insert, timestamp


class Download(SQLModel, table=True):
    """One file for one person: what is in it, how far it is, and until when it is kept."""

    __tablename__ = "downloads"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        # The same press of the same person twice is one file.
        UniqueConstraint("user_id", "key"),
        Index("ix_downloads_user_newest", "user_id", newest("id")),
        Index("ix_downloads_work", "id", postgresql_where=text("state IN ('queued', 'running')")),
        Index(
            "ix_downloads_expiry",
            "expires_at",
            postgresql_where=text("expires_at IS NOT NULL AND emptied_at IS NULL"),
        ),
    )

    id: int = identity_key()
    kind: DownloadKind = Field(sa_type=enum_type(DownloadKind))
    format: FileFormat = Field(sa_type=enum_type(FileFormat))
    # What is in it, for people: "Orders: Amazon, confirmed".
    title: str = Field(max_length=300)
    state: DownloadState = Field(default=DownloadState.QUEUED, sa_type=enum_type(DownloadState))
    reason: str = Field(default="", max_length=500)
    user_id: int = Field(foreign_key="users.id", sa_type=BigInteger)
    user_label: str = Field(max_length=120)
    # The API token that asked; what it may do, and whether it still may, holds for the work too.
    token_id: int | None = Field(
        default=None, foreign_key="api_tokens.id", sa_type=BigInteger, nullable=True
    )
    key: str = Field(max_length=64)
    # `filter` in its address form and `columns`, or `paper`.
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    has_people: bool = False
    # The bulk change that asked for it.
    run_id: int | None = Field(
        default=None, foreign_key="bulk_runs.id", ondelete="SET NULL", sa_type=BigInteger
    )
    total: int = 0
    done: int = 0
    size: int = Field(default=0, sa_type=BigInteger)  # bytes of the finished file
    created_at: datetime = set_at_insert()
    started_at: datetime | None = timestamp()
    finished_at: datetime | None = timestamp()
    expires_at: datetime | None = timestamp()
    # When the file was deleted; the row stays for a while and says so.
    emptied_at: datetime | None = timestamp()


class DownloadPart(SQLModel, table=True):
    """Some orders of a download, frozen in the order of the list, and their rows once written."""

    __tablename__ = "download_parts"  # pyright: ignore[reportAssignmentType]

    download_id: int = Field(
        primary_key=True, foreign_key="downloads.id", ondelete="CASCADE", sa_type=BigInteger
    )
    position: int = Field(primary_key=True)
    order_ids: list[int] = Field(default_factory=list, sa_type=ARRAY(BigInteger))
    # Zstandard; None until a worker wrote it.
    body: bytes | None = None
    size: int = Field(default=0, sa_type=BigInteger)  # bytes before compression


class DownloadPiece(SQLModel, table=True):
    """A piece of a finished file, compressed with Zstandard; the pieces in order are the file."""

    __tablename__ = "download_pieces"  # pyright: ignore[reportAssignmentType]

    download_id: int = Field(
        primary_key=True, foreign_key="downloads.id", ondelete="CASCADE", sa_type=BigInteger
    )
    position: int = Field(primary_key=True)
    body: bytes
