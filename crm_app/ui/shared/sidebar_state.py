"""The views in the sidebar, with how many orders each shows now."""

import dataclasses
import time
from typing import Final

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import view_lists
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor
from crm_app.ui.shared.view_rows import ViewRow

# Asked for no more often than this, however quickly somebody clicks.
FRESH_S: Final = 10.0


class SidebarState(rx.State):
    """Display only: no decision reads these fields."""

    views: list[ViewRow] = []

    _read_at: float = 0.0

    @rx.event(temporal=True)
    @requires(Permission.VIEW_ORDERS, quiet=True)
    async def load(self) -> None:
        """Read the pinned views. Runs on each page load and on a timer."""
        shown = self.router.url.query_parameters.get("view", "")
        if time.time() - self._read_at < FRESH_S:
            marked = [dataclasses.replace(row, is_on=row.key == shown) for row in self.views]
            if marked != self.views:
                self.views = marked
            return
        await self._read(shown)

    @rx.event
    @requires(Permission.VIEW_ORDERS, quiet=True)
    async def renew(self) -> None:
        """Read them anew: the person has just changed what is pinned."""
        await self._read(self.router.url.query_parameters.get("view", ""))

    async def _read(self, shown: str) -> None:
        actor = await current_actor(self)
        try:
            found = await call(view_lists.pinned, actor)
        except NotSignedInError:
            raise
        except CrmError:
            # The frame around every page says what is wrong; the last figures stay.
            return
        self.views = [ViewRow.counted(one, shown=shown) for one in found]
        self._read_at = time.time()
