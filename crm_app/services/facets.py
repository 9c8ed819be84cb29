"""What a list of orders can be narrowed by, and how an address writes it. Pure.

One parameter a facet, commas between its values, a minus before what is left out:
`payment=cod,unpaid`, `city=-Mumbai`, `amount=500..2000`, `due=overdue`. A comma or a backslash
inside a value, or a minus at its beginning, has a backslash before it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from crm_app.domain.channel import Channel
from crm_app.domain.money import exponent, parse_minor
from crm_app.domain.order_status import OrderStatus, PaymentStatus, SyncStatus
from crm_app.domain.working import Priority
from crm_app.services.parameters import day_of, no_such

MAX_VALUES: Final = 50
_LONGEST: Final = 120
CURRENCY: Final = "INR"
# Whoever is looking: what makes one view right for everybody who opens it.
ME: Final = "me"
NONE: Final = "none"


class Facet(StrEnum):
    """The names of the parameters, in the order in which chips stand."""

    CHANNEL = "channel"
    ACCOUNT = "account"
    STATUS = "status"
    PAYMENT = "payment"
    SYNC = "sync"
    DUE = "due"
    AMOUNT = "amount"
    CITY = "city"
    PINCODE = "pincode"
    SKU = "sku"
    TAG = "tag"
    ASSIGNEE = "assignee"
    PRIORITY = "priority"
    HOLD = "hold"
    COD = "cod"
    CANCEL = "cancel"
    RETURN = "return"
    UNMAPPED = "unmapped"
    CUSTOMER = "customer"
    ARCHIVED = "archived"


class Flag(StrEnum):
    YES = "yes"
    NO = "no"


class Due(StrEnum):
    """Ship-by in words; a range of days is written `2026-11-20..2026-11-22`."""

    OVERDUE = "overdue"  # past, and still to ship
    TODAY = "today"
    TOMORROW = "tomorrow"
    NONE = "none"  # the channel sets no deadline


class Archived(StrEnum):
    """Without it a list leaves out what was put away."""

    YES = "yes"  # only those
    ALL = "all"  # those too


FLAGS: Final = (Facet.HOLD, Facet.COD, Facet.CANCEL, Facet.RETURN, Facet.UNMAPPED)


@dataclass(frozen=True, slots=True)
class Pick:
    """What was chosen of one facet: any of `values`, and none of `without`.

    Values are in their one written form, so that equal picks are equal.
    """

    facet: Facet
    values: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.values or self.without)

    def text(self) -> str:
        """The inverse of `parse_pick`."""
        kept = [_escaped(value) for value in self.values]
        return ",".join([*kept, *("-" + _escaped(value) for value in self.without)])


def parse_pick(facet: Facet, text: str, mistakes: dict[str, str]) -> Pick:
    """Read one facet's parameter; what means nothing goes into `mistakes` as a sentence."""
    values: dict[str, None] = {}
    without: dict[str, None] = {}
    parts = _split(text)
    if len(parts) > MAX_VALUES:
        mistakes[facet.value] = f"At most {MAX_VALUES} values of one filter."
        return Pick(facet)
    for is_not, part in parts:
        try:
            value = _READERS[facet](part)
        except ValueError as error:
            mistakes[facet.value] = str(error)
            continue
        (without if is_not else values)[value] = None
    if facet is Facet.ARCHIVED:
        return Pick(facet, tuple(values)[:1])
    if facet in FLAGS:
        return _flag_pick(facet, tuple(values), tuple(without), mistakes)
    return Pick(facet, tuple(values), tuple(name for name in without if name not in values))


def _flag_pick(
    facet: Facet, values: tuple[str, ...], without: tuple[str, ...], mistakes: dict[str, str]
) -> Pick:
    """`-yes` is `no`; both at once ask for nothing."""
    other = {Flag.YES.value: Flag.NO.value, Flag.NO.value: Flag.YES.value}
    meant = {*values, *(other[value] for value in without)}
    if len(meant) > 1:
        mistakes[facet.value] = f"{facet}: yes or no, not both."
        return Pick(facet)
    return Pick(facet, tuple(meant))


def _split(text: str) -> list[tuple[bool, str]]:
    """The parts between commas, each with whether a minus stands before it."""
    found: list[tuple[bool, str]] = []
    for raw in re.findall(r"(?:\\.|[^,\\])+", text, re.DOTALL):
        part = raw.strip()
        is_not = part.startswith("-")
        value = re.sub(r"\\(.)", r"\1", part[1:] if is_not else part).strip()
        if value:
            found.append((is_not, value))
    return found


