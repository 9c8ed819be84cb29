"""The fault run in short: everything breaks for some seconds, and afterwards nothing differs."""

from pathlib import Path

from drills.__main__ import table
from drills.drill import Plan, run


def test_after_a_storm_with_deaths_crm_and_channels_agree_field_by_field(data_dir: Path) -> None:
    plan = Plan(storm_s=10, seed=20, kill=True, orders=30, at_least=6)

    report = run(plan, data_dir, print)

    assert report.differences == [], table(report)
    # The storm was one: orders came, people worked, faults hit, somebody died.
    assert report.life["orders placed"] >= 6
    assert report.clicks["changes accepted"] >= 6
    assert report.turned.total() >= 6
    assert report.killed["worker"] >= 1
    assert report.last.compared["fields"] > 1_000
