"""Whose turn it is: the order of the queues, with an end to waiting."""

import gc
import logging
from typing import Any, Final

from rq import Queue, Worker
from sqlalchemy import text
from sqlalchemy.orm import configure_mappers

from crm_app import db
from crm_app.errors import ServiceUnavailableError

logger = logging.getLogger(__name__)

# Jobs of other queues that one has to let pass, before it is asked first for once. More than there
# are queues: with fewer, all being full, each would have its turn alike, and no order were left.
_MOST_PASSED: Final = 8


def warm_up() -> None:
    """Learn here, once, what every job's process would else have to learn anew.

    Each job is a fork of the worker. What the worker knows at that moment it knows too: how the
    models map, and what the database is like. That is three quarters of what a small job costs.
    """
    configure_mappers()
    try:
        with db.transaction() as session:
            session.execute(text("SELECT 1"))
    except ServiceUnavailableError as error:
        logger.warning("The worker begins without its database: %s", error)
    # No process may share a connection with another.
    db.hang_up()
    gc.collect()
    # The collector then writes to none of these pages, so that parent and child go on sharing them.
    gc.freeze()


class PatientWorker(Worker):
    """Empties its first queue before the next, and still leaves none out for good.

    By order alone a busy machine imports nothing any more: where a job takes half a second, the
    ticks and hints of the first queues come as quickly as they are done.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)  # pyright: ignore[reportUnknownMemberType]
        self._passed = dict.fromkeys((one.name for one in self.queues), 0)

    def reorder_queues(self, reference_queue: Queue) -> None:
        """See `Worker`: called with the queue that a job was just taken from."""
        for name in self._passed:
            self._passed[name] += 1
        self._passed[reference_queue.name] = 0
        # Who has waited too long comes first, the longest before; the others keep their order.
        self._ordered_queues = sorted(self.queues, key=lambda one: -self._overdue(one.name))

    def _overdue(self, name: str) -> int:
        passed = self._passed[name]
        return passed if passed >= _MOST_PASSED else 0
