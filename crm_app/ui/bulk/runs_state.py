"""The list of bulk changes."""

from typing import Final

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import bulk_results
from crm_app.ui.bulk.view import RunRow
from crm_app.ui.shared.links import BULK
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor

_ROWS: Final = 50


class RunsState(rx.State):
    """The newest runs of everybody, and one's own drafts."""

    rows: list[RunRow] = []
    count: str = ""
    older_href: str = ""
    newest_href: str = ""
    failure: str = ""
    is_loaded: bool = False

    @rx.event(temporal=True)
    @requires(Permission.BULK_CHANGE, quiet=True)
    async def load(self) -> None:
        """Read the runs. Runs on page load and on a timer."""
        actor = await current_actor(self)
        word = str(self.router.url.query_parameters.get("before", ""))
        before = int(word) if word.isascii() and word.isdecimal() and len(word) < 19 else 0
        try:
            found = await call(
                bulk_results.list_runs, actor, before=before or None, limit=_ROWS + 1
            )
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.is_loaded = str(error), True
            return
        moment, zone = now(), get_settings().zone
        self.rows = [RunRow.of(run, moment, zone) for run in found[:_ROWS]]
        self.older_href = f"{BULK}?before={found[_ROWS - 1].id}" if found[_ROWS:] else ""
        self.newest_href = BULK if before else ""
        active = sum(row.is_active for row in self.rows)
        self.count = f"{active} running" if active else ""
        self.failure, self.is_loaded = "", True
