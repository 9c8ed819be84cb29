"""Token buckets in Redis: one for each account and operation, shared by every process.

No library at hand fits. `limits` has windows only. `pyrate-limiter` keeps a log of timestamps, by
the clock of each client. `throttled-py` has a token bucket in Redis, but it counts whole seconds
and whole tokens: at Amazon's 0.0056 requests a second, each call throws away up to three minutes
of refill. None of them can be corrected by the channel: told a new rate by an answer's header, or
held shut after a 429. What is needed is some twenty lines of Lua, so here they are.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from redis import Redis
from redis.exceptions import RedisError

from crm_app.channels.breaker import Breaker, Family
from crm_app.errors import ChannelError, RateLimitedError, RetryableError

logger = logging.getLogger(__name__)

# How long `acquire` sleeps itself. A longer wait goes back to the caller: a worker that sleeps
# three minutes for one account serves nobody else.
PATIENCE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class UsagePlan:
    """`rate_per_s` tokens are refilled each second, `burst` of them can be saved up.

    Attributes:
        purse: One bucket that several operations of an account pay from; empty: its own.
        cost: Tokens a call, until the channel says what this operation costs there.
    """

    rate_per_s: float
    burst: int
    purse: str = ""
    cost: float = 1.0

    @property
    def calls_per_s(self) -> float:
        """Of this operation, as long as no other one pays from the same purse."""
        return self.rate_per_s / self.cost

    def times(self, factor: float) -> "UsagePlan":
        """The same plan, so much larger and quicker."""
        burst = max(1, int(self.burst * factor))
        return replace(self, rate_per_s=self.rate_per_s * factor, burst=burst)


def pauses_s(plans: Mapping[str, UsagePlan]) -> dict[str, float]:
    """By operation, the seconds in which one token is refilled."""
    return {operation: 1 / plan.calls_per_s for operation, plan in plans.items()}


# For an operation that nobody planned for: slow enough for every channel.
FALLBACK: Final = UsagePlan(1.0, 5)


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of an operation's limit, in calls: `tokens` of `burst`, `rate_per_s` come back.

    `shut_s` is how long the channel told us to wait; 0 if it did not.
    """

    operation: str
    tokens: float
    burst: int
    rate_per_s: float
    shut_s: float


@dataclass(frozen=True, slots=True)
class Bill:
    """What a channel with one purse for everything says of a call.

    Attributes:
        asked: What it wants to see in the purse before such a call.
        refund: What of it was given back, because the answer was smaller.
        left: In the purse now.
        rate_per_s: How fast it is filled.
    """

    asked: float
    refund: float
    left: float
    rate_per_s: float


class Limiter(Protocol):
    """What one account may ask of its channel at the moment."""

    def acquire(
        self, operation: str, family: Family = Family.READ, *, patience_s: float | None = None
    ) -> None:
        """Take a token, waiting a moment if that is enough; `patience_s` is how long at most.

        Raises:
            LeftAloneError: The channel failed too often; see `breaker.py`.
            RateLimitedError: The wait is longer; nothing was taken.
            RetryableError: The limits cannot be read.
        """
        ...

    def ended(self, family: Family, error: ChannelError | None) -> None:
        """How the call ended for which a token was taken. Never raises."""
        ...

    def learn(self, operation: str, rate_per_s: float) -> None:
        """The channel says how many requests a second it allows. Never raises."""
        ...

    def block(self, operation: str, seconds: float) -> None:
        """The channel says that it will not listen for so long. Never raises."""
        ...

    def pay(self, operation: str, bill: "Bill") -> None:
        """The channel says what a call cost and what is left in its purse. Never raises."""
        ...


class NoLimiter:
    """Limits nothing: for tests and benchmarks."""

    def acquire(
        self, operation: str, family: Family = Family.READ, *, patience_s: float | None = None
    ) -> None:
        del operation, family, patience_s

    def ended(self, family: Family, error: ChannelError | None) -> None:
        del family, error

    def learn(self, operation: str, rate_per_s: float) -> None:
        del operation, rate_per_s

    def block(self, operation: str, seconds: float) -> None:
        del operation, seconds

    def pay(self, operation: str, bill: Bill) -> None:
        del operation, bill


