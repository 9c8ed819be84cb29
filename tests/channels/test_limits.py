import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import cast

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from crm_app.channels.limits import FALLBACK, Bill, NoLimiter, RedisLimiter, UsagePlan
from crm_app.errors import RateLimitedError, RetryableError

SLOW = {"search": UsagePlan(0.0056, 3)}


def make(redis: Redis, plans: dict[str, UsagePlan] = SLOW, account_id: int = 1) -> RedisLimiter:
    return RedisLimiter(redis, account_id, plans)


def test_a_burst_is_free_and_then_the_rate_counts(redis: Redis) -> None:
    limiter = make(redis)

    waits = [limiter.try_acquire("search") for _ in range(4)]

    assert waits[:3] == [0, 0, 0]
    assert waits[3] == pytest.approx(1 / 0.0056, abs=1)


def test_a_refusal_takes_nothing(redis: Redis) -> None:
    limiter = make(redis)
    for _ in range(3):
        limiter.try_acquire("search")

    first, second = limiter.try_acquire("search"), limiter.try_acquire("search")

    assert second <= first


def test_fractions_of_a_token_are_kept(redis: Redis) -> None:
    limiter = make(redis, {"search": UsagePlan(20, 1)})

    taken = sum(limiter.try_acquire("search") == 0 for _ in range(2000))
    passed = limiter.try_acquire("search")

    # 2,000 questions in a row refill nothing twice and lose nothing: one token each 50 ms.
    assert 1 <= taken <= 2000 * 0.05
    assert 0 < passed <= 0.05


def test_processes_share_one_bucket(redis: Redis) -> None:
    limiters = [make(redis) for _ in range(4)]

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(limiters[n % 4].try_acquire, "search") for n in range(40)]
        waits = [future.result() for future in asked]

    assert waits.count(0) == 3


def test_accounts_and_operations_have_buckets_of_their_own(redis: Redis) -> None:
    for _ in range(3):
        make(redis).try_acquire("search")

    assert make(redis).try_acquire("search") > 0
    assert make(redis).try_acquire("other") == 0
    assert make(redis, account_id=2).try_acquire("search") == 0


def test_an_operation_without_a_plan_has_a_cautious_one(redis: Redis) -> None:
    limiter = make(redis)

    waits = [limiter.try_acquire("other") for _ in range(FALLBACK.burst + 1)]

    assert waits[-1] == pytest.approx(1 / FALLBACK.rate_per_s, abs=0.2)


def test_the_channel_corrects_the_rate(redis: Redis) -> None:
    limiter = make(redis)
    for _ in range(3):
        limiter.try_acquire("search")

    limiter.learn("search", 0.1)

    assert limiter.try_acquire("search") == pytest.approx(10, abs=0.5)
    assert make(redis).try_acquire("search") == pytest.approx(10, abs=0.5)


def test_a_block_shuts_the_bucket_for_all_and_empties_it(redis: Redis) -> None:
    plans = {"search": UsagePlan(1, 50)}

    make(redis, plans).block("search", 30)
    make(redis, plans).block("search", 5)

    assert make(redis, plans).try_acquire("search") == pytest.approx(30, abs=0.5)


def test_a_block_of_one_interval_ends_with_a_token(redis: Redis) -> None:
    limiter = make(redis, {"search": UsagePlan(20, 5)})
    limiter.block("search", 0.05)

    limiter.acquire("search")

    assert limiter.try_acquire("search") > 0


def test_a_short_wait_is_slept_and_a_long_one_is_told(redis: Redis) -> None:
    slept: list[float] = []

    def no_sleep(seconds: float) -> None:
        slept.append(seconds)

    limiter = RedisLimiter(redis, 1, {"search": UsagePlan(1, 1)}, patience_s=2, sleep=no_sleep)
    limiter.acquire("search")

    # Nobody really sleeps here, so the bucket stays empty until the patience is used up.
    with pytest.raises(RateLimitedError) as caught:
        limiter.acquire("search")

    assert 1 <= len(slept) <= 3
    assert sum(slept) <= 2
    assert 0 < caught.value.retry_after_s <= 1.04


