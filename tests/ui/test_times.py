from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm_app.ui.shared import times

INDIA = ZoneInfo("Asia/Kolkata")
NOW = datetime(2026, 11, 20, 5, 12, tzinfo=UTC)  # Friday 10:42 in India


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 11, 20, 5, 0, tzinfo=UTC), "today 10:30"),
        # 23:59 of the day before in UTC is already today in India.
        (datetime(2026, 11, 19, 18, 30, tzinfo=UTC), "today 00:00"),
        (datetime(2026, 11, 19, 17, 17, tzinfo=UTC), "yesterday 22:47"),
        (datetime(2026, 11, 21, 5, 30, tzinfo=UTC), "tomorrow 11:00"),
        (datetime(2026, 10, 12, 12, 32, tzinfo=UTC), "12 Oct 18:02"),
        (datetime(2025, 10, 12, 12, 32, tzinfo=UTC), "12 Oct 2025 18:02"),
    ],
)
def test_moments_read_as_people_say_them(moment: datetime, words: str) -> None:
    assert times.when(moment, NOW, INDIA) == words


def test_exact_time_names_the_zone() -> None:
    assert times.exact(NOW, INDIA) == "Fri 20 Nov 2026, 10:42:00 IST (Asia/Kolkata)"


def test_zone_without_letters_is_named_in_full() -> None:
    assert times.zone_name(NOW, INDIA) == "IST"
    assert times.zone_name(NOW, ZoneInfo("Asia/Dubai")) == "Asia/Dubai"


@pytest.mark.parametrize(
    ("left", "words", "urgency"),
    [
        (timedelta(hours=1, minutes=12), "in 1 h 12 min", "soon"),
        (timedelta(hours=3, minutes=59, seconds=59), "in 3 h 59 min", "soon"),
        (timedelta(hours=4), "today 14:42", "none"),
        (timedelta(seconds=30), "in under a minute", "soon"),
        (timedelta(0), "in under a minute", "soon"),
        (timedelta(minutes=-6), "6 min late", "late"),
        (timedelta(hours=-1, minutes=-2), "1 h 02 min late", "late"),
        (timedelta(days=-1, hours=-4), "1 day 4 h late", "late"),
        (timedelta(days=-12), "12 days late", "late"),
    ],
)
def test_ship_by_clock(left: timedelta, words: str, urgency: str) -> None:
    clock = times.ship_by(NOW + left, NOW, INDIA)

    assert (clock.text, clock.urgency) == (words, urgency)
    assert clock.exact.endswith("IST (Asia/Kolkata)")


def test_order_without_a_deadline_has_no_clock() -> None:
    assert times.ship_by(None, NOW, INDIA) == times.Clock()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(2, "just now"), (40, "40 s ago"), (390, "6 min ago"), (3_720, "1 h 02 min ago")],
)
def test_ago(seconds: int, words: str) -> None:
    assert times.ago(NOW - timedelta(seconds=seconds), NOW) == words
