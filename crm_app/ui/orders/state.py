"""The list of orders: what the address asks for, as rows."""

import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import reflex as rx
from sqlmodel import Session

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import business_day, now
from crm_app.errors import CrmError, InvalidInputError, NotSignedInError
from crm_app.services import order_news, order_search, view_lists
from crm_app.services.facet_choices import facet_choices
from crm_app.services.facets import Facet, Pick, parse_pick
from crm_app.services.matching import Field
from crm_app.services.order_query import MAX_TEXT, OrderQuery, Sort, clean_text
from crm_app.services.order_search import OrderList
from crm_app.services.view_lists import Shown
from crm_app.services.views import default_key
from crm_app.services.working.rows import Working, working_of
from crm_app.ui.orders.menus import Menus
from crm_app.ui.orders.rows import NONE, OrderRow
from crm_app.ui.shared.links import OPEN, opened_beside, orders_path, view_path
from crm_app.ui.shared.needs import NAMES, count_text
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor

PAGE_SIZE: Final = 50
# How far beyond the page a refresh looks, so that rows which new orders pushed down are found.
_LOOK_BEYOND: Final = 50
# What stands in every row itself.
_SEEN_AT_ONCE: Final = (Field.ORDER_NUMBER, Field.NAME)


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
    # The last order that had come in when the page was read.
    newest: int = 0

    def rows(self) -> list[OrderRow]:
        moment, zone = now(), get_settings().zone
        return [
            _found_by(
                OrderRow.of(order, moment, zone, self.working.get(order.id, NONE)),
                self.page.found_by.get(order.id),
            )
            for order in self.page.orders
        ]


def _found_by(row: OrderRow, matched: Field | None) -> OrderRow:
    """One that was found by what a row does not show says by what."""
    if matched is None or matched in _SEEN_AT_ONCE:
        return row
    return dataclasses.replace(row, tags=[*row.tags, f"by {matched.value}"])


