"""What people paste: columns of a sheet, in whichever form it leaves it."""

import pytest

from crm_app.errors import InvalidInputError
from crm_app.services.parcels import MAX_LINES, Parcel, parse

ONE = Parcel("405-1", "Blue Dart", "BD 1")


@pytest.mark.parametrize(
    "pasted",
    [
        "405-1\tBlue Dart\tBD 1",
        "405-1,Blue Dart,BD 1",
        ' "405-1" ; "Blue Dart" ; "BD 1" \r\n\r\n',
        "#405-1,Blue Dart,BD 1",
        "Order number,Carrier,Tracking\n405-1,Blue Dart,BD 1",
        "405-1,Blue Dart,BD 1\n405-1,Blue Dart,BD 1",
        "405-1,,BD 1",
    ],
)
def test_a_line_is_a_parcel_in_every_form(pasted: str) -> None:
    assert parse(pasted, "Blue Dart") == ([ONE], [])


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("405-1", "Line 1: needs an order number"),
        ("405-1,BD 1", "Line 1: needs an order number"),
        ("405-1,Blue Dart,BD 1,more", "Line 1: needs an order number"),
        ("405-1," + "x" * 81 + ",1", "Line 1: the carrier or the tracking number is too long"),
        ("405-1,Blue\x07Dart,1", "Line 1: has characters"),
        ("405-1,A,1\n405-1,A,2", "Line 2: 405-1 stands here twice"),
    ],
)
def test_a_line_of_no_use_is_said(pasted: str, said: str) -> None:
    _, problems = parse(pasted, "")

    assert [problem[: len(said)] for problem in problems] == [said]


def test_too_many_lines_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="At most 10,000 lines"):
        parse("1,2,3\n" * (MAX_LINES + 1), "")
