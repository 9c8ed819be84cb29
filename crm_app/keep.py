"""Keep one command running: `python -m crm_app.keep NAME COMMAND...`.

The supervisor ends everything when one of its processes ends. A worker that died once should
rather come back, so each command runs below one of these. Imports the standard library only:
there is one beside every process.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Final

# Seconds before each new try; a command that fails once more than this has its reason.
DELAYS_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
# After this long it counts as healthy, and the tries start again.
HEALTHY_S: Final = 60.0
# Settings or usage: another try gives the same answer.
HOPELESS: Final = 2


def keep(
    name: str,
    command: Sequence[str],
    *,
    delays_s: Sequence[float] = DELAYS_S,
    healthy_s: float = HEALTHY_S,
) -> int:
    """Run `command` again whenever it ends by itself; return its code when that is hopeless.

    SIGTERM goes to the whole process group, so the command has it too: here it only says that
    the end is wanted.
    """
    is_ending = False

    def end(_signal: int, _frame: FrameType | None) -> None:
        nonlocal is_ending
        is_ending = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    failures = 0
    while True:
        started = time.monotonic()
        code = subprocess.call(command)
        if is_ending:
            return 0
        lived_s = time.monotonic() - started
        failures = 1 if lived_s >= healthy_s else failures + 1
        ended = f"{name} ended after {lived_s:.0f} s (code {code})"
        if code == HOPELESS or failures > len(delays_s):
            print(f"{ended} and is given up", flush=True)
            return code or 1
        delay_s = delays_s[failures - 1]
        print(f"{ended}; starting it again in {delay_s:.0f} s", flush=True)
        if _sleep_unless(lambda: is_ending, delay_s):
            return 0


def _sleep_unless(is_over: Callable[[], bool], seconds: float) -> bool:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if is_over():
            return True
        time.sleep(0.1)
    return is_over()


if __name__ == "__main__":
    sys.exit(keep(sys.argv[1], sys.argv[2:]))
