"""The daily cleaning. May run twice, and go on where it stopped."""

import logging
import time
from datetime import timedelta
from typing import Final

from crm_app import db, queue
from crm_app.config import get_settings
from crm_app.domain.time import now
from crm_app.services import retention

logger = logging.getLogger(__name__)

# A worker has other things to do; what is left is taken in the next piece.
_BUDGET_S: Final = 15.0


def forget_old() -> int:
    """Delete what is done with since `CRM_INBOX_RETENTION_DAYS`; how many rows it was."""
    before = now() - timedelta(days=get_settings().inbox_retention_days)
    deadline = time.monotonic() + _BUDGET_S
    count = 0
    for step in retention.STEPS:
        found = retention.BATCH
        while found >= retention.BATCH:
            if time.monotonic() > deadline:
                queue.enqueue(queue.PULL, queue.FORGET_OLD)
                return count
            with db.transaction() as session:
                found = step(session, before)
            count += found
    if count:
        logger.info("Forgot %d old rows", count)
    return count
