"""What a typed text means, as a condition on orders.

Identifiers by prefix on their own indexes; people on their own small table, then their orders.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import BigInteger, ColumnElement, any_, false, func, literal, or_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col, select

from crm_app.models import Customer, Order, OrderLine, OrderPackage
from crm_app.services.order_rows import digits

# Above these a text counts as dense: gathering what it matches costs more than a walk, which
# finds one in some hundred rows.
_FEW_PEOPLE: Final = 1_500
_FEW_NUMBERS: Final = 10_000
# One or two characters begin a large share of all numbers; as a whole number they are asked for.
_MIN_PREFIX: Final = 3
_MIN_PHONE_DIGITS: Final = 4
_MIN_TRACKING: Final = 5
_MOST_LINES: Final = 3 * _FEW_NUMBERS
_PINCODE: Final = re.compile(r"[1-9][0-9]{5}")
_WHOLE_PHONE_DIGITS: Final = 10
_WORD: Final = re.compile(r"\w+", re.UNICODE)


class Field(StrEnum):
    """What of an order a text matched."""

    ORDER_NUMBER = "order number"
    EXTERNAL_ID = "channel's id"
    TRACKING = "tracking number"
    PINCODE = "pincode"
    SKU = "SKU"
    EMAIL = "e-mail"
    PHONE = "phone"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Match:
    """A condition on `Order`.

    Attributes:
        condition: Holds for what the text means.
        is_dense: It holds for so many orders that a walk meets one soon.
        customers: Ids of people that the text means; some of them, if there are many.
        at_least: Of a dense one without people: so many orders fulfil it.
        fields: What an order may be found by, the plainest first, each with its condition; what
            none of them explains is `people`.
        people: What of a person the text would be.
    """

    condition: ColumnElement[bool]
    is_dense: bool = False
    customers: tuple[int, ...] = ()
    at_least: int = 0
    fields: tuple[tuple[Field, ColumnElement[bool]], ...] = ()
    people: Field = Field.NAME


NOTHING: Final = Match(false())


def match(session: Session, text: str, *, sees_people: bool) -> Match:
    """Find out what `text` means and how much it matches.

    Args:
        session: Used to look up keys.
        text: Part of an order number, external id, tracking number or SKU from its beginning, a
            whole pincode, a name (any words, each from its beginning), an e-mail from its
            beginning, or the last digits of a phone number.
        sees_people: False leaves people and pincodes out, so that a search tells nothing of them.
    """
    looked = _numbers(text, sees_people=sees_people)
    counts = _counts_up_to(session, [one for _, one in looked], _FEW_NUMBERS) if looked else []
    fields = [field for field, count in zip(looked, counts, strict=True) if count]
    if (earlier := _earlier_packages(session, text)) is not None:
        fields.append((Field.TRACKING, earlier))
    most = max(counts, default=0)
    is_dense = most > _FEW_NUMBERS
    if sku := _sku(session, text):
        fields.append((Field.SKU, sku.condition))
        is_dense, most = is_dense or sku.is_dense, max(most, sku.at_least)
    conditions = [condition for _, condition in fields]
    kind, people = _people_condition(text) if sees_people else (Field.NAME, None)
    customers = _customers(session, people) if people is not None else ()
    found: dict[str, Any] = {"customers": customers, "fields": tuple(fields), "people": kind}
    if people is not None and len(customers) > _FEW_PEOPLE:
        return Match(or_(*conditions, _is_of(people)), is_dense=True, **found)
    if customers:
        conditions.append(is_by(customers))
    if not conditions:
        return NOTHING
    return Match(or_(*conditions), is_dense, at_least=min(most, _FEW_NUMBERS), **found)


def found_by(session: Session, found: Match, order_ids: Sequence[int]) -> dict[int, Field]:
    """For each of these orders, which all match: what of it the text matched."""
    if not order_ids or found is NOTHING:
        return {}
    keys: Any = literal(list(order_ids), ARRAY(BigInteger))
    cases = [(condition, literal(field.value)) for field, condition in found.fields]
    says = sa.case(*cases, else_=literal(found.people.value)) if cases else literal(found.people)
    rows = session.execute(sa.select(col(Order.id), says).where(col(Order.id) == any_(keys)))
    return {key: Field(field) for key, field in rows}


@dataclass(frozen=True, slots=True)
class _Lines:
    """Orders with a SKU; `at_least` so many if they are dense."""

    condition: ColumnElement[bool]
    is_dense: bool
    at_least: int


def _sku(session: Session, text: str) -> _Lines | None:
    sku = text.strip()
    if len(sku) < _MIN_PREFIX or " " in sku:
        return None
    has_sku = or_(*[begins(OrderLine.sku, one) for one in sorted({sku, sku.upper()})])
    # Two lines of an order may match; three times as many say enough of it.
    lines = select(OrderLine.order_id).where(has_sku).limit(_MOST_LINES)
    found = list(session.exec(lines))
    ids = list(dict.fromkeys(found))
    if not ids:
        return None
    if len(found) < _MOST_LINES and len(ids) <= _FEW_NUMBERS:
        keys: Any = literal(ids, ARRAY(BigInteger))
        return _Lines(col(Order.id) == any_(keys), is_dense=False, at_least=len(ids))
    has_line = (
        select(literal(True))
        .where(OrderLine.order_id == Order.id, has_sku)
        .limit(1)
        .correlate(Order)
        .scalar_subquery()
        .is_(True)
    )
    return _Lines(has_line, is_dense=True, at_least=len(ids))


def _earlier_packages(session: Session, text: str) -> ColumnElement[bool] | None:
    """Orders whose package it is though a later one's number stands in the list."""
    number = text.strip()
    if len(number) < _MIN_TRACKING or " " in number:
        return None
    spellings = sorted({number, number.upper()})
    is_it = or_(*[begins(OrderPackage.tracking_number, one) for one in spellings])
    rows = select(OrderPackage.order_id).where(OrderPackage.tracking_number != "", is_it)
    ids = list(dict.fromkeys(session.exec(rows.limit(_FEW_NUMBERS))))
    # Where so many begin alike, the numbers of the list itself are found all the same.
    if not ids or len(ids) >= _FEW_NUMBERS:
        return None
    return col(Order.id) == any_(literal(ids, ARRAY(BigInteger)))


