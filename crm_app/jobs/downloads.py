"""Jobs of files that people asked for: ids in, one service call. Each may run twice."""

import logging
from typing import Final

from crm_app import db, queue
from crm_app.services.downloads import keeping, working

logger = logging.getLogger(__name__)

# A million rows take a minute: others have their turn between the slices.
_BUDGET_S: Final = 8.0


def downloads_due() -> int:
    """Started by the clock: finds every file that a lost hint or a dead worker left behind."""
    with db.transaction() as session:
        due = working.in_work(session)
    for download_id in due:
        queue.enqueue(queue.DOCUMENTS, queue.WORK_ON_DOWNLOAD, download_id)
    return len(due)


def work_on(download_id: int) -> bool:
    """Write a file for a while; whether more is left, which is asked for."""
    with db.exclusive(db.LOCK_DOWNLOAD, download_id) as is_ours:
        if not is_ours:
            return False
        is_left = working.work(download_id, budget_s=_BUDGET_S)
    if is_left:
        # Behind the pulls that wait already.
        queue.enqueue(queue.PULL, queue.WORK_ON_DOWNLOAD, download_id)
    return is_left


def forget_old_downloads() -> int:
    """Started by the clock: delete files whose time is over; how many."""
    with db.transaction() as session:
        count = keeping.forget(session)
    if count:
        logger.info("Deleted %d old files", count)
    return count
