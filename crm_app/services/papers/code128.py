"""Code 128 (ISO/IEC 15417): a text as the widths of bars and gaps."""

import re
from typing import Final

# The widths of the symbols 0 to 105, bar first; then the stop with its closing bar.
_WIDTHS: Final = (
    "212222222122222221121223121322131222122213122312132212221213221312231212112232122132"
    "122231113222123122123221223211221132221231213212223112312131311222321122321221312212"
    "322112322211212123212321232121111323131123131321112313132113132311211313231113231311"
    "112133112331132131113123113321133121313121211331231131213113213311213131311123311321"
    "331121312113312311332111314111221411431111111224111422121124121421141122141221112214"
    "112412122114122411142112142211241211221114413111241112134111111242121142121241114212"
    "124112124211411212421112421211212141214121412121111143111341131141114113114311411113"
    "411311113141114131311141411131211412211214211232"
)
_PATTERNS: Final = tuple(_WIDTHS[at : at + 6] for at in range(0, len(_WIDTHS), 6))
_STOP: Final = "2331112"
_TO_C, _TO_B = 99, 100
_START_B, _START_C = 104, 105
# A run of digits that is worth a change to pairs: four at an end, six between letters.
_DIGITS: Final = re.compile(r"\d+")
_WORTH_AT_END: Final = 4
_WORTH_INSIDE: Final = 6
QUIET: Final = 10  # modules that stay white on both sides


def can_write(text: str) -> bool:
    """Whether all of it is printable ASCII, and there is something."""
    return bool(text) and all(" " <= letter <= "~" for letter in text)


def widths(text: str) -> list[int]:
    """Widths in modules, bar and gap in turn, beginning and ending with a bar.

    Raises:
        ValueError: If the text is empty or holds more than printable ASCII.
    """
    if not can_write(text):
        raise ValueError("Code 128 writes printable ASCII only.")
    values = _values(text)
    check = values[0] + sum(place * value for place, value in enumerate(values))
    symbols = [_PATTERNS[value] for value in [*values, check % 103]]
    return [int(width) for symbol in [*symbols, _STOP] for width in symbol]


def _values(text: str) -> list[int]:
    """The symbols without check and stop: letters in set B, long runs of digits in set C."""
    values: list[int] = []
    in_pairs = False
    for chunk, is_digits in _chunks(text):
        if not values:
            values.append(_START_C if is_digits else _START_B)
        elif is_digits != in_pairs:
            values.append(_TO_C if is_digits else _TO_B)
        in_pairs = is_digits
        if is_digits:
            values += [int(chunk[at : at + 2]) for at in range(0, len(chunk), 2)]
        else:
            values += [ord(letter) - 32 for letter in chunk]
    return values


def _chunks(text: str) -> list[tuple[str, bool]]:
    """The text in pieces; True for an even run of digits that is written in pairs."""
    found: list[tuple[str, bool]] = []
    rest = 0
    for run in _DIGITS.finditer(text):
        at_end = run.start() == 0 or run.end() == len(text)
        length = len(run.group())
        if length < (_WORTH_AT_END if at_end else _WORTH_INSIDE):
            continue
        # An odd digit goes with the letters before it, or after it where there are none.
        start, end = run.start(), run.end()
        if length % 2:
            start, end = (start + 1, end) if start > 0 else (start, end - 1)
        if start > rest:
            found.append((text[rest:start], False))
        found.append((text[start:end], True))
        rest = end
    if rest < len(text):
        found.append((text[rest:], False))
    return found
