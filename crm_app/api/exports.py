"""Files that the worker makes, over REST: ask, follow, take, cancel, delete."""

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from crm_app import db
from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.export_schemas import ColumnOut, ColumnsOut, DownloadOut, DownloadsOut, ExportIn
from crm_app.domain.permissions import Permission
from crm_app.services import reach
from crm_app.services.downloads import asking, columns, keeping
from crm_app.services.order_query import OrderQuery

router = APIRouter(prefix="/api/v1/exports", tags=["exports"])

_MAY = permitted(Permission.EXPORT_ORDERS)
# Printed papers lie among them: the service asks for what each file needs.
_SEES = permitted(Permission.VIEW_ORDERS)
# The address bar of the pages is shorter than our parameters.
_SHORT = {"date_from": "from", "date_to": "to"}


@router.post("", status_code=202, dependencies=[_MAY])
def create(body: ExportIn, session: DbSession, actor: CurrentActor) -> DownloadOut:
    """Freeze every order that matches the filter now, or the named ones, and have them written.

    `total` says how many there are; the finished file has exactly so many.
    """
    query = OrderQuery.parse({_SHORT.get(name, name): word for name, word in body.filter.items()})
    download = asking.export(
        session,
        actor,
        query,
        kind=body.format,
        keys=body.columns,
        key=body.key,
        only=body.orders,
        without=body.without,
    )
    session.flush()
    session.refresh(download)
    return DownloadOut.model_validate(download)


@router.get("", dependencies=[_SEES])
def list_exports(session: DbSession, actor: CurrentActor) -> DownloadsOut:
    """One's own newest 100 files, printed papers too."""
    found = keeping.list_downloads(session, actor)
    return DownloadsOut(downloads=[DownloadOut.model_validate(one) for one in found])


@router.get("/columns", dependencies=[_MAY])
def list_columns(actor: CurrentActor) -> ColumnsOut:
    """The columns that one may ask for."""
    return ColumnsOut(columns=[ColumnOut.model_validate(one) for one in columns.allowed(actor)])


@router.get("/{download_id}", dependencies=[_SEES])
def get_export(download_id: Id, session: DbSession, actor: CurrentActor) -> DownloadOut:
    """One of one's own files."""
    return DownloadOut.model_validate(keeping.get_download(session, actor, download_id))


@router.get("/{download_id}/file", dependencies=[_SEES], response_class=StreamingResponse)
def take(download_id: Id, actor: CurrentActor) -> StreamingResponse:
    """The finished file. 409 while it is not ready and after its time; each taking is recorded."""
    with db.transaction() as session:
        reach.begin(session, actor)
        file = keeping.take(session, actor, download_id)
    return StreamingResponse(
        file.pieces(),
        media_type=file.media_type,
        headers={
            "content-disposition": f'attachment; filename="{file.name}"',
            "content-length": str(file.size),
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        },
    )


@router.post("/{download_id}/cancel", dependencies=[_SEES])
def cancel(download_id: Id, session: DbSession, actor: CurrentActor) -> DownloadOut:
    """Stop the work on a file; what was written of it is deleted."""
    return DownloadOut.model_validate(keeping.cancel(session, actor, download_id))


@router.delete("/{download_id}", status_code=204, dependencies=[_SEES])
def remove(download_id: Id, session: DbSession, actor: CurrentActor) -> Response:
    """Delete a file."""
    keeping.remove(session, actor, download_id)
    return Response(status_code=204)
