"""Usage plans: one token bucket for each seller and operation, as Amazon keeps them."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

Mode = Literal["published", "fast"]
# Fast mode is for demos and imports: the same buckets, this much larger and quicker.
FAST_FACTOR: Final = 1000.0


@dataclass(frozen=True, slots=True)
class UsagePlan:
    """`rate` requests a second are refilled, `burst` of them can be saved up."""

    rate: float
    burst: int


AMAZON_PLANS: Final = {
    "searchOrders": UsagePlan(0.0056, 20),
    "getOrder": UsagePlan(0.5, 30),
    "confirmShipment": UsagePlan(2.0, 10),
}


@dataclass(frozen=True, slots=True)
class Window:
    """`most` calls within `per_s` seconds; one more closes the door for `locked_s`."""

    most: int
    per_s: float
    locked_s: float


# Of the relay that carries Swiggy's orders.
WINDOWS: Final = {
    ("swiggy", "updateStatus"): Window(100, 60.0, 60.0),
    ("swiggy", "retry"): Window(2, 3_600.0, 0.0),
}


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Limits:
    """Token buckets in memory. Safe from several threads.

    Args:
        mode: `published` or `fast`.
        clock: seconds from any origin, never running backwards.
    """

    def __init__(self, mode: Mode, clock: Callable[[], float] = time.monotonic) -> None:
        self.mode: Mode = mode
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._calls: dict[tuple[str, str], deque[float]] = {}
        self._locked_until: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def plan_of(self, operation: str) -> UsagePlan:
        """The plan in force for an Amazon operation, in this mode."""
        plan = AMAZON_PLANS[operation]
        if self.mode == "published":
            return plan
        return UsagePlan(plan.rate * FAST_FACTOR, int(plan.burst * FAST_FACTOR))

    def take(self, seller: str, operation: str) -> bool:
        """Take one token; False if the bucket is empty."""
        plan = self.plan_of(operation)
        with self._lock:
            at = self._clock()
            bucket = self._buckets.setdefault((seller, operation), _Bucket(plan.burst, at))
            bucket.tokens = min(plan.burst, bucket.tokens + (at - bucket.at) * plan.rate)
            bucket.at = at
            if bucket.tokens < 1:
                return False
            bucket.tokens -= 1
            return True

    def take_window(self, channel: str, operation: str) -> bool:
        """Count a call of a windowed operation; False if it is one too many."""
        key = (channel, operation)
        window = WINDOWS[key]
        most = window.most if self.mode == "published" else int(window.most * FAST_FACTOR)
        with self._lock:
            at = self._clock()
            if at < self._locked_until.get(key, at):
                return False
            calls = self._calls.setdefault(key, deque())
            while calls and calls[0] <= at - window.per_s:
                calls.popleft()
            if len(calls) >= most:
                self._locked_until[key] = at + window.locked_s
                return False
            calls.append(at)
            return True

    def remaining(self) -> list[dict[str, object]]:
        """What is left of each budget, and how much of it comes back a second."""
        with self._lock:
            at = self._clock()
            found: list[dict[str, object]] = []
            for (seller, operation), bucket in self._buckets.items():
                plan = self.plan_of(operation)
                left = min(plan.burst, bucket.tokens + (at - bucket.at) * plan.rate)
                found.append(_budget("amazon", operation, left, plan.burst, plan.rate, seller))
            for (channel, operation), window in WINDOWS.items():
                calls = self._calls.get((channel, operation), ())
                used = sum(one > at - window.per_s for one in calls)
                is_locked = at < self._locked_until.get((channel, operation), at)
                most = window.most if self.mode == "published" else int(window.most * FAST_FACTOR)
                left = 0 if is_locked else most - used
                found.append(_budget(channel, operation, left, most, most / window.per_s, ""))
            return found

    def switch(self, mode: Mode) -> None:
        """Change the mode; every bucket starts full."""
        with self._lock:
            self.mode = mode
            self._buckets.clear()
            self._calls.clear()
            self._locked_until.clear()


def _budget(
    channel: str, operation: str, left: float, most: int, rate: float, seller: str
) -> dict[str, object]:
    return {
        "channel": channel,
        "seller": seller,
        "operation": operation,
        "left": int(left),
        "most": most,
        "refilled_per_s": rate,
    }
