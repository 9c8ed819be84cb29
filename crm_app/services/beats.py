"""Signs of life of the worker and the clock: seen missing within seconds of their death."""

import logging
import threading
from dataclasses import dataclass
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from crm_app import queue
from crm_app.errors import ServiceUnavailableError

logger = logging.getLogger(__name__)

WORKER: Final = "worker"
CLOCK: Final = "clock"
EVERY_S: Final = 2.0
# Some beats may be late on a machine that is busy; a process that is dead makes none at all.
_LASTS_S: Final = 15


@dataclass(frozen=True, slots=True)
class Beats:
    """Which parts show a sign of life; none where the queue's server does not answer."""

    redis: bool
    worker: bool = False
    clock: bool = False

    @property
    def sentence(self) -> str:
        """What does not run and what that means; empty while all do."""
        if not self.redis:
            return "Redis does not answer: changes are kept, and nothing goes out or comes in"
        missing = [
            name
            for name, is_there in (("worker", self.worker), ("clock", self.clock))
            if not is_there
        ]
        if not missing:
            return ""
        who = f"The {missing[0]} does" if len(missing) == 1 else "Worker and clock do"
        so = "goes out or comes in" if WORKER in missing else "is asked for or retried"
        return f"{who} not run: changes are kept, and nothing {so}"


def listen() -> Beats:
    """Which parts run now; never raises."""
    try:
        found = queue.hasty_connection().exists
        return Beats(True, bool(found(_key(WORKER))), bool(found(_key(CLOCK))))
    except (RedisError, OSError, ServiceUnavailableError) as error:
        logger.warning("Redis is not ready: %s", type(error).__name__)
        return Beats(False)


def beat(connection: Redis, name: str) -> None:
    """Show one sign of life."""
    connection.set(_key(name), "1", ex=_LASTS_S)


def keep_beating(name: str) -> None:
    """Show signs of life for as long as this process lives, from a thread of their own.

    What a forked job inherits of it is nothing: threads stay behind.
    """
    # A connection of its own: a job that is forked must never find it locked.
    connection = queue.fresh_connection()

    def go_on() -> None:
        pause = threading.Event()
        while True:
            try:
                beat(connection, name)
            except (RedisError, OSError) as error:
                logger.warning("No sign of life of the %s: %s", name, type(error).__name__)
            pause.wait(EVERY_S)

    threading.Thread(target=go_on, name=f"beats-{name}", daemon=True).start()


def _key(name: str) -> str:
    return f"alive:{name}"
