"""GST on papers: states as people write them, numbers, and a split that loses no paisa."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.domain import gst


@pytest.mark.parametrize("told", ["Maharashtra", "MAHARASHTRA ", "MH", "IN-MH", "27"])
def test_a_state_is_known_however_it_is_written(told: str) -> None:
    assert gst.state_code(told) == "27"


@pytest.mark.parametrize(
    ("told", "code"),
    [("Orissa", "21"), ("Jammu & Kashmir", "01"), ("NCT of Delhi", "07"), ("Texas", ""), ("", "")],
)
def test_old_names_and_strangers(told: str, code: str) -> None:
    assert gst.state_code(told) == code


def test_a_gstin_has_its_check_digit() -> None:
    assert gst.is_gstin("27AAPFU0939F1ZV")
    assert not gst.is_gstin("27AAPFU0939F1ZW")
    assert not gst.is_gstin("28AAPFU0939F1ZV")
    assert not gst.is_gstin("27aapfu0939f1zv")


def test_within_a_state_the_tax_is_halved_and_across_it_is_integrated() -> None:
    assert gst.split(8001, "27", "27") == (gst.Share("CGST", 4001), gst.Share("SGST", 4000))
    assert gst.split(8001, "27", "29") == (gst.Share("IGST", 8001),)
    assert [share.name for share in gst.split(10, "04", "04")] == ["CGST", "UTGST"]


@given(st.integers(0, 10**12), st.sampled_from(sorted(gst.STATES)), st.sampled_from(["27", "04"]))
def test_a_split_is_never_another_sum(tax: int, seller: str, place: str) -> None:
    assert sum(share.minor for share in gst.split(tax, seller, place)) == tax


@pytest.mark.parametrize(
    ("day", "said"), [(date(2026, 3, 31), "25-26"), (date(2026, 4, 1), "26-27")]
)
def test_the_financial_year_begins_in_april(day: date, said: str) -> None:
    assert gst.year_text(gst.financial_year(day)) == said
