"""How the sync stands, in a level and a sentence; and whether every part answers."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from crm_app import db, queue, vault
from crm_app.config import get_settings
from crm_app.domain.actor import SYSTEM, Actor
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.time import now
from crm_app.errors import PermissionDeniedError, ServiceUnavailableError
from crm_app.models import AccountStatus, Order, StatusIntent
from crm_app.services import beats, readiness
from crm_app.services.health import account_health, sync_health
from tests.factories import AccountFactory, OrderFactory


def minutes_ago(minutes: float) -> Any:
    return now() - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("fields", "level", "sentence"),
    [
        ({"minutes_ago": 1}, "ok", "Current."),
        ({}, "warn", "The first import is still running."),
        ({"last_error": "down"}, "warn", "down"),
        (
            {"minutes_ago": 40.5, "last_error": "down"},
            "warn",
            "No complete pull for 40 minutes. down",
        ),
        (
            {"minutes_ago": 40, "options": {"pull_interval_s": 3600}},
            "ok",
            "Current.",
        ),
        (
            {"minutes_ago": 1, "failures": 1, "last_error": "down"},
            "warn",
            "The last pull failed and is tried again: down",
        ),
        (
            {"minutes_ago": 1, "failures": 3, "last_error": "down"},
            "bad",
            "3 pulls in a row failed: down",
        ),
        (
            {"status": AccountStatus.DISCONNECTED, "last_error": "key revoked"},
            "bad",
            "Disconnected: key revoked",
        ),
        ({"status": AccountStatus.PAUSED}, "warn", "Paused by a person."),
    ],
)
def test_an_account_s_level_and_sentence(
    session: Session, fields: dict[str, Any], level: str, sentence: str
) -> None:
    fields = dict(fields)
    # Counted from here: when the cases were listed lies some minutes back.
    if (minutes := fields.pop("minutes_ago", None)) is not None:
        fields["last_success_at"] = now() - timedelta(minutes=minutes)
    AccountFactory(**fields)

    (health,) = account_health(session)

    assert (health.level, health.sentence) == (level, sentence)


def waits(order: Order, state: IntentState, minutes: float) -> StatusIntent:
    return StatusIntent(
        order_id=order.id,
        account_id=order.account_id,
        state=state,
        from_status=OrderStatus.CONFIRMED,
        to_status=OrderStatus.SHIPPED,
        happened_at=now(),
        order_version=1,
        actor_label="Asha",
        next_try_at=now(),
        created_at=minutes_ago(minutes),
    )


def test_changes_that_wait_too_long_are_named_and_settled_ones_are_not(session: Session) -> None:
    order = OrderFactory(account=AccountFactory(last_success_at=minutes_ago(1)))
    session.add(waits(order, IntentState.WAITING, 25.5))
    session.add(waits(order, IntentState.SENT, 1))
    session.add(waits(order, IntentState.CONFIRMED, 500))

    (health,) = account_health(session)

    assert (health.level, health.waiting) == ("warn", 2)
    assert health.sentence == "2 changes wait to be sent, the oldest for 25 minutes."


def test_the_shell_s_mark_is_the_worst_of_all(session: Session, reader: Actor) -> None:
    levels = [sync_health(session, reader)]
    for fields in (
        {"name": "Amazon", "last_success_at": minutes_ago(1)},
        {"name": "Shop", "last_success_at": minutes_ago(60)},
        {"name": "Second shop", "status": AccountStatus.DISCONNECTED},
        {"name": "Third shop", "status": AccountStatus.DISCONNECTED},
    ):
        AccountFactory(**fields)
        levels.append(sync_health(session, reader))

    assert [(found.level, found.sentence) for found in levels] == [
        ("warn", "No channel is connected yet"),
        ("ok", "All channels current"),
        ("warn", "Shop is behind"),
        ("bad", "Second shop needs you"),
        ("bad", "2 accounts need you"),
    ]
    assert [found.level for found in levels[-1].accounts] == ["bad", "bad", "warn", "ok"]
    with pytest.raises(PermissionDeniedError):
        sync_health(session, SYSTEM)


@pytest.fixture
def setting(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Change settings for one test."""
    del database
    yield monkeypatch
    db.dispose()
    monkeypatch.undo()
    get_settings.cache_clear()
    queue.forget_connections()


def refresh() -> None:
    db.dispose()
    get_settings.cache_clear()
    queue.forget_connections()


@pytest.mark.parametrize("name", [beats.WORKER, beats.CLOCK])
def test_without_a_worker_or_a_clock_it_is_not_ready(database: str, name: str) -> None:
    del database
    queue.connection().delete(f"alive:{name}")
    without = readiness.check()
    beats.beat(queue.connection(), name)
    with_both = readiness.check()

    assert (without.database, without.redis, without.is_ready) == (True, True, False)
    assert getattr(without, name) is False
    assert (with_both.worker, with_both.clock, with_both.is_ready) == (True, True, True)


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", ""], ids=["away", "not set"])
def test_redis_away_is_said_and_nothing_raises(setting: pytest.MonkeyPatch, url: str) -> None:
    setting.setenv("CRM_REDIS_URL", url)
    refresh()

    found = readiness.check()

    assert (found.database, found.redis, found.worker) == (True, False, False)


def test_a_database_away_or_without_tables_is_not_ready(
    setting: pytest.MonkeyPatch, postgres_url_for: Any
) -> None:
    found: list[bool] = []
    for url in ("postgresql+psycopg://crm@127.0.0.1:1/none", postgres_url_for("crm_no_tables")):
        setting.setenv("CRM_DATABASE_URL", url)
        refresh()
        found.append(readiness.check().database)

    assert found == [False, False]


def test_credentials_outlive_the_rotation_of_keys_but_not_the_end_of_theirs(
    setting: pytest.MonkeyPatch,
) -> None:
    old = get_settings().secret_keys[0].get_secret_value()
    sealed = vault.seal({"key": "s3cr3t"})
    setting.setenv("CRM_SECRET_KEYS", f"{'n' * 40},{old}")
    refresh()
    both = vault.unseal(sealed)
    renewed = vault.seal(both)
    setting.setenv("CRM_SECRET_KEYS", "n" * 40)
    refresh()

    assert both == {"key": "s3cr3t"}
    assert vault.unseal(renewed) == {"key": "s3cr3t"}
    assert b"s3cr3t" not in sealed
    with pytest.raises(ServiceUnavailableError, match="lacks the key"):
        vault.unseal(sealed)
    with pytest.raises(ServiceUnavailableError):
        vault.unseal(renewed[:-10] + b"AAAAAAAAAA")
