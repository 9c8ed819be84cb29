"""Whether this installation can do its work right now."""

import logging
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from crm_app import db
from crm_app.errors import ServiceUnavailableError
from crm_app.services import beats
from crm_app.services.health import AccountHealth, account_health

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Readiness:
    """One flag per part that must answer, and the health of every account."""

    database: bool
    redis: bool
    worker: bool
    clock: bool
    accounts: tuple[AccountHealth, ...]

    @property
    def is_ready(self) -> bool:
        return self.database and self.redis and self.worker and self.clock


def check() -> Readiness:
    """Ask every part; never raises for one that is away."""
    accounts: tuple[AccountHealth, ...] = ()
    try:
        with db.transaction() as session:
            session.execute(text("SELECT 1"))
            accounts = account_health(session)
        database = True
    except (ServiceUnavailableError, SQLAlchemyError) as error:
        logger.warning("The database is not ready: %s", type(error).__name__)
        database = False
    found = beats.listen()
    return Readiness(database, found.redis, found.worker, found.clock, accounts)
