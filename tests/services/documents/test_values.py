from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.domain.money import to_text
from crm_app.services.documents import values
from crm_app.services.documents.values import DateOrder

INDIA = ZoneInfo("Asia/Kolkata")
HALF_PAST_TEN = datetime(2026, 5, 4, 5, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 5, 3, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-04", MIDNIGHT),
        ("2026/5/4", MIDNIGHT),
        ("20260504", MIDNIGHT),
        ("04-05-2026", MIDNIGHT),
        ("4/5/26", MIDNIGHT),
        ("04.05.2026", MIDNIGHT),
        ("4 May 2026", MIDNIGHT),
        ("4-May-26", MIDNIGHT),
        ("4th May, 2026", MIDNIGHT),
        ("May 4, 2026", MIDNIGHT),
        ("Monday, 4 May 2026", MIDNIGHT),
        ("46146", MIDNIGHT),
        ("46146.4375", HALF_PAST_TEN),
        ("2026-05-04T10:30:00", HALF_PAST_TEN),
        ("2026-05-04T05:00:00.000Z", HALF_PAST_TEN),
        ("2026-05-04 10:30:00 +0530", HALF_PAST_TEN),
        ("04/05/2026 10:30 AM", HALF_PAST_TEN),
        ("04/05/2026, 10:30 am", HALF_PAST_TEN),
        ("May 04 2026 10:30 IST", HALF_PAST_TEN),
        ("1777870800", HALF_PAST_TEN),
    ],
)
def test_a_moment_is_read_in_its_spelling(text: str, expected: datetime) -> None:
    assert values.moment(text, DateOrder.DAY_FIRST, INDIA) == expected


def test_bare_numbers_follow_the_chosen_order() -> None:
    assert values.moment("04-05-26", DateOrder.MONTH_FIRST, INDIA) == datetime(
        2026, 4, 4, 18, 30, tzinfo=UTC
    )
    assert values.moment("05/04/2026 12:15 am", DateOrder.MONTH_FIRST, INDIA) == datetime(
        2026, 5, 3, 18, 45, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("30/04/2026", "no date when read month first"),
        ("2026-02-30", "which is no date"),
        ("soon", "which is no date"),
        ("4 Foo 2026", "which is no date"),
        ("04/05/2026 13:30 PM", "no date"),
        ("04/05/2026 25:00", "no date"),
    ],
)
def test_what_is_no_date_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        values.moment(text, DateOrder.MONTH_FIRST, INDIA)


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2069, 12, 31)))  # noqa: DTZ001
def test_every_spelling_of_a_moment_means_the_same(at: datetime) -> None:
    expected = at.replace(second=0, microsecond=0, tzinfo=INDIA).astimezone(UTC)
    day, month = DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST

    assert values.moment(f"{at:%d/%m/%Y %H:%M}", day, INDIA) == expected
    assert values.moment(f"{at:%m/%d/%y %I:%M %p}", month, INDIA) == expected
    assert values.moment(f"{at:%Y-%m-%dT%H:%M:00}", month, INDIA) == expected
    assert values.moment(f"{at:%d %b %Y %H:%M}", month, INDIA) == expected


def test_the_dates_of_a_column_show_their_order() -> None:
    american = values.date_evidence(["04-30-22", "04-05-22", "2022-04-30", ""])
    indian = values.date_evidence(["30/04/2022", "04/05/2022"])
    unclear = values.date_evidence(["04/05/2022", "04/04/2022"])
    mixed = values.date_evidence(["30/04/2022", "04/30/2022", "04/05/2022"])

    assert (american.guess, american.is_certain) == (DateOrder.MONTH_FIRST, True)
    assert (indian.guess, indian.is_certain) == (DateOrder.DAY_FIRST, True)
    assert (unclear.guess, unclear.is_certain, unclear.example) == (
        DateOrder.DAY_FIRST,
        False,
        "04/05/2022",
    )
    assert (mixed.day_first, mixed.month_first, mixed.is_certain) == (1, 1, False)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("647.62", 64_762),
        ("406", 40_600),
        ("₹1,18,400.00", 11_840_000),
        ("Rs. 500/-", 50_000),
        ("INR 1,499", 149_900),
        ("1.234,56", 123_456),
        ("1 234,5", 123_450),
        ("12,34,567", 123_456_700),
        ("1,5", 150),
        ("$ 1,000.10", 100_010),
        ("0.00", 0),
        ("-0.00", 0),
    ],
)
def test_an_amount_is_read_to_the_last_paisa(text: str, minor: int) -> None:
    assert values.amount(text, "INR") == minor


@given(st.integers(min_value=0, max_value=10**13))
def test_what_we_write_is_what_we_read(minor: int) -> None:
    assert values.amount(to_text(minor, "INR"), "INR") == minor
    assert values.amount(to_text(minor, "USD"), "USD") == minor


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-5.00", "negative"),
        ("(5.00)", "negative"),
        ("5.00-", "negative"),
        ("1.005", "too many decimals"),
        ("free", "no amount"),
        ("=1+1", "no amount"),
        ("1e5", "no amount"),
        ("9" * 20, "too large"),
    ],
)
def test_what_is_no_amount_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        values.amount(text, "INR")


def test_small_words_are_read() -> None:
    assert [values.currency(word) for word in ("inr", "Rs.", "₹", "usd")] == ["INR"] * 3 + ["USD"]
    assert [values.quantity(text) for text in ("2", "2.00", "1,000", "0")] == [2, 2, 1_000, 0]
    assert [values.is_yes(text) for text in ("TRUE", "yes", "FALSE", "", "maybe")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    for text in ("1.5", "-1", "two", "99999999", "²"):
        with pytest.raises(ValueError, match="no whole number"):
            values.quantity(text)
    with pytest.raises(ValueError, match="shortened"):
        values.identifier("4.05808E+16")
    with pytest.raises(ValueError, match="no currency"):
        values.currency("rupiah")