def test_who_asks_with_more_patience_waits_longer(redis: Redis) -> None:
    slept: list[float] = []
    limiter = RedisLimiter(
        redis, 1, {"search": UsagePlan(0.1, 1)}, patience_s=1, sleep=slept.append
    )
    limiter.acquire("search")

    with pytest.raises(RateLimitedError):
        limiter.acquire("search")
    assert slept == []
    with pytest.raises(RateLimitedError):
        limiter.acquire("search", patience_s=15)
    assert slept


def test_acquire_waits_for_its_token(redis: Redis) -> None:
    limiter = make(redis, {"search": UsagePlan(25, 1)})

    for _ in range(3):
        limiter.acquire("search")

    assert limiter.try_acquire("search") > 0


def test_a_long_wait_is_not_slept(redis: Redis) -> None:
    limiter = RedisLimiter(redis, 1, SLOW, sleep=lambda _: pytest.fail("slept"))
    for _ in range(3):
        limiter.acquire("search")

    with pytest.raises(RateLimitedError, match="search is used up") as caught:
        limiter.acquire("search")

    assert caught.value.retry_after_s == pytest.approx(178.6, abs=1)


def test_buckets_do_not_stay_for_ever(redis: Redis) -> None:
    make(redis).try_acquire("search")

    assert 86_400 < cast(int, redis.ttl("crm:limit:1:search")) < 90_000


def test_without_redis_nothing_is_sent_and_no_answer_is_lost() -> None:
    limiter = make(Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0)))

    with pytest.raises(RetryableError, match="Redis is away"):
        limiter.acquire("search")
    limiter.learn("search", 1)
    limiter.block("search", 1)


def test_a_plan_can_be_multiplied() -> None:
    assert UsagePlan(0.0056, 20).times(1000) == UsagePlan(5.6, 20_000)
    assert UsagePlan(1, 2).times(0.1) == UsagePlan(0.1, 1)


def test_no_limiter_limits_nothing() -> None:
    limiter = NoLimiter()
    limiter.block("search", 60)
    limiter.learn("search", 0.001)

    limiter.acquire("search")


def shared(redis: Redis, share: float, plans: dict[str, UsagePlan]) -> RedisLimiter:
    return RedisLimiter(redis, 1, plans, share=share)


def test_work_that_can_wait_uses_its_share_and_leaves_the_rest(redis: Redis) -> None:
    plans = {"search": UsagePlan(0.01, 20)}
    low = shared(redis, 0.2, plans)

    taken = [low.try_acquire("search") for _ in range(20)].count(0)
    left = [make(redis, plans).try_acquire("search") for _ in range(20)].count(0)

    assert (taken, left) == (4, 16)


def test_a_bucket_that_others_keep_empty_owes_the_share_its_next_token(redis: Redis) -> None:
    plans = {"search": UsagePlan(20, 2)}
    normal, low = make(redis, plans), shared(redis, 0.5, plans)
    while normal.try_acquire("search") == 0:
        pass

    wait_s = low.try_acquire("search")
    others_s = normal.try_acquire("search")
    low.acquire("search")

    assert 0 < wait_s <= 0.054
    assert others_s > wait_s + 0.04


def test_what_is_left_is_read_without_taking_it(redis: Redis) -> None:
    limiter = make(redis)
    limiter.try_acquire("search")
    limiter.block("other", 30)

    found = [limiter.budget("search") for _ in range(3)]
    shut = limiter.budget("other")

    assert [round(one.tokens, 2) for one in found] == [2, 2, 2]
    assert (found[0].burst, found[0].rate_per_s) == (3, 0.0056)
    assert (shut.tokens, shut.shut_s) == (pytest.approx(0, abs=0.1), pytest.approx(30, abs=0.5))


def arrive(plan: UsagePlan, sent: list[float], delays: list[float]) -> list[float]:
    """Tokens that the channel has left at each arrival, by its own count."""
    tokens, last, left = float(plan.burst), 0.0, list[float]()
    for at in (one + delay for one, delay in zip(sent, delays, strict=True)):
        tokens = min(plan.burst, tokens + max(0.0, at - last) * plan.rate_per_s) - 1
        last = at
        left.append(tokens)
    return left


def sent_at(redis: Redis, plan: UsagePlan, calls: int) -> list[float]:
    limiter = make(redis, {"push": plan})
    times: list[float] = []
    for _ in range(calls):
        limiter.acquire("push")
        times.append(time.monotonic())
    return times


