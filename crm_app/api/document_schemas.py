"""What the API takes and gives of uploaded files."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel

from crm_app.api.schemas import In, Out, Text
from crm_app.models import Document, DocumentState, Outcome


class DocumentOut(Out):
    """One uploaded file. `size` is bytes; `counts` are orders and lines by outcome."""

    id: int
    name: str
    size: int
    state: DocumentState
    reason: str
    uploaded_by_name: str
    imported_by_name: str
    account_id: int | None
    lines: int
    columns: list[str]
    sheets: list[str]
    sheet: str
    mapping: dict[str, Any]
    preset: str
    progress: int
    progress_of: int
    counts: dict[str, Any]
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, document: Document) -> Self:
        layout = document.layout
        own = {
            name: getattr(document, name)
            for name in cls.model_fields
            if name not in ("columns", "sheets", "sheet")
        }
        return cls(
            **own,
            columns=list(layout.get("header", [])),
            sheets=list(layout.get("sheets", [])),
            sheet=str(layout.get("sheet", "")),
        )


class DocumentsOut(BaseModel):
    documents: list[DocumentOut]


class MappingIn(In):
    """All optional. `mapping` replaces the parts that it names."""

    mapping: dict[str, Any] | None = None
    source: Text = ""
    sheet: Text = ""
    preset: Text = ""
    save_as: Text = ""


class LineResultOut(Out):
    """`order_id` is null while there is no such order."""

    number: int
    external_id: str
    outcome: Outcome
    reason: str
    order_id: int | None


class DocumentLinesOut(BaseModel):
    lines: list[LineResultOut]
