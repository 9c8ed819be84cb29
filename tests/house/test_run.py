"""`python -m crm_app.run` as the person at the terminal meets it."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from crm_app import keep, pages, processes, run
from crm_app.config import Settings

ROOT = Path(__file__).parents[2]


def start(data_dir: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CRM_")}
    return subprocess.run(
        [sys.executable, "-m", "crm_app.run", *arguments],
        cwd=ROOT,
        env={**kept, "CRM_DATA_DIR": str(data_dir), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def free_ports() -> dict[str, str]:
    """Ports that nobody listens on, kept open together so that they differ."""
    with socket.socket() as first, socket.socket() as second:
        for probe in (first, second):
            probe.bind(("127.0.0.1", 0))
        return {
            "CRM_PORT": str(first.getsockname()[1]),
            "CRM_SANDBOX_PORT": str(second.getsockname()[1]),
        }


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"CRM_ENVIRONMENT": "production"}, "CRM_SECRET_KEYS must hold secrets of your own"),
        (
            {"CRM_ENVIRONMENT": "production", "CRM_SECRET_KEYS": "short"},
            "CRM_SECRET_KEYS must hold secrets of your own",
        ),
        ({"CRM_PORT": "eighty"}, "CRM_PORT: Input should be a valid integer"),
        ({"CRM_BUSINESS_TIMEZONE": "Asia/Nowhere"}, "CRM_BUSINESS_TIMEZONE: 'Asia/Nowhere' is not"),
        ({"CRM_ENVIRONMENT": "prod"}, "CRM_ENVIRONMENT: Input should be 'demo', 'test'"),
    ],
)
def test_wrong_settings_stop_the_start_in_one_line(
    tmp_path: Path, variables: dict[str, str], sentence: str
) -> None:
    answer = start(tmp_path / "data", **variables)

    assert answer.returncode == 2
    assert answer.stderr.startswith("Settings: ")
    assert sentence in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_a_second_start_says_where_the_first_runs_and_leaves_it_alone(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"address": "http://localhost:8777"}))

    with processes.only_one(tmp_path / "run.lock", "unused"):
        answer = start(tmp_path)

    assert answer.returncode == 1
    assert "Already running at http://localhost:8777" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert (tmp_path / "run.json").exists()


@pytest.mark.parametrize("setting", ["CRM_PORT", "CRM_SANDBOX_PORT"])
def test_a_port_in_use_is_named_with_the_setting_that_changes_it(
    tmp_path: Path, setting: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = start(tmp_path, **{**free_ports(), setting: str(port)})

    assert answer.returncode == 1
    assert f"Port {port} cannot be used (Address already in use)" in answer.stderr
    assert f"{setting}=" in answer.stderr
    assert not (tmp_path / "postgres").exists()


def test_a_demo_on_an_outside_database_asks_for_the_sandbox_its_own(tmp_path: Path) -> None:
    url = "postgresql+psycopg://crm:secret@db.example/crm"

    answer = start(tmp_path, CRM_DATABASE_URL=url, **free_ports())

    assert answer.returncode == 1
    assert "crm_sandbox" in answer.stderr
    assert "secret" not in answer.stderr


def test_an_unknown_command_shows_the_known_ones(tmp_path: Path) -> None:
    answer = start(tmp_path, "everything")

    assert answer.returncode == 1
    assert answer.stderr.strip() == run.USAGE


@pytest.mark.parametrize(
    ("queue", "state"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/1"),
        ("redis://:pw@cache:6379", "redis://:pw@cache:6379/1"),
        ("rediss://cache:6380/0?ssl_cert_reqs=none", "rediss://cache:6380/1?ssl_cert_reqs=none"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock?db=1"),
        ("unix:///run/redis.sock?db=0&password=pw", "unix:///run/redis.sock?password=pw&db=1"),
    ],
)
def test_tab_state_goes_to_database_one_of_the_same_redis(queue: str, state: str) -> None:
    assert pages.state_redis_url(queue) == state


def test_one_web_worker_needs_no_redis_and_two_share_one() -> None:
    alone = pages.serving_environment({}, Settings(web_workers=1, redis_url="redis://cache:6379/0"))
    shared = pages.serving_environment(
        {}, Settings(web_workers=2, redis_url="redis://cache:6379/0")
    )

    assert alone["REFLEX_STATE_MANAGER_MODE"] == "memory"
    assert "REFLEX_REDIS_URL" not in alone
    assert shared["REFLEX_STATE_MANAGER_MODE"] == "redis"
    assert shared["REFLEX_REDIS_URL"] == "redis://cache:6379/1"


def test_reflex_contacts_nobody_and_uses_the_node_of_the_venv(tmp_path: Path) -> None:
    variables = pages.environment({"PATH": "/usr/bin"}, tmp_path)

    assert variables["PATH"] == f"{Path(sys.executable).parent}:/usr/bin"
    assert (variables["REFLEX_USE_NPM"], variables["REFLEX_TELEMETRY_ENABLED"]) == ("1", "false")
    assert variables["REFLEX_CHECK_LATEST_VERSION"] == "false"
    assert Path(variables["REFLEX_DIR"]).is_relative_to(tmp_path)


def test_pages_are_built_again_when_and_only_when_an_input_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    monkeypatch.setattr(pages, "BUNDLE", tmp_path / "index.html")
    monkeypatch.setattr(pages, "_STAMP", tmp_path / "stamp")
    (tmp_path / "crm_app" / "ui").mkdir(parents=True)
    page = tmp_path / "crm_app" / "ui" / "page.py"
    page.write_text("one")
    settings = Settings()

    assert not pages.is_built(settings)
    (tmp_path / "index.html").touch()
    (tmp_path / "stamp").write_text(pages._fingerprint(settings))  # pyright: ignore[reportPrivateUsage]
    assert pages.is_built(settings)
    assert pages.is_built(Settings(port=9999, public_url="https://orders.example"))
    assert not pages.is_built(Settings(brand_name="Another"))
    page.write_text("two")
    assert not pages.is_built(settings)


def test_a_crashed_process_comes_back_and_a_hopeless_one_is_given_up(tmp_path: Path) -> None:
    script = tmp_path / "crash.py"
    script.write_text(
        textwrap.dedent(
            """
            import pathlib, sys
            runs = pathlib.Path(sys.argv[1])
            with runs.open("a") as file:
                file.write("x")
            sys.exit(int(sys.argv[2]))
            """
        )
    )
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    try:
        crashing = keep.keep(
            "a", [sys.executable, str(script), str(tmp_path / "a"), "3"], delays_s=(0.01, 0.01)
        )
        hopeless = keep.keep("b", [sys.executable, str(script), str(tmp_path / "b"), "2"])
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])

    assert (crashing, (tmp_path / "a").read_text()) == (3, "xxx")
    assert (hopeless, (tmp_path / "b").read_text()) == (2, "x")


def test_the_end_reaches_processes_that_left_their_group(tmp_path: Path) -> None:
    variables = {**os.environ, processes.RUN_MARK: str(tmp_path)}
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    stray = subprocess.Popen(sleep, env=variables, start_new_session=True)
    bystander = subprocess.Popen(sleep, env={**variables, processes.RUN_MARK: f"{tmp_path}-other"})
    try:
        assert processes.end_leftovers(str(tmp_path)) == 1

        assert stray.wait(timeout=5) == -signal.SIGKILL
        assert bystander.poll() is None
    finally:
        for process in (stray, bystander):
            process.kill()
            process.wait()


def test_sigterm_ends_everything_that_the_supervisor_started(tmp_path: Path) -> None:
    """In a process of its own: the supervisor takes the signals of the one that it runs in."""
    script = textwrap.dedent(
        f"""
        import os, sys
        from pathlib import Path
        from crm_app.supervisor import supervise
        if __name__ == "__main__":
            data_dir = Path({str(tmp_path)!r})
            (data_dir / "logs").mkdir()
            line = "print('1 INFO rq.worker here', 'aloud', sep=chr(10), flush=True)"
            sleep = [sys.executable, "-c", f"{{line}}; import time; time.sleep(60)"]
            sys.exit(supervise({{"web": sleep, "worker": sleep}}, os.environ, data_dir, print))
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    logs = [tmp_path / "logs" / f"{name}.log" for name in ("web", "worker")]
    give_up = time.monotonic() + 30
    while not all(log.exists() and "aloud" in log.read_text() for log in logs):
        assert time.monotonic() < give_up
        time.sleep(0.05)
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 4

    process.terminate()

    said, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert said.count("| aloud") == 2
    assert "INFO rq." not in said, "routine lines of the queue belong into the files only"
    assert all("INFO rq.worker here" in log.read_text() for log in logs)
    assert [one for one in family if one.is_running()] == []