class OrdersState(rx.State):
    """One page of orders. The address holds every choice, so that Back and a link restore it."""

    rows: list[OrderRow] = []
    menus: Menus = Menus()
    pages: Pages = Pages()
    title: str = "Orders"
    # Where the orders of this filter are exported.
    count: str = ""
    total: int = 0
    total_is_exact: bool = True
    text: str = ""
    # Grows when the search box must show another text than the person typed.
    box: int = 0
    news: str = ""
    # What of the search or of a view cannot be done as it was asked.
    notes: list[str] = []
    # Which fields the search matched, above the list.
    found_by: str = ""
    failure: str = ""
    stale: str = ""
    is_loaded: bool = False
    # The address that opens an order of this list, but for the order's number.
    opening: str = "/orders?open="

    _typed: str = ""
    # What came in after this order is news; after that one it is marked, as it was just announced.
    _newest: int = 0
    _news_after: int = 0
    _shown: dict[str, str] = {}
    # The address that `_resolved` was read from.
    _read_from: dict[str, str] = {}
    _resolved: Shown | None = None

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS)
    async def load(self) -> rx.event.EventSpec | None:
        """Show the page that the address names. A newer address wins over a slower answer."""
        if self._is_other_order():
            return None
        actor = await current_actor(self)
        if not self.router.url.query_parameters and (key := await call(default_key, actor)):
            return rx.redirect(view_path(key), replace=True)
        self.failure, self.stale, self.news, self.found_by = "", "", "", ""
        self._resolved = None
        announced, self._news_after = self._news_after, 0
        # An address that means nothing still shows the filters, so that a person can go on.
        await self._show_choices(await self._asked_or_all())
        try:
            query = await self._asked()
            self._show(await self._read(query), query)
            self.rows = marked(self.rows, announced)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.rows, self.count, self.total = str(error), [], "", 0
        self.is_loaded = True
        return None

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def show_news(self) -> Any:
        """Show what came in: on the first page, and marked wherever the list puts it."""
        query = await self._asked_or_all()
        self._news_after = self._newest
        if query.cursor:
            return rx.redirect(orders_path(query.first_page()))
        return OrdersState.load

    @rx.event(temporal=True)
    @requires(Permission.VIEW_ORDERS)
    async def refresh(self) -> None:
        """Bring the rows on the screen up to date; none moves, none is added."""
        if self.failure or not self.is_loaded:
            return
        try:
            query = await self._asked()
            found = await self._read(query, beyond=_LOOK_BEYOND)
            actor = await current_actor(self)
            new = await call(order_news.count_new, actor, query, self._newest)
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
        self._renew(found)
        # One that came while the page was read is on it already.
        self.news = news_text(new - sum(row.id > self._newest for row in self.rows), query)

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def search_for(self, text: str) -> rx.event.EventSpec | None:
        """Put what was typed into the address; the page follows it."""
        query = await self._asked_or_all()
        typed = clean_text(str(text))
        if len(typed) > MAX_TEXT:
            said = f"Nothing was searched: that text has {len(typed):,} characters, and an order "
            self.notes = [said + f"number, a name or a phone has less than {MAX_TEXT}."]
            return None
        if text and not typed and str(text).strip():
            self.notes = [view_lists.UNSEEN_TEXT]
            return None
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
        query = await self._asked_or_all()
        params = {name: str(form.get(name, "")).strip() for name in ("from", "to")}
        days = OrderQuery.parse(params)
        asked = dataclasses.replace(
            query,
            placed=None,
            placed_from=days.placed_from,
            placed_to=days.placed_to,
            cursor=None,
        )
        return rx.redirect(orders_path(asked))

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def pick_due(self, form: dict[str, Any]) -> rx.event.EventSpec:
        """Filter by the days of ship-by of the form; either end may be open."""
        first, last = (str(form.get(name, "")).strip() for name in ("from", "to"))
        return await self._narrowed(Facet.DUE, f"{first}..{last}" if first or last else "")

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def narrow(self, form: dict[str, Any]) -> rx.event.EventSpec:
        """Filter by what was typed for a facet; a tick leaves it out instead."""
        try:
            facet = Facet(str(form.get("facet", "")))
        except ValueError as error:
            raise InvalidInputError("There is no such filter.") from error
        if facet is Facet.AMOUNT:
            first, last = (str(form.get(name, "")).strip() for name in ("from", "to"))
            value = f"{first}..{last}" if first or last else ""
        else:
            value = str(form.get("value", ""))
        without = str(form.get("without", ""))
        return await self._narrowed(facet, value, without, is_not=bool(form.get("not")))

    async def _narrowed(
        self, facet: Facet, text: str, without: str = "", *, is_not: bool = False
    ) -> rx.event.EventSpec:
        mistakes: dict[str, str] = {}
        pick = parse_pick(facet, text[:MAX_TEXT], mistakes)
        left_out = parse_pick(facet, without[:MAX_TEXT], mistakes)
        if mistakes:
            raise InvalidInputError(" ".join(mistakes.values()), details=mistakes)
        if is_not:
            pick = Pick(facet, (), pick.values)
        elif left_out:
            # Typed in its own field, a value needs no minus before it.
            named = (*pick.without, *left_out.values, *left_out.without)
            pick = Pick(facet, pick.values, tuple(dict.fromkeys(named)))
        query = await self._asked_or_all()
        return rx.redirect(orders_path(query.picking(pick)))

    def _is_other_order(self) -> bool:
        """Whether only what is open beside the list changed: then the list stays as it is."""
        shown, self._shown = self._shown, dict(self.router.url.query_parameters)
        was_open, is_open = shown.get(OPEN), self._shown.get(OPEN)
        rest = [{**one, OPEN: ""} for one in (shown, self._shown)]
        return self.is_loaded and not self.failure and was_open != is_open and rest[0] == rest[1]

    async def _shown_list(self) -> Shown:
        params = dict(self.router.url.query_parameters)
        if self._resolved is None or self._read_from != params:
            actor = await current_actor(self)
            self._resolved = await call(view_lists.resolve, actor, params)
            self._read_from = params
        return self._resolved

    async def _asked(self) -> OrderQuery:
        return dataclasses.replace((await self._shown_list()).query, limit=PAGE_SIZE)

    async def _asked_or_all(self) -> OrderQuery:
        try:
            return await self._asked()
        except InvalidInputError:
            return OrderQuery(limit=PAGE_SIZE)

    async def _read(self, query: OrderQuery, *, beyond: int = 0) -> Found:
        actor = await current_actor(self)
        asked = dataclasses.replace(query, limit=query.limit + beyond)
        return await call(_list, actor, asked)

    async def _show_choices(self, query: OrderQuery) -> None:
        actor = await current_actor(self)
        choices = await call(facet_choices, actor)
        self.menus = Menus.of(query, business_day(now(), get_settings().zone), choices)
        view = self._resolved.view if self._resolved else None
        self.notes = list(self._resolved.notes) if self._resolved else []
        self.title = view.name if view else NAMES[query.attention] if query.attention else "Orders"
        if query.text != self._typed:
            self._typed = query.text
            self.box += 1
        self.text = query.text
        self.opening = opened_beside(self.router.url.query_parameters)

    def _show(self, found: Found, query: OrderQuery) -> None:
        self.rows, self._newest = found.rows(), found.newest
        self._show_count(found.page)
        self.found_by = found_by_text(found.page)
        self.pages = pages(found.page, query)

    def _show_count(self, found: OrderList) -> None:
        self.count = orders_text(found)
        self.total, self.total_is_exact = found.total, found.total_is_exact

    def _renew(self, found: Found) -> None:
        shown = {row.id for row in self.rows}
        fresh = {row.id: row for row in found.rows() if row.id in shown}
        rows = [fresh.get(row.id) or row.gone() for row in self.rows]
        if rows != self.rows:
            self.rows = rows


