"""The tables come and go by migration alone, and no two deployments make them at once."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect, text
from sqlmodel import SQLModel

ROOT = Path(__file__).resolve().parents[2]


def start(url: str, *words: str) -> "subprocess.Popen[str]":
    """Alembic in a process of its own, as a deployment runs it."""
    return subprocess.Popen(
        [sys.executable, "-m", "alembic", *words],
        cwd=ROOT,
        env={**os.environ, "CRM_ENVIRONMENT": "test", "CRM_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def tables(url: str) -> set[str]:
    engine = create_engine(url)
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def alembic(url: str, act: Callable[[Config], None]) -> None:
    """Alembic on a connection of ours, in this process."""
    engine = create_engine(url)
    config = Config(str(ROOT / "alembic.ini"))
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            act(config)
            connection.commit()
    finally:
        engine.dispose()


@pytest.fixture
def empty_url(postgres_url_for: Callable[[str], str]) -> str:
    return postgres_url_for("crm_migrations")


def test_up_checked_down_and_up_again(empty_url: str) -> None:
    alembic(empty_url, lambda config: command.upgrade(config, "head"))
    up = tables(empty_url)
    alembic(empty_url, command.check)
    alembic(empty_url, lambda config: command.downgrade(config, "base"))
    down = tables(empty_url)
    alembic(empty_url, lambda config: command.upgrade(config, "head"))

    assert up == set(SQLModel.metadata.tables) | {"alembic_version"}
    assert down == {"alembic_version"}
    assert tables(empty_url) == up


def test_two_deployments_at_once_make_the_tables_once(empty_url: str) -> None:
    runs = [start(empty_url, "upgrade", "head") for _ in range(2)]

    said = [run.communicate(timeout=60)[0] for run in runs]

    assert [run.returncode for run in runs] == [0, 0], said
    assert tables(empty_url) == set(SQLModel.metadata.tables) | {"alembic_version"}


def test_a_deployment_waits_for_a_long_migration_of_another(empty_url: str) -> None:
    engine = create_engine(empty_url)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(7403112)"))
        run = start(empty_url, "upgrade", "head")
        # Longer than a table lock is waited for.
        with pytest.raises(subprocess.TimeoutExpired):
            run.wait(timeout=7)
        connection.rollback()
    engine.dispose()

    said, _ = run.communicate(timeout=60)

    assert run.returncode == 0, said
    assert "orders" in tables(empty_url)
