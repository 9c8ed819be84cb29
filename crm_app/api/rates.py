"""How many requests one person, token or address may make: a bucket each, in this process."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

from crm_app.domain.actor import Actor
from crm_app.errors import TooManyRequestsError

_MOST_KEYS: Final = 10_000


class Rates:
    """Buckets that fill again; the one that was quiet for longest is forgotten first."""

    def __init__(
        self, *, burst: float, per_second: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst, self._per_second, self._clock = burst, per_second, clock
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, key: Hashable) -> int:
        """Take one; 0 if there was one, else the seconds until there is."""
        with self._lock:
            moment = self._clock()
            tokens, at = self._buckets.get(key, (self._burst, moment))
            tokens = min(self._burst, tokens + (moment - at) * self._per_second)
            is_there = tokens >= 1
            self._buckets[key] = (tokens - 1 if is_there else tokens, moment)
            self._buckets.move_to_end(key)
            if len(self._buckets) > _MOST_KEYS:
                self._buckets.popitem(last=False)
            return 0 if is_there else max(1, math.ceil((1 - tokens) / self._per_second))

    def forget(self) -> None:
        """Fill every bucket."""
        with self._lock:
            self._buckets.clear()


# A program that pages through everything with 200 orders a request stays below it.
OF_ACTORS: Final = Rates(burst=600, per_second=50)


def take(actor: Actor) -> None:
    """One request of this person or token.

    Raises:
        TooManyRequestsError: Too many came at once; it says when to come again.
    """
    wait_s = OF_ACTORS.wait_s((actor.user_id, actor.token_id))
    if wait_s:
        raise TooManyRequestsError(wait_s)
