"""The trail of deeds shows every entry that somebody changed, removed or slipped in."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain import chain as chain_math
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.chain import Head, Link
from crm_app.models import AuditEntry, OrderEvent
from crm_app.services import audit
from tests.conftest import as_owner
from tests.factories import OrderFactory

MOMENT: Final = datetime(2026, 11, 30, 10, 0, 0, 123456, tzinfo=UTC)


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
        as_owner(connection)
        connection.execute(text(statement), values)


def first_broken(noted: Head | None = None) -> int | None:
    with db.transaction() as session:
        found = audit.verify(session, *([noted] if noted else []))
    return found.id if found else None


def test_a_chain_that_nobody_touched_is_whole(session: Session, chain: list[AuditEntry]) -> None:
    assert [entry.id for entry in chain] == [1, 2, 3, 4, 5]
    assert first_broken() is None
    assert first_broken(audit.head(session)) is None
    assert audit.count(session) == 5


def test_an_empty_chain_is_whole(session: Session) -> None:
    assert audit.verify(session, audit.head(session)) is None


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
        "form = 1",
        "address = '203.0.113.9'",
        "token_id = 7",
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
        "actor_id, actor_label, before, after, previous_hash, hash, form, address, token_id "
        "FROM audit_entries WHERE id = 6"
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


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor_label = 'Nobody'",
        "DELETE FROM audit_entries WHERE id = 5",
        "TRUNCATE audit_entries",
        "UPDATE order_events SET actor_label = 'Nobody'",
        "DELETE FROM order_events",
        "DELETE FROM orders",
        "TRUNCATE order_events",
        "TRUNCATE orders CASCADE",
    ],
)
@pytest.mark.usefixtures("chain")
def test_the_database_itself_rewrites_nothing(session: Session, statement: str) -> None:
    order = OrderFactory()
    session.add(OrderEvent(order_id=order.id, kind="order:viewed", actor_kind=ActorKind.SYSTEM,
                           actor_label="System"))  # fmt: skip
    session.commit()

    with pytest.raises(DBAPIError) as caught, db.get_engine().begin() as connection:
        connection.execute(text(statement))

    assert getattr(caught.value.orig, "sqlstate", "") == "42501"
    assert audit.count(session) == 5
    assert session.exec(select(OrderEvent.actor_label)).all() == ["System"]


@pytest.mark.parametrize(
    ("change", "is_let"),
    [("data = '{}'", True), ("actor_label = 'Nobody', data = '{}'", False), ("at = now()", False)],
)
def test_an_erasure_takes_words_out_of_an_event_and_nothing_else(
    session: Session, change: str, is_let: bool
) -> None:
    order = OrderFactory()
    event = OrderEvent(
        order_id=order.id,
        kind="order:updated",
        actor_kind=ActorKind.SYSTEM,
        actor_label="System",
        data={"customer_name": ["Asha", "Asha Rao"]},
    )
    session.add(event)
    session.commit()

    def erase() -> None:
        with db.get_engine().begin() as connection:
            connection.execute(text("SET LOCAL crm.erasure = 'on'"))
            connection.execute(text(f"UPDATE order_events SET {change}"))

    if is_let:
        erase()
    else:
        with pytest.raises(DBAPIError):
            erase()

    session.refresh(event)
    assert (event.data == {}) is is_let
    assert event.actor_label == "System"


def test_an_entry_says_where_from_and_by_which_token(session: Session, asha: Actor) -> None:
    actor = replace(asha, token_id=7).at("203.0.113.7")

    audit.record(session, actor, "order:viewed", subject_type="order", subject_id=1)

    entry = session.exec(select(AuditEntry)).one()
    assert (entry.form, entry.address, entry.token_id) == (2, "203.0.113.7", 7)


@pytest.mark.usefixtures("chain")
def test_entries_of_the_first_form_are_still_believed(session: Session) -> None:
    old = [(*one[:10], 1, "", None, *one[13:]) for one in audit.piece(session, 0)]
    previous, rows = chain_math.GENESIS, list[tuple[bytes, bytes, int]]()
    for one in old:
        stored = chain_math.digest((*one[:13], previous, b""))
        rows.append((previous, stored, one[0]))
        previous = stored
    session.rollback()

    for previous_hash, stored, number in rows:
        meddle(
            "UPDATE audit_entries SET form = 1, address = '', previous_hash = :previous, "
            "hash = :hash WHERE id = :id",
            previous=previous_hash,
            hash=stored,
            id=number,
        )

    assert first_broken() is None


def test_one_byte_changed_among_a_hundred_thousand_is_found_at_its_entry(session: Session) -> None:
    def lines() -> Iterator[Link]:
        previous = chain_math.GENESIS
        for number in range(1, 100_001):
            link: Link = (
                number, MOMENT, "order:status:changed", "order", str(number), "person", 7, "Asha",
                {"status": "new"}, {"status": "packed"}, 2, "203.0.113.7", None, previous, b"",
            )  # fmt: skip
            previous = chain_math.digest(link)
            yield (*link[:-1], previous)

    connection: Any = session.connection().connection.driver_connection
    copy = f"COPY audit_entries ({', '.join(chain_math.COLUMNS)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(copy) as target:
        for link in lines():
            target.write_row([Jsonb(one) if isinstance(one, dict) else one for one in link])
    session.commit()
    whole = first_broken()

    meddle(
        "UPDATE audit_entries SET hash = set_byte(hash, 9, get_byte(hash, 9) # 1) WHERE id = 77777"
    )
    by_hash = first_broken()
    meddle(
        "UPDATE audit_entries SET hash = set_byte(hash, 9, get_byte(hash, 9) # 1), "
        "actor_label = 'Ashb' WHERE id = 77777"
    )

    assert (whole, by_hash, first_broken()) == (None, 77777, 77777)
