"""The search box: which orders a typed text means.

Identifiers by prefix on their own indexes; people on their own small table, then their orders.
A term that few match is resolved to keys first (the planner believes every prefix is frequent
and would walk the whole date index to find nothing); a term that many match is tested row by row
along the date index, where the first page fills at once.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, false, func, or_
from sqlmodel import Session, col, select

from crm_app.models import Customer, Order
from crm_app.services.order_rows import digits

# Above this many keys a term counts as dense.
FEW: Final = 2_000
_MIN_PHONE_DIGITS: Final = 4
_WORD: Final = re.compile(r"\w+", re.UNICODE)


def matches(session: Session, text: str, *, sees_people: bool) -> ColumnElement[bool]:
    """A condition on `Order` that holds for what `text` means.

    Args:
        session: Used to look up keys.
        text: Part of an order number or external id from its beginning, a name (any words,
            each from its beginning), an e-mail from its beginning, or the digits a phone
            number begins or ends with.
        sees_people: False leaves people out, so that a search tells nothing about them.
    """
    parts: list[ColumnElement[bool]] = []
    ids = _order_ids(session, text)
    if ids:
        parts.append(col(Order.id).in_(ids))
    if sees_people:
        people = _people_condition(text)
        if people is not None:
            customers = session.exec(select(Customer.id).where(people).limit(FEW + 1)).all()
            if len(customers) > FEW:
                parts.append(_is_of_matching_person(people))
            elif customers:
                parts.append(col(Order.customer_id).in_(customers))
    return or_(*parts) if parts else false()


def _order_ids(session: Session, text: str) -> Sequence[int]:
    number = text.lstrip("#").strip()
    if not number:
        return []
    found: set[int] = set()
    for column in (Order.order_number, Order.external_id):
        for variant in {number, number.upper()}:
            found.update(
                session.exec(select(Order.id).where(_begins(column, variant)).limit(FEW)).all()
            )
    return sorted(found)


def _people_condition(text: str) -> ColumnElement[bool] | None:
    if "@" in text:
        return _begins(Customer.email, text.lower())
    number = digits(text)
    if number and not re.search(r"[^\W\d_]", text):
        if len(number) < _MIN_PHONE_DIGITS:
            return None
        return _has_phone(number)
    words = _WORD.findall(text)
    if not words:
        return None
    # Each word from its beginning, all of them, in any order. The words hold no operators.
    term = " & ".join(f"'{word}':*" for word in words[:8])
    return col(Customer.search).bool_op("@@")(func.to_tsquery("simple", term))


def _has_phone(number: str) -> ColumnElement[bool]:
    """Ends with these digits: staff are given the last ones, or the whole without country code."""
    reverse: Any = func.reverse(Customer.phone_digits)
    return (col(Customer.phone_digits) != "") & reverse.like(number[::-1] + "%")


def _is_of_matching_person(people: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(Customer.id).where(Customer.id == Order.customer_id, people).exists()


def _begins(column: Any, text: str) -> ColumnElement[bool]:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return col(column).like(escaped + "%")
