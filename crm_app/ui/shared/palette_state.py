"""What the palette finds on the server: saved views, and orders by what is typed."""

from dataclasses import dataclass
from typing import Final

import reflex as rx

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import order_search, views
from crm_app.services.order_query import OrderQuery
from crm_app.services.order_search import OrderSummary
from crm_app.ui.shared.links import ORDERS, order_path
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor
from crm_app.ui.shared.tones import Pill, status_pill

# One letter would find a tenth of all orders.
_SHORTEST: Final = 2
_LONGEST: Final = 120
_MOST: Final = 8


@dataclass(frozen=True)
class PaletteView:
    key: str
    name: str
    href: str
    colour: str


@dataclass(frozen=True)
class PaletteOrder:
    id: int
    number: str
    customer: str
    href: str
    channel: str
    mark: str
    label: str
    status: Pill


class PaletteState(rx.State):
    """Filled when the palette is opened, and with each pause in typing."""

    views: list[PaletteView] = []
    orders: list[PaletteOrder] = []
    # What the orders were found for; the browser shows them only for what stands in the box.
    found_for: str = ""
    note: str = ""

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS, quiet=True)
    async def look(self) -> None:
        """Read the views that this person has."""
        actor = await current_actor(self)
        found = await call(views.list_views, actor)
        self.views = [
            PaletteView(one.key, one.name, f"{ORDERS}?view={one.key}", one.colour.value)
            for one in found
        ]

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS, quiet=True)
    async def search(self, text: str) -> None:
        """Find orders by number, name, e-mail or phone."""
        typed = str(text).strip()[:_LONGEST]
        self.found_for, self.note = typed, ""
        if len(typed) < _SHORTEST:
            self.orders = []
            return
        actor = await current_actor(self)
        try:
            self.orders = await self._find(actor, typed)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.orders, self.note = [], str(error)

    async def _find(self, actor: Actor, typed: str) -> list[PaletteOrder]:
        query = OrderQuery.parse({"q": typed, "limit": str(_MOST)})
        page = await call(order_search.list_orders, actor, query)
        return [_order(one) for one in page.orders]


def _order(order: OrderSummary) -> PaletteOrder:
    return PaletteOrder(
        id=order.id,
        number=order.order_number,
        customer=order.customer_name,
        href=order_path(order.id),
        channel=order.channel.value,
        mark=order.channel.mark,
        label=order.channel.label,
        status=status_pill(order.status),
    )
