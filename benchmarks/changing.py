"""A click that moves an order on: row, event, audit entry, intent and sums in one commit."""

from collections.abc import Callable, Iterator
from typing import Final

from sqlmodel import col, select

from benchmarks.figures import Recorder
from benchmarks.reading import ACTOR
from crm_app import db
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import TO_SHIP
from crm_app.models import Order
from crm_app.services import orders as desk

# More than are measured, so that runs never run out in a shop of this size.
_CANDIDATES: Final = 200


def measure(recorder: Recorder, orders: int) -> None:
    """Record how long the change of one order takes, commit included."""
    recorder.time("change status", orders, _changing())


def _changing() -> Callable[[], object]:
    waiting = _to_change()

    def call() -> None:
        order_id, choice = next(waiting)
        with db.transaction() as session:
            desk.change_status(
                session,
                ACTOR,
                order_id,
                choice.status,
                carrier="Delhivery",
                tracking_number=f"DL{order_id:010d}",
            )

    return call


def _to_change() -> Iterator[tuple[int, desk.StatusChoice]]:
    """Open orders of the channels that take our word, each with the next status it may get."""
    with db.transaction() as session:
        found = session.exec(
            select(Order)
            .where(
                col(Order.status).in_(TO_SHIP),
                col(Order.channel).in_((Channel.AMAZON, Channel.WOOCOMMERCE)),
            )
            .limit(_CANDIDATES)
        ).all()
        pairs = [
            (order.id, choice)
            for order in found
            for choice in desk.choices(order)[:1]
            if not choice.why_not
        ]
    return iter(pairs)
