# honcho ships without types, so what comes from it is unknown here and only here.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportMissingParameterType=false
# pyright: reportUntypedBaseClass=false
"""One parent for web, worker, clock and sandbox: honcho, told when to stop and when all is up."""

import os
import re
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final

import honcho.manager
from honcho.manager import Manager
from honcho.printer import Printer

from crm_app.pages import ROOT
from crm_app.processes import log_file

# A worker that is told to stop finishes its job, and a job may wait for a slow channel.
_END_WITHIN_S: Final = 25
_ROUTINE: Final = re.compile(r" (DEBUG|INFO) rq\.")
_INTENDED: Final = frozenset({0, 130, 143})  # asked to end: by code, by Ctrl-C, by SIGTERM


class _LoggingPrinter(Printer):
    """Prints to the terminal and keeps each process's lines in a file of its own.

    Routine lines of the queue, several a second, go to the file only: they would push the
    address off the screen.
    """

    def __init__(self, data_dir: Path) -> None:
        super().__init__(sys.stdout)
        self._data_dir = data_dir

    def write(self, message: Any) -> None:
        data = message.data
        text = data.decode("utf-8", "replace") if isinstance(data, bytes) else str(data)
        if not _ROUTINE.search(text):
            super().write(message)
        path = log_file(self._data_dir, f"{message.name}.log")
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{message.time:%Y-%m-%d %H:%M:%S} {text.rstrip()}\n")


def supervise(
    commands: Mapping[str, Sequence[str]],
    variables: Mapping[str, str],
    data_dir: Path,
    announce: Callable[[threading.Event], None],
) -> int:
    """Run all commands until one is given up or we are told to stop; then end the others.

    Args:
        commands: What to run, by the name that its lines carry.
        variables: The environment of all of them.
        data_dir: Their lines go to `logs/` below it.
        announce: Runs beside them; the event it gets is set when the end has begun.

    Returns:
        0 after an intended end, else the code of the process that was given up.
    """
    honcho.manager.KILL_WAIT = _END_WITHIN_S
    manager: Any = Manager(_LoggingPrinter(data_dir))
    for name, command in commands.items():
        kept = [sys.executable, "-m", "crm_app.keep", name, *command]
        # Without `exec` a shell would stand between, and be all that a signal reaches.
        line = f"exec {shlex.join(kept)}"
        manager.add_process(name, line, env=dict(variables), cwd=str(ROOT))
    ending = threading.Event()
    helper = threading.Thread(target=announce, args=(ending,), daemon=True)
    _on_hangup_end()
    helper.start()
    try:
        manager.loop()
    finally:
        ending.set()
    return 0 if manager.returncode in _INTENDED else int(manager.returncode or 1)


def _on_hangup_end() -> None:
    """Treat a closed terminal like Ctrl-C; honcho itself knows SIGINT and SIGTERM."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGHUP, end)
