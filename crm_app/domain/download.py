"""The words of files that the desk makes for people: exports and papers."""

from enum import StrEnum
from typing import Final


class DownloadKind(StrEnum):
    EXPORT = "export"  # rows for a spreadsheet or a program
    PRINT = "print"  # papers for the packing table


class DownloadState(StrEnum):
    QUEUED = "queued"  # its orders are frozen; a worker takes it up
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"  # by the person

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS: Final[dict[DownloadState, str]] = {
    DownloadState.QUEUED: "Waiting",
    DownloadState.RUNNING: "In work",
    DownloadState.DONE: "Ready",
    DownloadState.FAILED: "Failed",
    DownloadState.CANCELLED: "Cancelled",
}

# A worker has something to do for these.
ACTIVE: Final = (DownloadState.QUEUED, DownloadState.RUNNING)


class FileFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    PDF = "pdf"

    @property
    def label(self) -> str:
        return "Excel" if self is FileFormat.XLSX else self.value.upper()

    @property
    def media_type(self) -> str:
        return _MEDIA[self]


_MEDIA: Final[dict[FileFormat, str]] = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.JSON: "application/json",
    FileFormat.PDF: "application/pdf",
}


class Paper(StrEnum):
    """What is printed for orders."""

    PICK_LIST = "pick_list"
    PACKING_SLIP = "packing_slip"
    INVOICE = "invoice"
    MANIFEST = "manifest"

    @property
    def label(self) -> str:
        return {
            "pick_list": "Pick list",
            "packing_slip": "Packing slips",
            "invoice": "Invoices",
            "manifest": "Manifest",
        }[self.value]

    @property
    def shows_people(self) -> bool:
        """Whether names and addresses stand on it."""
        return self is not Paper.PICK_LIST
