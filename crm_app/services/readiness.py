"""Whether this installation can do its work right now."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from redis.exceptions import RedisError
from rq import Worker
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from crm_app import db, queue
from crm_app.domain.time import now
from crm_app.errors import ServiceUnavailableError
from crm_app.services.health import AccountHealth, account_health

logger = logging.getLogger(__name__)

# RQ's worker writes its heartbeat at least every 60 s while it waits for work, plus slack.
_HEARTBEAT_LASTS: Final = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Readiness:
    """One flag per part that must answer, and the health of every account."""

    database: bool
    redis: bool
    worker: bool
    accounts: tuple[AccountHealth, ...]

    @property
    def is_ready(self) -> bool:
        return self.database and self.redis and self.worker


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
    redis, worker = _queue_answers()
    return Readiness(database, redis, worker, accounts)


def _queue_answers() -> tuple[bool, bool]:
    try:
        workers: list[Any] = Worker.all(  # pyright: ignore[reportUnknownMemberType] - untyped in RQ
            connection=queue.hasty_connection()
        )
        newest = max((one.last_heartbeat for one in workers if one.last_heartbeat), default=None)
    except (RedisError, OSError, ServiceUnavailableError) as error:
        logger.warning("Redis is not ready: %s", type(error).__name__)
        return False, False
    return True, newest is not None and now() - newest < _HEARTBEAT_LASTS
