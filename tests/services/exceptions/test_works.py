"""Bulk changes, files and alerts of our own that need a person stand on the desk and heal."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.domain.alert import AlertMoment
from crm_app.domain.bulk import RunState
from crm_app.domain.channel import Channel
from crm_app.domain.download import DownloadKind, DownloadState, FileFormat
from crm_app.domain.time import now
from crm_app.domain.trouble import Cause, Source, Way
from crm_app.models import Alert, AlertMessage, BulkRun, Download, ExceptionMark
from crm_app.services.exceptions import deeds, detail, listing
from crm_app.services.exceptions.query import ExceptionQuery, View
from crm_app.services.exceptions.rows import ExceptionRow
from tests.factories import AccountFactory, OrderFactory
from tests.services.exceptions import trouble

LONG_AGO = timedelta(hours=1)


def rows(session: Session, actor: Actor, view: View = View.OPEN) -> list[ExceptionRow]:
    session.flush()
    return list(listing.list_exceptions(session, actor, ExceptionQuery(view=view)).rows)


def run(session: Session, actor: Actor, state: RunState, **values: Any) -> BulkRun:
    made = BulkRun(
        state=state,
        action="status",
        settings={"status": "shipped"},
        key=values.pop("key", "k"),
        actor_id=actor.user_id or 0,
        actor_label=actor.label,
        total=5,
        started_at=now(),
        **values,
    )
    session.add(made)
    session.flush()
    return made


def test_a_run_that_the_system_paused_is_shown_and_one_of_a_person_is_not(
    session: Session, asha: Actor
) -> None:
    run(session, asha, RunState.PAUSED, key="a", reason=f"Paused by {asha.label}.")
    assert rows(session, asha) == []
    stuck = run(session, asha, RunState.PAUSED, key="b", reason="Asha may no longer do this.")

    (row,) = rows(session, asha)
    assert (row.key, row.cause, row.account_id) == (f"run:{stuck.id}", Cause.WORK, None)
    assert (row.title, row.said) == (f"Bulk change {stuck.id}", "Asha may no longer do this.")
    assert detail.get_exception(session, asha, row.key).facts == ()
    stuck.state = RunState.QUEUED
    assert rows(session, asha) == []


def test_what_a_stopped_run_holds_back_is_not_forgotten(session: Session, asha: Actor) -> None:
    stopped = run(session, asha, RunState.STOPPED, reason="Stopped by Asha.")
    order = OrderFactory(account=AccountFactory(channel=Channel.WOOCOMMERCE))
    held = trouble.intent(session, order, trouble.IntentState.QUEUED, run_id=stopped.id)

    (row,) = rows(session, asha)
    assert (row.source, row.said) == (
        Source.RUN,
        "Stopped by Asha. 1 not told to their channels.",
    )
    held.state = trouble.IntentState.UNDONE
    assert rows(session, asha) == []


def test_failed_rows_stand_until_they_are_tried_again(session: Session, asha: Actor) -> None:
    failed = run(session, asha, RunState.DONE, key="a", failed=2, finished_at=now())

    (row,) = rows(session, asha)
    assert (row.source, row.said) == (Source.ROWS, "2 orders of 5 failed on our side.")
    run(session, asha, RunState.QUEUED, key=f"again-{failed.id}")
    assert rows(session, asha) == []


def test_a_file_that_failed_stands_until_it_is_asked_for_again(
    session: Session, asha: Actor
) -> None:
    def file(key: str, state: DownloadState) -> None:
        session.add(
            Download(
                kind=next(iter(DownloadKind)),
                format=next(iter(FileFormat)),
                title="Orders: Amazon",
                state=state,
                reason="The disk is full.",
                user_id=asha.user_id or 0,
                user_label=asha.label,
                key=key,
            )
        )

    file("a", DownloadState.FAILED)

    (row,) = rows(session, asha)
    assert (row.source, row.title) == (Source.DOWNLOAD, "Orders: Amazon")
    assert row.said == f"{asha.label} asked for it. The disk is full."
    file("b", DownloadState.QUEUED)
    assert rows(session, asha) == []


def message(session: Session, alert: Alert, **values: Any) -> AlertMessage:
    made = AlertMessage(
        alert_id=alert.id,
        moment=AlertMoment.OPENED,
        way="webhook",
        target="https://hooks.example/a",
        at=now() - LONG_AGO,
        next_try_at=now(),
        attempts=8,
        answer="Answered 500",
        **values,
    )
    session.add(made)
    session.flush()
    return made


def test_alerts_that_reach_nobody_are_a_line_for_each_way(session: Session, asha: Actor) -> None:
    alert = trouble.alert(session)
    message(session, alert, failed_at=now() - LONG_AGO)
    newest = message(session, alert, failed_at=now() - LONG_AGO)

    (row,) = rows(session, asha)
    assert (row.source, row.title) == (Source.MESSAGE, "Alerts by webhook")
    assert row.said == "2 messages were given up: Answered 500"
    assert Way.RETRY in row.ways
    deeds.retry(session, asha, row.key)
    assert (newest.failed_at, newest.attempts) == (None, 0)
    newest.sent_at = now()
    assert rows(session, asha) == []


def test_work_of_ours_is_assigned_and_closed_without_an_account(
    session: Session, asha: Actor
) -> None:
    run(session, asha, RunState.DONE, failed=1, finished_at=now())
    (row,) = rows(session, asha)

    deeds.assign(session, asha, row.key, asha.user_id)
    deeds.resolve(session, asha, row.key, "Shipped by hand.")

    assert rows(session, asha) == []
    (closed,) = rows(session, asha, View.CLOSED)
    assert (closed.note, closed.account_name, closed.channel) == ("Shipped by hand.", "", None)
    assert session.get_one(ExceptionMark, row.key).account_id is None
