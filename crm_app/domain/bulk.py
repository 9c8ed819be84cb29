"""The words of a bulk change: how a run stands, and what became of each of its orders."""

from enum import StrEnum
from typing import Final


class RunState(StrEnum):
    """Where a run is. Its orders are frozen from the first state on."""

    DRAFT = "draft"  # chosen and shown, not started
    QUEUED = "queued"  # started by a person; a worker takes it up
    RUNNING = "running"
    TELLING = "telling"  # every order is done here; the channels are still being told
    PAUSED = "paused"  # by a person, or because its person may no longer do it
    STOPPED = "stopped"  # for good, by a person; the rest stays as it was
    DONE = "done"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS: Final[dict[RunState, str]] = {
    RunState.DRAFT: "Not started",
    RunState.QUEUED: "Starting",
    RunState.RUNNING: "Running",
    RunState.TELLING: "Telling the channels",
    RunState.PAUSED: "Paused",
    RunState.STOPPED: "Stopped",
    RunState.DONE: "Done",
}

# A worker has something to do for these.
ACTIVE: Final = (RunState.QUEUED, RunState.RUNNING)
# Something still happens by itself: here, or at the channels.
GOING: Final = (*ACTIVE, RunState.TELLING)
# What these wished and nobody sent yet waits.
HALTED: Final = (RunState.PAUSED, RunState.STOPPED)
# No order is taken up by these any more.
ENDED: Final = (RunState.STOPPED, RunState.DONE)


class Outcome(StrEnum):
    """What became of one order of a run."""

    WAITING = "waiting"  # not taken up yet
    CHANGED = "changed"
    REFUSED = "refused"  # our rules, the channel's, or a colleague who was faster
    FAILED = "failed"  # a mistake of ours; the others went on
