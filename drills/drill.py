"""One fault run from beginning to end."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from crm_app.errors import ServiceUnavailableError
from drills import compare, knobs, settle, traffic
from drills.compare import Verdict
from drills.stage import MORTAL, Stage, staged

_SETTLE_S: Final = 900.0
_FIRST_IMPORT_S: Final = 300.0
# Several rounds of the deep sweep.
_SWEPT_S: Final = 240.0
_MOST_OVERTIME_S: Final = 240.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do.

    Attributes:
        storm_s: How long knobs are turned.
        seed: Of the shop and of every choice; threads and timing stay the machine's.
        kill: Also kill web, worker, sender and clock at random moments.
        orders: How many orders the shop starts with.
        at_least: The storm goes on, if the machine is slow, until so many orders were placed,
            changes accepted and knobs turned.
        pause_s: Mean seconds between two clicks, two events of the market, and two knobs.
    """

    storm_s: float
    seed: int
    kill: bool = False
    orders: int = 120
    at_least: int = 0
    pause_s: tuple[float, float, float] = (0.12, 0.2, 0.35)


@dataclass
class Report:
    """What happened and what was found."""

    plan: Plan
    turned: Counter[str] = field(default_factory=Counter[str])
    dealt: Counter[str] = field(default_factory=Counter[str])
    life: Counter[str] = field(default_factory=Counter[str])
    clicks: Counter[str] = field(default_factory=Counter[str])
    deeds: Counter[str] = field(default_factory=Counter[str])
    killed: Counter[str] = field(default_factory=Counter[str])
    fallen: Counter[str] = field(default_factory=Counter[str])
    # The most changes that waited for their channel's budget at once, by channel.
    waited: Counter[str] = field(default_factory=Counter[str])
    first: Verdict = field(default_factory=Verdict)
    last: Verdict = field(default_factory=Verdict)
    troubles: list[str] = field(default_factory=list[str])
    settled_after_s: float = 0.0

    @property
    def differences(self) -> list[str]:
        """All that must not be."""
        lost = [f"{channel} {order}: is there and not here" for channel, order in self.last.missing]
        return [*self.troubles, *self.last.differences, *lost]


def run(plan: Plan, data_dir: Path, say: Callable[[str], None]) -> Report:
    """Start everything, break it for a while, mend it, and compare."""
    report = Report(plan)
    with staged(data_dir, orders=plan.orders, seed=plan.seed) as stage:
        say(f"running at {stage.url}, sandbox at {stage.sandbox_url}")
        if left := settle.wait(stage, timeout_s=_FIRST_IMPORT_S):
            report.troubles.append(f"the first import did not end: {left}")
        say(f"the storm: {plan.storm_s:.0f} s")
        _storm(stage, plan, report)
        say("calm again; waiting until nothing is on its way")
        began = time.monotonic()
        calm(stage, report)
        report.settled_after_s = time.monotonic() - began
        say(f"settled after {report.settled_after_s:.0f} s; comparing")
        report.last = compare.compare(stage)
        report.killed, report.fallen = stage.killed, stage.fallen
        for one in stage.lever("watch")["dealt"]:
            report.dealt[one["kind"]] += one["times"]
    return report


def _storm(stage: Stage, plan: Plan, report: Report) -> None:
    """People, buyers, knobs and deaths, each in a thread of its own, until the time is over."""
    over = threading.Event()
    desk = traffic.Desk(stage.url, random.Random(f"{plan.seed} desk"), done=report.clicks)
    shop, hand = random.Random(f"{plan.seed} shop"), random.Random(f"{plan.seed} hand")
    click_s, market_s, knob_s = plan.pause_s
    acts: list[tuple[Callable[[], Any], float]] = [
        (desk.click, click_s),
        (lambda: traffic.market(stage, shop, report.life), market_s),
        (lambda: knobs.turn_one(stage, hand, report.turned), knob_s),
    ]
    if plan.kill:
        reaper = random.Random(f"{plan.seed} reaper")
        acts.append((lambda: _kill_one(stage, reaper), 7.0))
    threads = [
        threading.Thread(target=again, args=(act, pause, over, plan.seed, report), daemon=True)
        for act, pause in acts
    ]
    for thread in threads:
        thread.start()
    give_up = time.monotonic() + plan.storm_s
    # However short the storm and slow the machine: somebody dies in the middle of it.
    middle = time.monotonic() + plan.storm_s / 2
    while time.monotonic() < give_up or (
        _is_idle(plan, report) and time.monotonic() < give_up + _MOST_OVERTIME_S
    ):
        stage.raise_fallen()
        if plan.kill and time.monotonic() > middle:
            stage.kill("worker", with_children=True)
            middle = float("inf")
        time.sleep(0.2)
    over.set()
    for thread in threads:
        thread.join(60)
    desk.close()


def _is_idle(plan: Plan, report: Report) -> bool:
    done = (
        report.life["orders placed"],
        report.clicks["changes accepted"],
        report.turned.total(),
    )
    return min(done) < plan.at_least


def again(
    act: Callable[[], Any], pause_s: float, over: threading.Event, seed: int, report: Report
) -> None:
    """Act at random intervals until it is over; what is not the network's fault is reported."""
    rng = random.Random(f"{seed} {pause_s}")
    while not over.wait(min(rng.expovariate(1 / pause_s), 4 * pause_s)):
        try:
            act()
        except httpx.TransportError:
            report.life["(the sandbox was busy)"] += 1
        except Exception as error:
            if _is_away(error):
                report.life["(the database was away)"] += 1
                continue
            report.troubles.append(f"the run itself failed: {type(error).__name__}: {error}")
            raise


def _is_away(error: Exception) -> bool:
    if isinstance(error, ServiceUnavailableError):
        return True
    return isinstance(error, httpx.HTTPStatusError) and error.response.status_code >= 500


def _kill_one(stage: Stage, rng: random.Random) -> None:
    stage.kill(rng.choice(MORTAL), with_children=rng.random() < 0.5)


def calm(stage: Stage, report: Report) -> None:
    """End all faults, do what a person on duty does, and wait until nothing is on its way."""
    stage.raise_fallen()
    stage.wait_until_up()
    stage.lever("calm", {})
    traffic.end_holds(stage)
    settle.on_duty(stage, report.deeds)
    if left := settle.wait(stage, timeout_s=_SETTLE_S):
        report.troubles.append(f"not settled: {left}")
    # What lists forgot is back in them, with a change that is older than any cursor.
    report.first = compare.compare(stage)
    still = settle.found_by_itself(stage, report.first.missing, timeout_s=_SWEPT_S)
    found = len(report.first.missing) - len(still)
    report.deeds["(nobody: orders found by the deep sweep)"] += found
    if still:
        report.deeds["orders found by reading all again"] += len(still)
        settle.read_all_again()
        if left := settle.wait(stage, timeout_s=_SETTLE_S):
            report.troubles.append(f"not settled after reading all again: {left}")
    report.troubles += settle.decide(report.deeds)
