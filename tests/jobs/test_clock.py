"""The clock asks for nothing that waits already: its ticks never keep a worker from other work."""

from datetime import timedelta

import pytest
from redis import Redis
from rq import Queue
from rq.cron import CronJob
from rq.job import Job, JobStatus

from crm_app import queue
from crm_app.domain.time import now
from crm_app.jobs import schedule


def due_again(clock: schedule.PatientClock) -> list[CronJob]:
    """All ticks are due; those that are asked for."""
    for tick in clock.get_jobs():
        tick.next_enqueue_time = now() - timedelta(seconds=1)
    return clock.enqueue_jobs()


def waiting() -> dict[str, int]:
    names = queue.QUEUES
    return {name: Queue(name, connection=queue.connection()).count for name in names}


def test_a_tick_that_waits_is_not_asked_for_again(database: str) -> None:
    del database
    clock = schedule.build_clock(queue.connection())
    first = due_again(clock)
    before = waiting()

    again = due_again(clock)

    assert len(first) == len(clock.get_jobs())
    assert sum(before.values()) == len(first)
    assert again == []
    assert waiting() == before
    # Its next time comes all the same: nobody asks in a loop.
    assert all(
        tick.next_enqueue_time > now() for tick in clock.get_jobs() if tick.next_enqueue_time
    )


def test_one_that_runs_is_not_asked_for_and_one_that_is_done_is(database: str) -> None:
    del database
    clock = schedule.build_clock(queue.connection())
    due_again(clock)
    running, done, *_ = clock.get_jobs()
    newest = running.get_job_ids(queue.connection(), 0, 0)[0]
    Job.fetch(newest, connection=queue.connection()).set_status(JobStatus.STARTED)
    Job.fetch(done.get_job_ids(queue.connection(), 0, 0)[0], connection=queue.connection()).delete()

    asked = due_again(clock)

    assert [tick.name for tick in asked] == [done.name]


def test_a_worker_that_died_holds_a_tick_back_for_moments_only(database: str) -> None:
    del database
    clock = schedule.build_clock(queue.connection())
    due_again(clock)
    dead = clock.get_jobs()[0]
    job = Job.fetch(dead.get_job_ids(queue.connection(), 0, 0)[0], connection=queue.connection())
    job.set_status(JobStatus.STARTED)
    job.enqueued_at = now() - timedelta(seconds=16)
    job.save()

    assert dead.name in [tick.name for tick in due_again(clock)]


def test_one_that_waits_in_a_long_line_keeps_its_place(database: str) -> None:
    del database
    clock = schedule.build_clock(queue.connection())
    due_again(clock)
    for tick in clock.get_jobs():
        newest = tick.get_job_ids(queue.connection(), 0, 0)[0]
        job = Job.fetch(newest, connection=queue.connection())
        assert (job.ttl or 0) >= 60
        job.enqueued_at = now() - timedelta(seconds=50)
        job.save()

    assert due_again(clock) == []


def test_one_that_is_done_while_the_clock_looks_is_asked_for_and_nothing_falls(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del database
    clock = schedule.build_clock(queue.connection())
    asked = due_again(clock)
    fetch = Job.fetch

    def fetch_and_lose(job_id: str, connection: Redis) -> Job:
        job = fetch(job_id, connection=connection)
        job.delete()
        return job

    monkeypatch.setattr(Job, "fetch", fetch_and_lose)
    due_again(clock)
    monkeypatch.undo()

    assert [tick.name for tick in due_again(clock)] == [tick.name for tick in asked]
