"""What tests of the outbox do and look at."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import col, select

from crm_app import db
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.models import IntentAttempt, Order, OrderEvent, StatusIntent
from crm_app.services import orders, pushing
from tests.services.fakes import FakeShop

_MAY = frozenset({Permission.CHANGE_STATUS, Permission.CANCEL_ORDERS})
PERSON = Actor(ActorKind.PERSON, "Asha", 7, _MAY)


def change(external_id: str, new: OrderStatus, **more: Any) -> None:
    with db.transaction() as session:
        order_id = session.exec(select(Order.id).where(Order.external_id == external_id)).one()
        orders.change_status(session, PERSON, order_id, new, **more)


def push(shop: FakeShop, account_id: int) -> int:
    """One run of the worker, with everything due at once."""
    with db.transaction() as session:
        session.execute(update(StatusIntent).values(next_try_at=now() - timedelta(seconds=1)))
    return pushing.push(shop, account_id, budget_s=20)


def claims_expire() -> None:
    with db.transaction() as session:
        session.execute(update(StatusIntent).values(claimed_at=now() - timedelta(minutes=3)))


def intents() -> list[StatusIntent]:
    with db.transaction() as session:
        return list(session.exec(select(StatusIntent).order_by("id")))


def states() -> list[IntentState]:
    return [intent.state for intent in intents()]


def order_of(external_id: str) -> Order:
    with db.transaction() as session:
        return session.exec(select(Order).where(Order.external_id == external_id)).one()


def outcomes() -> list[str]:
    """Of the calls that told, or tried to."""
    return [one.outcome for one in attempts() if not one.is_read]


def attempts() -> list[IntentAttempt]:
    with db.transaction() as session:
        return list(session.exec(select(IntentAttempt).order_by("id")))


def kinds(external_id: str) -> list[str]:
    with db.transaction() as session:
        found = session.exec(
            select(OrderEvent.kind)
            .join(Order, col(Order.id) == OrderEvent.order_id)
            .where(Order.external_id == external_id)
            .order_by(col(OrderEvent.id))
        )
        return list(found)
