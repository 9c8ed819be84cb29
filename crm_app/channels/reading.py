"""Reading fields out of a channel's JSON: the rules that every mapping shares.

- A required field that is missing, and any field of the wrong kind, sets the order aside
  (`BadFieldError` names the field, never its content). Null and "" count as missing.
- Texts are trimmed; names, titles and addresses longer than our columns are cut and end in "…"
  (the stored payload keeps all of them). Ids are never cut: a longer one sets the order aside.
- A null byte or half of a surrogate pair cannot be stored by PostgreSQL and is no text: set aside.
- Amounts are decimal texts (or JSON numbers), not negative, at most `money.MAX_MINOR`.
- Quantities are whole numbers from 0 to a million.
- Times carry a zone, or are UTC where the channel says so, and lie between 2000 and 2100.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, Self, cast

from crm_app.channels.base import BadOrder, ChannelOrder
from crm_app.domain.money import exponent, parse_minor

Json = Mapping[str, Any]

EMPTY: Final[Json] = {}
MAX_QUANTITY: Final = 1_000_000

# The widths of our columns.
ID: Final = 128
WORD: Final = 60
NAME: Final = 300
TITLE: Final = 500
SKU: Final = 120
STREET: Final = 300
CITY: Final = 120
PINCODE: Final = 20
PHONE: Final = 40
EMAIL: Final = 254
CARRIER: Final = 80
TRACKING: Final = 120
NOTE: Final = 2000

_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)


class BadFieldError(ValueError):
    """A field that cannot be read: `orderItems[2].quantityOrdered is missing`."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} {why}")
        self.name = name
        self.why = why

    def within(self, place: str) -> Self:
        """The same, seen from one level up."""
        return type(self)(f"{place}.{self.name}", self.why)


def clean(value: str, name: str, limit: int) -> str:
    """Trim a text and cut it to `limit` characters, the last of them an ellipsis."""
    if "\x00" in value:
        raise BadFieldError(name, "holds a null byte")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise BadFieldError(name, "holds half a character") from None
    value = value.strip()
    return value if len(value) <= limit else value[: limit - 1] + "…"


def text(record: Json, key: str, limit: int) -> str:
    """An optional text; "" if it is missing. A number is taken as its digits."""
    value = record.get(key)
    if value is None or value == "":
        return ""
    if type(value) is not str:
        if type(value) is not int or abs(value) >= 10**30:
            raise BadFieldError(key, "is not text")
        value = str(value)
    return clean(value, key, limit)


def identifier(record: Json, key: str, limit: int = ID) -> str:
    """A required id or word, never cut."""
    value = text(record, key, limit + 1)
    if not value:
        raise BadFieldError(key, "is missing")
    if len(value) > limit:
        raise BadFieldError(key, f"is longer than {limit} characters")
    return value


def email(record: Json, key: str) -> str:
    """An address in lower case; "" if it is missing or too long to be one."""
    value = text(record, key, EMAIL + 1).lower()
    return value if len(value) <= EMAIL else ""


def as_object(value: object) -> Json:
    """The value if it is an object, else an empty one: for what we can do without."""
    return cast(Json, value) if isinstance(value, dict) else EMPTY


def section(record: Json, key: str) -> Json:
    """An optional object; empty if it is missing. PHP writes an empty object as []."""
    value = record.get(key)
    if type(value) is dict:
        return cast(Json, value)
    if value is None or value == []:
        return EMPTY
    raise BadFieldError(key, "is not an object")


def sections(record: Json, key: str) -> list[Json]:
    """An optional list of objects; empty if it is missing."""
    value = record.get(key)
    if value is None:
        return []
    if type(value) is not list:
        raise BadFieldError(key, "is not a list")
    items = cast(list[Any], value)
    for index, item in enumerate(items):
        if type(item) is not dict:
            raise BadFieldError(f"{key}[{index}]", "is not an object")
    return items