def is_by(customers: Sequence[int]) -> ColumnElement[bool]:
    """The order is by one of these; as one array, for a thousand parameters take their time."""
    keys: Any = literal(list(customers), ARRAY(BigInteger))
    return col(Order.customer_id) == any_(keys)


def _numbers(text: str, *, sees_people: bool) -> list[tuple[Field, ColumnElement[bool]]]:
    """What a number may be, with the condition of its own index."""
    number = text.lstrip("#").strip()
    if not number:
        return []
    columns = ((Field.ORDER_NUMBER, Order.order_number), (Field.EXTERNAL_ID, Order.external_id))
    variants = sorted({number, number.upper()})
    if len(number) < _MIN_PREFIX:
        return [(field, or_(*[col(c) == one for one in variants])) for field, c in columns]
    found = [(field, or_(*[begins(c, one) for one in variants])) for field, c in columns]
    if len(number) >= _MIN_TRACKING and " " not in number:
        is_tracked = or_(*[begins(Order.tracking_number, one) for one in variants])
        found.append((Field.TRACKING, (col(Order.tracking_number) != "") & is_tracked))
    if sees_people and _PINCODE.fullmatch(number):
        # By prefix, as its index is ordered; a pincode has no seventh digit.
        is_it = (col(Order.pincode) != "") & begins(Order.pincode, number)
        found.append((Field.PINCODE, is_it))
    return found


def _counts_up_to(session: Session, conditions: list[ColumnElement[bool]], most: int) -> list[int]:
    """How many orders fulfil each condition; `most + 1` for more."""
    capped = [select(literal(1)).where(one).limit(most + 1).subquery() for one in conditions]
    counts = [select(func.count()).select_from(one).scalar_subquery() for one in capped]
    return list(session.execute(sa.select(*counts)).one())


def _customers(session: Session, people: ColumnElement[bool]) -> tuple[int, ...]:
    return tuple(session.exec(select(Customer.id).where(people).limit(_FEW_PEOPLE + 1)))


def _people_condition(text: str) -> tuple[Field, ColumnElement[bool] | None]:
    if "@" in text:
        return Field.EMAIL, begins(Customer.email, text.lower())
    number = digits(text)
    if number and not re.search(r"[^\W\d_]", text):
        long_enough = len(number) >= _MIN_PHONE_DIGITS
        return Field.PHONE, _has_phone(number) if long_enough else None
    words = [word for word in text.split() if _WORD.search(word)]
    if not words:
        return Field.NAME, None
    # Each word from its beginning, all of them, in any order. Quoted, a word holds no operators,
    # and PostgreSQL takes it apart the way it took the names apart: "A.K." and "मीरा" are one each.
    term = " & ".join(f"{_quoted(word)}:*" for word in words[:8])
    return Field.NAME, col(Customer.search).bool_op("@@")(func.to_tsquery("simple", term))


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _has_phone(number: str) -> ColumnElement[bool]:
    """Ends with these digits: staff are given the last ones, or the whole without country code."""
    reverse: Any = func.reverse(Customer.phone_digits)
    # Shops keep the same number with and without its country code: ten digits tell enough.
    ending = number[-_WHOLE_PHONE_DIGITS:]
    return (col(Customer.phone_digits) != "") & reverse.like(ending[::-1] + "%")


def _is_of(people: ColumnElement[bool]) -> ColumnElement[bool]:
    # A value for each row, not EXISTS: that the planner turns into a join of all orders with
    # all customers, because it believes every prefix to be frequent or none.
    return (
        select(people)
        .where(Customer.id == Order.customer_id)
        .correlate(Order)
        .scalar_subquery()
        .is_(True)
    )


def begins(column: Any, text: str) -> ColumnElement[bool]:
    """Whether a column begins with a text, letter by letter: an index of patterns finds it."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return col(column).like(escaped + "%")
