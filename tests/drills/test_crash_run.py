"""The crash run in short: everything is killed at work, and no status change is lost or doubled."""

from pathlib import Path

from drills.crash import CrashPlan, run, table


def test_after_kill_9_of_everything_nothing_is_lost_doubled_or_stuck(data_dir: Path) -> None:
    plan = CrashPlan(
        seed=7,
        intents=200,
        kills=5,
        flushes=1,
        restarts=1,
        every_s=2.0,
        orders=20,
        size=25,
        workers=1,
        longest_s=600,
    )

    report = run(plan, data_dir, print)

    assert report.failures == [], table(report)
    # It was one: each kind of process died, Redis lost all, PostgreSQL fell, and work went on.
    killed = report.storm.killed
    assert {"worker", "sender", "web", "clock", "sandbox"} <= set(killed)
    assert (killed["(Redis flushed)"], killed["PostgreSQL"]) == (1, 1)
    assert sum(report.account.intents.values()) >= 200
    assert report.account.intents["confirmed"] >= 30
    # Reading back has its receipts, and work waited for a used-up limit.
    assert report.account.attempts["read back"] >= 10
    assert report.storm.waited.total() > 0