def quantity(record: Json, key: str) -> int | None:
    """An optional count; None if it is missing."""
    value = record.get(key)
    if value is None:
        return None
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int:
        raise BadFieldError(key, "is not a whole number")
    if not 0 <= value <= MAX_QUANTITY:
        raise BadFieldError(key, "is negative" if value < 0 else "is absurdly large")
    return value


def moment(record: Json, key: str, *, naive_is_utc: bool = False) -> datetime | None:
    """An optional ISO 8601 time, aware; None if it is missing."""
    value = record.get(key)
    if value is None or value == "":
        return None
    if type(value) is not str:
        raise BadFieldError(key, "is not a time")
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise BadFieldError(key, "is not a time") from None
    if found.tzinfo is None:
        if not naive_is_utc:
            raise BadFieldError(key, "is a time without a zone")
        found = found.replace(tzinfo=UTC)
    if not _EARLIEST <= found < _LATEST:
        raise BadFieldError(key, "is an absurd time")
    return found


def required_moment(record: Json, key: str, *, naive_is_utc: bool = False) -> datetime:
    """A required ISO 8601 time, aware."""
    found = moment(record, key, naive_is_utc=naive_is_utc)
    if found is None:
        raise BadFieldError(key, "is missing")
    return found


def currency(record: Json, key: str) -> str:
    """A required ISO 4217 code, in capitals."""
    code = identifier(record, key, WORD).upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise BadFieldError(key, "is not a currency")
    return code


def amount(record: Json, key: str, code: str) -> int | None:
    """An optional amount in minor units of the currency `code`; None if it is missing.

    Negative ones are refused with the rest; `signed_amount` is for discounts and refunds.
    """
    minor = signed_amount(record, key, code)
    if minor is not None and minor < 0:
        raise BadFieldError(key, "is a negative amount")
    return minor


def signed_amount(record: Json, key: str, code: str, *, is_rounded: bool = False) -> int | None:
    """As `amount`, either sign. `is_rounded`: half up where it is finer than the currency."""
    value = record.get(key)
    if value is None or value == "":
        return None
    if type(value) is not str:
        is_number = type(value) is float or (type(value) is int and abs(value) < 10**30)
        if not is_number:
            raise BadFieldError(key, "is not an amount")
        value = repr(value)
    if len(value) > 40 or "_" in value:
        raise BadFieldError(key, "is not an amount")
    try:
        if is_rounded:
            step = Decimal(1).scaleb(-exponent(code))
            value = str(Decimal(value).quantize(step, ROUND_HALF_UP))
        return parse_minor(value, code)
    except (ValueError, ArithmeticError) as error:
        # The amount itself may stand there: it says what is wrong and nothing of a person.
        why = str(error) if type(error) is ValueError else "that is not an amount."
        raise BadFieldError(key, f"cannot be read: {clean(why, key, 120)}") from None


def read_page(
    elements: Iterable[Any], to_order: Callable[[Json], ChannelOrder], id_key: str
) -> tuple[tuple[ChannelOrder, ...], tuple[BadOrder, ...]]:
    """Map each element of a page; one that cannot be read is set aside and the others go on.

    Args:
        elements: What the channel sent as its list of orders.
        to_order: The channel's mapping; raises BadFieldError.
        id_key: Where an element names its order, to tell which one was set aside.
    """
    orders: list[ChannelOrder] = []
    bad: list[BadOrder] = []
    for element in elements:
        if type(element) is not dict:
            bad.append(BadOrder("", "The element is not an object.", {"element": element}))
            continue
        raw = cast(Json, element)
        try:
            orders.append(to_order(raw))
        except BadFieldError as error:
            bad.append(BadOrder(id_of(raw, id_key), f"{error}."[:500], raw))
    return tuple(orders), tuple(bad)


def id_of(raw: Json, key: str) -> str:
    """The id of an element that may be broken; "" if it has none that can be used."""
    try:
        return identifier(raw, key)
    except BadFieldError:
        return ""
