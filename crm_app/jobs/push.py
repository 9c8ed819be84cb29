"""Push jobs: ids in, one service call, counts out. Each may run twice."""

import logging
import time
from typing import Final

from crm_app import db, queue
from crm_app.channels.base import Connector
from crm_app.errands.connecting import connected
from crm_app.services import accounts, clicks, pushing

logger = logging.getLogger(__name__)

_BUDGET_S: Final = 30.0
# How long a click on another account may wait behind the many changes of this one.
_SLICE_S: Final = 2.0


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
            calls = _push(connector, account_id)
    if calls:
        logger.info("Made %d calls for account %d", calls, account_id)
    return calls


def _push(connector: Connector, account_id: int) -> int:
    """In slices, so that thousands of one account do not keep a person of another waiting."""
    began = time.monotonic()
    calls = 0
    while (passed := time.monotonic() - began) < _BUDGET_S:
        calls += pushing.push(connector, account_id, budget_s=_SLICE_S)
        if time.monotonic() - began < passed + _SLICE_S:
            break  # nothing more is due now
        with db.transaction() as session:
            is_asked = clicks.is_one_waiting(session, beside=account_id)
        if is_asked:
            queue.enqueue(queue.PUSH, queue.PUSH_ACCOUNT, account_id)
            break
    return calls
