"""The clock keeps the ledger's counts small and proves them."""

import logging

import pytest
from sqlalchemy import text
from sqlmodel import Session, func, select

from crm_app import db
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import SyncStatus
from crm_app.jobs.ledger import check_counts, fold_counts
from crm_app.models import IntentMove
from tests.factories import OrderFactory
from tests.services.test_ledger import write


def test_moves_are_added_up_and_the_recount_agrees(session: Session) -> None:
    write(session, OrderFactory(sync_status=SyncStatus.QUEUED), IntentState.QUEUED)
    session.commit()

    assert (fold_counts(), fold_counts(), check_counts()) == (2, 0, 0)
    assert session.exec(select(func.count()).select_from(IntentMove)).one() == 0


def test_a_second_one_at_the_same_time_leaves_it_to_the_first(session: Session) -> None:
    write(session, OrderFactory(sync_status=SyncStatus.QUEUED), IntentState.QUEUED)
    session.commit()

    with db.exclusive(db.LOCK_LEDGER_FOLD, 0):
        assert fold_counts() == 0
    assert fold_counts() == 2


def test_what_does_not_balance_is_an_error_in_the_log(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    write(session, OrderFactory(sync_status=SyncStatus.QUEUED), IntentState.QUEUED)
    session.execute(text("DELETE FROM intent_moves WHERE state = 'written'"))
    session.commit()

    with caplog.at_level(logging.ERROR):
        assert check_counts() == 1
    assert "does not balance" in caplog.text
