"""One's own files, and the form that asks for another."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.download import FileFormat
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError, InvalidInputError, NotSignedInError
from crm_app.services import filter_words, order_search
from crm_app.services.downloads import asking, columns, keeping
from crm_app.services.order_query import OrderQuery
from crm_app.ui.downloads.view import ColumnChoice, DownloadRow
from crm_app.ui.shared.links import DOWNLOADS
from crm_app.ui.shared.needs import count_text
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor

QUICK_MS: Final = 1_500
SLOW_MS: Final = 20_000


class DownloadsState(rx.State):
    """The files, newest first."""

    rows: list[DownloadRow] = []
    count: str = ""
    failure: str = ""
    is_loaded: bool = False
    every_ms: int = SLOW_MS

    @rx.event(temporal=True)
    @requires(Permission.VIEW_ORDERS)
    async def load(self) -> None:
        """Read the files. Runs on page load, on a timer and after every change."""
        actor = await current_actor(self)
        try:
            found = await call(keeping.list_downloads, actor)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.is_loaded = str(error), True
            return
        moment, zone = now(), get_settings().zone
        self.rows = [DownloadRow.of(one, moment, zone) for one in found]
        working = sum(row.is_active for row in self.rows)
        self.count = f"{working} in work" if working else ""
        self.every_ms = QUICK_MS if working else SLOW_MS
        self.failure, self.is_loaded = "", True

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def cancel(self, download_id: int) -> rx.event.EventType[()]:
        """Stop the work on a file."""
        return await self._do(keeping.cancel, download_id)

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def remove(self, download_id: int) -> rx.event.EventType[()]:
        """Delete a file."""
        return await self._do(keeping.remove, download_id)

    async def _do(self, deed: Callable[..., Any], download_id: int) -> rx.event.EventType[()]:
        actor = await current_actor(self)
        await call(deed, actor, int(download_id))
        return DownloadsState.load


class ExportState(rx.State):
    """The form of a new export; the address names its orders."""

    is_open: bool = False
    title: str = ""
    count: str = ""
    columns: list[ColumnChoice] = []
    kept: str = ""
    failure: str = ""
    # Grows when all boxes are to be drawn anew.
    drawn: int = 0

    _key: str = ""

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS)
    async def load(self) -> None:
        """Show the form where the address asks for it."""
        self.is_open, self.failure = False, ""
        params: Mapping[str, str] = self.router.url.query_parameters
        actor = await current_actor(self)
        if "new" not in params or not actor.may(Permission.EXPORT_ORDERS):
            return
        self.is_open, self._key = True, secrets.token_hex(8)
        self.kept = str(get_settings().download_keep_days)
        self.columns = [ColumnChoice.of(column) for column in columns.allowed(actor)]
        self.drawn += 1
        try:
            query = self._query()
            total, is_exact = await call(order_search.count_orders, actor, query)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = str(error)
            return
        self.title = await call(filter_words.title_of, query)
        self.count = count_text(total, is_exact=is_exact) + (" order" if total == 1 else " orders")

    @rx.event
    @requires(Permission.EXPORT_ORDERS)
    async def ask(self, form: dict[str, Any]) -> rx.event.EventType[()] | None:
        """Have the file made."""
        actor = await current_actor(self)
        try:
            await call(
                asking.export,
                actor,
                self._query(),
                kind=_format(form),
                keys=[choice.key for choice in self.columns if form.get(choice.name)],
                key=self._key,
            )
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = str(error)
            return None
        self.is_open = False
        return [rx.redirect(DOWNLOADS), DownloadsState.load]

    @rx.event
    @requires(Permission.EXPORT_ORDERS)
    async def choose(self, which: str) -> None:
        """Mark all columns, the usual ones, or none."""
        usual = {column.key for column in columns.COLUMNS.values() if column.by_default}
        self.columns = [
            ColumnChoice(
                key=one.key,
                name=one.name,
                heading=one.heading,
                is_personal=one.is_personal,
                is_on=which == "all" or (which == "usual" and one.key in usual),
            )
            for one in self.columns
        ]
        self.drawn += 1

    def _query(self) -> OrderQuery:
        return OrderQuery.parse(self.router.url.query_parameters)


def _format(form: dict[str, Any]) -> FileFormat:
    try:
        return FileFormat(str(form.get("format", "")))
    except ValueError as error:
        raise InvalidInputError("Choose CSV, Excel or JSON.") from error
