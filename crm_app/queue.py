"""RQ: names of queues and jobs, and hints that work is there.

Redis carries ids only, and every hint may be lost: the clock finds all work in the database.
"""

import logging
from contextlib import suppress
from functools import lru_cache
from typing import Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError  # noqa: A004 - redis' own
from redis.retry import Retry
from rq import Queue
from sqlmodel import Session

from crm_app import db
from crm_app.config import get_settings
from crm_app.errors import ServiceUnavailableError

logger = logging.getLogger(__name__)

BULK: Final = "bulk"
PUSH: Final = "push"
INBOX: Final = "inbox"
PULL: Final = "pull"
DOCUMENTS: Final = "documents"
SWEEP: Final = "sweep"
# A worker empties the first before it looks at the next, but leaves none out for good
# (`jobs/turns.py`): a bulk change is written within seconds and steps aside for a click, a person
# waits for a push, and what came by webhook is quicker done than a pull. A person also waits for
# the first piece of a file's work; the pieces after it stand in line with the pulls, or neither
# would leave the other a turn. The last queue is for what nobody waits for.
QUEUES: Final = (BULK, PUSH, INBOX, DOCUMENTS, PULL, SWEEP)

# What a worker does that only sends: no import, however long, keeps a person waiting.
SENDING: Final = (PUSH,)

PUSH_ACCOUNT: Final = "crm_app.jobs.push.push_account"
PULL_ACCOUNT: Final = "crm_app.jobs.pull.pull_account"
BULK_RUN: Final = "crm_app.jobs.bulk.work_on"
INBOX_ACCOUNT: Final = "crm_app.jobs.inbox.process_account"
REPLAY: Final = "crm_app.jobs.replay.replay"
SWEEP_ACCOUNT: Final = "crm_app.jobs.sweep.sweep_account"
RETRY_CAUSE: Final = "crm_app.jobs.retrying.work_on"
DELIVER_ALERTS: Final = "crm_app.jobs.alerts.deliver_alerts"
FORGET_OLD: Final = "crm_app.jobs.retention.forget_old"
WORK_ON_DOCUMENT: Final = "crm_app.jobs.documents.work_on"
WORK_ON_DOWNLOAD: Final = "crm_app.jobs.downloads.work_on"
CHECK_TRAIL: Final = "crm_app.jobs.trail.check"
WORK_ON_REQUEST: Final = "crm_app.jobs.privacy.work_on"
KEEP_TO_RETENTION: Final = "crm_app.jobs.privacy.keep_to_retention"

# A hint older than this has been overtaken by the clock.
_HINT_TTL_S: Final = 60
# A worker that died with the hint holds the next one back no longer than this.
_HINT_LASTS_S: Final = 5
_RESULT_TTL_S: Final = 60
_FAILURE_TTL_S: Final = 7 * 24 * 3600
_JOB_TIMEOUT_S: Final = 300
_JOB_PATIENCE_S: Final = 5.0
_CLICK_PATIENCE_S: Final = 0.5


@lru_cache
def connection() -> Redis:
    """What jobs use: limits, tokens, and the state of the queue. Waits a few seconds at most.

    Raises:
        ServiceUnavailableError: If no URL is set.
    """
    return _client(_JOB_PATIENCE_S)


@lru_cache
def hasty_connection() -> Redis:
    """What a click uses: a Redis that hangs costs it a moment, and the clock makes up for it.

    Raises:
        ServiceUnavailableError: If no URL is set.
    """
    return _client(_CLICK_PATIENCE_S)


@lru_cache
def blocking_connection() -> Redis:
    """What the worker waits for jobs on; RQ sets the time-out that fits its long waits.

    Raises:
        ServiceUnavailableError: If no URL is set.
    """
    return _client(None)


def fresh_connection() -> Redis:
    """One that is shared with nobody, for a thread that outlives what it serves."""
    return _client(_JOB_PATIENCE_S)


def forget_connections() -> None:
    """Close all of them; the next use reads the settings again."""
    for client in (connection, hasty_connection, blocking_connection):
        if client.cache_info().currsize:
            client().close()
            client.cache_clear()


def _client(patience_s: float | None) -> Redis:
    url = get_settings().redis_url
    if url is None:
        raise ServiceUnavailableError(
            "CRM_REDIS_URL is not set. `make run` sets it for the embedded server."
        )
    if patience_s is None:
        return Redis.from_url(  # pyright: ignore[reportUnknownMemberType] - untyped in redis-py
            url, socket_connect_timeout=_JOB_PATIENCE_S, health_check_interval=30
        )
    return Redis.from_url(  # pyright: ignore[reportUnknownMemberType] - untyped in redis-py
        url,
        socket_timeout=patience_s,
        socket_connect_timeout=patience_s,
        health_check_interval=30,
        # Once more, for a connection that a restarted server dropped. The library's own default
        # is three times with pauses, and also after a time-out: that multiplies the wait.
        retry=Retry(NoBackoff(), 1, supported_errors=(ConnectionError,)),
    )


