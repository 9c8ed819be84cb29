"""Orders over REST: the same services as the pages."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.schemas import (
    OrderDetailOut,
    OrderOut,
    OrdersOut,
    PaginationOut,
    StatusIn,
)
from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError
from crm_app.services import order_search, order_view, orders
from crm_app.services.order_query import DEFAULT_LIMIT, OrderQuery

router = APIRouter(prefix="/api/v1/orders", tags=["orders"])

_Word = Annotated[str, Query(max_length=500)]


@router.get("", dependencies=[permitted(Permission.VIEW_ORDERS)])
def list_orders(
    session: DbSession,
    actor: CurrentActor,
    channel: _Word = "",
    status: _Word = "",
    attention: _Word = "",
    q: _Word = "",
    word: _Word = "",
    date_from: _Word = "",
    date_to: _Word = "",
    sort: _Word = "",
    limit: _Word = "",
    cursor: _Word = "",
) -> OrdersOut:
    """Orders, newest first unless `sort` says otherwise.

    `channel` and `status` take several words with commas between; days are business days, both
    included; `word` is `account:vocabulary:word` of a word that nobody has mapped; `sort` is
    `placed_at`, `ship_by` or `total`, with a minus for descending. Follow `next_cursor` until it
    is null.
    """
    query = _parse(
        {
            "channel": channel,
            "status": status,
            "attention": attention,
            "q": q,
            "word": word,
            "from": date_from,
            "to": date_to,
            "sort": sort,
            "limit": limit or str(DEFAULT_LIMIT),
            "cursor": cursor,
        }
    )
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


def _parse(params: dict[str, str]) -> OrderQuery:
    try:
        return OrderQuery.parse(params)
    except InvalidInputError as error:
        # The address bar of the pages is shorter than our parameters.
        ours = {"from": "date_from", "to": "date_to"}
        details = {ours.get(name, name): said for name, said in error.details.items()}
        raise InvalidInputError(str(error), details=details) from error


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
        expected_version=body.version,
    )
    session.flush()
    return _detail(order_view.get_order(session, actor, order.id))


def _detail(detail: order_view.OrderDetail) -> OrderDetailOut:
    own: dict[str, Any] = {
        name: getattr(detail, name) for name in detail.__dataclass_fields__ if name != "order"
    }
    row = {name: getattr(detail.order, name) for name in detail.order.__dataclass_fields__}
    return OrderDetailOut.model_validate(row | own, from_attributes=True)
