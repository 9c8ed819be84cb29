"""Start the product: `python -m crm_app.run` is what `make run` ends in.

Without an argument everything starts here, databases included. With one, a single part starts
(`web`, `worker`, `sender`, `clock`, `migrate`, `build`): what a container or a service runs.
"""

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import httpx
from pydantic import ValidationError
from sqlalchemy import URL, make_url

from crm_app import embedded, pages
from crm_app.config import DEMO_PASSWORD, Settings, get_settings
from crm_app.pages import ROOT
from crm_app.processes import RUN_MARK, StartError, end_leftovers, log_file, only_one, run_step
from crm_app.supervisor import supervise

USAGE: Final = (
    "usage: python -m crm_app.run "
    "[web|worker|sender|clock|sandbox|migrate|create-admin EMAIL NAME|build|clean]"
)
DEMO_PEOPLE: Final = ("admin@demo.test", "support@demo.test", "readonly@demo.test")
# Orders that the sandbox invents for the channels beside Amazon and the web shop.
_DEMO_CHANNELS: Final = '{"flipkart": 400, "shopify": 160, "swiggy": 100, "blinkit": 40}'
_READY_TIMEOUT_S: Final = 120.0
_SETTLE_TIMEOUT_S: Final = 45.0
_COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "web": ("-m", "crm_app.run", "web"),
    "worker": ("worker.py",),
    "sender": ("worker.py", "sender"),
    "clock": ("worker.py", "clock"),
    "sandbox": ("-m", "crm_app.sandbox"),
}


def main(argv: list[str]) -> int:
    """Do what the command line asks; 1 if it cannot, 2 if settings or usage are wrong."""
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, _leave)
    try:
        settings = get_settings()
        match argv[1:]:
            case []:
                return _run_all(settings)
            case ["web"]:
                _become(
                    pages.serving_command(settings), pages.serving_environment(os.environ, settings)
                )
            case [("worker" | "sender" | "clock" | "sandbox") as name]:
                _become([sys.executable, *_COMMANDS[name]], os.environ)
            case ["migrate"]:
                _migrate_alone(settings)
            case ["build"]:
                settings.data_dir.joinpath("logs").mkdir(parents=True, exist_ok=True)
                pages.build(settings, log_file(settings.data_dir.resolve(), "pages.log"))
            case ["create-admin", email, name]:
                _become([sys.executable, "-m", "crm_app.admin", email, name], os.environ)
            case ["clean"]:
                embedded.discard(settings.data_dir)
            case _:
                raise SystemExit(USAGE)
    except ValidationError as error:
        print(f"Settings: {_explain(error)}", file=sys.stderr)
        return 2
    except StartError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _run_all(settings: Settings) -> int:
    started = time.monotonic()
    data_dir = embedded.prepare(settings.data_dir)
    with _alone(data_dir, settings) as state_file, ExitStack() as servers:
        if killed := end_leftovers(str(data_dir)):
            print(f"ended {killed} processes of a run that was killed")
        _check_ports(settings)
        settings = _with_servers(settings, data_dir, servers)
        variables = _child_environment(settings, data_dir)
        _write_state(state_file, settings)
        _migrate(variables, data_dir)
        if settings.is_demo:
            _step("demo people and accounts", ("-m", "crm_app.demo"), variables, data_dir)
        pages.build(settings, log_file(data_dir, "pages.log"))
        names = [name for name in _COMMANDS if name != "sandbox" or settings.is_demo]
        code = supervise(
            {name: [sys.executable, *_COMMANDS[name]] for name in names},
            variables,
            data_dir,
            lambda ending: _announce(settings, variables, ending, started),
        )
        # From here on nothing may interrupt: the databases still have to be closed.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        end_leftovers(str(data_dir))
    print("stopped; the data is in", data_dir)
    return code


