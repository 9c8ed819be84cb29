"""Jobs of uploaded files: ids in, one service call. Each may run twice."""

import logging
from typing import Final

from crm_app import db, queue
from crm_app.services.documents import results, uploads, working

logger = logging.getLogger(__name__)

# Long enough for some thousand orders, short enough that a push never waits long behind it.
_BUDGET_S: Final = 10.0


def work_due() -> int:
    """Started by the clock: finds every file that a lost hint or a dead worker left behind."""
    with db.transaction() as session:
        due = uploads.in_work(session)
    for document_id in due:
        queue.enqueue(queue.PULL, queue.WORK_ON_DOCUMENT, document_id)
    return len(due)


def work_on(document_id: int) -> bool:
    """Read, check or import a file for a while; whether more is left, which is asked for."""
    with db.exclusive(db.LOCK_DOCUMENT, document_id) as is_ours:
        if not is_ours:
            return False
        is_left = working.work(document_id, budget_s=_BUDGET_S)
    if is_left:
        # Behind the pulls that wait already.
        queue.enqueue(queue.PULL, queue.WORK_ON_DOCUMENT, document_id)
    return is_left


def empty_old() -> int:
    """Started by the clock: forget files that were kept long enough."""
    with db.transaction() as session:
        count = results.empty_old(session)
    if count:
        logger.info("Deleted the lines of %d old files", count)
    return count
