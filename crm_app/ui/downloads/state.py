"""One's own files, and the form that asks for another."""

from collections.abc import Callable
from typing import Any, Final

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services.downloads import keeping
from crm_app.ui.downloads.view import DownloadRow
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