@contextmanager
def _alone(data_dir: Path, settings: Settings) -> Generator[Path]:
    """Hold the data folder for this run; the file that is yielded tells others where it runs."""
    state_file = data_dir / "run.json"
    running = _read_state(state_file).get("address", settings.origin)
    refusal = f"Already running at {running} (data in {data_dir}). That one goes on undisturbed."
    with only_one(data_dir / "run.lock", refusal):
        try:
            yield state_file
        finally:
            state_file.unlink(missing_ok=True)


def _check_ports(settings: Settings) -> None:
    wanted = [(settings.host, settings.port, "CRM_PORT")]
    if settings.is_demo:
        wanted.append(("127.0.0.1", settings.sandbox_port, "CRM_SANDBOX_PORT"))
    for host, port, setting in wanted:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As the servers do: a port in its last minute after a connection is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise StartError(
                    f"Port {port} cannot be used ({error.strerror}). Stop the program that "
                    f"has it, or choose another: {setting}={_another(port)} make run"
                ) from error


def _another(port: int) -> int:
    return port + 10 if port + 10 <= 65_535 else port - 10


def _with_servers(settings: Settings, data_dir: Path, servers: ExitStack) -> Settings:
    """Start the servers that no URL is set for; return settings with all URLs."""
    urls: dict[str, str] = {}
    if settings.database_url is None:
        print("starting PostgreSQL ...", flush=True)
        server = servers.enter_context(embedded.postgres(data_dir))
        urls["database_url"] = server.ensure_database("crm")
        urls["sandbox_database_url"] = settings.sandbox_database_url or server.ensure_database(
            "crm_sandbox"
        )
    elif settings.is_demo and settings.sandbox_database_url is None:
        beside = make_url(settings.database_url)
        raise StartError(
            "With CRM_DATABASE_URL set, the channel sandbox needs a database of its own as well: "
            f"create one and set CRM_SANDBOX_DATABASE_URL (such as {_renamed(beside)})."
        )
    if settings.redis_url is None:
        print("starting Redis ...", flush=True)
        urls["redis_url"] = servers.enter_context(embedded.redis(data_dir))
    return settings.model_copy(update=urls)


def _renamed(url: URL) -> str:
    return url.set(database=f"{url.database or 'crm'}_sandbox").render_as_string(hide_password=True)


def _child_environment(settings: Settings, data_dir: Path) -> dict[str, str]:
    resolved = {
        "CRM_DATABASE_URL": settings.database_url,
        "CRM_REDIS_URL": settings.redis_url,
        "CRM_SANDBOX_DATABASE_URL": settings.sandbox_database_url,
    }
    demo = {"CRM_SANDBOX_ACCOUNTS": _DEMO_CHANNELS} if settings.is_demo else {}
    return {
        **demo,
        **pages.environment(os.environ, data_dir),
        **{name: value for name, value in resolved.items() if value is not None},
        RUN_MARK: str(data_dir),
        "PYTHONUNBUFFERED": "1",
    }


def _migrate(variables: Mapping[str, str], data_dir: Path) -> None:
    _step("database schema", ("-m", "alembic", "upgrade", "head"), variables, data_dir)


def _step(
    what: str, arguments: tuple[str, ...], variables: Mapping[str, str], data_dir: Path
) -> None:
    run_step(what, [sys.executable, *arguments], ROOT, variables, log_file(data_dir, "setup.log"))


def _migrate_alone(settings: Settings) -> None:
    """Bring the schema up to date: on the set URL, on what runs here, or on our own server."""
    data_dir = embedded.prepare(settings.data_dir)
    state = _read_state(data_dir / "run.json")
    with ExitStack() as servers:
        url = settings.database_url or state.get("database_url")
        if url is None:
            url = servers.enter_context(embedded.postgres(data_dir)).ensure_database("crm")
        _migrate({**os.environ, "CRM_DATABASE_URL": url, "PYTHONUNBUFFERED": "1"}, data_dir)


