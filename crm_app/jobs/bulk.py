"""Bulk jobs: ids in, one service call, counts out. Each may run twice."""

import logging
from typing import Final

from crm_app import db, queue
from crm_app.services import bulk_keeping, bulk_telling, bulk_work, clicks

logger = logging.getLogger(__name__)

_BUDGET_S: Final = 10.0


def bulk_due() -> int:
    """Started by the clock: finds every run that a lost hint or a dead worker left behind, and
    ends those whose channels are told."""
    with db.transaction() as session:
        bulk_telling.end_told(session)
        active = bulk_work.active_runs(session)
    for run_id in active:
        queue.enqueue(queue.BULK, queue.BULK_RUN, run_id)
    return len(active)


def work_on(run_id: int) -> bool:
    """Work on a bulk change; whether there is more of it to do."""
    with db.exclusive(db.LOCK_BULK_RUN, run_id) as is_ours:
        if not is_ours:
            return False
        has_more = bulk_work.work(run_id, budget_s=_BUDGET_S)
    if has_more:
        with db.transaction() as session:
            is_asked = clicks.is_one_waiting(session)
        # Behind the pushes, if a person waits for one.
        queue.enqueue(queue.PUSH if is_asked else queue.BULK, queue.BULK_RUN, run_id)
    return has_more


def forget_old_runs() -> int:
    """Started by the clock: delete what was kept long enough; how many runs it was of."""
    with db.transaction() as session:
        count = bulk_keeping.forget(session)
    if count:
        logger.info("Forgot the rows of %d bulk changes", count)
    return count
