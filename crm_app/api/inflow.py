"""Webhooks that arrive at the same time share one transaction.

A transaction costs about the same for one webhook as for fifty. The first one after a pause is
stored at once; in a crowd, what comes within some milliseconds goes together.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from crm_app import db
from crm_app.errors import SecretsUnreadableError, ServiceUnavailableError
from crm_app.services import receiving
from crm_app.services.receiving import Accepted, Arrival

# In one transaction; large bodies make it fewer.
_MOST: Final = 64
_MOST_BYTES: Final = 4_000_000
# All that may wait in this process. A channel that is told 503 comes again.
_MOST_WAITING_BYTES: Final = 64_000_000
# From the beginning of one transaction to that of the next: 50 of them a second are 3,200 webhooks.
_APART_S: Final = 0.02
# What waiting costs beside the body.
_OVERHEAD_BYTES: Final = 8_000

Outcome = Accepted | None | Exception
_Waiting = tuple[Arrival, asyncio.Future[Accepted | None]]


class Inflow:
    """What has arrived in this process and is not stored yet, and its one writer."""

    def __init__(self) -> None:
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="webhooks")
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._writing: asyncio.Task[None] | None = None

    async def store(self, arrival: Arrival) -> Accepted | None:
        """Return after the commit; None if it is not proved (see `receiving.receive`).

        Raises:
            ServiceUnavailableError: If it could not be stored, or too much waits already.
        """
        if self._bytes + _size(arrival) > _MOST_WAITING_BYTES:
            raise ServiceUnavailableError("Too many webhooks wait to be stored; try again.")
        stored: asyncio.Future[Accepted | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, stored))
        self._bytes += _size(arrival)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await stored

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            began = loop.time()
            batch = self._take()
            arrivals = [arrival for arrival, _ in batch]
            outcomes = await loop.run_in_executor(self._writer, store_all, arrivals)
            for (arrival, stored), outcome in zip(batch, outcomes, strict=True):
                self._bytes -= _size(arrival)
                if stored.done():
                    continue  # who sent it has hung up
                if isinstance(outcome, Exception):
                    stored.set_exception(outcome)
                else:
                    stored.set_result(outcome)
            await asyncio.sleep(began + _APART_S - loop.time())

    def _take(self) -> list[_Waiting]:
        taken = [self._waiting.popleft()]
        size = _size(taken[0][0])
        while self._waiting and len(taken) < _MOST:
            size += _size(self._waiting[0][0])
            if size > _MOST_BYTES:
                break
            taken.append(self._waiting.popleft())
        return taken


def store_all(arrivals: Sequence[Arrival]) -> list[Outcome]:
    """Store them in one transaction; one by one if that fails, so that one spoils no other.

    Returns:
        For each of them the answer, or what was raised for it.
    """
    try:
        with db.transaction() as session:
            accepted = receiving.receive(session, arrivals)
    except Exception as error:  # as a job's runner: whoever waits for it must hear of it
        # A database that is away is away for each of them.
        is_away = isinstance(error, ServiceUnavailableError)
        if len(arrivals) == 1 or (is_away and not isinstance(error, SecretsUnreadableError)):
            return [error] * len(arrivals)
        return [outcome for arrival in arrivals for outcome in store_all([arrival])]
    return list(accepted)


def _size(arrival: Arrival) -> int:
    return len(arrival.delivery.body) + _OVERHEAD_BYTES
