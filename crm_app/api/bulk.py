"""Bulk changes over REST: the same services as the pages."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, StreamingResponse
from sqlmodel import Session

from crm_app.api.bulk_schemas import (
    AccountProgressOut,
    BulkIn,
    PreviewOut,
    RowOut,
    RowsOut,
    RunDetailOut,
    RunOut,
    RunsOut,
    TellingOut,
)
from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.order_params import query_of, shortened
from crm_app.channels import pace
from crm_app.domain.actor import Actor
from crm_app.domain.bulk import Outcome, RunState
from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError
from crm_app.models import BulkRun
from crm_app.services import bulk_choice, bulk_pace, bulk_results, bulk_runs, parcels
from crm_app.services.bulk_choice import Choice

router = APIRouter(prefix="/api/v1/bulk", tags=["bulk changes"])

_MAY = permitted(Permission.BULK_CHANGE)


@router.post("", dependencies=[_MAY])
def create(body: BulkIn, session: DbSession, actor: CurrentActor) -> RunDetailOut:
    """Freeze a set of orders and say what an action would do to them; start it if asked.

    Sent again with the same `key`, it changes nothing about a run that was started.
    """
    run = bulk_choice.draft(session, actor, _choice(session, actor, body), body.key)
    if run.state is RunState.DRAFT:
        if body.parcels:
            lines = (
                f"{one.order_number}\t{one.carrier}\t{one.tracking_number}" for one in body.parcels
            )
            given = parcels.give(session, actor, run.id, "\n".join(lines))
            if given.problem_count:
                said = " ".join(given.problems)
                raise InvalidInputError(said, details={"parcels": said})
        bulk_runs.decide(session, actor, run.id, body.action, dict(body.settings))
        session.flush()
        if body.start:
            bulk_runs.start(session, actor, run.id)
    return _detail(session, actor, run)


def _choice(session: Session, actor: Actor, body: BulkIn) -> Choice:
    if (body.filter is None) == (not body.order_ids):
        said = "Give either order_ids or filter."
        raise InvalidInputError(said, details={"order_ids": said})
    if body.filter is None:
        return Choice(ids=tuple(body.order_ids))
    query = query_of(session, actor, shortened(body.filter))
    return Choice(query=query, without=tuple(body.without))


@router.get("", dependencies=[_MAY])
def list_runs(
    session: DbSession,
    actor: CurrentActor,
    before: Annotated[int | None, Query(gt=0, lt=2**63)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> RunsOut:
    """The newest runs of everybody, and one's own drafts; those older than the run `before`."""
    found = bulk_results.list_runs(session, actor, before=before, limit=limit)
    return RunsOut(runs=[RunOut.model_validate(run) for run in found])


@router.get("/{run_id}", dependencies=[_MAY])
def get_run(run_id: Id, session: DbSession, actor: CurrentActor) -> RunDetailOut:
    """One run, with its preview or its progress."""
    return _detail(session, actor, bulk_runs.get_run(session, actor, run_id))


@router.post("/{run_id}/start", dependencies=[_MAY])
def start(run_id: Id, session: DbSession, actor: CurrentActor) -> RunDetailOut:
    """Start a draft of one's own. Sent twice, it is started once."""
    return _detail(session, actor, bulk_runs.start(session, actor, run_id))


@router.post("/{run_id}/pause", dependencies=[_MAY])
def pause(run_id: Id, session: DbSession, actor: CurrentActor) -> RunDetailOut:
    """Let the batch in hand end, start no other, and tell no channel any more."""
    return _detail(session, actor, bulk_runs.pause(session, actor, run_id))


@router.post("/{run_id}/resume", dependencies=[_MAY])
def resume(run_id: Id, session: DbSession, actor: CurrentActor) -> RunDetailOut:
    """Go on where a paused run was. Of a stopped one, tell what was done here and held back."""
    return _detail(session, actor, bulk_runs.resume(session, actor, run_id))


@router.post("/{run_id}/stop", dependencies=[_MAY])
def stop(run_id: Id, session: DbSession, actor: CurrentActor) -> RunDetailOut:
    """Take up no more orders, and hold back what no channel was told yet."""
    return _detail(session, actor, bulk_runs.stop(session, actor, run_id))


@router.post("/{run_id}/undo", dependencies=[_MAY])
def undo(run_id: Id, session: DbSession, actor: CurrentActor) -> RunDetailOut:
    """A draft that takes back what the run changed, with its preview. Start it like another."""
    return _detail(session, actor, bulk_runs.undo(session, actor, run_id))


@router.get("/{run_id}/rows", dependencies=[_MAY])
def rows(
    run_id: Id,
    session: DbSession,
    actor: CurrentActor,
    outcome: Outcome | None = None,
    after: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> RowsOut:
    """Each order's result, in the order of the run."""
    found = bulk_results.rows(session, actor, run_id, outcome=outcome, after=after, limit=limit)
    return RowsOut(rows=[RowOut.model_validate(row) for row in found])


@router.get("/{run_id}/results.csv", dependencies=[_MAY], response_class=StreamingResponse)
def results(run_id: Id, actor: CurrentActor) -> StreamingResponse:
    """Each order's result as a sheet."""
    lines = bulk_results.results_csv(actor, run_id)
    return _sheet(lines, f"bulk-{run_id}-results.csv")


@router.get("/{run_id}/file", dependencies=[_MAY], response_class=RedirectResponse)
def file(run_id: Id, session: DbSession, actor: CurrentActor) -> RedirectResponse:
    """Where the file lies that an export or print of one's own made."""
    found = bulk_results.file_of(session, actor, run_id)
    return RedirectResponse(f"/api/v1/exports/{found}/file")


def _sheet(lines: bulk_results.Lines, name: str) -> StreamingResponse:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def _detail(session: Session, actor: Actor, run: BulkRun) -> RunDetailOut:
    session.flush()
    out = RunDetailOut.model_validate(run)
    if run.state is not RunState.DRAFT:
        found = bulk_results.progress(session, actor, run.id)
        out.accounts = [AccountProgressOut.model_validate(one) for one in found]
        left = bulk_pace.left(session, run.id, pace.per_second)
        for one in out.accounts:
            one.left_s = left.get(one.account_id)
        return out
    preview = bulk_runs.preview(session, actor, run.id)
    out.preview = PreviewOut.model_validate(preview)
    out.preview.tellings = [
        TellingOut.model_validate(one)
        for one in bulk_pace.tellings(session, preview, pace.per_second)
    ]
    return out
