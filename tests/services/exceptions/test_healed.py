"""What left the desk by itself is remembered for some days; what people cured is not."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app.domain.actor import Actor
from crm_app.domain.bulk import RunState
from crm_app.domain.time import now
from crm_app.domain.trouble import Cause, Source
from crm_app.errors import NotFoundError
from crm_app.models import BulkRun, Document, DocumentState, ExceptionSighting
from crm_app.services.exceptions import deeds, detail, healed, listing
from crm_app.services.exceptions.query import ExceptionQuery, View
from crm_app.services.exceptions.rows import ExceptionRow
from tests.factories import AccountFactory
from tests.services.exceptions.test_works import run


def gone(session: Session, actor: Actor) -> list[ExceptionRow]:
    session.flush()
    return list(listing.list_exceptions(session, actor, ExceptionQuery(view=View.HEALED)).rows)


def stuck(session: Session, actor: Actor, key: str = "a") -> BulkRun:
    return run(session, actor, RunState.PAUSED, key=key, reason="Asha may no longer do this.")


def test_what_left_by_itself_is_listed_until_it_is_back(session: Session, asha: Actor) -> None:
    made = stuck(session, asha)
    first = healed.watch(session)
    before = gone(session, asha)
    made.state = RunState.DONE
    session.flush()

    left = healed.watch(session)
    (row,) = gone(session, asha)
    found = detail.get_exception(session, asha, row.key)
    counts = listing.count_exceptions(session, asha, ExceptionQuery(view=View.HEALED))
    made.state = RunState.PAUSED
    session.flush()
    again = healed.watch(session)

    assert (first, before, left, again) == (0, [], 1, 0)
    assert (row.title, row.cause, row.ways) == (f"Bulk change {made.id}", Cause.WORK, ())
    assert (row.said, row.summary) == ("Asha may no longer do this.", "It solved itself")
    assert row.healed_at is not None
    assert (found.may_act, found.advice) == (False, "")
    assert (counts.total, counts.by_cause[Cause.WORK]) == (1, 1)
    assert gone(session, asha) == []


def test_what_a_person_closed_did_not_solve_itself(session: Session, asha: Actor) -> None:
    made = run(session, asha, RunState.DONE, key="f", failed=2)
    healed.watch(session)
    deeds.resolve(session, asha, f"rows:{made.id}", "Told the shop")
    made.failed = 0
    session.flush()

    assert healed.watch(session) == 1
    assert gone(session, asha) == []
    with pytest.raises(NotFoundError):
        healed.find(session, f"rows:{made.id}")


def test_it_is_forgotten_after_some_days_and_pages_go_on(session: Session, asha: Actor) -> None:
    runs = [stuck(session, asha, key) for key in "abc"]
    healed.watch(session)
    for one in runs:
        one.state = RunState.DONE
        session.flush()
        healed.watch(session)

    first = listing.list_exceptions(session, asha, ExceptionQuery(view=View.HEALED, limit=2))
    rest = ExceptionQuery(view=View.HEALED, limit=2, cursor=first.next_cursor)
    second = listing.list_exceptions(session, asha, rest)
    for one in session.exec(select(ExceptionSighting)):
        one.healed_at = now() - healed.KEPT_FOR - timedelta(minutes=1)
    session.flush()
    healed.watch(session)

    keys = [row.key for row in (*first.rows, *second.rows)]
    assert keys == [f"run:{one.id}" for one in reversed(runs)]
    assert gone(session, asha) == []


def document(session: Session, actor: Actor, state: DocumentState, **values: Any) -> Document:
    made = Document(
        name="orders.csv",
        size=10,
        sha256=b"x" * 32,
        state=state,
        uploaded_by=actor.user_id or 0,
        uploaded_by_name=actor.label,
        account_id=AccountFactory().id,
        **values,
    )
    session.add(made)
    session.flush()
    return made


def test_an_import_that_nothing_goes_on_with_stands_on_the_desk(
    session: Session, asha: Actor
) -> None:
    long_ago = now() - timedelta(hours=1)
    document(session, asha, DocumentState.IMPORTING, moved_at=now())
    document(session, asha, DocumentState.READY, moved_at=long_ago)
    made = document(
        session, asha, DocumentState.IMPORTING, moved_at=long_ago, progress=40, progress_of=90
    )

    (row,) = listing.list_exceptions(session, asha, ExceptionQuery()).rows
    made.progress = 60
    session.flush()
    moved = listing.list_exceptions(session, asha, ExceptionQuery()).rows

    assert (row.source, row.key, row.title) == (
        Source.DOCUMENT,
        f"document:{made.id}",
        "orders.csv",
    )
    assert row.said == f"{asha.label} uploaded it. The import stands still at order 40 of 90."
    assert "worker" in detail.wording.advice(row.source, row.cause)
    assert moved == ()
