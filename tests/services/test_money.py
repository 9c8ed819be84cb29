"""Amounts are for those who may see money."""

from dataclasses import asdict
from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.download import FileFormat
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.errors import PermissionDeniedError
from crm_app.models import OrderEvent, StatusIntent
from crm_app.services import auth, dashboard, order_search, order_view, orders
from crm_app.services.downloads import asking, columns
from crm_app.services.order_query import OrderQuery
from crm_app.services.rollups import RollupChange, key_of
from tests.factories import OrderFactory, OrderLineFactory, StaffRoleFactory, UserFactory, give


@pytest.fixture
def packer(session: Session) -> Actor:
    """May do everything but see money and cancel."""
    hidden = {Permission.SEE_MONEY, Permission.CANCEL_ORDERS}
    role = StaffRoleFactory(verbs=[one.value for one in Permission if one not in hidden])
    user = UserFactory(role=None)
    give(session, user, role)
    session.commit()
    return auth.person(session, user)


def amounts(found: Any) -> set[str]:
    """Names of amounts that say something, at any depth."""
    if isinstance(found, dict):
        own = {name for name, value in found.items() if name.endswith("_minor") and value}
        return own.union(*(amounts(value) for value in found.values()), set())
    if isinstance(found, list | tuple):
        return set[str]().union(*(amounts(one) for one in found))
    return set()


def test_list_order_and_dashboard_show_no_amount(
    session: Session, packer: Actor, admin: Actor
) -> None:
    order = OrderFactory(subtotal_minor=100, tax_minor=3)
    OrderLineFactory(order=order, unit_price_minor=100)
    change = RollupChange()
    change.add(key_of(order), order.total_minor)
    change.write(session)
    session.commit()

    reads = (
        lambda actor: order_search.list_orders(session, actor, OrderQuery()),
        lambda actor: order_view.get_order(session, actor, order.id),
        lambda actor: dashboard.get_dashboard(session, actor),
    )

    assert [amounts(asdict(read(packer))) for read in reads] == [set(), set(), set()]
    assert amounts(asdict(reads[1](admin))) >= {"total_minor", "tax_minor", "unit_price_minor"}


def test_history_tells_no_amount(session: Session, packer: Actor, admin: Actor) -> None:
    order = OrderFactory()
    session.add(
        OrderEvent(
            order_id=order.id,
            kind="order:updated",
            actor_kind=ActorKind.CHANNEL,
            actor_label="Amazon",
            data={"total_minor": [100_00, 987_00], "carrier": ["", "BlueDart"]},
        )
    )
    session.commit()

    def said(actor: Actor) -> str:
        return order_view.get_order(session, actor, order.id).events[0].sentence

    assert "987" in said(admin)
    assert "987" not in said(packer)
    assert "BlueDart" in said(packer)


@pytest.mark.parametrize("params", [{"sort": "total"}, {"amount": "100..200"}])
def test_no_filter_or_order_of_a_list_tells_an_amount(
    session: Session, packer: Actor, params: dict[str, str]
) -> None:
    with pytest.raises(PermissionDeniedError, match="does not show amounts"):
        order_search.list_orders(session, packer, OrderQuery.parse(params))


def test_a_file_has_no_amounts(session: Session, packer: Actor) -> None:
    OrderFactory()
    session.commit()

    assert "total" not in columns.default_keys(packer)
    with pytest.raises(PermissionDeniedError, match="amounts: Total"), db.transaction() as other:
        asking.export(
            other, packer, OrderQuery(), kind=FileFormat.CSV, keys=["number", "total"], key="k"
        )


def test_to_cancel_is_more_than_to_move_on(session: Session, packer: Actor) -> None:
    order = OrderFactory(status=OrderStatus.CONFIRMED)
    session.commit()

    offered = [one.status for one in order_view.get_order(session, packer, order.id).choices]
    with pytest.raises(PermissionDeniedError), db.transaction() as other:
        orders.change_status(other, packer, order.id, OrderStatus.CANCELLED)

    assert OrderStatus.PACKED in offered
    assert OrderStatus.CANCELLED not in offered
    assert session.exec(select(StatusIntent)).all() == []
    session.refresh(order)
    assert order.status is OrderStatus.CONFIRMED