async def list_of(state: rx.State) -> Shown:
    """What the list of this tab shows, as its address says: for what stands around the list.

    Raises:
        InvalidInputError: If the address means nothing.
    """
    orders = await state.get_state(OrdersState)
    # A public method of a state could be called by any browser.
    return await orders._shown_list()  # pyright: ignore[reportPrivateUsage]


def found_by_text(found: OrderList) -> str:
    """`Found by order number (2), phone (1)`: what the searched text matched on this page."""
    counts = Counter(found.found_by.values())
    parts = [f"{field.value} ({counts[field]})" for field in Field if counts[field]]
    if not parts:
        return ""
    is_all = len(found.orders) == found.total
    return f"Found by {', '.join(parts)}" + ("" if is_all else " on this page")


def _list(session: Session, actor: Actor, query: OrderQuery) -> Found:
    # Before the rows are read: what comes in between is news rather than nowhere.
    newest = order_news.newest_id(session, actor)
    page = order_search.list_orders(session, actor, query)
    ids = [order.id for order in page.orders]
    return Found(page, working_of(session, actor, ids), newest)


def marked(rows: list[OrderRow], announced_after: int) -> list[OrderRow]:
    """The rows, those that were just announced as new with a word: they may stand anywhere."""
    if not announced_after:
        return rows
    return [
        dataclasses.replace(row, tags=[*row.tags, "new"]) if row.id > announced_after else row
        for row in rows
    ]


def news_text(count: int, query: OrderQuery) -> str:
    """The words of the bar above the table: on top of it, or somewhere in the list."""
    if count <= 0:
        return ""
    number = f"{order_news.MOST_NEW}+" if count > order_news.MOST_NEW else str(count)
    where = "" if query.sort is Sort.NEWEST else " in this list"
    return f"{number} new {'order' if count == 1 else 'orders'}{where}"


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
