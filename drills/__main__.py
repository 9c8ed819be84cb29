"""`python -m drills [--minutes M] [--seed S] [--kill]`: break every channel, then compare.

Starts the whole product on data and ports of its own, turns every knob of the sandbox at random
while people work, turns them all off, and compares CRM and channels order by order. Ends with 1 if
anything differs.
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from crm_app import embedded
from drills.drill import Plan, Report, run

_MOST_SHOWN = 40


def main(arguments: Sequence[str]) -> int:
    """Run once and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m drills", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long knobs are turned")
    parser.add_argument("--seed", type=int, default=None, help="repeat the choices of another run")
    parser.add_argument(
        "--kill", action="store_true", help="also kill -9 web, worker, sender and clock"
    )
    parser.add_argument("--orders", type=int, default=300, help="orders to begin with")
    parser.add_argument("--keep", action="store_true", help="leave data and logs behind")
    chosen = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(10**6) if chosen.seed is None else chosen.seed
    plan = Plan(chosen.minutes * 60, seed, kill=chosen.kill, orders=chosen.orders)
    # As Ctrl-C does: everything that was started here ends with us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    data_dir = Path(tempfile.mkdtemp(prefix="crm-drill-"))
    data_dir.chmod(0o755)
    report = run(plan, data_dir, lambda text: print(text, file=sys.stderr, flush=True))
    print(table(report))
    if chosen.keep or report.differences:
        print(f"data and logs: {data_dir}", file=sys.stderr)
    else:
        embedded.discard(data_dir)
        shutil.rmtree(data_dir, ignore_errors=True)
    return 1 if report.differences else 0


def table(report: Report) -> str:
    """The report as text."""
    plan = report.plan
    deaths = "kill -9 of web, worker, sender and clock" if plan.kill else "nobody killed"
    lines = [f"Fault run, seed {plan.seed}, {plan.storm_s:.0f} s, {deaths}", ""]
    lines += section("Knobs turned", report.turned)
    lines += section("Faults that hit a call or a webhook, and were survived", report.dealt)
    lines += section("Killed", report.killed)
    lines += section("Ended by itself", report.fallen)
    lines += section("Life", report.life)
    lines += section("People of the desk", report.clicks)
    lines += section("What a person on duty did", report.deeds)
    lines += section("Outcomes of status changes", report.last.outcomes)
    lines += section("Compared", report.last.compared)
    lines += section("Different by design", report.last.by_design)
    lines.append(f"Settled after {report.settled_after_s:.0f} s of calm")
    lines.append(f"Differences: {len(report.differences)}")
    lines += [f"  {one}" for one in report.differences[:_MOST_SHOWN]]
    return "\n".join(lines)


def section(title: str, counts: Mapping[str, int]) -> list[str]:
    """A heading with its sum, and a line a count; nothing if there is none."""
    counted = Counter({name: count for name, count in counts.items() if count})
    if not counted:
        return []
    width = max(len(name) for name in counted)
    rows = [f"  {name.ljust(width)}  {count:>6,}" for name, count in sorted(counted.items())]
    return [f"{title} ({counted.total():,})", *rows, ""]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
