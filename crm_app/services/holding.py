"""What waits together: the changes of an account that cannot be reached itself."""

import logging
from datetime import timedelta
from typing import Final

from sqlalchemy import true, update
from sqlmodel import Session, col

from crm_app import db
from crm_app.domain.intent import IntentState
from crm_app.domain.time import now
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    LeftAloneError,
    RateLimitedError,
)
from crm_app.models import AccountStatus, StatusIntent
from crm_app.services import accounts

_NOT_TRIED: Final = (IntentState.QUEUED, IntentState.BUDGET, IntentState.WAITING)
logger = logging.getLogger(__name__)


def hold(account_id: int, error: ChannelError, intent_id: int) -> None:
    """After an error that concerns more than one change: let all of them wait, not it alone.

    Opens a transaction of its own.

    Args:
        account_id: Ours.
        error: What the channel, or our own limit, said.
        intent_id: The change that was about to be told or read.
    """
    if isinstance(error, LeftAloneError):
        with db.transaction() as session:
            _let_wait(session, account_id, error)
        return
    if isinstance(error, RateLimitedError):
        with db.transaction() as session:
            _wait_for_budget(session, account_id, error, intent_id)
        return
    if not isinstance(error, AccountDisconnectedError):
        return
    with db.transaction() as session:
        account = accounts.get_account(session, account_id)
        account.status = AccountStatus.DISCONNECTED
        account.last_error = str(error)[:500]
        account.last_error_at = now()
    logger.error("Account %d is disconnected: %s", account_id, error)


def _let_wait(session: Session, account_id: int, error: LeftAloneError) -> None:
    """Everything that would go out now waits for the same moment, and says so.

    What may have counted already is read before it is sent again, and reading may go on.
    """
    until = now() + timedelta(seconds=error.retry_after_s)
    due = (
        col(StatusIntent.account_id) == account_id,
        col(StatusIntent.state).in_(_NOT_TRIED),
        col(StatusIntent.next_try_at) < until,
        col(StatusIntent.claimed_at).is_(None),
        col(StatusIntent.outcome_unknown).is_(False),
    )
    session.execute(
        update(StatusIntent)
        .where(*due)
        .values(state=IntentState.WAITING, reason=str(error)[:500], next_try_at=until)
    )


def _wait_for_budget(
    session: Session, account_id: int, error: RateLimitedError, intent_id: int
) -> None:
    """Everything that has to be told by the call whose limit is used up says so.

    When each is tried is left alone: the order of going stays, and the limit lets them through one
    after the other. Those that wait for something else of their own are left alone too.
    """
    told = session.get_one(StatusIntent, intent_id)
    session.execute(
        update(StatusIntent)
        .where(
            col(StatusIntent.account_id) == account_id,
            col(StatusIntent.state) == IntentState.QUEUED,
            col(StatusIntent.claimed_at).is_(None),
            col(StatusIntent.operation) == told.operation,
            col(StatusIntent.to_status) == told.to_status if not told.operation else true(),
        )
        .values(state=IntentState.BUDGET, reason=str(error)[:500])
        .execution_options(synchronize_session=False)
    )


def try_now(session: Session, account_id: int) -> None:
    """Let what waits for its next try be tried at once; the caller knows that the channel is up."""
    session.execute(
        update(StatusIntent)
        .where(
            col(StatusIntent.account_id) == account_id,
            col(StatusIntent.state).in_((IntentState.BUDGET, IntentState.WAITING)),
            col(StatusIntent.claimed_at).is_(None),
        )
        .values(next_try_at=now())
    )
