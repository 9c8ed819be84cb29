"""Amounts as whole minor units with their currency; never a float."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, Self

# ISO 4217 currencies whose minor unit is not a hundredth.
_EXPONENTS: Final = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3}
_SYMBOLS: Final = {"INR": "₹", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}

# A bigint holds more; a single order above this is a mistake of the sender.
MAX_MINOR: Final = 10**14


@dataclass(frozen=True, slots=True)
class Money:
    """`Money(149_900, "INR")` is 1,499 rupees; `minor` counts paise, cents or whole yen."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, amount: str, currency: str) -> Self:
        """Read a decimal text as channels send it: `Money.parse("1499.00", "INR")`.

        Raises:
            ValueError: If `amount` is not a finite number, is finer than the currency's
                smallest unit, or is absurdly large.
        """
        return cls(parse_minor(amount, currency), currency)

    def __str__(self) -> str:
        return f"{self.currency} {Decimal(self.minor).scaleb(-exponent(self.currency)):f}"


def exponent(currency: str) -> int:
    """Decimal places of the currency's minor unit."""
    return _EXPONENTS.get(currency, 2)


def parse_minor(amount: str, currency: str) -> int:
    """The minor units of a decimal text; raises ValueError as `Money.parse` says."""
    try:
        scaled = Decimal(amount).scaleb(exponent(currency))
        whole = scaled.to_integral_value()
    except (InvalidOperation, TypeError) as error:
        raise ValueError(f"{amount!r} is not an amount.") from error
    if not scaled.is_finite():
        raise ValueError(f"{amount!r} is not an amount.")
    if scaled != whole:
        raise ValueError(f"{amount} {currency} has too many decimals.")
    if abs(whole) > MAX_MINOR:
        raise ValueError(f"{amount} {currency} is too large for one order.")
    return int(whole)


def to_text(minor: int | None, currency: str | None, *, whole: bool = False) -> str:
    """`₹1,18,400.00`, grouped as people of the currency write it; `—` where there is none.

    Args:
        minor: Minor units.
        currency: ISO 4217 code.
        whole: Round to whole units, for figures where paise only make noise.
    """
    if minor is None or not currency:
        return "—"
    places = exponent(currency)
    value = abs(Decimal(minor).scaleb(-places))
    text = f"{value:.0f}" if whole else f"{value:.{places}f}"
    integer, _, fraction = text.partition(".")
    grouped = _group_indian(integer) if currency == "INR" else f"{int(integer):,}"
    sign = "−" if minor < 0 else ""
    symbol = _SYMBOLS.get(currency, currency + " ")
    return sign + symbol + grouped + ("." + fraction if fraction else "")


def _group_indian(digits: str) -> str:
    """The last three digits, then pairs: 12,34,567."""
    head, tail = digits[:-3], digits[-3:]
    pairs: list[str] = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*pairs, tail])
