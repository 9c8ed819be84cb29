"""Push jobs: ids in, one service call, counts out. Each may run twice."""

import logging
from typing import Final

from crm_app import db, queue
from crm_app.errands.connecting import connected
from crm_app.services import accounts, pushing

logger = logging.getLogger(__name__)

_BUDGET_S: Final = 30.0


def push_due() -> int:
    """Started by the clock: finds every intent that a lost hint or a dead worker left behind."""
    with db.transaction() as session:
        due = accounts.due_for_push(session)
    for account_id in due:
        queue.enqueue(queue.PUSH, queue.PUSH_ACCOUNT, account_id)
    return len(due)


def push_account(account_id: int) -> int:
    """Send and read back what is due on an account; how many calls were made."""
    with db.exclusive(db.LOCK_ACCOUNT_PUSH, account_id) as is_ours:
        if not is_ours:
            return 0
        with connected(account_id) as connector:
            if connector is None:
                return 0
            calls = pushing.push(connector, account_id, budget_s=_BUDGET_S)
    if calls:
        logger.info("Made %d calls for account %d", calls, account_id)
    return calls
