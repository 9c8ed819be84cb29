"""What a typed text means, as a condition on orders.

Identifiers by prefix on their own indexes; people on their own small table, then their orders.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import BigInteger, ColumnElement, any_, false, func, literal, or_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col, select

from crm_app.models import Customer, Order
from crm_app.services.order_rows import digits

# Above these a text counts as dense: gathering what it matches costs more than a walk, which
# finds one in some hundred rows.
_FEW_PEOPLE: Final = 1_500
_FEW_NUMBERS: Final = 10_000
# One or two characters begin a large share of all numbers; as a whole number they are asked for.
_MIN_PREFIX: Final = 3
_MIN_PHONE_DIGITS: Final = 4
_WHOLE_PHONE_DIGITS: Final = 10
_WORD: Final = re.compile(r"\w+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Match:
    """A condition on `Order`.

    Attributes:
        condition: Holds for what the text means.
        is_dense: It holds for so many orders that a walk meets one soon.
        customers: Ids of people that the text means; some of them, if there are many.
    """

    condition: ColumnElement[bool]
    is_dense: bool = False
    customers: tuple[int, ...] = ()


NOTHING: Final = Match(false())


def match(session: Session, text: str, *, sees_people: bool) -> Match:
    """Find out what `text` means and how much it matches.

    Args:
        session: Used to look up keys.
        text: Part of an order number or external id from its beginning, a name (any words,
            each from its beginning), an e-mail from its beginning, or the last digits of a
            phone number.
        sees_people: False leaves people out, so that a search tells nothing about them.
    """
    numbers = _numbers(text)
    conditions: list[ColumnElement[bool]] = []
    found = _count_up_to(session, numbers, _FEW_NUMBERS) if numbers else 0
    if found:
        conditions += numbers
    people = _people_condition(text) if sees_people else None
    customers = _customers(session, people) if people is not None else ()
    if people is not None and len(customers) > _FEW_PEOPLE:
        return Match(or_(*conditions, _is_of(people)), is_dense=True, customers=customers)
    if customers:
        conditions.append(is_by(customers))
    if not conditions:
        return NOTHING
    return Match(or_(*conditions), found > _FEW_NUMBERS, customers)


def is_by(customers: Sequence[int]) -> ColumnElement[bool]:
    """The order is by one of these; as one array, for a thousand parameters take their time."""
    keys: Any = literal(list(customers), ARRAY(BigInteger))
    return col(Order.customer_id) == any_(keys)


def _numbers(text: str) -> list[ColumnElement[bool]]:
    number = text.lstrip("#").strip()
    if not number:
        return []
    columns = (Order.order_number, Order.external_id)
    variants = sorted({number, number.upper()})
    if len(number) < _MIN_PREFIX:
        return [col(column) == variant for column in columns for variant in variants]
    return [_begins(column, variant) for column in columns for variant in variants]


def _count_up_to(session: Session, conditions: list[ColumnElement[bool]], most: int) -> int:
    """How many orders fulfil the condition that most fulfil; `most + 1` for more."""
    capped = [select(literal(1)).where(one).limit(most + 1).subquery() for one in conditions]
    counts = [select(func.count()).select_from(one).scalar_subquery() for one in capped]
    return max(session.execute(sa.select(*counts)).one())


def _customers(session: Session, people: ColumnElement[bool]) -> tuple[int, ...]:
    return tuple(session.exec(select(Customer.id).where(people).limit(_FEW_PEOPLE + 1)))


def _people_condition(text: str) -> ColumnElement[bool] | None:
    if "@" in text:
        return _begins(Customer.email, text.lower())
    number = digits(text)
    if number and not re.search(r"[^\W\d_]", text):
        if len(number) < _MIN_PHONE_DIGITS:
            return None
        return _has_phone(number)
    words = [word for word in text.split() if _WORD.search(word)]
    if not words:
        return None
    # Each word from its beginning, all of them, in any order. Quoted, a word holds no operators,
    # and PostgreSQL takes it apart the way it took the names apart: "A.K." and "मीरा" are one each.
    term = " & ".join(f"{_quoted(word)}:*" for word in words[:8])
    return col(Customer.search).bool_op("@@")(func.to_tsquery("simple", term))


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


def _begins(column: Any, text: str) -> ColumnElement[bool]:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return col(column).like(escaped + "%")
