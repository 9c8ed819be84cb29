"""The worker's part of a bulk change: batch after batch, each in one transaction."""

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import text
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.bulk import ACTIVE, Outcome, RunState
from crm_app.domain.permissions import Permission
from crm_app.errors import PermissionDeniedError, ServiceUnavailableError
from crm_app.models import BulkRow, BulkRun, Order
from crm_app.services import bulk, bulk_actions, bulk_telling, clicks, reach
from crm_app.services.behalf import on_behalf
from crm_app.services.bulk_action import Action, Item, Result

logger = logging.getLogger(__name__)

# Large enough that statements cost less than rows, small enough that a pause is felt at once.
BATCH: Final = 500
# Orders in somebody's hands are left for a moment, and then asked for again.
_LOCKED_PAUSE_S: Final = 0.1

_RESULTS: Final = text(
    """
    UPDATE bulk_rows SET outcome = did.outcome, reason = did.reason,
        found_version = did.found_version, from_status = did.from_status,
        to_status = did.to_status, intent_id = did.intent_id, done_at = clock_timestamp()
    FROM json_to_recordset(CAST(:rows AS json)) AS did(
        position integer, outcome text, reason text, found_version integer, from_status text,
        to_status text, intent_id bigint)
    WHERE bulk_rows.run_id = :run_id AND bulk_rows.position = did.position
    """
)


def work(run_id: int, *, budget_s: float) -> bool:
    """Work on a run until it ends, is paused, its time is up, or a person's click waits.

    Killed at any point, what was committed stays and the rest is found again: an order's change
    and its result are one transaction.

    Args:
        run_id: The caller holds the run's lock.
        budget_s: Start no batch after so many seconds.

    Returns:
        Whether there is more to do now.
    """
    deadline = time.monotonic() + budget_s
    while time.monotonic() < deadline:
        try:
            with db.transaction() as session:
                taken = _batch(session, run_id, BATCH)
        except ServiceUnavailableError:
            raise
        except Exception:
            logger.exception("A batch of bulk change %d failed; its orders go one by one", run_id)
            taken = _one_by_one(run_id)
        if taken is None:
            return False
        if taken == 0:
            time.sleep(_LOCKED_PAUSE_S)
        elif _is_click_waiting():
            break
    return True


def active_runs(session: Session) -> list[int]:
    """Runs that a worker should be at, the oldest first."""
    return list(
        session.exec(
            select(BulkRun.id).where(col(BulkRun.state).in_(ACTIVE)).order_by(col(BulkRun.id))
        )
    )


def _is_click_waiting() -> bool:
    with db.transaction() as session:
        return clicks.is_one_waiting(session)


def _batch(session: Session, run_id: int, size: int) -> int | None:
    """Do up to `size` orders; how many, or None where there is nothing to do on this run."""
    run = session.exec(select(BulkRun).where(BulkRun.id == run_id).with_for_update()).one_or_none()
    if run is None or run.state not in ACTIVE:
        return None
    run.state = RunState.RUNNING
    action = bulk_actions.of(run.action)
    actor = _actor(session, run, action)
    if actor is None:
        return None
    items = _items(session, run_id, size)
    if items:
        _store(session, run, action.apply(session, actor, run, items))
    if run.done >= run.total or (not items and not _has_waiting(session, run_id)):
        bulk_telling.end(session, run)
        return None
    return len(items)


def _actor(session: Session, run: BulkRun, action: Action) -> Actor | None:
    """Who asked for the run, with what they may do today."""
    needed = (Permission.BULK_CHANGE, *bulk_actions.needed(action, run.settings))
    with suppress(PermissionDeniedError):
        actor = on_behalf(session, run.actor_id, run.token_id)
        for one in needed:
            actor.require(one)
        if not _is_within(session, run, actor, needed):
            raise PermissionDeniedError
        reach.require(session, actor, *needed)
        return actor
    run.state = RunState.PAUSED
    run.reason = f"{run.actor_label} may no longer do this. Stop it, or give the role back."
    return None


def _is_within(session: Session, run: BulkRun, actor: Actor, needed: Sequence[Permission]) -> bool:
    """Whether the person still reaches the accounts of all orders that wait."""
    if not actor.narrowed:
        return True
    left = select(BulkRow.account_id).where(
        BulkRow.run_id == run.id, BulkRow.outcome == Outcome.WAITING
    )
    held = reach.common(actor, *needed)
    return all(held.holds(one) for one in session.exec(left.distinct()))


def _items(session: Session, run_id: int, size: int) -> list[Item]:
    found = session.exec(
        select(BulkRow, Order)
        .join(Order, col(Order.id) == BulkRow.order_id)
        .where(BulkRow.run_id == run_id, BulkRow.outcome == Outcome.WAITING)
        .order_by(col(BulkRow.position))
        .limit(size)
        # An order that a pull or a colleague holds is no reason to wait for all the others.
        .with_for_update(skip_locked=True, of=Order)
    )
    return [Item(row, order) for row, order in found]


def _has_waiting(session: Session, run_id: int) -> bool:
    waiting = select(BulkRow.position).where(
        BulkRow.run_id == run_id, BulkRow.outcome == Outcome.WAITING
    )
    return session.exec(waiting.limit(1)).first() is not None


def _store(session: Session, run: BulkRun, results: Sequence[Result]) -> None:
    rows: list[dict[str, Any]] = [
        {name: getattr(result, name) for name in Result.__dataclass_fields__} for result in results
    ]
    session.flush()
    session.execute(_RESULTS, {"run_id": run.id, **bulk.parameter(rows)})
    outcomes = [result.outcome for result in results]
    run.changed += outcomes.count(Outcome.CHANGED)
    run.refused += outcomes.count(Outcome.REFUSED)
    run.failed += outcomes.count(Outcome.FAILED)


def _one_by_one(run_id: int) -> int | None:
    """After a batch failed: each of its orders alone, so that one stops none of the others."""
    taken: int | None = 0
    for _ in range(BATCH):
        try:
            with db.transaction() as session:
                taken = _batch(session, run_id, 1)
        except ServiceUnavailableError:
            raise
        except Exception:
            logger.exception("An order of bulk change %d failed", run_id)
            with db.transaction() as session:
                _fail_next(session, run_id)
        if not taken:
            break
    return taken


def _fail_next(session: Session, run_id: int) -> None:
    run = session.exec(select(BulkRun).where(BulkRun.id == run_id).with_for_update()).one()
    if items := _items(session, run_id, 1):
        reason = "Something went wrong on our side; it was written to the log."
        order = items[0].order
        failed = Result(
            items[0].row.position,
            Outcome.FAILED,
            reason=reason,
            found_version=order.version,
            from_status=order.status,
        )
        _store(session, run, [failed])
