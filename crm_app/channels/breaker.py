"""A channel that keeps failing is left alone for a growing while: a circuit breaker in Redis.

One circuit for each account and kind of call, shared by every process and by people's clicks:

closed      Every call goes out. Failures are counted as long as they come in a row.
open        After `THRESHOLD` of them no call goes out: first for `FIRST_PAUSE_S`, doubled by each
            probe that fails, never longer than `LONGEST_PAUSE_S`, a little more or less each time.
half open   The pause is over. One call goes out as a probe, the others are still refused. If it
            succeeds the circuit is closed; if it fails the pause doubles; if its process dies, the
            next one may try when its lease has run out.

A failure is an answer that is no answer: no connection, a time-out, a 5xx, a page of HTML, half a
JSON. A refusal (4xx) is an answer and closes the circuit: it is about one order. A 429 is the
channel's pace, which `limits.py` keeps. Losing Redis closes every circuit and costs a channel that
is still down `THRESHOLD` more calls. Why no library: docs/decisions/0013.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError

from crm_app.errors import ChannelError, LeftAloneError, RateLimitedError, RetryableError

logger = logging.getLogger(__name__)

THRESHOLD: Final = 5
FIRST_PAUSE_S: Final = 30.0
LONGEST_PAUSE_S: Final = 15 * 60.0
# Longer than any call may take but for one whose answer drips; then a second probe does no harm.
_PROBE_LASTS_S: Final = 45.0
_REMEMBERED_S: Final = 24 * 3600
_WORDS: Final = 200


class Family(StrEnum):
    """Kinds of calls that fail together. An order that breaks each write stops no reading."""

    READ = "read"
    WRITE = "write"
    SIGN_IN = "sign_in"


@dataclass(frozen=True, slots=True)
class Rest:
    """Calls of one family are left out until `until`, after so many failures in a row."""

    family: Family
    until: datetime
    failures: int
    why: str


_CLOCK: Final = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
"""
# The seconds to wait; 0 if the call may go out, -1 if it goes out as the probe.
_ADMIT: Final = (
    _CLOCK
    + """
local kept = redis.call('HMGET', KEYS[1], 'until', 'probe_until', 'failures', 'why')
if not kept[1] then return {'0', '', ''} end
local wait = tonumber(kept[1]) - now
if wait <= 0 then
    wait = tonumber(kept[2] or 0) - now
    if wait <= 0 then
        redis.call('HSET', KEYS[1], 'probe_until', string.format('%.17g', now + ARGV[1]))
        return {'-1', '', ''}
    end
    wait = math.min(wait, 5)
end
return {string.format('%.17g', wait), kept[3] or '', kept[4] or ''}
"""
)
_FAILED: Final = (
    _CLOCK
    + """
local threshold, first, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local open_until = tonumber(redis.call('HGET', KEYS[1], 'until') or '-1')
-- A call that was on its way when the circuit opened tells nothing new.
if open_until > now then return '0' end
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
redis.call('HSET', KEYS[1], 'why', ARGV[5])
redis.call('HDEL', KEYS[1], 'probe_until')
redis.call('EXPIRE', KEYS[1], ARGV[6])
if failures < threshold then return '0' end
local openings = redis.call('HINCRBY', KEYS[1], 'openings', 1)
local pause = math.min(longest, first * 2 ^ math.min(openings - 1, 20)) * tonumber(ARGV[4])
redis.call('HSET', KEYS[1], 'until', string.format('%.17g', now + pause))
return string.format('%.17g', pause)
"""
)


class Breaker:
    """The circuits of one account."""

    def __init__(
        self,
        redis: "Redis",
        account_id: int,
        *,
        first_pause_s: float = FIRST_PAUSE_S,
        longest_pause_s: float = LONGEST_PAUSE_S,
        jitter: Callable[[], float] = lambda: random.uniform(0.85, 1.15),  # noqa: S311
    ) -> None:
        """`jitter` gives the factor of a pause, so that accounts do not come back in step."""
        # redis-py types its answers for two worlds at once; what is asked here has one answer each.
        self._redis: Any = redis
        self._account_id = account_id
        self._first_pause_s = min(first_pause_s, longest_pause_s)
        self._longest_pause_s = longest_pause_s
        self._jitter = jitter
        self._admit = redis.register_script(_ADMIT)
        self._failed = redis.register_script(_FAILED)

    def admit(self, family: Family) -> bool:
        """Let a call out; True if it is the probe of an open circuit.

        Raises:
            LeftAloneError: The circuit is open: no sooner than `retry_after_s`.
            RedisError: As it comes.
        """
        told = self._run(self._admit, family, _PROBE_LASTS_S)
        wait_s, failures, why = float(told[0]), _text(told[1]), _text(told[2])
        if wait_s > 0:
            raise LeftAloneError(_sentence(int(failures or 0), why), retry_after_s=wait_s)
        return wait_s < 0

    def give_back(self, family: Family) -> None:
        """The probe was not sent after all: the next call may be it. Never raises."""
        self._quietly(lambda: self._redis.hdel(self._key(family), "probe_until"))

    def ended(self, family: Family, error: ChannelError | None) -> None:
        """Tell how a call ended. Never raises."""
        if is_failure(error):
            self._quietly(lambda: self._open(family, str(error)[:_WORDS]))
        else:
            self._quietly(lambda: self._redis.delete(self._key(family)))

    def try_now(self) -> None:
        """A person asks: the pauses are over, and the next call of each kind is a probe."""
        for family in Family:
            key = self._key(family)

            def end(key: str = key) -> None:
                if self._redis.hexists(key, "until"):
                    self._redis.hset(key, "until", "0")

            self._quietly(end)

    def rests(self) -> tuple[Rest, ...]:
        """The circuits that are not closed, also those whose pause is over.

        Raises:
            RedisError: As it comes.
        """
        found = (self._rest(family) for family in Family)
        return tuple(rest for rest in found if rest is not None)

    def _rest(self, family: Family) -> Rest | None:
        told: list[bytes | None] = self._redis.hmget(
            self._key(family), ["until", "failures", "why"]
        )
        if told[0] is None:
            return None
        until = datetime.fromtimestamp(float(told[0]), UTC)
        return Rest(family, until, int(told[1] or 0), _text(told[2] or b""))

    def _open(self, family: Family, why: str) -> None:
        answer = self._run(
            self._failed,
            family,
            THRESHOLD,
            self._first_pause_s,
            self._longest_pause_s,
            self._jitter(),
            why,
            _REMEMBERED_S,
        )
        if (pause_s := float(answer)) > 0:
            logger.warning(
                "Account %d is left alone for %.0f s (%s)", self._account_id, pause_s, family
            )

    def _run(self, script: Any, family: Family, *values: Any) -> Any:
        return script(keys=[self._key(family)], args=list(values))

    def _key(self, family: Family) -> str:
        return f"crm:breaker:{self._account_id}:{family}"

    def _quietly(self, act: Callable[[], object]) -> None:
        try:
            act()
        except RedisError:
            # The call itself is answered; its result must not be lost over the count.
            logger.warning("How a call ended was not counted: Redis is away.")


def is_failure(error: ChannelError | None) -> bool:
    """Whether a call ended without an answer that makes sense."""
    return isinstance(error, RetryableError) and not isinstance(error, RateLimitedError)


def _sentence(failures: int, why: str) -> str:
    return f"Left alone for a while after {failures} failures in a row: {why}"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