def enqueue(queue: str, job: str, *ids: int) -> bool:
    """Put a job on a queue; False (and a log line) if Redis is away or not set.

    Args:
        queue: One of `QUEUES`.
        job: Import path of the function.
        ids: Its arguments.
    """
    try:
        Queue(queue, connection=hasty_connection()).enqueue_call(  # pyright: ignore[reportUnknownMemberType]
            job,
            args=ids,
            ttl=_HINT_TTL_S,
            result_ttl=_RESULT_TTL_S,
            failure_ttl=_FAILURE_TTL_S,
            timeout=_JOB_TIMEOUT_S,
        )
    except (RedisError, OSError, ServiceUnavailableError) as error:
        logger.warning("Redis took no hint for %s%s: %s", job, ids, type(error).__name__)
        return False
    return True


def hint_push(session: Session, account_id: int) -> None:
    """After the session's commit, tell a worker that the account has something to send."""
    db.after_commit(session, ("push", account_id), lambda: _hint(PUSH, PUSH_ACCOUNT, account_id))


def hint_pull(session: Session, account_id: int) -> None:
    """After the session's commit, tell a worker that the account should be asked now."""
    db.after_commit(session, ("pull", account_id), lambda: _hint(PULL, PULL_ACCOUNT, account_id))


def hint_sweep(session: Session, account_id: int) -> None:
    """After the session's commit, tell a worker that the account's sweep may go on."""
    db.after_commit(session, ("sweep", account_id), lambda: _hint(SWEEP, SWEEP_ACCOUNT, account_id))


def hint_bulk(session: Session, run_id: int) -> None:
    """After the session's commit, tell a worker that a bulk change waits."""
    db.after_commit(session, ("bulk", run_id), lambda: _hint(BULK, BULK_RUN, run_id))


def hint_retry(session: Session, retry_id: int) -> None:
    """After the session's commit, tell a worker that a whole cause is to be tried again."""
    db.after_commit(session, ("retry", retry_id), lambda: _hint(BULK, RETRY_CAUSE, retry_id))


def hint_document(session: Session, document_id: int) -> None:
    """After the session's commit, tell a worker that an uploaded file waits for its next step."""
    db.after_commit(
        session,
        ("document", document_id),
        lambda: _hint(DOCUMENTS, WORK_ON_DOCUMENT, document_id),
    )


def hint_privacy(session: Session, request_id: int) -> None:
    """After the session's commit, tell a worker that a request about a person's data waits."""
    db.after_commit(
        session,
        ("privacy", request_id),
        lambda: _hint(DOCUMENTS, WORK_ON_REQUEST, request_id),
    )


def hint_download(session: Session, download_id: int) -> None:
    """After the session's commit, tell a worker that a person waits for a file."""
    db.after_commit(
        session,
        ("download", download_id),
        lambda: _hint(DOCUMENTS, WORK_ON_DOWNLOAD, download_id),
    )


def hint_trail(session: Session, check_id: int) -> None:
    """After the session's commit, tell a worker that a person waits for a walk over the trail."""
    db.after_commit(session, ("trail", check_id), lambda: _hint(DOCUMENTS, CHECK_TRAIL, check_id))


def hint_inbox(session: Session, account_id: int) -> None:
    """After the session's commit, tell a worker that the account's inbox has work.

    One hint stands for all webhooks until a worker takes it: a burst makes one job.
    """
    db.after_commit(session, ("inbox", account_id), lambda: _hint_inbox(account_id))


def hint_alerts(session: Session) -> None:
    """After the session's commit, tell a worker that messages of alerts wait to be sent."""
    db.after_commit(session, "alerts", _hint_alerts)


def hint_replay(session: Session, replay_id: int) -> None:
    """After the session's commit, tell a worker that stored orders are to be read again."""
    db.after_commit(session, ("replay", replay_id), lambda: _hint(PULL, REPLAY, replay_id))


def hint_taken(account_id: int) -> None:
    """A worker looks at the inbox now: what comes from here on needs a hint of its own."""
    with suppress(RedisError, OSError, ServiceUnavailableError):
        connection().delete(_hint_key(account_id))


def _hint_inbox(account_id: int) -> None:
    try:
        is_first = hasty_connection().set(_hint_key(account_id), "1", nx=True, ex=_HINT_LASTS_S)
    except (RedisError, OSError, ServiceUnavailableError) as error:
        logger.warning("Redis took no hint for the inbox: %s", type(error).__name__)
        return
    if is_first:
        enqueue(INBOX, INBOX_ACCOUNT, account_id)


def _hint_alerts() -> None:
    enqueue(PULL, DELIVER_ALERTS)


def _hint_key(account_id: int) -> str:
    return f"inbox:hinted:{account_id}"


def _hint(queue: str, job: str, key: int) -> None:
    enqueue(queue, job, key)
