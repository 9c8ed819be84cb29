"""The order of the queues holds, and none is left out for good."""

import gc

import pytest
from rq import Queue
from sqlalchemy import QueuePool

from crm_app import db, queue
from crm_app.jobs import turns
from crm_app.jobs.turns import PatientWorker


class Watched(PatientWorker):
    """Shows which queue would be looked at first."""

    def take(self) -> str:
        found = Queue.dequeue_any(self._ordered_queues, None, connection=queue.connection())
        assert found is not None
        self.reorder_queues(found[1])
        return found[1].name


def turns_of(full: dict[str, int], count: int) -> list[str]:
    """Which queues a worker takes its next jobs from, with so many jobs in each."""
    queues = {name: Queue(name, connection=queue.connection()) for name in queue.QUEUES}
    worker = Watched(list(queues.values()), connection=queue.connection())
    for name, jobs in full.items():
        for _ in range(jobs):
            queues[name].enqueue("crm_app.jobs.pull.pull_due")
    return [worker.take() for _ in range(count)]


def test_the_first_queue_comes_first_and_the_last_has_its_turn(database: str) -> None:
    del database

    taken = turns_of({queue.BULK: 17, queue.PULL: 2}, 19)

    first, pull = queue.BULK, queue.PULL
    assert taken == [*[first] * 8, pull, *[first] * 8, pull, first]


def test_with_all_queues_full_each_has_its_turn(database: str) -> None:
    del database

    taken = turns_of(dict.fromkeys(queue.QUEUES, 12), 26)

    assert all(set(taken[at : at + 13]) == set(queue.QUEUES) for at in range(14))
    # Nor do they all have as many.
    assert taken.count(queue.BULK) >= 10


def test_a_warm_worker_holds_no_connection_that_a_fork_would_share(database: str) -> None:
    del database
    try:
        turns.warm_up()

        pool = db.get_engine().pool
        assert isinstance(pool, QueuePool)
        assert (pool.checkedin(), pool.checkedout()) == (0, 0)
    finally:
        gc.unfreeze()


def test_a_worker_begins_also_while_its_database_is_away(
    database: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    del database
    away = db.build_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    monkeypatch.setattr(db, "_engine", away)
    try:
        turns.warm_up()
    finally:
        gc.unfreeze()
        away.dispose()

    assert "without its database" in caplog.text
