"""Silence is measured in orders that would have come."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_app.domain.rhythm import HOUR, Rhythm, learn

ZONE = ZoneInfo("Asia/Kolkata")
# A Monday, 15:30 in the business zone.
END = datetime(2026, 11, 16, 10, tzinfo=UTC)


def shop(
    rate_by_day: float, rate_by_night: float, *, days: int = 28, seed: int = 1
) -> dict[datetime, int]:
    """Orders an hour of a shop that is open from 8 to 22 in the business zone."""
    rng = random.Random(seed)
    found: dict[datetime, int] = {}
    for index in range(days * 24):
        hour = END - (index + 1) * HOUR
        local = hour.astimezone(ZONE).hour
        rate = rate_by_day if 8 <= local < 22 else rate_by_night
        found[hour] = sum(rng.random() < rate / 100 for _ in range(100))
    return found


def known(orders: dict[datetime, int]) -> Rhythm:
    found = learn(orders, END, ZONE)
    assert found is not None
    return found


def test_an_hour_at_noon_weighs_more_than_a_whole_night() -> None:
    usual = known(shop(20, 0.2))
    noon, night = END, datetime(2026, 11, 16, 18, 30, tzinfo=UTC)  # 15:30 and midnight

    assert usual.expected(noon, noon + HOUR, ZONE) == pytest.approx(20, rel=0.25)
    assert usual.expected(night, night + 6 * HOUR, ZONE) < 3
    assert usual.patience == 8


@pytest.mark.parametrize("seed", range(5))
def test_a_usual_night_is_no_silence_and_a_usual_day_without_orders_is(seed: int) -> None:
    usual = known(shop(6, 0.1, seed=seed))
    night = datetime(2026, 11, 16, 16, 30, tzinfo=UTC)  # 22:00

    assert usual.expected(night, night + 9 * HOUR, ZONE) < usual.patience
    assert usual.expected(END, END + 5 * HOUR, ZONE) > usual.patience


def test_a_slow_shop_is_given_days() -> None:
    usual = known(shop(0.4, 0.0, seed=3))

    assert usual.expected(END, END + timedelta(days=1), ZONE) < usual.patience
    assert usual.expected(END, END + timedelta(days=5), ZONE) > usual.patience


def test_a_sale_day_does_not_make_the_weeks_after_it_look_silent() -> None:
    orders = shop(10, 0.5)
    usual = known(orders).expected(END, END + 3 * HOUR, ZONE)
    sale = {hour: count * 20 for hour, count in orders.items() if END - hour < 24 * HOUR}

    after = known(orders | sale).expected(END, END + 3 * HOUR, ZONE)

    assert after < 1.5 * usual


def test_one_outage_does_not_teach_patience() -> None:
    orders = shop(10, 0.5)
    before = known(orders).patience
    for index in range(30):
        orders[END - timedelta(days=9) - index * HOUR] = 0

    assert known(orders).patience == pytest.approx(before, rel=0.5)


@pytest.mark.parametrize(
    "orders",
    [
        {},
        shop(20, 20, days=1),
        {END - (index + 1) * 24 * HOUR: 1 for index in range(11)},
    ],
    ids=["nothing", "one day", "eleven orders"],
)
def test_too_little_is_known(orders: dict[datetime, int]) -> None:
    assert learn(orders, END, ZONE) is None


def test_a_young_account_is_judged_by_its_days_and_more_patiently() -> None:
    usual = known(shop(20, 0.2, days=3))
    # 22:30: the hour that begins at 21:30 is one of the day.
    night = datetime(2026, 11, 16, 17, tzinfo=UTC)

    assert usual.patience == 12
    assert usual.expected(night, night + 9 * HOUR, ZONE) < usual.patience
    assert usual.expected(END, END + 2 * HOUR, ZONE) > usual.patience


def test_a_small_account_is_missed_after_some_two_weeks() -> None:
    usual = known({END - (index + 1) * 24 * HOUR: 1 for index in range(28)})

    assert usual.expected(END, END + timedelta(days=10), ZONE) < usual.patience
    assert usual.expected(END, END + timedelta(days=20), ZONE) > usual.patience


def test_a_week_is_enough_and_then_each_day_is_alike() -> None:
    usual = known(shop(20, 20, days=8))

    assert usual.rates[10] == usual.rates[24 + 10] == usual.rates[5 * 24 + 10]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 60), min_size=24 * 10, max_size=24 * 12),
    st.floats(0, 80),
    st.floats(0, 80),
)
def test_more_time_never_means_fewer_missing_orders(
    counts: list[int], first: float, second: float
) -> None:
    orders = {END - (index + 1) * HOUR: count for index, count in enumerate(counts)}
    usual = learn(orders, END, ZONE)
    if usual is None:
        return
    short, long = sorted((first, second))

    some = usual.expected(END, END + short * HOUR, ZONE)
    more = usual.expected(END, END + long * HOUR, ZONE)

    assert 0 <= some <= more + 1e-9
    assert more <= max(counts) * long + 1e-6
