"""What is done with is forgotten, what still waits for somebody is not."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from crm_app import queue
from crm_app.domain.actor import Actor
from crm_app.domain.time import now
from crm_app.domain.trouble import Cause
from crm_app.jobs import retention as job
from crm_app.models import ExceptionMark, InboxEntry, InboxState, WebhookRefusal
from crm_app.services import retention
from crm_app.services.exceptions import deeds, listing
from crm_app.services.exceptions.query import ExceptionQuery
from tests.services.exceptions import trouble

OLD = timedelta(days=31)


def test_only_what_was_processed_long_ago_is_deleted(session: Session) -> None:
    shop = trouble.account()
    for number, state in enumerate(InboxState):
        trouble.entry(session, shop, state, ago=OLD, external_id=f"{number}-{state}")
    trouble.entry(session, shop, InboxState.PROCESSED, ago=OLD, external_id="young")
    session.execute(
        update(InboxEntry)
        .where(col(InboxEntry.state) == InboxState.PROCESSED)
        .values(processed_at=now() - OLD)
    )
    session.execute(
        update(InboxEntry)
        .where(col(InboxEntry.external_id) == "young")
        .values(processed_at=now() - timedelta(days=29))
    )
    hour = (now() - OLD).replace(minute=0, second=0, microsecond=0)
    session.add(WebhookRefusal(hour=hour, account_id=0, refused=5, last_at=hour))
    trouble.refusals(session, shop, 1)
    session.commit()

    count = job.forget_old()

    kept = session.exec(select(InboxEntry.external_id).order_by(InboxEntry.external_id)).all()
    assert count == 2
    assert kept == ["0-received", "1-waiting", "2-set_aside", "young"]
    assert session.exec(select(WebhookRefusal.account_id)).all() == [shop.id]
    assert job.forget_old() == 0


def test_a_large_heap_goes_in_pieces(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = trouble.account()
    for _ in range(5):
        trouble.entry(session, shop, InboxState.PROCESSED, processed_at=now() - OLD)
    session.commit()
    monkeypatch.setattr(retention, "BATCH", 2)

    first = retention.forget_entries(session, now() - timedelta(days=30))
    session.commit()
    rest = job.forget_old()

    assert (first, rest) == (2, 3)


def test_without_time_left_the_job_asks_for_another_piece(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.commit()
    monkeypatch.setattr(job, "_BUDGET_S", -1.0)

    assert job.forget_old() == 0
    assert queue.connection().llen("rq:queue:pull") == 1


def test_a_note_is_kept_as_long_as_what_it_is_about(session: Session, asha: Actor) -> None:
    shop = trouble.account()
    refused = trouble.refused(session, shop)
    trouble.entry(session, shop)
    session.commit()
    rows = listing.list_exceptions(session, asha, ExceptionQuery()).rows
    keys = {row.cause: row.key for row in rows}
    for key in keys.values():
        deeds.resolve(session, asha, key, "Seen to.")
    session.execute(update(ExceptionMark).values(changed_at=now() - OLD))
    session.commit()

    job.forget_old()

    # The order is still refused by its channel: without the note it would come back.
    assert session.exec(select(ExceptionMark.key)).all() == [keys[Cause.TRANSITION]]
    assert listing.count_exceptions(session, asha).total == 0
    assert refused.id is not None
