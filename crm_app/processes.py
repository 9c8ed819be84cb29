"""Child processes and locks: what starting and stopping a server has in common."""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil

from crm_app.service_user import ServiceUser

_STOP_TIMEOUT_S: Final = 60.0
_LOG_MAX_BYTES: Final = 10_000_000
# In the environment of all that one `make run` starts: whose it is.
RUN_MARK: Final = "CRM_RUN"
_held: set[Path] = set()

Child = subprocess.Popen[bytes]


class StartError(RuntimeError):
    """Something cannot start. The message is written for the person at the terminal."""


@contextmanager
def only_one(path: Path, refusal: str) -> Generator[None]:
    """Hold a lock during the block. It ends with this process, however that ends.

    Raises:
        StartError: With `refusal`, if another process holds it.
    """
    if path in _held:
        raise StartError(refusal)
    with path.open("a") as file:
        try:
            # A record lock, not flock: forked children do not inherit it, so it cannot
            # outlive us. Within one process it does not hold, hence `_held`.
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StartError(refusal) from error
        _held.add(path)
        try:
            yield
        finally:
            _held.remove(path)


def log_file(data_dir: Path, name: str) -> Path:
    """Return the path of a log below `data_dir/logs`, setting a long one of before aside."""
    path = data_dir / "logs" / name
    if path.exists() and path.stat().st_size > _LOG_MAX_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path


def spawn(command: Sequence[str], cwd: Path, user: ServiceUser | None, log: Path) -> Child:
    """Start a server in a session of its own, with output to `log` and a bare environment.

    Raises:
        StartError: If the program is missing or may not be run.
    """
    # The caller's PG* variables and locale must not reach the server.
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    with log.open("ab") as output:
        try:
            return subprocess.Popen(
                command,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=None if user is None else user.uid,
                group=None if user is None else user.gid,
                extra_groups=None if user is None else [],
                umask=0o077,
            )
        except OSError as error:
            raise StartError(f"Cannot run {command[0]}: {error.strerror}.") from error


def stop(process: Child, how: signal.Signals) -> None:
    """Ask a process to end and wait for it; insist after a minute."""
    for attempt in (how, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(attempt)
        try:
            process.wait(timeout=_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            continue
        return


def clear_leftover(pid_file: Path, home: Path, name: str, how: signal.Signals) -> None:
    """Undo what a killed run left: end its server if it still lives, forget it if it does not.

    The number in the file may by now belong to any other process (after a reboot, in a
    container), which PostgreSQL would take for its own; so look at what that process is.

    Args:
        pid_file: Holds the process id in its first line; removed.
        home: The folder that the server works in.
        name: Part of the program's name.
        how: The signal that ends it cleanly.
    """
    try:
        pid = int(pid_file.read_text(encoding="ascii").splitlines()[0])
    except (OSError, ValueError, IndexError):
        pid = 0
    with suppress(psutil.Error):
        process = psutil.Process(pid) if pid > 0 else None
        if process and name in process.name() and Path(process.cwd()).resolve() == home.resolve():
            process.send_signal(how)
            _wait_gone([process])
    pid_file.unlink(missing_ok=True)


def wait_until(process: Child, is_ready: Callable[[], bool], timeout_s: float) -> bool:
    """Wait until `is_ready` says so; False if the process ends or the time is over first."""
    give_up = time.monotonic() + timeout_s
    while process.poll() is None and time.monotonic() < give_up:
        if is_ready():
            # Somebody else's server may answer while ours is still failing.
            return process.poll() is None
        time.sleep(0.05)
    return False


def tail(log: Path, since: int = 0) -> str:
    """Return the last lines that were written to `log` after byte `since`."""
    with log.open("rb") as file:
        file.seek(since)
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-15:])


def run_step(
    what: str, command: Sequence[str], cwd: Path, variables: Mapping[str, str], log: Path
) -> None:
    """Run a command that takes a while, saying what it is and how long it takes.

    Raises:
        StartError: If it fails, with the end of its output.
    """
    since = log.stat().st_size if log.exists() else 0
    started = time.monotonic()
    print(f"{what} ...", flush=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_aloud(process, started)
        except BaseException:
            # Its grandchildren (npm, node) share its session: none may outlive us.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    if process.returncode != 0:
        raise StartError(f"{what} failed:\n{tail(log, since)}\nAll of it: {log}")
    print(f"  done in {time.monotonic() - started:.0f} s", flush=True)


def _wait_aloud(process: Child, started: float) -> None:
    while True:
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            print(f"  ... {time.monotonic() - started:.0f} s", flush=True)
        else:
            return


def end_leftovers(mark: str) -> int:
    """Kill every process whose environment holds `CRM_RUN=mark`; return how many there were.

    After a clean end there are none. A job that outlived its worker is one, and so is all that
    a supervisor leaves that was itself killed.
    """
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(RUN_MARK) == mark and process.pid != os.getpid():
                process.kill()
                found.append(process)
    _wait_gone(found)
    return len(found)


def _wait_gone(found: Sequence[psutil.Process]) -> None:
    """Wait for processes that are not our children; one that only waits to be reaped is gone."""
    give_up = time.monotonic() + _STOP_TIMEOUT_S
    for process in found:
        with suppress(psutil.NoSuchProcess):
            while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                if time.monotonic() > give_up:
                    return
                time.sleep(0.02)
