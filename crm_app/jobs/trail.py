"""Jobs of the audit trail: ids in, one service call. Each may run twice."""

from typing import Final

from crm_app import db, queue
from crm_app.services import trail_checks

# Others have their turn between the slices.
_BUDGET_S: Final = 8.0


def check_nightly() -> int:
    """Started by the clock once a day: walk the whole trail."""
    with db.transaction() as session:
        return trail_checks.begin_by_clock(session).id


def checks_due() -> int:
    """Started by the clock: finds every walk that a lost hint or a dead worker left behind."""
    with db.transaction() as session:
        due = trail_checks.in_work(session)
    for check_id in due:
        queue.enqueue(queue.DOCUMENTS, queue.CHECK_TRAIL, check_id)
    return len(due)


def check(check_id: int) -> bool:
    """Walk for a while; whether more is left, which is asked for."""
    with db.exclusive(db.LOCK_TRAIL_CHECK, check_id) as is_ours:
        if not is_ours:
            return False
        is_left = trail_checks.go_on(check_id, budget_s=_BUDGET_S)
    if is_left:
        queue.enqueue(queue.PULL, queue.CHECK_TRAIL, check_id)
    return is_left


def note_head() -> int:
    """Started by the clock every hour: the chain's end goes to the log and to a file."""
    head = trail_checks.note_head()
    return head.id if head else 0