def _escaped(value: str) -> str:
    text = value.replace("\\", "\\\\").replace(",", "\\,")
    return f"\\{text}" if text.startswith("-") else text


def _word_of(name: str, words: type[StrEnum]) -> Callable[[str], str]:
    def read(text: str) -> str:
        try:
            return words(text.lower()).value
        except ValueError as error:
            raise ValueError(no_such(name, text, words)) from error

    return read


def _id(text: str) -> str:
    if text.isascii() and text.isdecimal() and len(text) < 19 and int(text) > 0:
        return str(int(text))
    raise ValueError(f"{text[:40]!r} is not the number of an account.")


def _customer(text: str) -> str:
    try:
        return _id(text)
    except ValueError as error:
        raise ValueError(f"{text[:40]!r} is not the number of a customer.") from error


def _person(text: str) -> str:
    if text.lower() in (ME, NONE):
        return text.lower()
    try:
        return _id(text)
    except ValueError as error:
        raise ValueError(f"{text[:40]!r} is nobody: a person's number, {ME} or {NONE}.") from error


def _text(text: str) -> str:
    if len(text) > _LONGEST:
        raise ValueError(f"{text[:40]!r}… is longer than {_LONGEST} characters.")
    return " ".join(text.replace("\x00", "").split())


def _pincode(text: str) -> str:
    value = "".join(text.split()).upper()
    if re.fullmatch(r"[0-9A-Z-]{2,12}", value):
        return value
    raise ValueError(f"{text[:40]!r} is no pincode, nor the beginning of one (two digits or more).")


def _due(text: str) -> str:
    words = {word.value for word in Due}
    if text.lower() in words:
        return text.lower()
    if days := day_range_of(text):
        return _range_text(*(day.isoformat() if day else "" for day in days))
    allowed = ", ".join(words)
    raise ValueError(
        f"{text[:40]!r} is no ship-by; it may be {allowed}, or days such as 2026-11-20..2026-11-22."
    )


def day_range_of(text: str) -> tuple[date | None, date | None] | None:
    """First and last day of `a..b`, `a..`, `..b` or one day; None if it is none of these."""
    first, dots, last = text.partition("..")
    start, end = day_of(first), day_of(last if dots else first)
    if (first and not start) or (last and not end) or not (start or end):
        return None
    return None if start and end and start > end else (start, end)


def _amount(text: str) -> str:
    currency, least, most = amount_range_of(text)
    prefix = "" if currency == CURRENCY else currency
    return prefix + _range_text(_major(least, currency), _major(most, currency))


def amount_range_of(text: str) -> tuple[str, int | None, int | None]:
    """Currency, least and most minor units of `500..2000`, `..100`, `USD10..` or `499`.

    Raises:
        ValueError: With a sentence, if it is no range of amounts.
    """
    shape = re.fullmatch(r"([A-Za-z]{3})?\s*([\d.]*?)(\.\.([\d.]*))?", text.replace(" ", ""))
    mistake = f"{text[:40]!r} is no amount such as 500..2000."
    if shape is None:
        raise ValueError(mistake)
    currency = (shape[1] or CURRENCY).upper()
    first, last = shape[2], shape[4] if shape[3] else shape[2]
    try:
        least = parse_minor(first, currency) if first else None
        most = parse_minor(last, currency) if last else None
    except ValueError as error:
        raise ValueError(mistake) from error
    if least is None and most is None:
        raise ValueError(mistake)
    if least is not None and most is not None and least > most:
        raise ValueError("The smallest amount is above the largest.")
    return currency, least, most


def _major(minor: int | None, currency: str) -> str:
    return "" if minor is None else f"{Decimal(minor).scaleb(-exponent(currency)).normalize():f}"


def _range_text(first: str, last: str) -> str:
    return first if first == last else f"{first}..{last}"


_READERS: Final[dict[Facet, Callable[[str], str]]] = {
    Facet.CHANNEL: _word_of("channel", Channel),
    Facet.ACCOUNT: _id,
    Facet.CUSTOMER: _customer,
    Facet.STATUS: _word_of("status", OrderStatus),
    Facet.PAYMENT: _word_of("payment", PaymentStatus),
    Facet.SYNC: _word_of("sync", SyncStatus),
    Facet.DUE: _due,
    Facet.AMOUNT: _amount,
    Facet.CITY: _text,
    Facet.PINCODE: _pincode,
    Facet.SKU: _text,
    Facet.TAG: _text,
    Facet.ASSIGNEE: _person,
    Facet.PRIORITY: _word_of("priority", Priority),
    Facet.ARCHIVED: _word_of("archived", Archived),
    **{flag: _word_of(flag.value, Flag) for flag in FLAGS},
}
