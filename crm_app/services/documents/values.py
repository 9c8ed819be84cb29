"""Cells as moments, amounts and numbers, in the spellings that people and programs use. Pure.

Every refusal is a `ValueError` whose text finishes the sentence "The column ...".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from crm_app.domain.money import parse_minor

_TIME: Final = (
    r"(?:[T,\s]+(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|IST|[+-]\d{2}:?\d{2})?)?$"
)
_YEAR_FIRST: Final = re.compile(r"^(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})" + _TIME)
_COMPACT: Final = re.compile(r"^(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)" + _TIME)
_NUMBERS: Final = re.compile(r"^(?P<a>\d{1,2})[-/. ](?P<b>\d{1,2})[-/. ](?P<y>\d{4}|\d{2})" + _TIME)
_DAY_MONTH: Final = re.compile(
    r"^(?P<d>\d{1,2})(?:st|nd|rd|th)?[-/.,\s]*(?P<name>[A-Za-z]{3,9})[-/.,\s]*(?P<y>\d{4}|\d{2})"
    + _TIME
)
_MONTH_DAY: Final = re.compile(
    r"^(?P<name>[A-Za-z]{3,9})[-/.,\s]*(?P<d>\d{1,2})(?:st|nd|rd|th)?[-/.,\s]+(?P<y>\d{4}|\d{2})"
    + _TIME
)
_WEEKDAY: Final = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[,.\s]+", re.IGNORECASE)
_SERIAL: Final = re.compile(r"^\d{5}(?:\.\d+)?$")
_UNIX: Final = re.compile(r"^1\d{9}(?:\d{3})?$")
_MONTH_NAMES: Final = "janfebmaraprmayjunjulaugsepoctnovdec"
_MONTHS: Final = {_MONTH_NAMES[at : at + 3]: at // 3 + 1 for at in range(0, 36, 3)}
# A wall clock: the zone is put on after counting.
_EPOCH_OF_SHEETS: Final = datetime(1899, 12, 30)  # noqa: DTZ001

_SYMBOLS: Final = {
    "₹": "INR",
    "rs": "INR",
    "rs.": "INR",
    "re": "INR",
    "inr": "INR",
    "rupees": "INR",
    "$": "USD",
    "us$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
}
_CODE: Final = re.compile(r"^[A-Z]{3}$")
_AMOUNT: Final = re.compile(r"^(?P<sign>[-−–(]?)\s*(?P<digits>\d[\d.,'\s]*?)\s*(?P<end>[-)]?)$")
_AFFIX: Final = re.compile(
    r"(?i)^(?:₹|us\$|\$|€|£|¥|rs\.?|inr|usd|eur|gbp)\s*|\s*(?:₹|\$|€|£|¥|/-|rs\.?|inr|usd|eur|gbp)$"
)
_GROUPED_BY_COMMA: Final = re.compile(r"^\d{1,3}(?:,\d{2,3})*,\d{3}$")
_SHORTENED: Final = re.compile(r"^\d(?:[.,]\d+)?[eE]\+?\d+$")
_YES: Final = frozenset({"true", "yes", "y", "1", "x", "b2b", "business", "t"})


class DateOrder(StrEnum):
    """How a date of bare numbers such as 04-05-22 is read."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"

    @property
    def label(self) -> str:
        return "Day first" if self is DateOrder.DAY_FIRST else "Month first"


