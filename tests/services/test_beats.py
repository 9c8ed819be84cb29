"""A dead worker or clock is seen, and somebody is told although nobody is left to send jobs to."""

import signal
from pathlib import Path

from sqlmodel import Session, select

from crm_app import queue
from crm_app.domain.actor import Actor
from crm_app.domain.alert import AlertKind
from crm_app.models import Alert, Notice
from crm_app.services import beats
from crm_app.watchman import PATIENCE_S, Watchman
from tests import running


def dies(*names: str) -> None:
    for name in names:
        queue.connection().delete(f"alive:{name}")


def test_what_does_not_run_is_named(database: str) -> None:
    del database
    assert beats.listen().sentence == ""
    dies(beats.CLOCK)
    assert beats.listen().sentence == (
        "The clock does not run: changes are kept, and nothing is asked for or retried"
    )
    dies(beats.WORKER)
    assert beats.listen().sentence == (
        "Worker and clock do not run: changes are kept, and nothing goes out or comes in"
    )
    assert beats.Beats(False).sentence.startswith("Redis does not answer")


def test_a_clock_that_is_killed_is_missed_within_seconds(database: str, tmp_path: Path) -> None:
    del database
    dies(beats.CLOCK)

    with running.process(["worker.py", "clock"], {}, tmp_path / "clock.log") as clock:
        running.wait_for(lambda: beats.listen().clock, "the clock shows that it lives")
        clock.send_signal(signal.SIGKILL)
        clock.wait(timeout=10)

    lasts = queue.connection().ttl(f"alive:{beats.CLOCK}")
    assert isinstance(lasts, int)
    assert 0 < lasts <= 15


def test_the_web_process_tells_of_a_dead_worker(session: Session, admin: Actor) -> None:
    session.commit()
    watchman = Watchman()
    assert watchman.look(0.0) is False
    dies(beats.WORKER)

    assert watchman.look(10.0) is False
    assert session.exec(select(Alert)).all() == []
    assert watchman.look(10.0 + PATIENCE_S) is True
    assert watchman.look(20.0 + PATIENCE_S) is False

    (alert,) = session.exec(select(Alert)).all()
    assert (alert.kind, alert.sentence) == (AlertKind.STOPPED, beats.listen().sentence)
    assert [one.user_id for one in session.exec(select(Notice))] == [admin.user_id]


def test_a_restart_is_no_alarm(database: str) -> None:
    del database
    watchman = Watchman()
    dies(beats.WORKER)
    assert watchman.look(0.0) is False
    beats.beat(queue.connection(), beats.WORKER)
    assert watchman.look(PATIENCE_S) is False
    dies(beats.WORKER)
    assert watchman.look(PATIENCE_S + 1) is False
