"""Who is meant: the customers and orders behind an e-mail, a phone number or an order id."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import or_
from sqlmodel import Session, col, select

from crm_app.models import Customer, Order
from crm_app.services import order_rows

_FEWEST_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Person:
    """What is here of a person: ids of customers and of orders."""

    customer_ids: tuple[int, ...] = ()
    order_ids: tuple[int, ...] = ()


def find(session: Session, subject: str, account_id: int | None = None) -> Person:
    """Everything that belongs to an e-mail, a phone number, a channel's key of a buyer or an order.

    Args:
        session: An open transaction.
        subject: As the person wrote it.
        account_id: Only this account; None: all of them.
    """
    text = subject.strip()
    digits = order_rows.digits(text)
    same = [col(Customer.email) == text.lower(), col(Customer.identity) == f"id:{text}"]
    if len(digits) >= _FEWEST_DIGITS:
        same.append(col(Customer.phone_digits).endswith(digits, autoescape=True))
    people = select(Customer.id).where(or_(*same))
    named = select(Order.id, Order.customer_id).where(
        or_(col(Order.external_id) == text, col(Order.order_number) == text)
    )
    if account_id is not None:
        people = people.where(Customer.account_id == account_id)
        named = named.where(Order.account_id == account_id)
    if not text:
        return Person()
    customers = set(session.exec(people).all())
    orders = set[int]()
    for order_id, customer_id in session.exec(named):
        orders.add(order_id)
        if customer_id is not None:
            customers.add(customer_id)
    return whole(session, customers, orders)


def whole(session: Session, customer_ids: Iterable[int], order_ids: Iterable[int]) -> Person:
    """The same with every order of these customers, also those that came since."""
    customers = sorted(set(customer_ids))
    theirs = session.exec(select(Order.id).where(col(Order.customer_id).in_(customers))).all()
    return Person(tuple(customers), tuple(sorted({*order_ids, *theirs})))
