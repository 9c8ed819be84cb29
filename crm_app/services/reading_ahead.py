"""The next page is read while the last one is stored.

A pull waits for the channel, then for the database, in turns; each is idle while the other works.
Here a thread of its own reads. It knows no session, so no transaction is ever open around a call.
"""

import queue
import threading
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Final

from crm_app.channels.base import OrderPage

# Read and not stored yet. More would only cost memory: the slower side sets the pace.
_AHEAD: Final = 1
_LOOK_UP_S: Final = 0.1


@contextmanager
def ahead(pages: Iterable[OrderPage], deadline: float) -> Generator[Iterable[OrderPage]]:
    """The pages, read by a thread that ends with the block.

    After the deadline no further page is asked for; those that were are still handed on. What the
    reading raises is raised here, after the pages that came before it.

    Args:
        pages: Of a connector, which nobody else may use during the block.
        deadline: By `time.monotonic`.
    """
    reader = _Reader(pages, deadline)
    reader.start()
    try:
        yield reader.handed_on()
    finally:
        reader.end()


class _Reader(threading.Thread):
    def __init__(self, pages: Iterable[OrderPage], deadline: float) -> None:
        super().__init__(name="reading ahead", daemon=True)
        self._pages = pages
        self._deadline = deadline
        self._read: queue.Queue[OrderPage] = queue.Queue(_AHEAD)
        self._error: BaseException | None = None
        self._is_over = threading.Event()

    def run(self) -> None:
        try:
            for page in self._pages:
                if not self._put(page):
                    return
                if page.resume and time.monotonic() > self._deadline:
                    return
        except BaseException as error:
            # Whatever it is, the thread that stores has to hear of it.
            self._error = error

    def handed_on(self) -> Iterable[OrderPage]:
        """What was read, in its order; then the error, if there was one."""
        while True:
            # Looked at first: what is put before the end is in the queue by then.
            was_alive = self.is_alive()
            try:
                yield self._read.get(timeout=_LOOK_UP_S if was_alive else 0)
            except queue.Empty:
                if not was_alive:
                    break
        if self._error is not None:
            raise self._error

    def end(self) -> None:
        """Take no further page, and wait for the call that may be under way."""
        self._is_over.set()
        self.join()

    def _put(self, page: OrderPage) -> bool:
        while not self._is_over.is_set():
            try:
                self._read.put(page, timeout=_LOOK_UP_S)
            except queue.Full:
                continue
            return True
        return False
