"""Whole causes tried again: ids in, one service call. Each may run twice."""

from typing import Final

from crm_app import db, queue
from crm_app.services.exceptions import retrying

_BUDGET_S: Final = 5.0


def retries_due() -> int:
    """Started by the clock: finds what a lost hint or a dead worker left behind."""
    with db.transaction() as session:
        due = retrying.in_work(session)
    for retry_id in due:
        queue.enqueue(queue.BULK, queue.RETRY_CAUSE, retry_id)
    return len(due)


def work_on(retry_id: int) -> bool:
    """Try a cause again for a while; whether more is left, which is asked for."""
    with db.exclusive(db.LOCK_DESK_RETRY, retry_id) as is_ours:
        if not is_ours:
            return False
        has_more = retrying.work(retry_id, budget_s=_BUDGET_S)
    if has_more:
        # Behind the changes that it let go out.
        queue.enqueue(queue.PUSH, queue.RETRY_CAUSE, retry_id)
    return has_more
