"""From an account's id to a connector that speaks for it."""

import logging
from collections.abc import Generator
from contextlib import contextmanager, suppress

from redis.exceptions import RedisError

from crm_app import db, queue, vault
from crm_app.channels import registry
from crm_app.channels.base import Connector
from crm_app.channels.breaker import Breaker
from crm_app.channels.words import Lexicon
from crm_app.config import get_settings
from crm_app.errands.addresses import check_reachable, outward_reach
from crm_app.errors import ChannelError
from crm_app.models import AccountStatus, ChannelAccount
from crm_app.services import accounts, resting, status_words

logger = logging.getLogger(__name__)


@contextmanager
def connected(account_id: int, *, share: float | None = None) -> Generator[Connector | None]:
    """A connector for the block, closed after it; None unless the account is connected.

    After the block the account's row says whether the channel is left alone now.

    Args:
        account_id: Our id.
        share: For work that can wait: the part of each limit that it may use, below 1.
    """
    with db.transaction() as session:
        account = accounts.get_account(session, account_id)
        credentials = vault.unseal(account.credentials)
        words = status_words.in_force(session, account)
    connector = None
    if account.status is AccountStatus.CONNECTED:
        connector = _open(account, credentials, words, share)
    if connector is None:
        yield None
        return
    try:
        yield connector
    finally:
        connector.close()
        note_rests(account)


def _open(
    account: ChannelAccount, credentials: dict[str, str], words: Lexicon, share: float | None
) -> Connector | None:
    """The connector; None if the account's own settings allow none, which it then says."""
    redis, settings = queue.connection(), get_settings()
    try:
        check_reachable(account.base_url)
        return registry.connect(
            account,
            credentials,
            registry.limiter_for(
                redis, account, share=share, longest_pause_s=settings.longest_pause_s
            ),
            timeout_s=settings.http_timeout_s,
            tokens=registry.tokens_for(redis, account, account.credentials),
            words=words,
            reach=outward_reach(),
        )
    except ChannelError as error:
        with db.transaction() as session:
            accounts.pull_failed(accounts.get_account(session, account.id), error)
        return None


def note_rests(account: ChannelAccount) -> None:
    """Write down which calls of an account are left out for a while, if that has changed."""
    with suppress(RedisError):
        # Nothing but what people read depends on it; the next job tries again.
        found = Breaker(queue.connection(), account.id).rests()
        if found or account.rests:
            with db.transaction() as session:
                resting.note(session, account.id, found)
