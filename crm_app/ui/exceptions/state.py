"""The list of exceptions: what the address asks for, as lines."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import reflex as rx
from sqlmodel import Session

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.domain.trouble import Cause, Way
from crm_app.errors import CrmError, InvalidInputError, NotSignedInError
from crm_app.services.exceptions import listing
from crm_app.services.exceptions.listing import ExceptionList
from crm_app.services.exceptions.query import DEFAULT_LIMIT, ExceptionQuery, View
from crm_app.services.exceptions.rows import ExceptionRow
from crm_app.ui.exceptions.menus import OPEN, Menus, path
from crm_app.ui.exceptions.rows import Line
from crm_app.ui.shared.needs import count_text
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor
from crm_app.ui.shared.shell_state import ShellState, trouble_texts

PAGE_SIZE: Final = DEFAULT_LIMIT
# The causes of which a whole can be tried again; the others are decided or cured one by one.
_RETRIED: Final = (Cause.TRANSITION, Cause.POISON, Cause.REMOTE, Cause.QUOTA, Cause.WAITING)
_EMPTY: Final = {
    View.OPEN: "No exception matches these filters.",
    View.SNOOZED: "Nothing that matches these filters is snoozed.",
    View.CLOSED: "Nobody closed one that matches these filters.",
    View.HEALED: "Nothing that matches these filters solved itself in the last seven days.",
}
# The same where no filter is on.
_EMPTY_OF_ALL: Final = {
    View.OPEN: "No exception is open.",
    View.SNOOZED: "Nothing is snoozed.",
    View.CLOSED: "Nobody has closed one.",
    View.HEALED: "Nothing has solved itself in the last seven days.",
}
_NOUNS: Final = {
    View.OPEN: "open",
    View.SNOOZED: "snoozed",
    View.CLOSED: "closed",
    View.HEALED: "solved",
}


class ExceptionsState(rx.State):
    """One page of exceptions. The address holds the filters and what is opened beside them."""

    lines: list[Line] = []
    menus: Menus = Menus()
    count: str = ""
    next_href: str = ""
    first_href: str = ""
    news: str = ""
    failure: str = ""
    stale: str = ""
    is_loaded: bool = False
    is_all_clear: bool = False
    empty: str = ""
    can_retry_cause: bool = False
    # What is closed cannot be picked: there is nothing left to do about it.
    can_pick: bool = True

    _shown: str = "nothing yet"

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS)
    async def load(self) -> None:
        """Show the page that the address names; beside another opened one nothing moves."""
        self.failure = ""
        asked = path(self._asked_or_all())
        try:
            if asked == self._shown and self.is_loaded:
                await self._renew(self._asked())
            else:
                await self._show(self._asked())
                self._shown = asked
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.lines, self.count, self._shown = str(error), [], "", "failed"
            self.menus = Menus()
        self.is_loaded = True

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def show_news(self) -> None:
        """Draw the list anew, with what came and without what is gone."""
        await self._show(self._asked())

    @rx.event(temporal=True)
    @requires(Permission.VIEW_ORDERS)
    async def refresh(self) -> None:
        """Bring the lines on the screen up to date; none moves, none is added."""
        if self.failure or not self.is_loaded:
            return
        try:
            await self._renew(self._asked())
            self.stale = ""
        except NotSignedInError:
            raise
        except CrmError as error:
            self.stale = f"Not refreshed: {error}"

    def _asked(self) -> ExceptionQuery:
        params = self.router.url.query_parameters
        return replace(ExceptionQuery.parse(params), limit=PAGE_SIZE)

    def _asked_or_all(self) -> ExceptionQuery:
        return asked_of(self.router.url.query_parameters)

    def _opened(self) -> str:
        return str(self.router.url.query_parameters.get(OPEN, ""))[:80]

    async def _show(self, query: ExceptionQuery) -> None:
        actor = await current_actor(self)
        read = await call(_read, actor, query)
        await self._show_counts(read, query)
        found = read.found
        self.lines = [self._line(row, query) for row in found.rows]
        self.next_href = path(replace(query, cursor=found.next_cursor)) if found.next_cursor else ""
        self.first_href = path(replace(query, cursor=None)) if query.cursor else ""
        self.news, self.stale = "", ""

    async def _renew(self, query: ExceptionQuery) -> None:
        actor = await current_actor(self)
        # Beyond the page, so that lines which new ones pushed down are found.
        read = await call(_read, actor, replace(query, limit=2 * PAGE_SIZE))
        await self._show_counts(read, query)
        if not self.lines:
            # An empty page has nothing that could move.
            self.lines = [self._line(row, query) for row in read.found.rows[:PAGE_SIZE]]
            return
        found = {row.key: row for row in read.found.rows}
        shown = {line.key for line in self.lines}
        # A page further down has no news: what came stands before it.
        fresh = 0 if query.cursor else sum(key not in shown for key in _above(read.found, shown))
        lines = [
            self._line(found[line.key], query) if line.key in found else self._left(line)
            for line in self.lines
        ]
        self.news = news_text(fresh, sum(line.is_gone for line in lines))
        if lines != self.lines:
            self.lines = lines

    def _line(self, row: ExceptionRow, query: ExceptionQuery) -> Line:
        zone = get_settings().zone
        return Line.of(row, path(query, row.key), self._opened(), now(), zone)

    def _left(self, line: Line) -> Line:
        return replace(line.gone(), is_open=line.key == self._opened())

    async def _show_counts(self, read: "_Read", query: ExceptionQuery) -> None:
        counts = read.counts
        self.menus = Menus.of(query, counts, read.people, read.accounts)
        text = count_text(counts.total, is_exact=counts.is_exact)
        self.count = f"{text} {_NOUNS[query.view]}"
        self.is_all_clear = counts.total == 0 and query.view is View.OPEN
        self.empty = (_EMPTY if self.menus.is_narrowed else _EMPTY_OF_ALL)[query.view]
        self.can_pick = query.view not in (View.CLOSED, View.HEALED)
        self.can_retry_cause = (
            query.view is View.OPEN
            and query.cause in _RETRIED
            and any(Way.RETRY in row.ways for row in read.found.rows)
        )
        shell = await self.get_state(ShellState)
        shell.trouble, shell.trouble_title = trouble_texts(read.every)


def asked_of(params: Mapping[str, str]) -> ExceptionQuery:
    """What an address asks for; everything, where it means nothing."""
    try:
        return replace(ExceptionQuery.parse(params), limit=PAGE_SIZE)
    except InvalidInputError:
        return ExceptionQuery(limit=PAGE_SIZE)


class _Read:
    """What one drawing of the page needs, read in one transaction."""

    def __init__(self, session: Session, actor: Actor, query: ExceptionQuery) -> None:
        self.found = listing.list_exceptions(session, actor, query)
        self.counts = listing.count_exceptions(session, actor, query)
        self.every = listing.count_exceptions(session, actor)
        self.people = listing.people(session, actor)
        self.accounts = listing.accounts(session, actor)


def _read(session: Session, actor: Actor, query: ExceptionQuery) -> _Read:
    return _Read(session, actor, query)


def _above(found: ExceptionList, shown: set[str]) -> list[str]:
    """Keys that now stand before the first line on the screen."""
    keys = [row.key for row in found.rows]
    first = next((at for at, key in enumerate(keys) if key in shown), len(keys))
    return keys[:first]


def news_text(fresh: int, gone: int) -> str:
    """`2 new, 3 seen to`; empty when the screen shows what there is."""
    parts = [f"{fresh} new"] if fresh else []
    parts += [f"{gone} seen to"] if gone else []
    return ", ".join(parts)
