"""The clock: enqueues functions, so a fault of it delays and never corrupts."""

import logging
import time
from contextlib import suppress
from datetime import timedelta
from typing import Final

from redis import Redis
from redis.exceptions import RedisError
from rq.cron import CronJob, CronScheduler
from rq.exceptions import NoSuchJobError
from rq.job import Job, JobStatus

from crm_app import queue
from crm_app.config import get_settings
from crm_app.domain.time import now
from crm_app.jobs.alerts import deliver_alerts, watch_alerts
from crm_app.jobs.bulk import forget_old_runs
from crm_app.jobs.documents import empty_old
from crm_app.jobs.downloads import forget_old_downloads
from crm_app.jobs.ledger import check_counts
from crm_app.jobs.privacy import keep_to_retention
from crm_app.jobs.retention import forget_old
from crm_app.jobs.ticks import look_at_once, look_each_minute, look_soon
from crm_app.jobs.trail import check_nightly, note_head

logger = logging.getLogger(__name__)

_RETRY_S: Final = 2.0
_LOOK_S: Final = 2
_HOUR_S: Final = 3600
_DAY_S: Final = 24 * _HOUR_S
_FAILURE_TTL_S: Final = _DAY_S


# As long as a tick waits in line at most.
_WAITS_S: Final = 60
# A worker that died with a tick holds the next one back no longer than this.
_TICK_LASTS: Final = timedelta(seconds=15)


class PatientClock(CronScheduler):
    """Asks for nothing that was asked for already and is not done yet.

    On a machine that is so busy that a tick takes longer than the time to the next one, the ticks
    would pile up before what they are there to start.
    """

    def enqueue_jobs(self) -> list[CronJob]:
        """See `CronScheduler`."""
        moment = now()
        asked: list[CronJob] = []
        for tick in self.get_jobs():
            if not tick.should_run():
                continue
            if not self._is_asked_for(tick):
                tick.enqueue(self.connection)
                asked.append(tick)
            tick.set_enqueue_time(moment)
        return asked

    def _is_asked_for(self, tick: CronJob) -> bool:
        newest = tick.get_job_ids(self.connection, 0, 0)
        if not newest:
            return False
        with suppress(NoSuchJobError):
            job = Job.fetch(  # pyright: ignore[reportUnknownMemberType] - RQ types it partly
                newest[0], connection=self.connection
            )
            # As it was read: asked for anew, one that was done this moment has no status at all.
            status = job.get_status(refresh=False)
            if status == JobStatus.STARTED:
                return job.enqueued_at is not None and now() - job.enqueued_at < _TICK_LASTS
            # One that waits keeps its place in the line, until its `ttl` drops it.
            return status == JobStatus.QUEUED
        return False


def build_clock(connection: Redis) -> PatientClock:
    """The schedule of this product. Run exactly one; two would only ask twice."""
    settings = get_settings()
    clock = PatientClock(connection=connection, logging_level=settings.log_level)
    # Faster than any interval: each account has its own next time. Beside the pushes: a worker
    # that only sends takes its turn, however long another one is at an import. What nobody waits
    # for stands behind the pulls, in the last queue.
    ticks = (
        (look_at_once, queue.PUSH, min(_LOOK_S, settings.outbox_interval_s)),
        (look_soon, queue.PULL, 10),
        (look_each_minute, queue.SWEEP, 60),
        # A mail server may take its time: no look waits for it.
        (deliver_alerts, queue.PULL, 20),
        # Before the pulls: a worker that gets to none of them is what somebody has to know.
        (watch_alerts, queue.INBOX, 60),
        (forget_old_runs, queue.SWEEP, _HOUR_S),
        (empty_old, queue.DOCUMENTS, _HOUR_S),
        (forget_old_downloads, queue.SWEEP, _HOUR_S),
        (note_head, queue.SWEEP, _HOUR_S),
        (check_counts, queue.SWEEP, _DAY_S),
        (forget_old, queue.SWEEP, _DAY_S),
        (keep_to_retention, queue.SWEEP, _DAY_S),
        (check_nightly, queue.SWEEP, _DAY_S),
    )
    for function, name, interval_s in ticks:
        # One that a worker took and died with before it began goes by `ttl`, which has to be longer
        # than a busy worker's line: a tick that is dropped starts again at the end of it.
        clock.register(  # pyright: ignore[reportUnknownMemberType] - RQ types it partly
            function,
            name,
            interval=interval_s,
            ttl=max(_WAITS_S, interval_s * 2),
            result_ttl=0,
            failure_ttl=_FAILURE_TTL_S,
            job_timeout=60,
        )
    return clock


def run_clock(connection: Redis) -> None:
    """Tick until told to stop; a Redis that is away stops nothing, the next round asks again."""
    while True:
        try:
            build_clock(connection).start()
            return
        except (RedisError, OSError) as error:
            logger.warning("The clock lost Redis: %s", type(error).__name__)
            time.sleep(_RETRY_S)
