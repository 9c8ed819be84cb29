"""Connected accounts: what is due, and what is known of each one's sync."""

import logging
import random
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import or_
from sqlmodel import Session, col, select

from crm_app import vault
from crm_app.channels import capabilities
from crm_app.config import get_settings
from crm_app.domain.channel import Channel
from crm_app.domain.intent import OPEN, IntentState
from crm_app.domain.time import now
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    LeftAloneError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
)
from crm_app.models import AccountStatus, ChannelAccount, StatusIntent
from crm_app.services import bulk_telling

logger = logging.getLogger(__name__)

# Longer than a pull job may run before it hands over to the next one.
_CLAIM_LASTS: Final = timedelta(seconds=45)
# Channels that list nothing: they send their orders by webhook.
_SENDING_ONLY: Final = [one for one in Channel if not capabilities.of(one).pulls]


def add_account(
    session: Session,
    *,
    channel: Channel,
    name: str,
    base_url: str,
    credentials: dict[str, str],
    options: dict[str, Any] | None = None,
) -> ChannelAccount:
    """Connect an account; its credentials are stored encrypted only."""
    account = ChannelAccount(
        channel=channel,
        name=name,
        base_url=base_url,
        credentials=vault.seal(credentials),
        options=options or {},
    )
    session.add(account)
    session.flush()
    return account


def get_account(session: Session, account_id: int) -> ChannelAccount:
    """The account; raises NotFoundError."""
    account = session.get(ChannelAccount, account_id)
    if account is None:
        raise NotFoundError("channel account", account_id)
    return account


def locked_account(session: Session, account_id: int) -> ChannelAccount:
    """The account, nobody else changing it until the transaction ends; raises NotFoundError."""
    account = session.exec(
        select(ChannelAccount)
        .where(ChannelAccount.id == account_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if account is None:
        raise NotFoundError("channel account", account_id)
    return account


def claim_for_pull(session: Session) -> list[int]:
    """Ids of connected accounts whose next pull has come, each given out once.

    A busy worker would otherwise find a queue of pulls of the same account, asked for by every
    tick of the clock. A job that gets lost is asked for again when its claim has run out.
    """
    moment = now()
    due = session.exec(
        select(ChannelAccount)
        .where(
            ChannelAccount.status == AccountStatus.CONNECTED,
            col(ChannelAccount.channel).not_in(_SENDING_ONLY),
            or_(
                col(ChannelAccount.next_pull_at).is_(None),
                col(ChannelAccount.next_pull_at) <= moment,
            ),
        )
        .order_by(col(ChannelAccount.next_pull_at).nulls_first())
        .with_for_update(skip_locked=True)
    ).all()
    for account in due:
        account.next_pull_at = moment + _CLAIM_LASTS
    return [account.id for account in due]


def due_for_push(session: Session) -> list[int]:
    """Ids of connected accounts with an intent that may travel now."""
    return list(
        session.exec(
            select(ChannelAccount.id)
            .where(
                ChannelAccount.status == AccountStatus.CONNECTED,
                select(StatusIntent.id)
                .where(
                    StatusIntent.account_id == ChannelAccount.id,
                    col(StatusIntent.state).in_(OPEN),
                    StatusIntent.state != IntentState.HELD,
                    StatusIntent.next_try_at <= now(),
                    bulk_telling.is_free(),
                )
                .exists(),
            )
            .order_by(col(ChannelAccount.id))
        )
    )


def pull_succeeded(account: ChannelAccount, cursor: str, complete_to: datetime | None) -> None:
    """The last page of a sweep is stored: only now the cursor moves."""
    moment = now()
    account.cursor = cursor
    account.resume = None
    account.watermark = complete_to or account.watermark
    account.last_success_at = moment
    account.failures = 0
    interval = account.options.get("pull_interval_s", get_settings().pull_interval_s)
    account.next_pull_at = moment + timedelta(seconds=interval)


def pull_failed(account: ChannelAccount, error: ChannelError) -> None:
    """Remember why, and when to try again; the cursor stays where it was."""
    moment = now()
    if isinstance(error, LeftAloneError):
        # Nothing was asked, so what went wrong last is still the news.
        account.next_pull_at = moment + timedelta(seconds=error.retry_after_s)
        return
    account.last_error = str(error)[:500]
    account.last_error_at = moment
    if isinstance(error, RateLimitedError):
        # Not a failure: the channel told us its pace.
        account.next_pull_at = moment + timedelta(seconds=error.retry_after_s)
        return
    account.failures += 1
    account.next_pull_at = moment + pause_after(account.failures, get_settings().pull_interval_s)
    if isinstance(error, RejectedError):
        # What we asked was wrong; a kept page token may be what is wrong about it.
        account.resume = None
    if isinstance(error, AccountDisconnectedError):
        account.status = AccountStatus.DISCONNECTED
        logger.error("Account %s is disconnected: %s", account.id, error)


def is_error_over(account: ChannelAccount) -> bool:
    """Whether the last error, which is kept to be read, has been followed by a complete pull."""
    success, error = account.last_success_at, account.last_error_at
    return success is not None and error is not None and success > error


def pause_after(failures: int, first_s: float) -> timedelta:
    """Exponential, at most `longest_pause_s`, with jitter so that accounts do not march in step."""
    seconds = min(first_s * 2 ** min(failures - 1, 16), get_settings().longest_pause_s)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311
