"""What people do with a bulk run: decide, look ahead, start, pause, resume, stop, undo."""

from typing import Any

from sqlmodel import Session, col, select

from crm_app import queue
from crm_app.domain.actor import Actor
from crm_app.domain.bulk import ACTIVE, ENDED, GOING, HALTED, Outcome, RunState
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ConflictError, NotFoundError, PermissionDeniedError
from crm_app.models import BulkRow, BulkRun
from crm_app.services import audit, bulk_actions, bulk_telling, bulk_undoing, reach, sudo
from crm_app.services.bulk_action import Preview
from crm_app.services.bulk_choice import Choice, claim_run, draft
from crm_app.services.bulk_status import CHANGED_MEANWHILE
from crm_app.services.bulk_undo import UndoAction


def get_run(session: Session, actor: Actor, run_id: int) -> BulkRun:
    """A run; raises PermissionDeniedError or NotFoundError."""
    reach.require(session, actor, Permission.BULK_CHANGE)
    run = session.get(BulkRun, run_id)
    if run is None:
        raise NotFoundError("bulk change", run_id)
    return run


def decide(
    session: Session, actor: Actor, run_id: int, action: str, settings: dict[str, Any]
) -> BulkRun:
    """Say what the orders of a draft get. May be said again until the run is started.

    Raises:
        PermissionDeniedError: If the draft is somebody else's, or the action not allowed.
        InvalidInputError: If there is no such action, or its settings make no sense.
        ConflictError: If the run was started already.
    """
    run = _own_draft(session, actor, run_id)
    chosen = bulk_actions.of(action)
    if chosen.name == UndoAction.name or run.undo_of is not None:
        raise ConflictError("An undo belongs to the run that it undoes.")
    reach.require(session, actor, chosen.permission)
    checked = chosen.check(settings)
    reach.require(session, actor, *bulk_actions.needed(chosen, checked))
    run.action, run.settings = chosen.name, checked
    return run


def preview(session: Session, actor: Actor, run_id: int) -> Preview:
    """What starting the run would do now; an empty preview while nothing is decided."""
    run = get_run(session, actor, run_id)
    return bulk_actions.of(run.action).preview(session, actor, run) if run.action else Preview()


def start(session: Session, actor: Actor, run_id: int) -> BulkRun:
    """Hand the run to the worker. Pressed twice, it is started once.

    Raises:
        PermissionDeniedError: If the draft is somebody else's, or the action not allowed.
        InvalidInputError: If nothing was decided yet.
        ConfirmationNeededError: If it writes personal data into a file, and the actor has not just
            proved that it is them.
        ConflictError: If none of the orders can be changed.
    """
    run = _locked(session, actor, run_id)
    _require_own(actor, run)
    action = bulk_actions.of(run.action)
    reach.require(session, actor, *bulk_actions.needed(action, run.settings))
    if run.state is not RunState.DRAFT:
        return run
    if bulk_actions.carries_people(action, actor):
        sudo.require(actor)
    if action.preview(session, actor, run).changes == 0:
        raise ConflictError("None of these orders can be changed so: nothing was started.")
    run.state, run.started_at = RunState.QUEUED, now()
    run.token_id, run.actor_label = actor.token_id, actor.label
    _note(session, actor, run, "started")
    queue.hint_bulk(session, run.id)
    return run


def pause(session: Session, actor: Actor, run_id: int) -> BulkRun:
    """Let the worker finish the batch in its hands and no other, and tell no channel any more.

    What a channel was told already stays told.

    Raises:
        ConflictError: If the run is neither at work nor telling.
    """
    run = _locked(session, actor, run_id)
    if run.state is RunState.PAUSED:
        return run
    if run.state not in GOING:
        raise ConflictError(f"This bulk change is {run.state.label.lower()}: nothing to pause.")
    run.state, run.reason = RunState.PAUSED, f"Paused by {actor.label}."
    _note(session, actor, run, "paused")
    return run


def resume(session: Session, actor: Actor, run_id: int) -> BulkRun:
    """Go on where a paused run was; of a stopped one, tell the channels what was done here.

    Raises:
        ConflictError: If there is nothing to go on with.
    """
    run = _locked(session, actor, run_id)
    if run.state in GOING:
        return run
    is_stopped = run.state is RunState.STOPPED
    if run.state not in HALTED or (is_stopped and not bulk_telling.held(session, run_id)):
        raise ConflictError(f"This bulk change is {run.state.label.lower()}: it cannot go on.")
    run.state, run.reason = (RunState.TELLING if is_stopped else RunState.QUEUED), ""
    run.finished_at = None
    bulk_telling.hint(session, run_id)
    _note(session, actor, run, "resumed")
    queue.hint_bulk(session, run.id)
    return run


