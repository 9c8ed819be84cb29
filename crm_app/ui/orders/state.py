"""The list of orders: what the address asks for, as rows."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.permissions import Permission
from crm_app.domain.time import business_day, now
from crm_app.errors import CrmError, InvalidInputError, NotSignedInError
from crm_app.services import order_search
from crm_app.services.order_search import OrderList, OrderQuery, OrderSummary, Sort
from crm_app.ui.orders.menus import Header, Menus, headers
from crm_app.ui.orders.rows import OrderRow
from crm_app.ui.shared.links import export_path, orders_path
from crm_app.ui.shared.needs import NAMES, count_text
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor

PAGE_SIZE: Final = 50
# How far beyond the page a refresh looks, so that rows which new orders pushed down are found.
_LOOK_BEYOND: Final = 50
_LONGEST_SEARCH: Final = 120


@dataclass(frozen=True)
class Pages:
    """Where the buttons below the table lead; empty where there is nothing."""

    first: str = ""
    previous: str = ""
    next: str = ""


class OrdersState(rx.State):
    """One page of orders. The address holds every choice, so that Back and a link restore it."""

    rows: list[OrderRow] = []
    menus: Menus = Menus()
    heads: list[Header] = []
    pages: Pages = Pages()
    title: str = "Orders"
    # Where the orders of this filter are exported.
    export_href: str = ""
    count: str = ""
    total: int = 0
    total_is_exact: bool = True
    text: str = ""
    # Grows when the search box must show another text than the person typed.
    box: int = 0
    news: str = ""
    failure: str = ""
    stale: str = ""
    is_loaded: bool = False

    _typed: str = ""

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS)
    async def load(self) -> None:
        """Show the page that the address names. A newer address wins over a slower answer."""
        self.failure, self.stale, self.news = "", "", ""
        # An address that means nothing still shows the filters, so that a person can go on.
        self._show_choices(self._asked_or_all())
        try:
            query = self._asked()
            self._show(await self._read(query), query)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.rows, self.count, self.total = str(error), [], "", 0
        self.is_loaded = True

    @rx.event(temporal=True)
    @requires(Permission.VIEW_ORDERS)
    async def refresh(self) -> None:
        """Bring the rows on the screen up to date; none moves, none is added."""
        if self.failure or not self.is_loaded:
            return
        try:
            query = self._asked()
            found = await self._read(query, beyond=_LOOK_BEYOND)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.stale = f"Not refreshed: {error}"
            return
        self.stale = ""
        self._show_count(found)
        if not self.rows and found.orders:
            self._show(await self._read(query), query)
            return
        self._renew(found.orders, query)

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def search_for(self, text: str) -> rx.event.EventSpec | None:
        """Put what was typed into the address; the page follows it."""
        query = self._asked_or_all()
        typed = str(text).strip()[:_LONGEST_SEARCH]
        self._typed = typed
        if typed == query.text:
            return None
        # One entry in the history for one search, not one for each pause in typing.
        is_refined = query.text != "" and typed != ""
        path = orders_path(dataclasses.replace(query, text=typed, cursor=None))
        return rx.redirect(path, replace=is_refined)

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def pick_days(self, form: dict[str, Any]) -> rx.event.EventSpec:
        """Filter by the first and last business day of the form; either may be empty."""
        params = self._asked_or_all().params()
        for name in ("from", "to"):
            params.pop(name, None)
            if day := str(form.get(name, "")).strip():
                params[name] = day
        params.pop("cursor", None)
        return rx.redirect(orders_path(OrderQuery.parse(params)))

    def _asked(self) -> OrderQuery:
        params: Mapping[str, str] = self.router.url.query_parameters
        return dataclasses.replace(OrderQuery.parse(params), limit=PAGE_SIZE)

    def _asked_or_all(self) -> OrderQuery:
        try:
            return self._asked()
        except InvalidInputError:
            return OrderQuery(limit=PAGE_SIZE)

    async def _read(self, query: OrderQuery, *, beyond: int = 0) -> OrderList:
        actor = await current_actor(self)
        asked = dataclasses.replace(query, limit=query.limit + beyond)
        return await call(order_search.list_orders, actor, asked)

    def _show_choices(self, query: OrderQuery) -> None:
        zone = get_settings().zone
        self.menus = Menus.of(query, business_day(now(), zone))
        self.heads = headers(query)
        self.export_href = export_path(query)
        self.title = NAMES[query.attention] if query.attention else "Orders"
        if query.text != self._typed:
            self._typed = query.text
            self.box += 1
        self.text = query.text

    def _show(self, found: OrderList, query: OrderQuery) -> None:
        moment, zone = now(), get_settings().zone
        self.rows = [OrderRow.of(order, moment, zone) for order in found.orders]
        self._show_count(found)
        self.pages = pages(found, query)

    def _show_count(self, found: OrderList) -> None:
        self.count = orders_text(found)
        self.total, self.total_is_exact = found.total, found.total_is_exact

    def _renew(self, orders: tuple[OrderSummary, ...], query: OrderQuery) -> None:
        moment, zone = now(), get_settings().zone
        found = {order.id: order for order in orders}
        shown = {row.id for row in self.rows}
        self.news = news_text(_above(orders, shown), query)
        rows = [
            OrderRow.of(found[row.id], moment, zone) if row.id in found else row.gone()
            for row in self.rows
        ]
        if rows != self.rows:
            self.rows = rows


def _above(orders: tuple[OrderSummary, ...], shown: set[int]) -> int:
    """How many orders now stand before the first one on the screen."""
    for count, order in enumerate(orders):
        if order.id in shown:
            return count
    return len(orders)


def news_text(count: int, query: OrderQuery) -> str:
    """The words of the bar above the table; only the newest page has news."""
    if count == 0 or query.cursor or query.sort is not Sort.NEWEST:
        return ""
    number = f"{_LOOK_BEYOND}+" if count >= _LOOK_BEYOND else str(count)
    return f"{number} new {'order' if count == 1 else 'orders'}"


def orders_text(found: OrderList) -> str:
    """`48,210 orders`, `1 order`, `10,000+ orders`."""
    noun = "order" if found.total == 1 else "orders"
    return f"{count_text(found.total, is_exact=found.total_is_exact)} {noun}"


def pages(found: OrderList, query: OrderQuery) -> Pages:
    """The addresses of the pages around this one."""

    def at(cursor: str | None) -> str:
        return orders_path(dataclasses.replace(query, cursor=cursor))

    return Pages(
        first=at(None) if query.cursor else "",
        previous=at(found.previous_cursor) if found.previous_cursor else "",
        next=at(found.next_cursor) if found.next_cursor else "",
    )
