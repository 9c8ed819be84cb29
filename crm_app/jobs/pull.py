"""Pull jobs: ids in, one service call, counts out. Each may run twice."""

import logging
from typing import Final

from crm_app import db, queue
from crm_app.errands.connecting import connected
from crm_app.services import accounts, pulling

logger = logging.getLogger(__name__)

# Long enough for some thousand orders, short enough that a push never waits long behind it.
_BUDGET_S: Final = 15.0


def pull_due() -> int:
    """Started by the clock: one job for each account whose time has come."""
    with db.transaction() as session:
        due = accounts.claim_for_pull(session)
    for account_id in due:
        queue.enqueue(queue.PULL, queue.PULL_ACCOUNT, account_id)
    return len(due)


def pull_account(account_id: int) -> int:
    """Import an account's changed orders; how many were created or updated."""
    with db.exclusive(db.LOCK_ACCOUNT_PULL, account_id) as is_ours:
        if not is_ours:
            return 0
        with connected(account_id) as connector:
            if connector is None:
                return 0
            result = pulling.pull(connector, account_id, budget_s=_BUDGET_S)
    if not result.is_complete and result.error is None:
        queue.enqueue(queue.PULL, queue.PULL_ACCOUNT, account_id)
    count = result.count
    if count.total:
        logger.info(
            "Pulled account %d: %d new, %d changed, %d as before, %d set aside",
            account_id,
            count.created,
            count.updated,
            count.unchanged,
            count.set_aside,
        )
    return count.created + count.updated
