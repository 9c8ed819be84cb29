"""What the clock starts, several looks in one job: each job is a process of its own.

A look costs a millisecond, a job fifty of them. Every look may run twice, and one that fails
keeps none of the others back.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Final

from crm_app.jobs.bulk import bulk_due
from crm_app.jobs.documents import work_due
from crm_app.jobs.downloads import downloads_due
from crm_app.jobs.exceptions import watch_healed
from crm_app.jobs.hooks import watch_due
from crm_app.jobs.inbox import process_due
from crm_app.jobs.ledger import fold_counts
from crm_app.jobs.privacy import privacy_due
from crm_app.jobs.pull import pull_due
from crm_app.jobs.push import push_due
from crm_app.jobs.replay import replay_due
from crm_app.jobs.retrying import retries_due
from crm_app.jobs.skus import watch_skus
from crm_app.jobs.sweep import sweep_due
from crm_app.jobs.trail import checks_due
from crm_app.jobs.working import release_due

logger = logging.getLogger(__name__)

Look = Callable[[], int]

# What lost its hint, and what is asked for by the hour: people wait for these.
_AT_ONCE: Final[tuple[Look, ...]] = (push_due, process_due, bulk_due, pull_due)
_SOON: Final[tuple[Look, ...]] = (
    retries_due,
    work_due,
    downloads_due,
    replay_due,
    sweep_due,
    checks_due,
)
_EACH_MINUTE: Final[tuple[Look, ...]] = (
    release_due,
    privacy_due,
    watch_due,
    watch_skus,
    fold_counts,
    watch_healed,
)


def look_at_once() -> int:
    """What is due of the work that people wait for; how many were found."""
    return run_all(_AT_ONCE)


def look_soon() -> int:
    """What is due of the work that may wait for seconds; how many were found."""
    return run_all(_SOON)


def look_each_minute() -> int:
    """What is due of the work that nobody waits for; how many were found."""
    return run_all(_EACH_MINUTE)


def run_all(looks: Sequence[Look]) -> int:
    """Run each of them, also after one that failed.

    Raises:
        ExceptionGroup: With what failed, when all have run: the job then stands among those that
            failed, with its reasons.
    """
    found = 0
    failures: list[Exception] = []
    for look in looks:
        try:
            found += look()
        except Exception as error:
            logger.exception("%s failed", look.__name__)
            failures.append(error)
    if failures:
        raise ExceptionGroup("Some looks at what is due failed.", failures)
    return found
