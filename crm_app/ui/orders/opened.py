"""Which order is open beside the list, and which ones stand before and after it."""

from typing import Any, Final

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.order.state import OrderState
from crm_app.ui.orders.state import OrdersState
from crm_app.ui.shared.links import OPEN, opened_beside, with_params
from crm_app.ui.shared.permission import requires

_LONGEST_ID: Final = 18
# In an address that leads over the edge of a page: whichever order stands at its beginning or end.
_FIRST: Final = "first"
_LAST: Final = "last"


class OpenedState(rx.State):
    """What the address opens. The order itself is `OrderState`, as on a page of its own."""

    order_id: int = 0
    # `2 of 50`, among the rows of this page.
    place: str = ""
    # Addresses; empty where there is none.
    previous: str = ""
    following: str = ""
    close: str = "/orders"

    @rx.event(temporal=True)
    @requires(Permission.VIEW_ORDERS, quiet=True)
    async def follow(self) -> Any:
        """Open what the address names, or nothing; the list stays as it is."""
        params = self.router.url.query_parameters
        if (edge := params.get(OPEN, "")) in (_FIRST, _LAST):
            return await self._open_at(edge)
        was_open, self.order_id = self.order_id, opened_id(params.get(OPEN, ""))
        self.close = with_params(params, **{OPEN: ""})
        await self._find_place(opened_beside(params))
        if self.order_id:
            return OrderState.open_order(self.order_id)
        return OrderState.close_panel if was_open else None

    async def _open_at(self, edge: str) -> Any:
        """Name the order at an edge of the page that was reached from its neighbour."""
        params = self.router.url.query_parameters
        orders = await self.get_state(OrdersState)
        at = 0 if edge == _FIRST else -1
        named = str(orders.rows[at].id) if orders.rows else ""
        return rx.redirect(with_params(params, **{OPEN: named}), replace=True)

    async def _find_place(self, opening: str) -> None:
        orders = await self.get_state(OrdersState)
        ids = [row.id for row in orders.rows]
        self.place, self.previous, self.following = "", "", ""
        if self.order_id not in ids:
            return
        at = ids.index(self.order_id)
        self.place = f"{at + 1} of {len(ids)}"
        before, after = orders.pages.previous, orders.pages.next
        self.previous = f"{opening}{ids[at - 1]}" if at else _over(before, _LAST)
        is_last = at + 1 == len(ids)
        self.following = _over(after, _FIRST) if is_last else f"{opening}{ids[at + 1]}"


def _over(page: str, edge: str) -> str:
    """The next or previous page, with the order at its edge; empty where there is no page."""
    return f"{page}{'&' if '?' in page else '?'}{OPEN}={edge}" if page else ""


def opened_id(text: str) -> int:
    """The order's number in an address, or 0 where it is none."""
    is_id = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID
    return int(text) if is_id else 0
