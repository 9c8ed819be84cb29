"""Replay jobs: ids in, one service call, counts out. Each may run twice."""

import logging
from typing import Final

from crm_app import db, queue
from crm_app.channels.rereading import REREADERS
from crm_app.services import replaying, replays

logger = logging.getLogger(__name__)

# Short, so that a pull never waits long behind it.
_BUDGET_S: Final = 10.0


def replay_due() -> int:
    """Started by the clock: finds every replay that a lost hint or a dead worker left behind."""
    with db.transaction() as session:
        due = replays.left_behind(session)
    for replay_id in due:
        queue.enqueue(queue.PULL, queue.REPLAY, replay_id)
    return len(due)


def replay(replay_id: int) -> bool:
    """Read stored orders again for a while; whether more is to be done."""
    has_more = replaying.run(replay_id, REREADERS, budget_s=_BUDGET_S)
    if has_more:
        queue.enqueue(queue.PULL, queue.REPLAY, replay_id)
    else:
        logger.info("Nothing is left to do for replay %d", replay_id)
    return has_more