# The bucket: tokens left, from when the refill counts, the rate the channel told, and until when
# it is shut. Redis' own clock counts, so two machines never disagree about now.
#
# The channel counts from when a request arrives. If the first one is slow on its way and a later
# one quick, they are nearer to each other there than here, and at the full rate the later one is
# refused. So from a full bucket on our refill begins a little later than the channel's, and stays
# behind it until the bucket is full again: at most 0.1 s, and at most 4 % of what fills it.
_OPEN: Final = """
local key = KEYS[1]
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', key, 'tokens', 'at', 'rate', 'shut_until', 'held_until')
-- What a call takes: one token, or what the channel said that this operation costs.
local cost_field = 'cost ' .. ARGV[3]
local cost = math.min(burst, tonumber(redis.call('HGET', key, cost_field) or ARGV[4]))
rate = tonumber(kept[3] or rate)
local shut_until = tonumber(kept[4] or 0)
local held_until = tonumber(kept[5] or 0)
local tokens, at = burst, now
if kept[1] then
    at = math.max(now, tonumber(kept[2]))
    tokens = math.min(burst, tonumber(kept[1]) + math.max(0, now - tonumber(kept[2])) * rate)
end
-- Seconds until there are so many tokens; 0 if they are there.
local function wait_for(need)
    if tokens >= need then return 0 end
    return at - now + (need - tokens) / rate
end
local function take()
    if tokens >= burst then at = now + math.min(0.1, 0.04 * burst / rate) end
    tokens = math.max(0, tokens - cost)
end
local function save(...)
    -- %.17g: the default keeps 14 digits, too few for microseconds since 1970.
    redis.call('HSET', key, 'tokens', string.format('%.17g', tokens),
        'at', string.format('%.17g', at), ...)
    local full_s = burst / rate + math.max(0, shut_until - now)
    redis.call('EXPIRE', key, math.min(31536000, math.ceil(full_s) + 86400))
end
"""
# A billionth is forgiven: a bucket that was told to come back in 1/rate seconds must find a token.
_TAKE: Final = (
    _OPEN
    + """
-- While the next token is promised to whoever takes a share, everybody else needs one more.
local need = cost
if held_until > now then need = math.min(2 * cost, burst) end
local wait = math.max(shut_until - now, wait_for(need))
if wait > 0.000000001 then
    return string.format('%.17g', wait)
end
take()
save()
return '0'
"""
)
# The same for work that can wait: it has a part of the rate and no more, so it leaves the rest to
# the others; and a bucket that they keep empty owes it the next token, so it is not starved.
_TAKE_SHARE: Final = (
    _OPEN
    + """
local share = tonumber(ARGV[5])
local lane_rate, lane_burst = rate * share, math.max(cost, burst * share)
local lane_kept = redis.call('HMGET', key, 'lane', 'lane_at')
local lane = lane_burst
if lane_kept[1] then
    lane = math.min(lane_burst,
        tonumber(lane_kept[1]) + math.max(0, now - tonumber(lane_kept[2])) * lane_rate)
end
if lane < cost - 0.000000001 then
    return string.format('%.17g', (cost - lane) / lane_rate)
end
local wait = math.max(shut_until - now, wait_for(cost))
if wait > 0.000000001 then
    save('held_until', string.format('%.17g', now + wait + 30))
    return string.format('%.17g', wait)
end
take()
save('lane', string.format('%.17g', math.max(0, lane - cost)),
    'lane_at', string.format('%.17g', now), 'held_until', '0')
return '0'
"""
)
_PEEK: Final = (
    _OPEN
    + """
return {string.format('%.17g', tokens), string.format('%.17g', rate),
    string.format('%.17g', math.max(0, shut_until - now)), string.format('%.17g', cost)}
"""
)
_LEARN: Final = (
    _OPEN
    + """
-- Tokens up to now were refilled at the old rate; the new one counts from here.
rate = tonumber(ARGV[5])
save('rate', ARGV[5])
return '0'
"""
)
_BLOCK: Final = (
    _OPEN
    + """
-- Whoever says 429 says that the bucket is empty, whatever we counted.
tokens = 0
shut_until = math.max(shut_until, now + tonumber(ARGV[5]))
save('shut_until', string.format('%.17g', shut_until))
return '0'
"""
)
_PAY: Final = (
    _OPEN
    + """
-- What the channel counts is what counts, but calls of others may be on their way to it: their
-- tokens are taken here already, so its number only lowers ours.
local asked, refund, left = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
rate = tonumber(ARGV[8])
tokens = math.min(left, tokens + refund)
at = math.max(at, now)
save('rate', ARGV[8], cost_field, string.format('%.17g', asked))
return '0'
"""
)