def _write_state(state_file: Path, settings: Settings) -> None:
    state_file.touch(mode=0o600)  # a URL may hold a password
    state = {"address": settings.origin, "pid": str(os.getpid())}
    state |= {"database_url": settings.database_url or "", "redis_url": settings.redis_url or ""}
    state_file.write_text(json.dumps(state), encoding="utf-8")


def _read_state(state_file: Path) -> dict[str, str]:
    with suppress(FileNotFoundError, ValueError):
        state: dict[str, str] = json.loads(state_file.read_text(encoding="utf-8"))
        return state
    return {}


def _announce(
    settings: Settings, variables: Mapping[str, str], ending: threading.Event, started: float
) -> None:
    """Wait until the product answers, then say where it is."""
    base = f"http://{_reachable(settings.host)}:{settings.port}"
    if not _answers(base, ("/health/live", "/"), _READY_TIMEOUT_S, ending):
        if not ending.is_set():
            print(f"Nothing answers at {base} yet. See {settings.data_dir}/logs.", flush=True)
        return
    # The worker's first heartbeat; without it the pages work and say so.
    is_ready = _answers(base, ("/health/ready",), _SETTLE_TIMEOUT_S, ending)
    if settings.is_demo and not ending.is_set():
        _register_hooks(settings, variables)
    if not ending.is_set():
        print(_block(settings, time.monotonic() - started, is_ready=is_ready), flush=True)


def _register_hooks(settings: Settings, variables: Mapping[str, str]) -> None:
    """Channels that only push need our address; without it the desk works, but they are silent."""
    data_dir = settings.data_dir.resolve()
    try:
        _step("webhooks of the sandbox", ("-m", "crm_app.demo", "hooks"), variables, data_dir)
    except StartError as error:
        print(error, flush=True)


def _answers(base: str, paths: tuple[str, ...], timeout_s: float, ending: threading.Event) -> bool:
    began = time.monotonic()
    said = began
    with httpx.Client(base_url=base, timeout=5, follow_redirects=True, trust_env=False) as client:
        while not ending.is_set() and time.monotonic() - began < timeout_s:
            with suppress(httpx.HTTPError):
                if all(client.get(path).is_success for path in paths):
                    return True
            if time.monotonic() - said >= 5:
                said = time.monotonic()
                print(f"waiting for {' and '.join(paths)} ... {said - began:.0f} s", flush=True)
            ending.wait(0.2)
    return False


def _reachable(host: str) -> str:
    """Return an address to connect to for one to listen on."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not listened on
    return f"[{host}]" if ":" in host else host


def _block(settings: Settings, seconds: float, *, is_ready: bool) -> str:
    lines = [f"{settings.brand_name} order desk is ready after {seconds:.0f} s", ""]
    lines.append(f"  Open      {settings.origin}")
    if settings.is_demo:
        lines += [
            f"  Sign in   {'   '.join(DEMO_PEOPLE)}",
            f"            password for all three: {DEMO_PASSWORD}",
        ]
    lines.append(f"  API docs  {settings.origin}/api/v1/docs")
    if settings.is_demo:
        lines.append(f"  Channels  sandbox at {settings.sandbox_url}")
    if not is_ready:
        lines.append(f"  Not yet   worker or channels, see {settings.origin}/health/ready")
    lines.append("  Stop      Ctrl-C")
    rule = "=" * max(len(line) for line in lines)
    return "\n".join(["", rule, *lines, rule, ""])


def _become(command: list[str], variables: Mapping[str, str]) -> NoReturn:
    """Turn into the command, so that signals reach it and nothing stands between."""
    os.execve(command[0], command, dict(variables))  # noqa: S606 - a list of our own making


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(143)


def _explain(error: ValidationError) -> str:
    parts: list[str] = []
    for problem in error.errors(include_url=False, include_input=False):
        name = "CRM_" + "_".join(str(part) for part in problem["loc"]).upper()
        text = problem["msg"].removeprefix("Value error, ")
        parts.append(text if name == "CRM_" else f"{name}: {text}")
    return "; ".join(parts)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
