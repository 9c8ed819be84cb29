"""`python -m drills.crash [--intents N] [--kills K] [--seed S]`: kill -9 of everything, then count.

The whole product at work on channels that break; processes die at random moments, Redis loses all,
PostgreSQL falls. Ends with 1 if any status change is lost, doubled or stuck, if a process fell by
itself, or if CRM and channels differ anywhere. Most accounts have the published limits times a
factor, for with those alone ten thousand changes would take Amazon a day; two have less than the
published ones, so that changes wait for budget all along.
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlmodel import col, func, select

from crm_app import db, embedded
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.errors import ServiceUnavailableError
from crm_app.models import ChannelAccount, StatusIntent
from drills import accounts, compare, knobs, settle, traffic
from drills.__main__ import section
from drills.accounts import Account
from drills.clerks import Clerks
from drills.drill import Plan, Report, again, calm
from drills.reaper import Reaper
from drills.stage import Stage, staged

_FIRST_IMPORT_S: Final = 900.0
_MOST_SHOWN: Final = 40
# Of the published limits. Amazon's list of orders is the slowest: once in four seconds at that.
_LIMITS_TIMES: Final = 40.0
# Two channels that are told by calls alone: less than one change in two seconds, so that what is
# to be told them waits for its budget most of the time, and the most pressing goes first.
_SCARCE: Final = {Channel.BLINKIT: 0.2, Channel.SWIGGY: 0.3}
_MOST_OF_SCARCE: Final = 12


@dataclass(frozen=True, slots=True)
class CrashPlan:
    """What to do.

    Attributes:
        seed: Of the shop and of every choice; threads and timing stay the machine's.
        intents: How many status changes are written at least.
        kills: How many processes are killed.
        flushes: How often Redis is emptied.
        restarts: How often PostgreSQL is killed and started again.
        every_s: Mean seconds between two deaths.
        orders: How many orders the shop starts with.
        size: Orders of one bulk change, at most.
        workers: How many run.
        longest_s: The storm ends then, whatever is left of the plan: a difference.
    """

    seed: int
    intents: int = 10_000
    kills: int = 60
    flushes: int = 2
    restarts: int = 2
    every_s: float = 6.0
    orders: int = 400
    size: int = 80
    workers: int = 2
    longest_s: float = 3 * 3600.0


@dataclass
class CrashReport:
    """What happened; `storm` has what a fault run counts as well."""

    plan: CrashPlan
    storm: Report
    account: Account = field(default_factory=Account)
    storm_s: float = 0.0

    @property
    def failures(self) -> list[str]:
        """All that must not be."""
        found = self.account
        fallen = [f"{name} ended by itself, {n} times" for name, n in self.storm.fallen.items()]
        return [*found.lost, *found.doubled, *found.stuck, *fallen, *self.storm.differences]


def run(plan: CrashPlan, data_dir: Path, say: Callable[[str], None]) -> CrashReport:
    """Start everything, kill it all the time, and go through the books."""
    storm = Report(Plan(0, plan.seed, kill=True, orders=plan.orders))
    report = CrashReport(plan, storm)
    with staged(
        data_dir, orders=plan.orders, seed=plan.seed, durable=True, workers=plan.workers
    ) as stage:
        say(f"running at {stage.url}, sandbox at {stage.sandbox_url}")
        _tighten()
        clerks = Clerks(
            stage,
            random.Random(f"{plan.seed} bulk"),
            plan.intents,
            plan.size,
            scarce=dict.fromkeys(_SCARCE, _MOST_OF_SCARCE),
        )
        clerks.open_shop()
        if left := settle.wait(stage, timeout_s=_FIRST_IMPORT_S):
            storm.troubles.append(f"the first import did not end: {left}")
        began = time.monotonic()
        desk = _storm(stage, clerks, report, say)
        report.storm_s = time.monotonic() - began
        say(f"{clerks.written()} changes written; calm again, waiting until nothing is on its way")
        began = time.monotonic()
        calm(stage, storm)
        storm.settled_after_s = time.monotonic() - began
        say(f"settled after {storm.settled_after_s:.0f} s; going through the books")
        storm.last = compare.compare(stage)
        report.account = accounts.settle_up(
            stage, desk.accepted, clerks.started, clerks.unfinished()
        )
        storm.killed, storm.fallen = stage.killed, stage.fallen
        storm.clicks.update(clerks.done)
    return report


def _tighten() -> None:
    """Give every account a limit that its work reaches: the published ones, times a small factor.

    The sandbox keeps a thousand times the published ones, so it is our own counting that holds.
    """
    with db.transaction() as session:
        for account in session.exec(select(ChannelAccount)):
            factor = _SCARCE.get(account.channel, _LIMITS_TIMES)
            account.options = {**account.options, "rate_multiplier": factor}


def _storm(
    stage: Stage, clerks: Clerks, report: CrashReport, say: Callable[[str], None]
) -> traffic.Desk:
    plan, storm, over = report.plan, report.storm, threading.Event()
    rngs = [random.Random(f"{plan.seed} {name}") for name in ("desk", "shop", "hand", "end")]
    desk = traffic.Desk(stage.url, rngs[0], done=storm.clicks)
    reaper = Reaper(stage, rngs[3], plan.kills, plan.flushes, plan.restarts, plan.workers)
    acts: list[tuple[Callable[[], Any], float]] = [
        (desk.click, 0.5),
        (lambda: settle.reconnect(storm.deeds), 4.0),
        (lambda: traffic.market(stage, rngs[1], storm.life), 1.2),
        (lambda: knobs.turn_one(stage, rngs[2], storm.turned), plan.every_s / 3),
        (clerks.work, 0.4),
        (lambda: reaper.strike(clerks.written() / plan.intents), plan.every_s),
    ]
    threads = [
        threading.Thread(target=again, args=(act, pause, over, plan.seed, storm), daemon=True)
        for act, pause in acts
    ]
    for thread in threads:
        thread.start()
    give_up, told_at = time.monotonic() + plan.longest_s, 0.0
    while not (reaper.is_done and clerks.written() >= plan.intents):
        if storm.troubles:
            break
        if time.monotonic() > give_up:
            storm.troubles.append("the plan was not done in time")
            break
        stage.raise_fallen()
        _look_at_budgets(storm)
        if time.monotonic() > told_at + 30:
            say(f"{clerks.written()} changes, {reaper.done} deaths")
            told_at = time.monotonic()
        time.sleep(0.3)
    over.set()
    for thread in threads:
        thread.join(120)
    desk.close()
    clerks.close()
    return desk


def _look_at_budgets(storm: Report) -> None:
    """How many changes of each channel wait for its budget."""
    waiting = (
        select(ChannelAccount.channel, func.count(col(StatusIntent.id)))
        .join(StatusIntent, col(StatusIntent.account_id) == ChannelAccount.id)
        .where(StatusIntent.state == IntentState.BUDGET)
        .group_by(col(ChannelAccount.channel))
    )
    with suppress(ServiceUnavailableError), db.transaction() as session:
        for channel, count in session.exec(waiting).all():
            name = Channel(channel).label
            storm.waited[name] = max(storm.waited[name], count)


def table(report: CrashReport) -> str:
    """The report as text."""
    plan, storm, account = report.plan, report.storm, report.account
    lines = [
        f"Crash run, seed {plan.seed}: {sum(account.intents.values()):,} status changes in "
        f"{report.storm_s:.0f} s, {plan.workers} workers",
        f"Limits as published times {_LIMITS_TIMES:g}; "
        + ", ".join(f"{channel.label}'s times {factor:g}" for channel, factor in _SCARCE.items()),
        "",
    ]
    lines += section("Killed with -9, and worse", storm.killed)
    lines += section("Ended by itself", storm.fallen)
    lines += section("Knobs turned", storm.turned)
    lines += section("Life", storm.life)
    lines += section("People of the desk", storm.clicks)
    lines += section("What a person on duty did", storm.deeds)
    lines += section("Status changes by state", account.intents)
    lines += section("Receipts", account.attempts)
    lines += section("Seen waiting for budget, at most at once", storm.waited)
    lines += section("Compared", storm.last.compared)
    lines += section("Different by design", storm.last.by_design)
    lines.append(f"Settled after {storm.settled_after_s:.0f} s of calm")
    lines.append(
        f"Said again after a lost answer, on channels that cannot be read: {account.said_again} "
        f"({account.explained} answers known to be lost, {storm.killed.total()} deaths)"
    )
    for name, found in (
        ("Lost", account.lost),
        ("Doubled", account.doubled),
        ("Stuck", account.stuck),
        ("Fallen by itself", [f"{name}: {n}" for name, n in storm.fallen.items()]),
        ("Other differences", storm.differences),
    ):
        lines.append(f"{name}: {len(found)}")
        lines += [f"  {one}" for one in found[:_MOST_SHOWN]]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Run once and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m drills.crash", description=__doc__)
    parser.add_argument("--intents", type=int, default=10_000, help="status changes, at least")
    parser.add_argument("--kills", type=int, default=60, help="kill -9 of processes")
    parser.add_argument("--every", type=float, default=6.0, help="mean seconds between two deaths")
    parser.add_argument("--seed", type=int, default=None, help="repeat the choices of another run")
    parser.add_argument("--keep", action="store_true", help="leave data and logs behind")
    chosen = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(10**6) if chosen.seed is None else chosen.seed
    plan = CrashPlan(seed, intents=chosen.intents, kills=chosen.kills, every_s=chosen.every)
    # As Ctrl-C does: everything that was started here ends with us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    data_dir = Path(tempfile.mkdtemp(prefix="crm-crash-"))
    data_dir.chmod(0o755)
    report = run(plan, data_dir, lambda text: print(text, file=sys.stderr, flush=True))
    print(table(report))
    if chosen.keep or report.failures:
        print(f"data and logs: {data_dir}", file=sys.stderr)
    else:
        embedded.discard(data_dir)
        shutil.rmtree(data_dir, ignore_errors=True)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
