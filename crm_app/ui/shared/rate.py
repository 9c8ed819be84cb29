"""A bucket of tokens for each socket, so that one tab cannot keep the process busy."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class _Bucket:
    tokens: float
    filled_at: float


class EventRate:
    """Allow `burst` events at once and `per_second` in the long run, for each key.

    Generous for hands: the quickest typing with two timers running stays below it.
    """

    def __init__(
        self,
        *,
        burst: float = 60,
        per_second: float = 20,
        most_keys: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._burst = burst
        self._per_second = per_second
        self._most_keys = most_keys
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def allows(self, key: str) -> bool:
        """Take one token of `key`; False when it has none left."""
        now = self._clock()
        bucket = self._buckets.get(key) or _Bucket(self._burst, now)
        self._buckets[key] = bucket
        self._buckets.move_to_end(key)
        # Sockets come and go; the one that was quiet for longest is forgotten first.
        if len(self._buckets) > self._most_keys:
            self._buckets.popitem(last=False)
        refill = (now - bucket.filled_at) * self._per_second
        bucket.tokens = min(self._burst, bucket.tokens + refill)
        bucket.filled_at = now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True
