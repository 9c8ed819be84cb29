"""Bulk work at its channel's pace is no trouble; what is late or fails is, with its cause."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.domain.intent import IntentState
from crm_app.domain.time import now
from crm_app.domain.trouble import Cause, Source
from crm_app.services import health
from crm_app.services.exceptions import listing
from crm_app.services.exceptions.query import ExceptionQuery
from crm_app.services.exceptions.rows import ExceptionRow
from tests.services.exceptions import trouble


def rows(session: Session, actor: Actor) -> list[ExceptionRow]:
    session.flush()
    return list(listing.list_exceptions(session, actor, ExceptionQuery()).rows)


def mark(session: Session, account_id: int) -> tuple[str, str]:
    session.flush()
    found = next(one for one in health.account_health(session) if one.account_id == account_id)
    return found.level, found.sentence


def test_thousands_at_their_pace_are_no_trouble(session: Session, asha: Actor) -> None:
    shop = trouble.account(last_success_at=now())
    for _ in range(3):
        trouble.of_run(session, shop)

    assert rows(session, asha) == []
    assert mark(session, shop.id) == ("ok", "Current. 3 changes go out at the channel's pace.")


def test_late_ones_are_one_line_of_their_account(session: Session, asha: Actor) -> None:
    shop = trouble.account(last_success_at=now())
    for _ in range(3):
        trouble.of_run(session, shop, is_late=True)
    trouble.of_run(session, shop)

    (row,) = rows(session, asha)
    assert (row.source, row.cause, row.title) == (Source.QUEUE, Cause.WAITING, shop.name)
    assert row.said == "3 changes of bulk changes not sent by the time that they should be known."
    assert mark(session, shop.id)[0] == "warn"
    # It is found again by its key, as the page beside the list does.
    assert listing.find(session, row.key) == row


@pytest.mark.parametrize(
    ("values", "is_shown"),
    [
        ({"attempts": 2}, False),
        ({"attempts": 6}, True),
        ({"state": IntentState.SENT, "sent_at": timedelta(minutes=2), "attempts": 2}, False),
        ({"state": IntentState.SENT, "sent_at": timedelta(minutes=20), "attempts": 0}, False),
        ({"state": IntentState.SENT, "sent_at": timedelta(minutes=20), "attempts": 2}, True),
    ],
)
def test_one_of_many_is_shown_when_it_fails_itself(
    session: Session, asha: Actor, values: dict[str, Any], is_shown: bool
) -> None:
    intent = trouble.of_run(session, trouble.account())
    for name, value in values.items():
        setattr(intent, name, now() - value if isinstance(value, timedelta) else value)

    assert [row.source for row in rows(session, asha)] == [Source.WAIT] * is_shown


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        ("RateLimitedError", Cause.QUOTA),
        ("RetryableError", Cause.REMOTE),
        ("LeftAloneError", Cause.REMOTE),
        ("NotYetError", Cause.NOT_READY),
        ("", Cause.WAITING),
    ],
)
def test_a_click_that_waits_is_filed_by_its_last_try(
    session: Session, asha: Actor, outcome: str, cause: Cause
) -> None:
    trouble.waiting(session, trouble.account(), outcome)

    assert [row.cause for row in rows(session, asha)] == [cause]


def test_what_was_never_tried_is_filed_by_what_keeps_its_account(
    session: Session, asha: Actor
) -> None:
    resting, limited = trouble.account(), trouble.account()
    until = (now() + timedelta(minutes=3)).isoformat()
    resting.rests = {"write": {"until": until, "failures": 6, "why": "503"}}
    over = trouble.account()
    over.rests = {"write": {"until": now().isoformat(), "failures": 6, "why": "503"}}
    trouble.waiting(session, limited, "RateLimitedError", ago=timedelta(seconds=5))
    made = {
        trouble.waiting(session, where).id: cause
        for where, cause in (
            (resting, Cause.REMOTE),
            (limited, Cause.QUOTA),
            (over, Cause.WAITING),
        )
    }

    found = {int(row.key.split(":")[1]): row.cause for row in rows(session, asha)}
    assert found == made
