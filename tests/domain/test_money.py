"""Money is whole minor units, read exactly and written as people of the currency do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.domain.money import MAX_MINOR, Money, parse_minor, to_text


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1499.00", "INR", 149_900),
        ("0.1", "INR", 10),
        ("-5", "INR", -500),
        ("19940", "JPY", 19_940),
        ("1.234", "KWD", 1_234),
        ("1e2", "INR", 10_000),
    ],
)
def test_reads_a_decimal_text(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize("text", ["", "abc", "NaN", "Infinity", "1.234", "1e40", "1,000", "12 34"])
def test_refuses_what_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals|large"):
        parse_minor(text, "INR")


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (11_840_000, "INR", "₹1,18,400.00"),
        (99_900, "INR", "₹999.00"),
        (123_456_789_00, "INR", "₹12,34,56,789.00"),
        (-4_050, "INR", "−₹40.50"),
        (1_234_567_89, "USD", "$1,234,567.89"),
        (19_940, "JPY", "¥19,940"),
        (100, "AED", "AED 1.00"),
        (None, "INR", "—"),
        (100, None, "—"),
    ],
)
def test_writes_it_as_people_of_the_currency_do(
    minor: int | None, currency: str | None, text: str
) -> None:
    assert to_text(minor, currency) == text


def test_whole_units_leave_out_the_paise() -> None:
    assert to_text(384_112_49, "INR", whole=True) == "₹3,84,112"


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from(["INR", "JPY", "KWD", "USD"]))
def test_what_is_written_can_be_read_back(minor: int, currency: str) -> None:
    amount = str(Money(minor, currency)).removeprefix(currency).strip()

    assert parse_minor(amount, currency) == minor
