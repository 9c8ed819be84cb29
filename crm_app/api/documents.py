"""Files of orders over REST: upload, decide, check, import, and what became of each line."""

from typing import Annotated, Any, BinaryIO, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from crm_app import db
from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.document_schemas import (
    DocumentLinesOut,
    DocumentOut,
    DocumentsOut,
    LineResultOut,
    MappingIn,
)
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError
from crm_app.models import Outcome
from crm_app.services.documents import editing, results, steps, uploads
from crm_app.services.documents.mapping import Mapping

router = APIRouter(
    prefix="/api/v1/documents",
    tags=["documents"],
    dependencies=[permitted(Permission.IMPORT_ORDERS)],
)

# Read by hand, so that nobody's megabytes are taken before the permission is checked.
_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            }
        },
    }
}
_LINES_AT_ONCE: Final = 200


@router.get("")
def list_documents(
    session: DbSession,
    actor: CurrentActor,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> DocumentsOut:
    """The newest 50 files; `before` an id: the 50 before it."""
    found = uploads.list_documents(session, actor, before=before)
    return DocumentsOut(documents=[DocumentOut.of(document) for document in found])


@router.post("", status_code=201, openapi_extra=_FORM)
async def upload(request: Request, actor: CurrentActor) -> DocumentOut:
    """Upload a CSV or XLSX file in the field `file`. It is read by the worker: follow its state.

    413 above the size limit, before it is read whole.
    """
    try:
        async with request.form(max_files=1, max_fields=5) as form:
            sent = form.get("file")
            if not isinstance(sent, UploadFile):
                raise InvalidInputError(
                    "There is no file in this request.", details={"file": "Choose a file."}
                )
            return await run_in_threadpool(_receive, actor, sent.filename or "", sent.file)
    except HTTPException as error:
        if error.status_code != 400:
            raise
        raise InvalidInputError("This request is no form with one file.") from error


def _receive(actor: Actor, name: str, file: BinaryIO) -> DocumentOut:
    with db.transaction() as session:
        document = uploads.receive(session, actor, name, file)
        session.flush()
        session.refresh(document)
        return DocumentOut.of(document)


@router.get("/{document_id}")
def get_document(document_id: Id, session: DbSession, actor: CurrentActor) -> DocumentOut:
    """One file: its state, its columns, its mapping, and how far it came."""
    return DocumentOut.of(uploads.get_document(session, actor, document_id))


@router.put("/{document_id}/mapping")
def set_mapping(
    document_id: Id, body: MappingIn, session: DbSession, actor: CurrentActor
) -> DocumentOut:
    """Say what the columns mean and whose orders these are. What is left out stays as it is.

    `sheet` reads another sheet of a workbook anew; `save_as` keeps the mapping by name, and
    `preset` takes one that was kept.
    """
    if body.sheet:
        editing.choose_sheet(session, actor, document_id, body.sheet)
    if body.preset:
        editing.use_preset(session, actor, document_id, body.preset)
    if body.source:
        editing.set_source(session, actor, document_id, body.source)
    if body.mapping is not None:
        document = uploads.get_document(session, actor, document_id)
        decided = Mapping.from_json({**document.mapping, **body.mapping})
        editing.set_mapping(session, actor, document_id, decided)
    if body.save_as:
        editing.save_preset(session, actor, document_id, body.save_as)
    return DocumentOut.of(uploads.get_document(session, actor, document_id))


@router.post("/{document_id}/dry-run", status_code=202)
def start_check(document_id: Id, session: DbSession, actor: CurrentActor) -> DocumentOut:
    """Find out what an import would do; nothing is changed by it."""
    return DocumentOut.of(steps.start_check(session, actor, document_id))


@router.post("/{document_id}/import", status_code=202)
def start_import(document_id: Id, session: DbSession, actor: CurrentActor) -> DocumentOut:
    """Create and change the orders."""
    return DocumentOut.of(steps.start_import(session, actor, document_id))


@router.post("/{document_id}/stop")
def stop(document_id: Id, session: DbSession, actor: CurrentActor) -> DocumentOut:
    """Stop a check or an import. What an import did so far stays."""
    return DocumentOut.of(steps.stop(session, actor, document_id))


@router.get("/{document_id}/lines")
def list_lines(
    document_id: Id,
    session: DbSession,
    actor: CurrentActor,
    outcome: Outcome | None = None,
    after: Annotated[int, Query(ge=0, lt=2**31)] = 0,
) -> DocumentLinesOut:
    """What became, or would become, of 200 lines; `after` a line number: of those behind it."""
    found = results.list_results(
        session, actor, document_id, outcome=outcome, after=after, limit=_LINES_AT_ONCE
    )
    return DocumentLinesOut(lines=[LineResultOut.model_validate(line) for line in found])


@router.get("/{document_id}/result.csv", response_class=StreamingResponse)
def download_result(document_id: Id, session: DbSession, actor: CurrentActor) -> StreamingResponse:
    """Every line of the file with what became of it; recorded, for it holds personal data."""
    document = results.request_file(session, actor, document_id)
    name = quote(f"{document.name.rpartition('.')[0] or document.name} result.csv")
    return StreamingResponse(
        results.file_of(document),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f"attachment; filename*=UTF-8''{name}"},
    )
