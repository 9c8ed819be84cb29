"""Sudden deaths: `kill -9` of processes, an emptied Redis, a PostgreSQL that falls."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from drills.stage import Stage

# Worker and sender are where a death hurts most; the web process takes the longest to come back.
_WEIGHTS: Final = {"worker": 4, "sender": 3, "web": 1, "clock": 1, "sandbox": 1}


@dataclass
class Reaper:
    """Kills at random moments, spread over all of the work.

    Attributes:
        kills: Deaths of worker, sender, web, clock and sandbox.
        flushes: How often Redis loses everything.
        restarts: How often PostgreSQL is killed.
    """

    stage: Stage
    rng: random.Random
    kills: int
    flushes: int
    restarts: int
    workers: int = 1
    done: int = 0
    _plan: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        names = self.rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()), k=self.kills)
        # Each of them at least once, however short the run.
        names[: len(_WEIGHTS)] = list(_WEIGHTS)[: len(names)]
        self._plan = [*names, *["flush"] * self.flushes, *["database"] * self.restarts]
        self.rng.shuffle(self._plan)

    @property
    def is_done(self) -> bool:
        return self.done >= len(self._plan)

    def strike(self, share: float) -> None:
        """The next death of the plan, unless the deaths are ahead of the work.

        Args:
            share: How much of the work is done, 0 to 1.
        """
        if self.is_done or self.done > share * len(self._plan):
            return
        what = self._plan[self.done]
        self._acts().get(what, lambda: self._kill(what))()
        self.done += 1

    def _acts(self) -> dict[str, Callable[[], None]]:
        return {"flush": self.stage.flush_redis, "database": self.stage.kill_database}

    def _kill(self, name: str) -> None:
        number = self.rng.randint(1, self.workers) if name == "worker" else 1
        whom = name if number == 1 else f"{name}-{number}"
        self.stage.kill(whom, with_children=self.rng.random() < 0.6)