def test_the_block_names_the_sign_ins_in_a_demo_only() -> None:
    shown = Settings(environment="demo", port=8123)
    block = run._block(shown, 9.0, is_ready=True)  # pyright: ignore[reportPrivateUsage]
    served = Settings().model_copy(
        update={"environment": "production", "public_url": "https://o.example"}
    )
    quiet = run._block(served, 9.0, is_ready=False)  # pyright: ignore[reportPrivateUsage]

    assert "http://localhost:8123/api/v1/docs" in block
    assert all(person in block for person in run.DEMO_PEOPLE)
    assert "demo-only-password" in block
    assert "https://o.example" in quiet
    assert "demo" not in quiet
    assert "/health/ready" in quiet


def test_ending_stops_the_waiting_at_once() -> None:
    ending = threading.Event()
    ending.set()

    assert not run._answers("http://127.0.0.1:9", ("/",), 60, ending)  # pyright: ignore[reportPrivateUsage]


def test_a_worker_with_wrong_settings_stops_in_one_line() -> None:
    environment = {**os.environ, "CRM_ENVIRONMENT": "production", "CRM_SECRET_KEYS": "short"}

    ended = subprocess.run(
        [sys.executable, "worker.py"], cwd=ROOT, env=environment, capture_output=True, text=True
    )

    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("Settings: CRM_SECRET_KEYS must hold secrets of your own")
