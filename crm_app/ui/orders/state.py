"""The list of orders: what the address asks for, as rows."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import reflex as rx
from sqlmodel import Session

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import business_day, now
from crm_app.errors import CrmError, InvalidInputError, NotSignedInError
from crm_app.services import order_search
from crm_app.services.order_search import OrderList, OrderQuery, OrderSummary, Sort
from crm_app.services.working.rows import Working, working_of
from crm_app.ui.orders.menus import Menus
from crm_app.ui.orders.rows import NONE, OrderRow
from crm_app.ui.shared.links import OPEN, opened_beside, orders_path
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


@dataclass(frozen=True)
class Found:
    """A page of the list, and what the desk keeps on its orders."""

    page: OrderList
    working: dict[int, Working]

    def rows(self) -> list[OrderRow]:
        moment, zone = now(), get_settings().zone
        return [
            OrderRow.of(order, moment, zone, self.working.get(order.id, NONE))
            for order in self.page.orders
        ]


class OrdersState(rx.State):
    """One page of orders. The address holds every choice, so that Back and a link restore it."""

    rows: list[OrderRow] = []
    menus: Menus = Menus()
    pages: Pages = Pages()
    title: str = "Orders"
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
    # The address that opens an order of this list, but for the order's number.
    opening: str = "/orders?open="

    _typed: str = ""
    _shown: dict[str, str] = {}

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS)
    async def load(self) -> None:
        """Show the page that the address names. A newer address wins over a slower answer."""
        if self._is_other_order():
            return
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
        self._show_count(found.page)
        if not self.rows and found.page.orders:
            self._show(await self._read(query), query)
            return
        self._renew(found, query)

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

    def _is_other_order(self) -> bool:
        """Whether only what is open beside the list changed: then the list stays as it is."""
        shown, self._shown = self._shown, dict(self.router.url.query_parameters)
        was_open, is_open = shown.get(OPEN), self._shown.get(OPEN)
        rest = [{**one, OPEN: ""} for one in (shown, self._shown)]
        return self.is_loaded and not self.failure and was_open != is_open and rest[0] == rest[1]

    def _asked(self) -> OrderQuery:
        params: Mapping[str, str] = self.router.url.query_parameters
        return dataclasses.replace(OrderQuery.parse(params), limit=PAGE_SIZE)

    def _asked_or_all(self) -> OrderQuery:
        try:
            return self._asked()
        except InvalidInputError:
            return OrderQuery(limit=PAGE_SIZE)

    async def _read(self, query: OrderQuery, *, beyond: int = 0) -> Found:
        actor = await current_actor(self)
        asked = dataclasses.replace(query, limit=query.limit + beyond)
        return await call(_list, actor, asked)

    def _show_choices(self, query: OrderQuery) -> None:
        zone = get_settings().zone
        self.menus = Menus.of(query, business_day(now(), zone))
        self.title = NAMES[query.attention] if query.attention else "Orders"
        if query.text != self._typed:
            self._typed = query.text
            self.box += 1
        self.text = query.text
        self.opening = opened_beside(self.router.url.query_parameters)

    def _show(self, found: Found, query: OrderQuery) -> None:
        self.rows = found.rows()
        self._show_count(found.page)
        self.pages = pages(found.page, query)

    def _show_count(self, found: OrderList) -> None:
        self.count = orders_text(found)
        self.total, self.total_is_exact = found.total, found.total_is_exact

    def _renew(self, found: Found, query: OrderQuery) -> None:
        shown = {row.id for row in self.rows}
        self.news = news_text(_above(found.page.orders, shown), query)
        fresh = {row.id: row for row in found.rows() if row.id in shown}
        rows = [fresh.get(row.id) or row.gone() for row in self.rows]
        if rows != self.rows:
            self.rows = rows


def _list(session: Session, actor: Actor, query: OrderQuery) -> Found:
    page = order_search.list_orders(session, actor, query)
    ids = [order.id for order in page.orders]
    return Found(page, working_of(session, actor, ids))


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
