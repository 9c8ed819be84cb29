"""Code 128: what the standard says of every symbol, and texts read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.services.papers import code128

START_B, START_C, TO_B, TO_C = 104, 105, 100, 99


def read_back(widths: list[int]) -> str:
    """A reader of its own: symbols, check digit, and the two code sets."""
    *bars, stop = [
        "".join(map(str, widths[at : at + 6])) for at in range(0, len(widths) - 7, 6)
    ] + ["".join(map(str, widths[-7:]))]
    assert stop == "2331112"
    values = [code128._PATTERNS.index(bar) for bar in bars]  # pyright: ignore[reportPrivateUsage]
    *values, check = values
    assert check == (values[0] + sum(at * value for at, value in enumerate(values))) % 103
    text, in_pairs = "", values[0] == START_C
    for value in values[1:]:
        if value in (TO_B, TO_C) and in_pairs == (value == TO_B):
            in_pairs = not in_pairs
        elif in_pairs:
            text += f"{value:02}"
        else:
            text += chr(value + 32)
    return text


def test_each_symbol_is_eleven_modules_of_three_bars() -> None:
    patterns = code128._PATTERNS  # pyright: ignore[reportPrivateUsage]

    assert len(patterns) == len(set(patterns)) == 106
    for pattern in patterns:
        assert sum(map(int, pattern)) == 11
        assert sum(map(int, pattern[::2])) % 2 == 0  # the bars are even: how readers check


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40))
def test_every_text_reads_back(text: str) -> None:
    assert read_back(code128.widths(text)) == text


@given(st.text("0123456789A", min_size=1, max_size=30))
def test_runs_of_digits_read_back(text: str) -> None:
    assert read_back(code128.widths(text)) == text


def test_pairs_of_digits_are_shorter() -> None:
    # Start, six pairs, check: eight symbols of eleven modules and a stop of thirteen.
    assert sum(code128.widths("778100365210")) == 8 * 11 + 13


@pytest.mark.parametrize("text", ["", "मीरा", "a\nb"])
def test_what_it_cannot_hold_is_refused(text: str) -> None:
    assert not code128.can_write(text)
    with pytest.raises(ValueError, match="ASCII"):
        code128.widths(text)
