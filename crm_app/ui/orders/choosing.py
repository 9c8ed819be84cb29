"""Which orders of the list are chosen, and what starts with them."""

import dataclasses
import uuid
from collections.abc import Sequence
from typing import Any

import reflex as rx
from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError
from crm_app.models import BulkRun
from crm_app.services import bulk_choice, bulk_runs
from crm_app.services.bulk_choice import Choice
from crm_app.services.bulk_export import MAKES_FILE, ExportAction
from crm_app.services.downloads import asking
from crm_app.services.order_query import OrderQuery, Sort
from crm_app.ui.orders.state import OrdersState, list_of
from crm_app.ui.shared.links import bulk_path
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


class ChoosingState(rx.State):
    """The choice lives as long as the filter: paging, sorting and looking at an order keep it."""

    # Chosen rows of the page on the screen; the others are known here only.
    marked: list[int] = []
    label: str = ""
    # Offered while a whole page is chosen and more orders match: "Choose all 4,312".
    offer: str = ""
    has_page: bool = False
    failure: str = ""

    _ids: list[int] = []
    _without: list[int] = []
    _is_all: bool = False
    _filter: dict[str, str] = {}
    _last: int = 0
    # Names this choice: the same button pressed twice with it is one bulk change.
    _key: str = ""
    _has_begun: bool = False

    @rx.event(temporal=True)
    @requires(quiet=True)
    async def follow(self) -> None:
        """After a page of the list was read: keep the choice unless the filter is another one."""
        found = await self._filter_now()
        if found != self._filter:
            self._filter = found
            self._clear()
        elif self._has_begun:
            # Back from what was begun: the same orders once more are another bulk change.
            self._renew()
        await self._show()

    @rx.event
    @requires(Permission.BULK_CHANGE)
    async def pick(self, order_id: int, pointer: dict[str, Any]) -> None:
        """Choose a row or let it go; with Shift also all between it and the last one."""
        ids = await self._page()
        order_id = int(order_id)
        if order_id not in ids:
            return
        is_on = order_id not in self.marked
        touched = [order_id]
        if pointer.get("shift_key") and self._last in ids:
            start, end = sorted((ids.index(self._last), ids.index(order_id)))
            touched = ids[start : end + 1]
        self._last = order_id
        self._set(touched, is_on=is_on)
        await self._show()

    @rx.event
    @requires(Permission.BULK_CHANGE)
    async def pick_page(self) -> None:
        """Choose every row of the page; if they all are chosen, let them go."""
        self._set(await self._page(), is_on=not self.has_page)
        await self._show()

    @rx.event
    @requires(Permission.BULK_CHANGE)
    async def pick_all(self) -> None:
        """Choose all that match the filter, also those on other pages."""
        self._is_all, self._ids, self._without = True, [], []
        self._renew()
        await self._show()

    @rx.event
    @requires(Permission.BULK_CHANGE)
    async def clear(self) -> None:
        self._clear()
        await self._show()

    @rx.event
    @requires(Permission.BULK_CHANGE)
    async def begin(self, action: str) -> rx.event.EventSpec | None:
        """Freeze the choice and go to its page; an export, which asks nothing, starts at once."""
        actor = await current_actor(self)
        try:
            run_id = await call(_begin, actor, choice_of(self), self._key, str(action))
        except InvalidInputError as error:
            self.failure = str(error)
            return None
        self._has_begun = True
        return rx.redirect(bulk_path(run_id))

    async def _filter_now(self) -> dict[str, str]:
        """The list without page and order: what a choice belongs to."""
        try:
            query = (await list_of(self)).query
        except InvalidInputError:
            return {}
        return dataclasses.replace(query, cursor=None, sort=Sort.NEWEST).params()

    async def _page(self) -> list[int]:
        orders = await self.get_state(OrdersState)
        return [row.id for row in orders.rows]

    def _set(self, ids: Sequence[int], *, is_on: bool) -> None:
        kept = self._without if self._is_all else self._ids
        # In the mode of "all that match" the exceptions are kept, else the chosen ones.
        if is_on != self._is_all:
            kept = [*kept, *(one for one in ids if one not in kept)]
        else:
            kept = [one for one in kept if one not in ids]
        if self._is_all:
            self._without = kept
        else:
            self._ids = kept
        self._renew()

    def _clear(self) -> None:
        self._ids, self._without, self._is_all, self._last = [], [], False, 0
        self._renew()

    def _renew(self) -> None:
        self._key, self._has_begun = uuid.uuid4().hex, False
        self.failure = ""

    async def _show(self) -> None:
        orders = await self.get_state(OrdersState)
        ids = [row.id for row in orders.rows]
        if self._is_all:
            self.marked = [one for one in ids if one not in self._without]
        else:
            chosen = set(self._ids)
            self.marked = [one for one in ids if one in chosen]
        self.has_page = bool(ids) and len(self.marked) == len(ids)
        self.label = self._words(orders.total, is_exact=orders.total_is_exact)
        has_more = not orders.total_is_exact or orders.total > len(self._ids)
        can_offer = self.has_page and not self._is_all and has_more
        number = f"{orders.total:,}" + ("" if orders.total_is_exact else "+")
        may_be_too_many = not orders.total_is_exact or orders.total > bulk_choice.MAX_ORDERS
        limit = f" (one change takes {bulk_choice.MAX_ORDERS:,})" if may_be_too_many else ""
        self.offer = f"Choose all {number}{limit}" if can_offer else ""

    def _words(self, total: int, *, is_exact: bool) -> str:
        if not self._is_all:
            return f"{len(self._ids):,} chosen" if self._ids else ""
        number = f"{total:,}" + ("" if is_exact else "+")
        if not self._without:
            return f"All {number} chosen"
        return f"All {number} but {len(self._without):,} chosen"


def choice_of(choosing: ChoosingState) -> Choice:
    """The chosen orders, as services take them."""
    state: Any = choosing
    if state._is_all:
        return Choice(query=OrderQuery.parse(state._filter), without=tuple(state._without))
    return Choice(ids=tuple(state._ids))


def few(choosing: ChoosingState, most: int) -> list[int] | None:
    """The chosen orders, if there are at most so many; None means: too many to name."""
    # A public method could be called by any browser, so a neighbour of the class reads it.
    ids, is_all = choosing._ids, choosing._is_all  # pyright: ignore[reportPrivateUsage]
    return None if is_all or len(ids) > most else list(ids)


def _begin(session: Session, actor: Actor, choice: Choice, key: str, action: str) -> int:
    run: BulkRun = bulk_choice.draft(session, actor, choice, f"{action[:20]}-{key}")
    if action in MAKES_FILE:
        session.flush()
        if action != ExportAction.name and run.total > asking.MAX_PRINTED:
            said = f"At most {asking.MAX_PRINTED} orders on one stack of paper: choose fewer."
            raise InvalidInputError(said)
        bulk_runs.decide(session, actor, run.id, action, {})
        bulk_runs.start(session, actor, run.id)
    return run.id