def test_a_slow_first_request_does_not_make_the_later_ones_too_many(redis: Redis) -> None:
    plan = UsagePlan(20, 50)

    times = sent_at(redis, plan, plan.burst + 16)

    # The first one takes 80 ms longer to the channel than the others.
    later = [0.0] * (len(times) - plan.burst)
    left = arrive(plan, times, [0.08] * plan.burst + later)
    assert min(left) >= 0
    allowed = plan.burst + plan.rate_per_s * (times[-1] - times[0])
    assert len(times) / allowed >= 0.95


def test_a_bucket_of_one_keeps_a_distance_and_most_of_its_rate(redis: Redis) -> None:
    plan = UsagePlan(20, 1)
    limiter = make(redis, {"push": plan})
    starts: list[float] = []

    for _ in range(12):
        limiter.acquire("push")
        # By Redis' clock, as the bucket noted it: ours is late when the machine is busy.
        starts.append(float(cast("bytes", redis.hget("crm:limit:1:push", "at"))))

    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert min(gaps) >= 0.0505
    assert limiter.try_acquire("push") <= 0.052


def test_the_margin_is_kept_while_tokens_are_few_and_costs_nothing_twice(redis: Redis) -> None:
    plans = {"push": UsagePlan(2, 10)}
    limiter = make(redis, plans)
    for _ in range(10):
        limiter.try_acquire("push")

    first = limiter.try_acquire("push")
    limiter.learn("push", 2)
    again = limiter.try_acquire("push")

    assert first == pytest.approx(0.6, abs=0.05)
    assert 0.5 < again <= first


# So slow that nothing comes back while a test runs.
PURSE = {
    "list": UsagePlan(0.01, 1_000, purse="points", cost=300),
    "tell": UsagePlan(0.01, 1_000, purse="points", cost=10),
}


def test_operations_of_one_purse_pay_from_it_together(redis: Redis) -> None:
    lists, tells = make(redis, PURSE), make(redis, PURSE)

    waits = [lists.try_acquire("list") for _ in range(3)]
    left = tells.budget("tell")
    told = [tells.try_acquire("tell") for _ in range(11)]

    assert waits == [0, 0, 0]
    # 100 points are left: ten tellings, and no list.
    assert (round(left.tokens), left.burst) == (10, 100)
    assert told[:10] == [0] * 10
    assert told[10] == pytest.approx(10 / 0.01, rel=0.01)
    assert lists.try_acquire("list") == pytest.approx(300 / 0.01, rel=0.01)
    assert make(redis, PURSE, account_id=2).try_acquire("list") == 0


def test_parallel_workers_never_spend_more_than_the_purse_holds(redis: Redis) -> None:
    limiters = [make(redis, PURSE) for _ in range(4)]

    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(limiters[n % 4].try_acquire, ("list", "tell")[n % 2]) for n in range(80)
        ]
        free = [n for n, future in enumerate(asked) if future.result() == 0]

    spent = sum(300 if n % 2 == 0 else 10 for n in free)
    assert 900 < spent <= 1_000


def test_the_channel_corrects_the_purse(redis: Redis) -> None:
    limiter = make(redis, PURSE)
    limiter.try_acquire("list")

    # It asked for 500, took 100 of them, and has 650: others spend there too.
    limiter.pay("list", Bill(asked=500, refund=400, left=650, rate_per_s=0.01))

    assert limiter.budget("tell").tokens == pytest.approx(65, abs=0.1)
    assert limiter.budget("list").tokens == pytest.approx(1.3, abs=0.01)
    assert [limiter.try_acquire("list") == 0 for _ in range(2)] == [True, False]


def test_what_others_have_taken_meanwhile_is_not_given_back(redis: Redis) -> None:
    limiter, other = make(redis, PURSE), make(redis, PURSE)
    limiter.try_acquire("list")
    other.try_acquire("list")

    # The answer to the first was written before the second arrived there.
    limiter.pay("list", Bill(asked=300, refund=0, left=700, rate_per_s=0.01))

    assert limiter.budget("tell").tokens == pytest.approx(40, abs=0.1)


def test_a_share_of_a_purse_leaves_the_rest(redis: Redis) -> None:
    sweep = RedisLimiter(redis, 1, PURSE, share=0.3)

    waits = [sweep.try_acquire("list") for _ in range(2)]

    assert waits[0] == 0
    assert waits[1] > 0
    assert make(redis, PURSE).try_acquire("list") == 0
