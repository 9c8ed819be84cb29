"""The counts beside the navigation."""

from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlmodel import Session

from crm_app import db
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.time import now
from crm_app.errors import PermissionDeniedError
from crm_app.services.needs import count_needs
from crm_app.services.order_query import Attention
from tests.factories import OrderFactory


def test_each_kind_is_counted_in_its_order(session: Session, asha: Actor) -> None:
    moment = now()
    for _ in range(2):
        OrderFactory(status=OrderStatus.CONFIRMED, ship_by=moment - timedelta(hours=1))
    OrderFactory(status=OrderStatus.PACKED, ship_by=moment + timedelta(hours=1))
    OrderFactory(status=OrderStatus.SHIPPED, ship_by=moment - timedelta(hours=1))
    OrderFactory(status=OrderStatus.SHIPPED, sync_status=SyncStatus.CONFLICT)

    found = count_needs(session, asha)

    assert [(need.attention, need.count, need.is_exact) for need in found] == [
        (Attention.LATE, 2, True),
        (Attention.AT_RISK, 1, True),
        (Attention.CANCEL_REQUESTED, 0, True),
        (Attention.SYNC, 1, True),
        (Attention.COD, 0, True),
    ]


def test_the_frame_of_a_page_reads_no_figures(session: Session, asha: Actor) -> None:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(db.get_engine(), "before_cursor_execute", note)
    try:
        count_needs(session, asha)
    finally:
        event.remove(db.get_engine(), "before_cursor_execute", note)

    counts = [statement for statement in asked if "count(" in statement]
    # Each once, and once more what of it was put away.
    assert len(counts) == 2 * len(Attention)
    assert not [statement for statement in asked if "order_rollups" in statement]


def test_who_may_not_see_orders_learns_no_count(session: Session) -> None:
    nobody = Actor(ActorKind.PERSON, "Nobody", permissions=frozenset())

    with pytest.raises(PermissionDeniedError):
        count_needs(session, nobody)
