"""Looks that share a job: none keeps another back, and none is forgotten."""

import importlib
import pkgutil

import pytest
from rq import Queue

from crm_app import jobs, queue
from crm_app.jobs import schedule, ticks


def test_one_that_fails_keeps_no_other_back() -> None:
    looked: list[str] = []

    def good() -> int:
        looked.append("good")
        return 2

    def bad() -> int:
        raise ValueError("no such thing")

    with pytest.raises(ExceptionGroup) as caught:
        ticks.run_all((good, bad, good))

    assert looked == ["good", "good"]
    assert [str(one) for one in caught.value.exceptions] == ["no such thing"]


def test_what_was_found_is_counted(database: str) -> None:
    del database

    assert ticks.run_all((lambda: 2, lambda: 3)) == 5
    assert ticks.look_at_once() == ticks.look_soon() == ticks.look_each_minute() == 0


def test_every_job_that_looks_for_work_is_started_by_the_clock(database: str) -> None:
    """What is due is found whatever hint was lost: nobody may forget to list a new one."""
    del database
    every = {
        f"{module.name}.{name}"
        for module in pkgutil.iter_modules(jobs.__path__)
        for name in vars(importlib.import_module(f"crm_app.jobs.{module.name}"))
        if name.endswith("_due")
    }
    shared = ticks._AT_ONCE + ticks._SOON + ticks._EACH_MINUTE  # pyright: ignore[reportPrivateUsage]
    clock = schedule.build_clock(queue.connection())
    started = {look.__name__ for look in shared} | {
        tick.func_name.rpartition(".")[2] for tick in clock.get_jobs()
    }

    assert every
    assert {name.rpartition(".")[2] for name in every} <= started
    assert {tick.queue_name for tick in clock.get_jobs()} <= set(queue.QUEUES)
    assert all(Queue(name, connection=queue.connection()).count == 0 for name in queue.QUEUES)
