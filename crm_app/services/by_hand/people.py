"""Known buyers for a new order: found by phone, e-mail or name, taken over on the record."""

from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errors import NotFoundError
from crm_app.models import Customer, Order
from crm_app.services import audit, matching, reach
from crm_app.services.personal_data import mask_email, mask_phone

_SHOWN: Final = 6
_MIN_TEXT: Final = 3


@dataclass(frozen=True, slots=True)
class Person:
    """One buyer in the list; how to reach them is masked until they are chosen."""

    id: int
    name: str
    phone: str
    email: str
    city: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a buyer, in clear; the address of the newest order."""

    name: str
    phone: str
    email: str
    address: dict[str, str]


def find(session: Session, actor: Actor, text: str) -> list[Person]:
    """The newest few buyers whom the text means. Nothing for less than three letters.

    Raises:
        PermissionDeniedError: Without `orders.create` and the right to see people.
    """
    reach.require(session, actor, Permission.CREATE_ORDERS)
    reach.require(session, actor, Permission.SEE_PERSONAL_DATA)
    plain = text.replace("\x00", "").strip()[:200]
    if len(plain) < _MIN_TEXT:
        return []
    ids = matching.match(session, plain, sees_people=True).customers
    rows = session.exec(
        select(Customer)
        .where(col(Customer.id).in_(ids))
        .order_by(col(Customer.id).desc())
        .limit(_SHOWN)
    )
    return [
        Person(row.id, row.name, mask_phone(row.phone), mask_email(row.email), row.city)
        for row in rows
    ]


def take(session: Session, actor: Actor, customer_id: int) -> Known:
    """A buyer in clear; the audit trail remembers who asked.

    Raises:
        PermissionDeniedError: Without `orders.create` and the right to see people.
        NotFoundError: If there is no such buyer.
    """
    reach.require(session, actor, Permission.CREATE_ORDERS)
    reach.require(session, actor, Permission.SEE_PERSONAL_DATA)
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise NotFoundError("customer", customer_id)
    newest = session.exec(
        select(Order)
        .where(Order.customer_id == customer_id)
        .order_by(col(Order.placed_at).desc())
        .limit(1)
    ).first()
    audit.record(
        session,
        actor,
        "customer:contact:revealed",
        subject_type="customer",
        subject_id=customer_id,
        after={"fields": ["phone", "email", "address"]},
    )
    return Known(
        customer.name, customer.phone, customer.email, dict(newest.ship_to) if newest else {}
    )