class RedisLimiter:
    """The limits of one account, kept in Redis."""

    def __init__(
        self,
        redis: "Redis",
        account_id: int,
        plans: Mapping[str, UsagePlan],
        *,
        patience_s: float = PATIENCE_S,
        sleep: Callable[[float], None] = time.sleep,
        share: float | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        """`plans` by operation; an operation without one gets `FALLBACK`.

        `share` is for work that can wait: the part of each rate that it may use, below 1.
        """
        self.breaker = breaker or Breaker(redis, account_id)
        self._share = share
        self._take_share = redis.register_script(_TAKE_SHARE)
        self._peek = redis.register_script(_PEEK)
        self._account_id = account_id
        self._plans = plans
        self._patience_s = patience_s
        self._sleep = sleep
        self._take = redis.register_script(_TAKE)
        self._learn = redis.register_script(_LEARN)
        self._block = redis.register_script(_BLOCK)
        self._pay = redis.register_script(_PAY)

    def try_acquire(self, operation: str) -> float:
        """Take a token and return 0, or take none and return the seconds to wait."""
        if self._share is not None:
            return float(self._run(self._take_share, operation, self._share))
        return float(self._run(self._take, operation))

    def acquire(
        self, operation: str, family: Family = Family.READ, *, patience_s: float | None = None
    ) -> None:
        """See `Limiter`."""
        try:
            is_probe = self.breaker.admit(family)
        except RedisError as error:
            raise _unreadable(operation) from error
        try:
            self._take_one(operation, self._patience_s if patience_s is None else patience_s)
        except RetryableError:
            if is_probe:
                self.breaker.give_back(family)
            raise

    def ended(self, family: Family, error: ChannelError | None) -> None:
        """See `Limiter`."""
        self.breaker.ended(family, error)

    def budget(self, operation: str) -> Budget:
        """What is left of an operation, without taking any of it. Raises RedisError."""
        plan = self._plans.get(operation, FALLBACK)
        tokens, rate, shut_s, cost = (float(told) for told in self._run(self._peek, operation))
        most = max(1, int(plan.burst / cost))
        return Budget(operation, tokens / cost, most, rate / cost, shut_s)

    def _take_one(self, operation: str, patience_s: float) -> None:
        while wait_s := self._ask(operation):
            if wait_s > patience_s:
                message = f"The limit of {operation} is used up: {wait_s:.0f} s to wait."
                raise RateLimitedError(message, retry_after_s=wait_s)
            # Others wait for the same token: what is left of our patience shrinks each time.
            patience_s -= wait_s
            self._sleep(wait_s)

    def learn(self, operation: str, rate_per_s: float) -> None:
        """See `Limiter`."""
        self._correct(self._learn, operation, rate_per_s)

    def block(self, operation: str, seconds: float) -> None:
        """See `Limiter`."""
        self._correct(self._block, operation, seconds)

    def pay(self, operation: str, bill: Bill) -> None:
        """See `Limiter`."""
        self._correct(self._pay, operation, bill.asked, bill.refund, bill.left, bill.rate_per_s)

    def _ask(self, operation: str) -> float:
        try:
            return self.try_acquire(operation)
        except RedisError as error:
            raise _unreadable(operation) from error

    def _correct(self, script: Any, operation: str, *values: float) -> None:
        try:
            self._run(script, operation, *values)
        except RedisError:
            # The call itself is answered; its result must not be lost over a correction.
            logger.warning("The limit of %s was not corrected: Redis is away.", operation)

    def _run(self, script: Any, operation: str, *values: float) -> Any:
        plan = self._plans.get(operation, FALLBACK)
        key = f"crm:limit:{self._account_id}:{plan.purse or operation}"
        args = [plan.rate_per_s, plan.burst, operation, plan.cost, *values]
        return script(keys=[key], args=args)


def _unreadable(operation: str) -> RetryableError:
    """Nothing was sent yet; without the shared count we would burn the account's quota."""
    return RetryableError(f"The limit of {operation} cannot be read: Redis is away.")
