"""The inbox on screen: the address holds the filters and what is opened."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

import reflex as rx

from crm_app import db
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotFoundError, NotSignedInError
from crm_app.services import inbox_list, inbox_review
from crm_app.services.exceptions import listing
from crm_app.services.inbox_list import InboxQuery
from crm_app.ui.inbox.view import PATH, REFUSED, Choice, Line, Opened, path
from crm_app.ui.shared.links import OPEN
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call, errand
from crm_app.ui.shared.session import current_actor

_FILTERS: Final = ("account", "topic", "state", "order", "day")


class InboxState(rx.State):
    """One page of what arrived."""

    lines: list[Line] = []
    accounts: list[Choice] = []
    chosen: dict[str, str] = {}
    # The form is drawn anew where this changes.
    drawn: str = ""
    picked: list[str] = []
    opened: Opened = Opened()
    next_href: str = ""
    first_href: str = ""
    close_href: str = PATH
    failure: str = ""
    done: str = ""
    is_loaded: bool = False

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS)
    async def load(self) -> None:
        """Show the page that the address names."""
        self.done, self.picked = "", []
        await self._read()

    @rx.event(temporal=True)
    @requires(Permission.VIEW_ORDERS)
    async def refresh(self) -> None:
        """Bring the lines up to date; what is opened and picked stays."""
        if self.is_loaded and not self.failure:
            await self._read(opens=False)

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def narrow(self, form: dict[str, Any]) -> rx.event.EventSpec:
        """Show what the form asks for."""
        kept = {name: str(form.get(name, "")).strip() for name in _FILTERS}
        params = urlencode({name: value for name, value in kept.items() if value})
        return rx.redirect(f"{PATH}?{params}" if params else PATH)

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def pick(self, key: str) -> None:
        """Take a line into the choice, or out of it."""
        key = str(key)
        known = any(line.key == key and line.can_replay for line in self.lines)
        if key in self.picked:
            self.picked = [one for one in self.picked if one != key]
        elif known:
            self.picked = [*self.picked, key]

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def pick_all(self) -> None:
        """Every line of the page that can be tried again, or none."""
        every = [line.key for line in self.lines if line.can_replay]
        self.picked = [] if self.picked else every

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def replay_picked(self) -> None:
        """Try the picked ones again."""
        keys, self.picked = [int(key) for key in self.picked], []
        await self._replay(keys)

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def replay_opened(self) -> None:
        """Try the opened one again."""
        await self._replay([int(self.opened.key)] if self.opened.key else [])

    @rx.event
    @requires(Permission.SEE_PERSONAL_DATA)
    async def reveal(self) -> None:
        """Show what arrived in clear; recorded."""
        if not self.opened.key:
            return
        actor = await current_actor(self)
        try:
            body = await call(inbox_list.reveal, actor, int(self.opened.key))
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = str(error)
            return
        self.opened = self.opened.clear(body)

    async def _replay(self, keys: list[int]) -> None:
        actor = await current_actor(self)
        done, refused = await errand(_replay_each, actor, keys)
        again = "1 is tried again." if done == 1 else f"{done} are tried again."
        self.done = f"{again} {refused} cannot be." if refused else again
        await self._read()

    async def _read(self, *, opens: bool = True) -> None:
        params: Mapping[str, str] = self.router.url.query_parameters
        is_refused = params.get("state") == REFUSED
        opened = str(params.get(OPEN, ""))[:20]
        actor, self.failure = await current_actor(self), ""
        try:
            asked = {**params, "state": ""} if is_refused else dict(params)
            query = InboxQuery.parse(asked)
            names = await call(listing.accounts, actor)
            self.accounts = [Choice(str(one.id), one.name) for one in names]
            if is_refused:
                await self._show_refused(actor, query)
            else:
                await self._show(actor, query, opened)
            if opens:
                await self._open(actor, opened)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.lines, self.opened = str(error), [], Opened()
        else:
            # A form keeps what was asked, also where it is not drawn anew.
            self.chosen = {name: str(params.get(name, "")) for name in _FILTERS}
            self.drawn = "|".join(self.chosen.values())
            self.close_href = path(query, refused=is_refused)
            newest = path(replace(query, before=None), refused=is_refused)
            self.first_href = newest if query.before else ""
        self.is_loaded = True

    async def _show(self, actor: Actor, query: InboxQuery, opened: str) -> None:
        page = await call(inbox_list.list_entries, actor, query)
        moment, zone = now(), get_settings().zone
        self.lines = [
            Line.of(row, path(query, opened=str(row.id)), opened, moment, zone) for row in page.rows
        ]
        more = page.next_before
        self.next_href = path(replace(query, before=more)) if more else ""

    async def _show_refused(self, actor: Actor, query: InboxQuery) -> None:
        found = await call(inbox_list.refused, actor, query)
        moment, zone = now(), get_settings().zone
        self.lines = [Line.refused(one, account, moment, zone) for one, account in found]
        is_full = len(found) == query.limit
        more = replace(query, before=found[-1][0].id) if is_full else None
        self.next_href = path(more, refused=True) if more else ""

    async def _open(self, actor: Actor, opened: str) -> None:
        if not (opened.isascii() and opened.isdigit()):
            self.opened = Opened()
            return
        try:
            found = await call(inbox_list.get_entry, actor, int(opened))
        except NotFoundError:
            self.opened = Opened()
            return
        self.opened = Opened.of(found.row, found.masked, now(), get_settings().zone)


def _replay_each(actor: Actor, keys: list[int]) -> tuple[int, int]:
    """How many are tried again, and how many cannot be; a transaction each."""
    done = refused = 0
    for key in keys:
        try:
            with db.transaction() as session:
                inbox_review.replay(session, actor, key)
            done += 1
        except CrmError:
            refused += 1
    return done, refused
