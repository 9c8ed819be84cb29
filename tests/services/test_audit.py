"""The trail of deeds shows every entry that somebody changed, removed or slipped in."""

import threading
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.models import AuditEntry
from crm_app.services import audit
from crm_app.services.audit import Head


@pytest.fixture
def chain(session: Session, asha: Actor) -> list[AuditEntry]:
    """Five deeds."""
    for number in range(1, 6):
        with db.transaction() as other:
            audit.record(
                other,
                asha,
                "order:status:changed",
                subject_type="order",
                subject_id=number,
                before={"status": "पहले ✨", "total": None},
                after={"status": 'quo"te', "n": number},
            )
    return list(session.exec(select(AuditEntry).order_by("id")).all())


def meddle(statement: str, **values: Any) -> None:
    with db.get_engine().begin() as connection:
        connection.execute(text(statement), values)


def first_broken(noted: Head | None = None) -> int | None:
    with db.transaction() as session:
        return audit.first_broken(session, noted)


def test_a_chain_that_nobody_touched_is_whole(session: Session, chain: list[AuditEntry]) -> None:
    assert [entry.id for entry in chain] == [1, 2, 3, 4, 5]
    assert first_broken() is None
    assert first_broken(audit.head(session)) is None
    assert audit.count(session) == 5


def test_an_empty_chain_is_whole(session: Session) -> None:
    assert audit.first_broken(session, audit.head(session)) is None


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 microsecond'",
        "action = 'order:status:change'",
        "subject_type = 'user'",
        "subject_id = '9'",
        "actor_kind = 'system'",
        "actor_id = actor_id + 1",
        "actor_label = 'Somebody else'",
        "before = '{}'",
        "after = jsonb_set(after, '{n}', '7')",
        "hash = previous_hash",
        "previous_hash = hash",
    ],
)
@pytest.mark.usefixtures("chain")
def test_any_changed_field_is_found(change: str) -> None:
    meddle(f"UPDATE audit_entries SET {change} WHERE id = 3")

    assert first_broken() == 3


@pytest.mark.parametrize(("removed", "found"), [(1, 2), (3, 4)])
@pytest.mark.usefixtures("chain")
def test_a_removed_entry_is_found(removed: int, found: int) -> None:
    meddle("DELETE FROM audit_entries WHERE id = :id", id=removed)

    assert first_broken() == found


@pytest.mark.usefixtures("chain")
def test_an_entry_slipped_in_is_found() -> None:
    meddle("UPDATE audit_entries SET id = id + 1 WHERE id = 5")
    meddle(
        "INSERT INTO audit_entries SELECT 5, at, action, subject_type, subject_id, actor_kind, "
        "actor_id, actor_label, before, after, previous_hash, hash FROM audit_entries WHERE id = 6"
    )

    assert first_broken() == 6


def test_entries_cut_off_at_the_end_are_found_with_a_head_noted_before(
    session: Session, chain: list[AuditEntry]
) -> None:
    noted = audit.head(session)
    session.rollback()

    meddle("DELETE FROM audit_entries WHERE id > 3")

    assert first_broken() is None  # whole in itself: this is what the head is noted for
    assert first_broken(noted) == 4


def test_a_chain_rewritten_from_the_noted_entry_on_is_found(
    session: Session, asha: Actor, chain: list[AuditEntry]
) -> None:
    noted = audit.head(session)
    session.rollback()
    meddle("DELETE FROM audit_entries WHERE id = 5")
    with db.transaction() as other:
        audit.record(other, asha, "order:viewed", subject_type="order", subject_id=1)

    assert first_broken() is None
    assert first_broken(noted) == 5


def test_a_deed_that_is_rolled_back_leaves_no_entry(session: Session, asha: Actor) -> None:
    def fail() -> None:
        with db.transaction() as other:
            audit.record(other, asha, "order:viewed", subject_type="order", subject_id=1)
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    assert audit.count(session) == 0


def test_writers_at_the_same_time_make_one_chain(session: Session, asha: Actor) -> None:
    def run(number: int) -> None:
        for _ in range(5):
            with db.transaction() as other:
                audit.record(other, asha, "order:viewed", subject_type="order", subject_id=number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    ids = session.exec(select(AuditEntry.id).order_by("id")).all()
    assert list(ids) == list(range(1, 31))
    assert first_broken() is None
