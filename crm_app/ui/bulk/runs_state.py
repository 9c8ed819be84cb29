"""The list of bulk changes."""

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import bulk_results
from crm_app.ui.bulk.view import RunRow
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


class RunsState(rx.State):
    """The newest runs of everybody, and one's own drafts."""

    rows: list[RunRow] = []
    count: str = ""
    failure: str = ""
    is_loaded: bool = False

    @rx.event(temporal=True)
    @requires(Permission.BULK_CHANGE, quiet=True)
    async def load(self) -> None:
        """Read the runs. Runs on page load and on a timer."""
        actor = await current_actor(self)
        try:
            found = await call(bulk_results.list_runs, actor)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.is_loaded = str(error), True
            return
        moment, zone = now(), get_settings().zone
        self.rows = [RunRow.of(run, moment, zone) for run in found]
        active = sum(row.is_active for row in self.rows)
        self.count = f"{active} running" if active else ""
        self.failure, self.is_loaded = "", True
