"""Masks for personal data, and the recorded reveal of it."""

from dataclasses import dataclass
from typing import Final

from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errors import NotFoundError
from crm_app.models import Customer, Order
from crm_app.services import audit, reach

WITHHELD: Final = "Personal data withheld"
_SHOWN_DIGITS: Final = 3


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach the buyer of an order; empty where the channel does not tell."""

    name: str
    phone: str
    email: str


def mask_phone(phone: str) -> str:
    """`+919820012345` -> `••••••••••345`; nothing of a number too short to hide."""
    visible = phone.strip()
    if not visible:
        return ""
    tail = visible[-_SHOWN_DIGITS:] if len(visible) > 2 * _SHOWN_DIGITS else ""
    return "•" * (len(visible) - len(tail)) + tail


def mask_email(email: str) -> str:
    """`asha@mail.example` -> `a•••@mail.example`."""
    name, at, domain = email.partition("@")
    if not at:
        return "•" * len(email)
    return f"{name[:1]}•••@{domain}"


def reveal_contact(session: Session, actor: Actor, order_id: int) -> Contact:
    """The buyer's name, phone and e-mail in clear; the audit trail remembers who asked.

    Raises:
        PermissionDeniedError: Without `orders.view` and `customers.see_personal_data`.
        NotFoundError: If there is no such order.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    reach.require(session, actor, Permission.SEE_PERSONAL_DATA)
    order = session.get(Order, order_id)
    if order is None:
        raise NotFoundError("order", order_id)
    contact = contact_of(session, order)
    audit.record(
        session,
        actor,
        "customer:contact:revealed",
        subject_type="order",
        subject_id=order_id,
        after={"fields": [name for name in ("phone", "email") if getattr(contact, name)]},
    )
    return contact


def contact_of(session: Session, order: Order) -> Contact:
    """In clear, for callers that check and record themselves."""
    customer = session.get(Customer, order.customer_id) if order.customer_id else None
    phone = order.ship_to.get("phone", "") or (customer.phone if customer else "")
    return Contact(order.customer_name, phone, customer.email if customer else "")
