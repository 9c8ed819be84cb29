"""An order as a person types it: texts in, an order of ours out, or a sentence for each mistake."""

import re
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from email_validator import EmailNotValidError, validate_email

from crm_app.domain.money import exponent, parse_minor
from crm_app.domain.order_status import PaymentStatus
from crm_app.errors import ConflictError, InvalidInputError

CURRENCY: Final = "INR"
MAX_LINES: Final = 100
_MAX_QUANTITY: Final = 100_000
PAYMENTS: Final = (PaymentStatus.PAID, PaymentStatus.COD, PaymentStatus.UNPAID)
_LONGEST: Final = {
    "source": 120,
    "name": 200,
    "phone": 40,
    "email": 254,
    "line1": 200,
    "line2": 200,
    "city": 100,
    "state": 100,
    "pincode": 20,
    "note": 2000,
}
_AMOUNTS: Final = ("shipping", "discount", "tax")
_PHONE: Final = re.compile(r"\+?[\d\s()./-]{6,}")
_NAMES: Final = {
    "source": "where it came from",
    "line1": "the address",
    "line2": "the second line of the address",
    "email": "the e-mail",
    "lines": "the lines",
}


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One line as typed."""

    title: str = ""
    sku: str = ""
    quantity: str = "1"
    price: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.title.strip() or self.sku.strip() or self.price.strip())


@dataclass(frozen=True, slots=True)
class Draft:
    """What the form holds, as typed. Amounts are rupees such as `1,499.00`; `tax` is part of it."""

    source: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    pincode: str = ""
    payment: str = PaymentStatus.PAID.value
    shipping: str = ""
    discount: str = ""
    tax: str = ""
    note: str = ""
    lines: tuple[DraftLine, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedLine:
    title: str
    sku: str
    quantity: int
    price_minor: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft that makes sense: `texts` by name, amounts in minor units (None: not given)."""

    texts: dict[str, str]
    payment: PaymentStatus
    shipping_minor: int | None
    discount_minor: int | None
    tax_minor: int | None
    lines: tuple[CheckedLine, ...] = field(default_factory=tuple)

    @property
    def subtotal_minor(self) -> int:
        return sum(line.quantity * line.price_minor for line in self.lines)

    @property
    def total_minor(self) -> int:
        return self.subtotal_minor + (self.shipping_minor or 0) - (self.discount_minor or 0)


def check(draft: Draft) -> Checked:
    """The draft as numbers and clean texts.

    Raises:
        InvalidInputError: With a sentence for each field that cannot be used; those of a line are
            called `line.0.quantity`.
    """
    mistakes: dict[str, str] = {}
    texts = {name: _text(draft, name, most, mistakes) for name, most in _LONGEST.items()}
    _check_person(texts, mistakes)
    amounts = {name: _amount(getattr(draft, name), name, mistakes) for name in _AMOUNTS}
    lines = _lines(draft, mistakes)
    if draft.payment not in PAYMENTS:
        mistakes["payment"] = "Choose how it is paid."
    if mistakes:
        raise InvalidInputError(" ".join(dict.fromkeys(mistakes.values())), details=mistakes)
    checked = Checked(
        texts=texts,
        payment=PaymentStatus(draft.payment),
        shipping_minor=amounts["shipping"],
        discount_minor=amounts["discount"],
        tax_minor=amounts["tax"],
        lines=lines,
    )
    if checked.total_minor < 0:
        said = "The discount is larger than the order."
        raise InvalidInputError(said, details={"discount": said})
    if (checked.tax_minor or 0) > checked.total_minor:
        said = "The tax is part of the total and cannot be larger."
        raise InvalidInputError(said, details={"tax": said})
    return checked


def _text(draft: Draft, name: str, most: int, mistakes: dict[str, str]) -> str:
    typed: str = getattr(draft, name).replace("\x00", "")
    # Only the note may have lines.
    plain = typed.strip() if name == "note" else " ".join(typed.split())
    if len(plain) > most:
        mistakes[name] = f"At most {most} characters."
    return plain


def _check_person(texts: dict[str, str], mistakes: dict[str, str]) -> None:
    if not texts["source"]:
        mistakes["source"] = "Say where the order came from."
    if not texts["name"]:
        mistakes["name"] = "The order needs the buyer's name."
    if texts["phone"] and not _PHONE.fullmatch(texts["phone"]):
        mistakes["phone"] = "This is no phone number."
    if texts["email"]:
        try:
            texts["email"] = validate_email(
                texts["email"], check_deliverability=False
            ).normalized.lower()
        except EmailNotValidError:
            mistakes["email"] = "This is no e-mail address."


def _amount(typed: str, name: str, mistakes: dict[str, str]) -> int | None:
    plain = typed.strip().removeprefix("₹").replace(",", "").strip()
    if not plain:
        return None
    try:
        minor = parse_minor(plain, CURRENCY)
    except ValueError:
        mistakes[name] = "This is no amount such as 1499 or 1499.50."
        return None
    if minor < 0:
        mistakes[name] = "An amount is not negative."
    return minor


def _lines(draft: Draft, mistakes: dict[str, str]) -> tuple[CheckedLine, ...]:
    filled = [(place, line) for place, line in enumerate(draft.lines) if not line.is_empty]
    if not filled:
        mistakes["lines"] = "The order needs a line."
    if len(filled) > MAX_LINES:
        mistakes["lines"] = f"At most {MAX_LINES} lines."
        return ()
    return tuple(_line(place, line, mistakes) for place, line in filled)


def _line(place: int, line: DraftLine, mistakes: dict[str, str]) -> CheckedLine:
    title, sku = " ".join(line.title.split()), " ".join(line.sku.split())
    if not (title or sku):
        mistakes[f"line.{place}.title"] = "Say what it is."
    if len(title) > 500 or len(sku) > 120:
        mistakes[f"line.{place}.title"] = "Too long: a name has 500 characters, a SKU 120."
    plain = line.quantity.strip()
    quantity = int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 7 else 0
    if not 1 <= quantity <= _MAX_QUANTITY:
        mistakes[f"line.{place}.quantity"] = "A whole number from 1."
    price = _amount(line.price, f"line.{place}.price", mistakes)
    if price is None and f"line.{place}.price" not in mistakes:
        mistakes[f"line.{place}.price"] = "It needs a price; 0 for a gift."
    return CheckedLine(title or sku, sku, quantity, price or 0)


def merge(before: Draft, now: Draft, after: Draft) -> Draft:
    """What a person changed, over what a colleague changed meanwhile.

    Args:
        before: As the person saw it.
        now: As it is.
        after: As the person wants it.

    Raises:
        ConflictError: If both changed the same field differently; `details` names them.
    """
    wanted: dict[str, Any] = {}
    mistakes: dict[str, str] = {}
    for name in (one.name for one in fields(Draft)):
        seen, is_now, asked = (getattr(draft, name) for draft in (before, now, after))
        if asked == seen:
            continue
        if is_now not in (seen, asked):
            shown = f": it is {is_now!r} now" if isinstance(is_now, str) and is_now else ""
            mistakes[name] = f"A colleague changed {_NAMES.get(name, 'the ' + name)}{shown}."
        wanted[name] = asked
    if mistakes:
        raise ConflictError(" ".join(mistakes.values()) + " Look again first.", details=mistakes)
    return replace(now, **wanted)


def amount_text(minor: int | None) -> str:
    """An amount as the form shows it: `1499.50`; empty where there is none."""
    if minor is None:
        return ""
    whole, part = divmod(minor, 10 ** exponent(CURRENCY))
    return f"{whole}.{part:02}" if part else str(whole)
