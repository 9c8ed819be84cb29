"""The ledger of status changes over REST."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.sync_schemas import ChangeDetailOut, ChangeOut, ChangesOut, ProofOut
from crm_app.domain.download import FileFormat
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import InvalidInputError
from crm_app.services import intent_view, ledger, ledger_export
from crm_app.services.ledger_query import LedgerQuery

router = APIRouter(prefix="/api/v1/sync", tags=["sync"])

SheetKind = Literal["csv", "xlsx"]
_Word = Annotated[str, Field(max_length=500)]


class ProofParams(BaseModel):
    """`channel` takes several words with commas between; days are business days, both included."""

    channel: _Word = ""
    date_from: _Word = ""
    date_to: _Word = ""

    def query(self) -> LedgerQuery:
        """Raises InvalidInputError."""
        params = {_OURS.get(name, name): value for name, value in self.model_dump().items()}
        try:
            return LedgerQuery.parse(params)
        except InvalidInputError as error:
            details = {_THEIRS.get(name, name): said for name, said in error.details.items()}
            raise InvalidInputError(str(error), details=details) from error


class LedgerParams(ProofParams):
    """`q` is the beginning of an order's number, or part of the name of who made the change."""

    state: _Word = ""
    q: _Word = ""


class ChangesParams(LedgerParams):
    limit: _Word = ""
    cursor: _Word = ""


_OURS: Final = {"date_from": "from", "date_to": "to"}
_THEIRS: Final = {ours: theirs for theirs, ours in _OURS.items()}


@router.get("/proof", dependencies=[permitted(Permission.VIEW_ORDERS)])
def proof(
    session: DbSession, actor: CurrentActor, params: Annotated[ProofParams, Query()]
) -> ProofOut:
    """How many status changes were written, and how many are in each state.

    `channel` takes several words with commas between; days are business days, both included.
    """
    return ProofOut.model_validate(ledger.prove(session, actor, params.query()))


@router.get("/changes", dependencies=[permitted(Permission.VIEW_ORDERS)])
def changes(
    session: DbSession, actor: CurrentActor, params: Annotated[ChangesParams, Query()]
) -> ChangesOut:
    """The status changes themselves, newest first. Follow `next_cursor` until it is null.

    `q` is the beginning of an order's number, or part of the name of who made the change.
    """
    found = ledger.list_changes(session, actor, params.query())
    return ChangesOut(
        changes=[ChangeOut.model_validate(change) for change in found.changes],
        next_cursor=found.older.params()["cursor"] if found.older else None,
    )


@router.get("/changes/{intent_id}", dependencies=[permitted(Permission.VIEW_ORDERS)])
def change(intent_id: Id, session: DbSession, actor: CurrentActor) -> ChangeDetailOut:
    """One status change with every call that was made about it."""
    return ChangeDetailOut.model_validate(intent_view.get_change(session, actor, intent_id))


@router.get(
    "/ledger.{kind}",
    dependencies=[permitted(Permission.EXPORT_ORDERS)],
    response_class=StreamingResponse,
)
def export(
    kind: SheetKind, actor: CurrentActor, params: Annotated[LedgerParams, Query()]
) -> StreamingResponse:
    """Every status change of the filter as a sheet, newest first."""
    pieces = ledger_export.pieces(actor, params.query(), FileFormat(kind))
    name = f"ledger-{now():%Y%m%d-%H%M}.{kind}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, media_type=_TYPES[kind], headers=headers)


_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
