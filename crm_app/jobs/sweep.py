"""Deep sweeps: ids in, one service call, counts out. Each may run twice."""

import logging
from typing import Final

from crm_app import db, queue
from crm_app.domain.time import now
from crm_app.errands.connecting import connected
from crm_app.services import sweeping

logger = logging.getLogger(__name__)

# Short: whoever waits for a push or a pull waits behind it.
_BUDGET_S: Final = 5.0
# The part of each limit that a sweep may use; the pull has the rest.
_SHARE: Final = 0.2


def sweep_due() -> int:
    """Started by the clock: one job for each account whose sweep should begin or go on.

    Among the pulls, so that a worker that is never idle still takes a step of each sweep now and
    then; where it is idle, a step asks for the next one itself.
    """
    with db.transaction() as session:
        due = sweeping.claim_due(session)
    for account_id in due:
        queue.enqueue(queue.PULL, queue.SWEEP_ACCOUNT, account_id)
    return len(due)


def sweep_account(account_id: int) -> int:
    """Walk on with an account's sweep; how many orders were found missing or behind."""
    with db.exclusive(db.LOCK_ACCOUNT_SWEEP, account_id) as is_ours:
        if not is_ours:
            return 0
        with connected(account_id, share=_SHARE) as connector:
            if connector is None:
                return 0
            done = sweeping.step(connector, account_id, budget_s=_BUDGET_S)
    if done is None:
        return 0
    if done.next_step_at is not None and done.next_step_at <= now():
        queue.enqueue(queue.SWEEP, queue.SWEEP_ACCOUNT, account_id)
    return done.found
