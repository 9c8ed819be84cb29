"""Orders over REST: the same services as the pages."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.order_params import OrderParams, query_of
from crm_app.api.schemas import (
    OrderDetailOut,
    OrderOut,
    OrdersOut,
    PackageIn,
    PaginationOut,
    StatusIn,
)
from crm_app.domain.permissions import Permission
from crm_app.errors import NotFoundError
from crm_app.services import order_search, order_view, orders, shipping, withdrawing
from crm_app.services.by_hand import paying

router = APIRouter(prefix="/api/v1/orders", tags=["orders"])


@router.get("", dependencies=[permitted(Permission.VIEW_ORDERS)])
def list_orders(
    session: DbSession, actor: CurrentActor, params: Annotated[OrderParams, Query()]
) -> OrdersOut:
    """Orders, newest first unless `sort` says otherwise.

    Filters take several values with commas between, any of which may hold; a minus before a value
    leaves it out, and `*` takes away that of the `view`; all filters hold together. Days are
    business days, both included. Follow `next_cursor` until it is null.
    """
    query = query_of(session, actor, params.asked())
    found = order_search.list_orders(session, actor, query)
    return OrdersOut(
        orders=[OrderOut.model_validate(order) for order in found.orders],
        pagination=PaginationOut(
            limit=query.limit,
            next_cursor=found.next_cursor,
            total=found.total,
            total_is_exact=found.total_is_exact,
        ),
    )


@router.get("/{order_id}", dependencies=[permitted(Permission.VIEW_ORDERS)])
def get_order(order_id: Id, session: DbSession, actor: CurrentActor) -> OrderDetailOut:
    """One order with lines, events and intents."""
    return _detail(order_view.get_order(session, actor, order_id))


@router.put("/{order_id}/status", dependencies=[permitted(Permission.CHANGE_STATUS)])
def change_status(
    order_id: Id, body: StatusIn, session: DbSession, actor: CurrentActor
) -> OrderDetailOut:
    """Move an order to a new status; its channel is told by the worker.

    403, 404, 409 (a transition that is not allowed, or somebody was faster) and 422 come from
    the service.
    """
    order = orders.change_status(
        session,
        actor,
        order_id,
        body.status,
        carrier=body.carrier,
        tracking_number=body.tracking_number,
        cancel_reason=body.cancel_reason,
        why=body.why,
        expected_version=body.version,
    )
    session.flush()
    return _detail(order_view.get_order(session, actor, order.id))


@router.post("/{order_id}/packages", dependencies=[permitted(Permission.CHANGE_STATUS)])
def ship_package(
    order_id: Id, body: PackageIn, session: DbSession, actor: CurrentActor
) -> OrderDetailOut:
    """Ship chosen pieces of an order as one package; its channel is told by the worker.

    All that is left ships the order; less leaves its status, and the order is partly shipped. The
    same package again changes nothing. 409 also where the channel takes an order only as a whole.
    """
    pieces: dict[str, int] = {}
    for piece in body.lines:
        pieces[piece.line] = pieces.get(piece.line, 0) + piece.quantity
    order = shipping.ship(
        session,
        actor,
        order_id,
        pieces,
        carrier=body.carrier,
        tracking_number=body.tracking_number,
        expected_version=body.version,
    )
    session.flush()
    return _detail(order_view.get_order(session, actor, order.id))


@router.post(
    "/{order_id}/intents/{intent_id}/withdraw", dependencies=[permitted(Permission.CHANGE_STATUS)]
)
def withdraw(
    order_id: Id, intent_id: Id, session: DbSession, actor: CurrentActor
) -> OrderDetailOut:
    """Take back a change that the channel was not told yet; the order is as it was before.

    409 once it is on its way, was followed by another, or the order went on.
    """
    order = withdrawing.withdraw(session, actor, intent_id)
    if order.id != order_id:
        raise NotFoundError("status change of this order", intent_id)
    session.flush()
    return _detail(order_view.get_order(session, actor, order.id))


@router.post("/{order_id}/paid", dependencies=[permitted(Permission.CREATE_ORDERS)])
def mark_paid(order_id: Id, session: DbSession, actor: CurrentActor) -> OrderDetailOut:
    """Note that an order by hand is paid; a channel says that of its orders itself (409)."""
    order = paying.mark_paid(session, actor, order_id)
    return _detail(order_view.get_order(session, actor, order.id))


def _detail(detail: order_view.OrderDetail) -> OrderDetailOut:
    own: dict[str, Any] = {
        name: getattr(detail, name) for name in detail.__dataclass_fields__ if name != "order"
    }
    row = {name: getattr(detail.order, name) for name in detail.order.__dataclass_fields__}
    return OrderDetailOut.model_validate(row | own, from_attributes=True)