@lru_cache(maxsize=50_000)
def moment(text: str, order: DateOrder, zone: ZoneInfo) -> datetime:
    """The moment that a cell names, in UTC; a day alone begins at midnight in `zone`.

    Raises:
        ValueError: If it is no date, or none when read in this order.
    """
    stripped = _WEEKDAY.sub("", text)
    if _SERIAL.match(text):
        wall = _EPOCH_OF_SHEETS + timedelta(seconds=round(float(text) * 86_400))
        return wall.replace(tzinfo=zone).astimezone(UTC)
    if _UNIX.match(text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    for pattern in (_YEAR_FIRST, _NUMBERS, _DAY_MONTH, _MONTH_DAY, _COMPACT):
        if found := pattern.match(stripped):
            return _built(text, found, order, zone)
    raise ValueError(f"holds “{text[:40]}”, which is no date")


def _built(text: str, found: re.Match[str], order: DateOrder, zone: ZoneInfo) -> datetime:
    parts = found.groupdict()
    year = int(parts["y"])
    year += 0 if len(parts["y"]) == 4 else 2000 if year < 70 else 1900
    if "a" in parts:
        first, second = int(parts["a"]), int(parts["b"])
        day, month = (first, second) if order is DateOrder.DAY_FIRST else (second, first)
    else:
        day = int(parts["d"])
        month = int(parts["m"]) if "m" in parts else _MONTHS.get(parts["name"][:3].lower(), 0)
    try:
        return datetime(year, month, day, *_clock(parts), tzinfo=_zone(parts, zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        how = f" when read {order.label.lower()}" if "a" in parts else ""
        raise ValueError(f"holds “{text[:40]}”, which is no date{how}") from error


def _clock(parts: dict[str, str | None]) -> tuple[int, int, int]:
    hour, half = int(parts["hour"] or 0), (parts["half"] or "").lower()[:1]
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of half a day")
        hour = hour % 12 + (12 if half == "p" else 0)
    return hour, int(parts["minute"] or 0), int(parts["second"] or 0)


def _zone(parts: dict[str, str | None], zone: ZoneInfo) -> ZoneInfo | timezone:
    told = parts["zone"]
    if not told:
        return zone
    if told in ("Z", "UTC", "GMT"):
        return UTC
    if told == "IST":
        return ZoneInfo("Asia/Kolkata")
    digits = told[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if told[0] == "-" else offset)


@dataclass(frozen=True, slots=True)
class DateEvidence:
    """What the dates of a column say about their order; counts are of different spellings."""

    day_first: int = 0  # can only be read day first
    month_first: int = 0
    either: int = 0
    example: str = ""  # one that reads differently in both orders

    @property
    def guess(self) -> DateOrder:
        """Day first where nothing speaks against it: so people write where this desk is used."""
        return DateOrder.MONTH_FIRST if self.month_first > self.day_first else DateOrder.DAY_FIRST

    @property
    def is_certain(self) -> bool:
        return bool(self.day_first) != bool(self.month_first) or not self.either


def date_evidence(cells: Iterable[str]) -> DateEvidence:
    """Look at the dates of bare numbers among some cells."""
    day_first = month_first = either = 0
    example = ""
    for cell in cells:
        found = _NUMBERS.match(_WEEKDAY.sub("", cell))
        if found is None:
            continue
        first, second = int(found["a"]), int(found["b"])
        if first > 12 >= second:
            day_first += 1
        elif second > 12 >= first:
            month_first += 1
        elif first != second:
            either += 1
            example = example or cell
    return DateEvidence(day_first, month_first, either, example)


def currency(text: str) -> str:
    """An ISO 4217 code from a code or a sign.

    Raises:
        ValueError: If it is neither.
    """
    code = _SYMBOLS.get(text.lower(), text.upper())
    if not _CODE.match(code):
        raise ValueError(f"holds “{text[:40]}”, which is no currency")
    return code


@lru_cache(maxsize=50_000)
def amount(text: str, code: str) -> int:
    """Minor units of an amount such as `₹1,18,400.00`, `Rs. 500/-` or `1.234,56`.

    Raises:
        ValueError: If it is no amount, negative, or finer than the currency's smallest unit.
    """
    bare = _AFFIX.sub("", _AFFIX.sub("", text)).strip()
    found = _AMOUNT.match(bare)
    if found is None:
        raise ValueError(f"holds “{text[:40]}”, which is no amount")
    digits = _decimal_point(re.sub(r"['\s]", "", found["digits"]))
    try:
        minor = parse_minor(digits, code)
    except ValueError as error:
        said = str(error).rstrip(".")
        raise ValueError(f"holds “{text[:40]}”: {said}") from error
    if minor and (found["sign"] or found["end"] == "-"):
        raise ValueError(f"holds “{text[:40]}”, which is negative")
    return minor


def _decimal_point(digits: str) -> str:
    """Digits with a point before the fraction and nothing between groups."""
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        thousands, decimal = (".", ",") if comma > point else (",", ".")
        return digits.replace(thousands, "").replace(decimal, ".")
    if comma >= 0:
        is_grouped = _GROUPED_BY_COMMA.match(digits) is not None
        return digits.replace(",", "" if is_grouped else ".")
    return digits.replace(".", "") if digits.count(".") > 1 else digits


def quantity(text: str) -> int:
    """A whole number of units, `2` or `2.00`.

    Raises:
        ValueError: If it is none, or absurdly large.
    """
    bare = text.replace(",", "")
    whole, _, fraction = bare.partition(".")
    if not (whole.isascii() and whole.isdigit()) or fraction.strip("0") or len(whole) > 7:
        raise ValueError(f"holds “{text[:40]}”, which is no whole number of units")
    return int(whole)


def identifier(text: str, longest: int = 128) -> str:
    """A number or code that names something.

    Raises:
        ValueError: If it is too long, or a spreadsheet program has shortened it.
    """
    if len(text) > longest:
        raise ValueError(f"holds {len(text)} characters; {longest} are the most")
    if _SHORTENED.match(text):
        raise ValueError(
            f"holds “{text}”: a spreadsheet program has shortened it; format the column as text"
        )
    return text


def is_yes(text: str) -> bool:
    """Whether a cell says yes; everything unknown is no."""
    return text.lower() in _YES
