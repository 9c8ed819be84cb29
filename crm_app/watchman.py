"""Alerts while the worker or its clock is dead: the web process raises and sends them itself."""

import asyncio
import logging
import time
from typing import Final

from crm_app.errors import CrmError
from crm_app.jobs.alerts import deliver_alerts, watch_alerts
from crm_app.services import beats

logger = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 10.0
# A restart is over by then.
PATIENCE_S: Final = 30.0
# As often as the clock would.
_ALERT_EVERY_S: Final = 60.0


class Watchman:
    """Remembers since when something is missing, and when it last did the clock's work."""

    def __init__(self) -> None:
        self._missing_since: float | None = None
        self._acted_at: float | None = None

    def look(self, moment: float) -> bool:
        """Raise and send alerts if it is time to; whether it was."""
        if not beats.listen().sentence:
            self._missing_since = None
            return False
        if self._missing_since is None:
            self._missing_since = moment
        if moment - self._missing_since < PATIENCE_S:
            return False
        if self._acted_at is not None and moment - self._acted_at < _ALERT_EVERY_S:
            return False
        self._acted_at = moment
        watch_alerts()
        deliver_alerts()
        return True


async def keep_watch() -> None:
    """Look again and again for as long as the web process lives."""
    watchman = Watchman()
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        try:
            await asyncio.to_thread(watchman.look, time.monotonic())
        except CrmError as error:
            # Without a database there is nobody to tell: the page says so itself.
            logger.warning("Alerts could not be looked at: %s", error)
