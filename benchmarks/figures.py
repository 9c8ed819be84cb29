"""Measuring a call, and writing one JSON line a figure."""

import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import text

from crm_app import db

# A call is repeated until one of these is reached: enough for a p95, and an end for slow ones.
_RUNS = 60
_LONGEST_S = 6.0
_WARM_UP = 3


@dataclass
class Recorder:
    """Writes figures to standard output and to a file; remembers medians for the ratios."""

    path: Path
    medians: dict[tuple[str, int], float] = field(default_factory=dict[tuple[str, int], float])
    processor: dict[tuple[str, int], float] = field(default_factory=dict[tuple[str, int], float])

    def record(self, figure: str, value: float, unit: str, orders: int, **more: Any) -> None:
        """Write one line; `more` holds what only some figures have, such as `p95` or `note`."""
        line = json.dumps(
            {
                "figure": figure,
                "value": round(value, 3),
                "unit": unit,
                **{
                    key: round(number, 3) if isinstance(number, float) else number
                    for key, number in more.items()
                },
                "orders": orders,
                "cores": os.cpu_count(),
                "date": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        )
        print(line, flush=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def time(self, figure: str, orders: int, call: Callable[[], object], **more: Any) -> None:
        """Time a call in milliseconds. `StopIteration` from it ends the runs early.

        Beside the elapsed time stands what the processors spent on a call, here and in the
        database: on a busy machine only that is comparable.
        """
        times, cpu_ms = _times_ms(call)
        if not times:
            return
        median = statistics.median(times)
        self.medians[figure, orders] = median
        self.processor[figure, orders] = cpu_ms
        self.record(
            figure,
            median,
            "ms",
            orders,
            p50=median,
            p95=p95(times),
            cpu=cpu_ms,
            runs=len(times),
            **more,
        )

    def ratios(self) -> None:
        """For each timed figure: the median at the most orders over that at the fewest.

        `cpu` is the same of the processor time.
        """
        sizes = sorted({orders for _, orders in self.medians})
        if len(sizes) < 2:
            return
        for figure in sorted({name for name, _ in self.medians}):
            few = self.medians.get((figure, sizes[0]))
            many = self.medians.get((figure, sizes[-1]))
            if few and many:
                spent = [self.processor[figure, size] for size in (sizes[0], sizes[-1])]
                self.record(
                    f"{figure} ratio",
                    many / few,
                    f"x of {sizes[0]}",
                    sizes[-1],
                    cpu=spent[1] / max(spent[0], 0.1),
                )


def _times_ms(call: Callable[[], object]) -> tuple[list[float], float]:
    """Each run, and the mean processor time of all."""
    for _ in range(_WARM_UP):
        with suppress(StopIteration):
            call()
    times: list[float] = []
    spent_s = _spent_s()
    began = time.perf_counter()
    while len(times) < _RUNS and (not times or time.perf_counter() - began < _LONGEST_S):
        start = time.perf_counter()
        try:
            call()
        except StopIteration:
            break
        times.append((time.perf_counter() - start) * 1000)
    return times, (_spent_s() - spent_s) * 1000 / max(1, len(times))


def _spent_s() -> float:
    """Processor time of this process and of what serves it in the database."""
    total = time.process_time()
    with db.get_engine().connect() as connection:
        pids = connection.execute(
            text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        ).scalars()
        for pid in pids.all():
            with suppress(psutil.NoSuchProcess):
                spent = psutil.Process(pid).cpu_times()
                total += spent.user + spent.system
    return total


def p95(values: Sequence[float]) -> float:
    """The smallest value that at least 95 % of them do not exceed."""
    return percentile(values, 95)


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that at least so many per cent of them do not exceed."""
    ordered = sorted(values)
    return ordered[-(-len(ordered) * percent // 100) - 1]
