"""Which order is open beside the list, and which ones stand before and after it."""

from typing import Final

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError
from crm_app.services.order_query import OrderQuery
from crm_app.ui.order.state import OrderState
from crm_app.ui.orders.state import OrdersState, list_of
from crm_app.ui.shared.links import OPEN, order_path, orders_path
from crm_app.ui.shared.permission import requires

_LONGEST_ID: Final = 18


class OpenedState(rx.State):
    """What the address opens. The order itself is `OrderState`, as on a page of its own."""

    order_id: int = 0
    # `2 of 50`, among the rows of this page.
    place: str = ""
    # Addresses; empty where there is none.
    previous: str = ""
    following: str = ""
    close: str = "/orders"
    whole: str = ""

    @rx.event(temporal=True)
    @requires(Permission.VIEW_ORDERS, quiet=True)
    async def follow(self) -> rx.event.EventType[()] | None:
        """Open what the address names, or nothing; the list stays as it is."""
        params = self.router.url.query_parameters
        self.order_id = opened_id(params.get(OPEN, ""))
        self.close = await self._list_path()
        if not self.order_id:
            self.place, self.previous, self.following = "", "", ""
            return None
        self.whole = order_path(self.order_id)
        await self._find_place()
        return OrderState.load

    async def _list_path(self) -> str:
        try:
            return orders_path((await list_of(self)).query)
        except InvalidInputError:
            return orders_path(OrderQuery())

    async def _find_place(self) -> None:
        orders = await self.get_state(OrdersState)
        ids = [row.id for row in orders.rows]
        self.place, self.previous, self.following = "", "", ""
        if self.order_id not in ids:
            return
        at = ids.index(self.order_id)
        self.place = f"{at + 1} of {len(ids)}"
        self.previous = opened_path(self.close, ids[at - 1]) if at else ""
        self.following = opened_path(self.close, ids[at + 1]) if at + 1 < len(ids) else ""


def opened_id(text: str) -> int:
    """The order's number in an address, or 0 where it is none."""
    is_id = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID
    return int(text) if is_id else 0


def opened_path(list_path: str, order_id: int) -> str:
    """The address of a list with an order open beside it."""
    return f"{list_path}{'&' if '?' in list_path else '?'}{OPEN}={order_id}"
