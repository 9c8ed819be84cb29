"""Keeping the ledger's counts: no arguments in, counts out. Each may run twice."""

import logging

from crm_app import db
from crm_app.services import ledger_counts

logger = logging.getLogger(__name__)


def fold_counts() -> int:
    """Started by the clock: adds up the moves since the last time; how many."""
    with db.exclusive(db.LOCK_LEDGER_FOLD, 0) as is_ours:
        if not is_ours:
            return 0
        with db.transaction() as session:
            return ledger_counts.fold(session)


def check_counts() -> int:
    """Started by the clock once a day: recounts everything; how many counts were wrong."""
    with db.transaction() as session:
        found = ledger_counts.check(session)
        wrong, intents = found.difference_count, found.intents
    if wrong:
        logger.error("The ledger does not balance: %d counts are wrong", wrong)
    else:
        logger.info("The ledger balances: %d status changes", intents)
    return wrong
