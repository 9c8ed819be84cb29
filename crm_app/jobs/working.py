"""Keeping the desk's own data. No arguments in, counts out; may run twice."""

import logging
from typing import Final

from crm_app import db
from crm_app.services.working import holding

logger = logging.getLogger(__name__)

# What is left after these waits for the next tick.
_MOST_BATCHES: Final = 20


def release_due() -> int:
    """Started by the clock: releases holds whose date has come; how many."""
    count = 0
    for _ in range(_MOST_BATCHES):
        with db.transaction() as session:
            found = holding.release_due(session)
        if not found:
            break
        count += found
    if count:
        logger.info("Released %d orders whose hold was over", count)
    return count