def stop(session: Session, actor: Actor, run_id: int) -> BulkRun:
    """Take up no more orders and tell the channels nothing more.

    What was changed here and not told yet is held back until somebody undoes it, or resumes the
    run to have it told after all.

    Raises:
        ConflictError: If it was never started, or is done.
    """
    run = _locked(session, actor, run_id)
    if run.state is RunState.STOPPED:
        return run
    if run.state not in (*GOING, RunState.PAUSED):
        raise ConflictError(f"This bulk change is {run.state.label.lower()}: nothing to stop.")
    run.state, run.finished_at = RunState.STOPPED, now()
    held = bulk_telling.held(session, run_id)
    kept = f" {held:,} changes are not told: undo them, or let them be told." if held else ""
    run.reason = f"Stopped by {actor.label}; the rest stays as it was.{kept}"
    _note(session, actor, run, "stopped")
    return run


def discard(session: Session, actor: Actor, run_id: int) -> None:
    """Drop a draft of one's own that is not wanted after all."""
    session.delete(_own_draft(session, actor, run_id))


def undo(session: Session, actor: Actor, run_id: int) -> BulkRun:
    """A draft that takes back what a run changed; looked at and started like every other.

    Asked for twice by one person, it is one draft. What an earlier undo took back, or refused for
    good, is not in it; what it found on its way, or did not get to, is.

    Raises:
        PermissionDeniedError: If the actor may not change orders in bulk.
        ConflictError: If the run cannot be undone, is still at work, or changed nothing.
    """
    first = _locked(session, actor, run_id)
    if not first.action or not bulk_actions.of(first.action).can_be_undone:
        raise ConflictError("This bulk change cannot be undone.")
    reach.require(session, actor, bulk_actions.of(UndoAction.name).permission)
    if first.state not in (*ENDED, RunState.PAUSED, RunState.TELLING):
        raise ConflictError("Pause or stop this bulk change before you undo it.")
    if first.changed == 0:
        raise ConflictError("This bulk change changed no order: there is nothing to undo.")
    before = bulk_undoing.earlier(session, first.id)
    if before and (
        before[0].state in (*ACTIVE, RunState.PAUSED) or not bulk_undoing.left(session, first.id)
    ):
        return before[0]
    key = f"undo-{first.id}-{first.changed}-{len(before)}"
    run, is_new = claim_run(session, actor, key, undo_of=first.id, action=UndoAction.name)
    if is_new:
        run.total = bulk_undoing.freeze(session, first.id, run.id)
    return run


def again(session: Session, actor: Actor, run_id: int) -> BulkRun:
    """A draft of the orders that a run left because they had changed, or that failed.

    They are frozen anew, as they stand now. Asked for twice by one person, it is one draft.

    Raises:
        PermissionDeniedError: If the actor may not change orders in bulk.
        ConflictError: If the run is still at work, or left no such order.
    """
    first = _locked(session, actor, run_id)
    if first.state not in (*ENDED, RunState.TELLING) or first.undo_of is not None:
        raise ConflictError("This bulk change is not one to try again.")
    row = BulkRow
    ids = session.exec(
        select(row.order_id).where(
            row.run_id == run_id,
            (col(row.outcome) == Outcome.FAILED) | (col(row.reason) == CHANGED_MEANWHILE),
        )
    ).all()
    if not ids:
        raise ConflictError("No order of this bulk change is left to try again.")
    run = draft(session, actor, Choice(ids=tuple(ids)), f"again-{first.id}")
    if run.state is RunState.DRAFT:
        run.action, run.settings = first.action, first.settings
    return run


def _locked(session: Session, actor: Actor, run_id: int) -> BulkRun:
    reach.require(session, actor, Permission.BULK_CHANGE)
    run = session.exec(
        select(BulkRun)
        .where(BulkRun.id == run_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if run is None:
        raise NotFoundError("bulk change", run_id)
    return run


def _own_draft(session: Session, actor: Actor, run_id: int) -> BulkRun:
    run = _locked(session, actor, run_id)
    _require_own(actor, run)
    if run.state is not RunState.DRAFT:
        raise ConflictError("This bulk change was started already.")
    return run


def _require_own(actor: Actor, run: BulkRun) -> None:
    if run.actor_id != actor.user_id:
        raise PermissionDeniedError(f"{run.actor_label} chose these orders; only they may start.")


def _note(session: Session, actor: Actor, run: BulkRun, verb: str) -> None:
    session.flush()
    audit.record(
        session,
        actor,
        f"bulk:{verb}",
        subject_type="bulk",
        subject_id=run.id,
        after={"action": run.action, "settings": run.settings, "orders": run.total},
    )
