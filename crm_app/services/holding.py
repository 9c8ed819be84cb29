"""What waits together: the changes of an account that cannot be reached itself."""

import logging
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import Session, col

from crm_app import db
from crm_app.domain.intent import IntentState
from crm_app.domain.time import now
from crm_app.errors import AccountDisconnectedError, ChannelError, LeftAloneError
from crm_app.models import AccountStatus, StatusIntent
from crm_app.services import accounts

logger = logging.getLogger(__name__)


def hold(account_id: int, error: ChannelError) -> None:
    """After an error that concerns the whole account: let all of it wait, not one change alone.

    Opens a transaction of its own.
    """
    if isinstance(error, LeftAloneError):
        with db.transaction() as session:
            _let_wait(session, account_id, error)
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
        col(StatusIntent.state).in_((IntentState.QUEUED, IntentState.WAITING)),
        col(StatusIntent.next_try_at) < until,
        col(StatusIntent.claimed_at).is_(None),
        col(StatusIntent.outcome_unknown).is_(False),
    )
    session.execute(
        update(StatusIntent)
        .where(*due)
        .values(state=IntentState.WAITING, reason=str(error)[:500], next_try_at=until)
    )


def try_now(session: Session, account_id: int) -> None:
    """Let what waits for its next try be tried at once; the caller knows that the channel is up."""
    session.execute(
        update(StatusIntent)
        .where(
            col(StatusIntent.account_id) == account_id,
            col(StatusIntent.state) == IntentState.WAITING,
            col(StatusIntent.claimed_at).is_(None),
        )
        .values(next_try_at=now())
    )
