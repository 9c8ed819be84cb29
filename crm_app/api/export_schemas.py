"""What exports take and give over REST."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from crm_app.domain.download import DownloadKind, DownloadState, FileFormat
from crm_app.services.downloads.asking import MAX_CHOSEN

_Id = Annotated[int, Field(ge=1, le=2**63 - 1)]


class ExportIn(BaseModel):
    """Which orders, as what file."""

    key: str = Field(
        min_length=1, max_length=64, description="Names this request: sent twice, it is one file."
    )
    format: FileFormat = FileFormat.CSV
    filter: dict[str, str] = Field(
        default_factory=dict, description="The parameters of GET /orders; empty for all orders."
    )
    orders: list[_Id] = Field(
        default_factory=list[_Id],
        max_length=MAX_CHOSEN,
        description="Ids of chosen orders; of the filter only `sort` counts then.",
    )
    without: list[_Id] = Field(
        default_factory=list[_Id],
        max_length=MAX_CHOSEN,
        description="Ids of orders that are left out although they match.",
    )
    columns: list[str] = Field(
        default_factory=list, max_length=100, description="Keys of GET /exports/columns, in order."
    )


class ColumnOut(BaseModel):
    """One column that may be asked for."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    heading: str
    is_personal: bool
    by_default: bool


class ColumnsOut(BaseModel):
    columns: list[ColumnOut]


class DownloadOut(BaseModel):
    """One file: what is in it, how far it is, and until when it is kept."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: DownloadKind
    format: FileFormat
    title: str
    state: DownloadState
    reason: str
    total: int = Field(description="Orders in it; 0 until a worker has frozen a large one.")
    done: int
    size: int = Field(description="Bytes of the finished file.")
    has_people: bool
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None
    emptied_at: datetime | None


class DownloadsOut(BaseModel):
    downloads: list[DownloadOut]
