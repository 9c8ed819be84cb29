"""Days belong to the business zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from crm_app.domain.time import business_day, day_range, day_start

KOLKATA = ZoneInfo("Asia/Kolkata")


def test_an_order_before_half_past_five_utc_belongs_to_the_same_indian_day() -> None:
    assert business_day(datetime(2026, 11, 19, 18, 29, tzinfo=UTC), KOLKATA) == date(2026, 11, 19)
    assert business_day(datetime(2026, 11, 19, 18, 30, tzinfo=UTC), KOLKATA) == date(2026, 11, 20)


def test_a_day_range_holds_both_its_days() -> None:
    start, end = day_range(date(2026, 11, 19), date(2026, 11, 20), KOLKATA)

    assert start == datetime(2026, 11, 18, 18, 30, tzinfo=UTC)
    assert end == datetime(2026, 11, 20, 18, 30, tzinfo=UTC)


def test_a_day_with_a_clock_change_is_as_long_as_it_is() -> None:
    berlin = ZoneInfo("Europe/Berlin")

    length = day_start(date(2026, 10, 26), berlin) - day_start(date(2026, 10, 25), berlin)

    assert length.total_seconds() == 25 * 3600
