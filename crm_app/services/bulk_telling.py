"""After the last order of a bulk change is done here: its channels are told, or held back.

What a paused or stopped run wished and nobody sent yet waits; that is asked of the run, not
written into each of its intents, so that pausing fifty thousand of them is one row.
"""

from typing import Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select

from crm_app import queue
from crm_app.domain.bulk import RunState
from crm_app.domain.intent import UNSENT
from crm_app.domain.time import now
from crm_app.models import BulkRun, StatusIntent
from crm_app.models.outbox import IS_OPEN

# In the words of `ix_bulk_runs_halted`.
_IS_HALTED: Final = sa.literal_column("bulk_runs.state IN ('paused', 'stopped')", sa.Boolean)
_MOST_ENDED: Final = 50


def is_free() -> ColumnElement[bool]:
    """Of an intent: no run holds it back. What its channel may know already is still read."""
    halted = select(BulkRun.id).where(_IS_HALTED)
    return or_(
        col(StatusIntent.run_id).is_(None),
        col(StatusIntent.state).not_in(UNSENT),
        col(StatusIntent.outcome_unknown),
        col(StatusIntent.run_id).not_in(halted),
    )


def held(session: Session, run_id: int) -> int:
    """How many changes of a run no channel was told of, and none will be while it is halted."""
    return session.exec(
        select(func.count()).where(
            IS_OPEN,
            StatusIntent.run_id == run_id,
            col(StatusIntent.state).in_(UNSENT),
            col(StatusIntent.outcome_unknown).is_(False),
        )
    ).one()


def end(session: Session, run: BulkRun) -> None:
    """Every order of the run is done here: it is over as soon as its channels are told."""
    session.flush()
    if _is_on_its_way(session, run.id):
        run.state = RunState.TELLING
    else:
        run.state, run.finished_at = RunState.DONE, now()


def end_told(session: Session) -> int:
    """Started by the clock: end the runs whose last change is confirmed or settled; how many."""
    is_open = select(StatusIntent.id).where(IS_OPEN, StatusIntent.run_id == BulkRun.id).exists()
    over = session.exec(
        select(BulkRun)
        .where(BulkRun.state == RunState.TELLING, ~is_open)
        .order_by(col(BulkRun.id))
        .limit(_MOST_ENDED)
        .with_for_update(skip_locked=True)
    ).all()
    for run in over:
        run.state, run.finished_at = RunState.DONE, now()
    return len(over)


def hint(session: Session, run_id: int) -> None:
    """After the commit, tell workers that the run's changes may travel."""
    for account_id in session.exec(
        select(StatusIntent.account_id)
        .where(IS_OPEN, StatusIntent.run_id == run_id)
        .distinct()
        .order_by(col(StatusIntent.account_id))
    ):
        queue.hint_push(session, account_id)


def _is_on_its_way(session: Session, run_id: int) -> bool:
    mine = select(StatusIntent.id).where(IS_OPEN, StatusIntent.run_id == run_id)
    return session.exec(mine.limit(1)).first() is not None
