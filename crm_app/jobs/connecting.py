"""From an account's id to a connector that speaks for it."""

from collections.abc import Generator
from contextlib import contextmanager

from crm_app import db, queue, vault
from crm_app.channels import registry
from crm_app.channels.base import Connector
from crm_app.config import get_settings
from crm_app.models import AccountStatus
from crm_app.services import accounts, status_words


@contextmanager
def connected(account_id: int) -> Generator[Connector | None]:
    """A connector for the block, closed after it; None unless the account is connected."""
    with db.transaction() as session:
        account = accounts.get_account(session, account_id)
        credentials = vault.unseal(account.credentials)
        words = status_words.in_force(session, account)
    if account.status is not AccountStatus.CONNECTED:
        yield None
        return
    redis = queue.connection()
    connector = registry.connect(
        account,
        credentials,
        registry.limiter_for(redis, account),
        timeout_s=get_settings().http_timeout_s,
        tokens=registry.tokens_for(redis, account, account.credentials),
        words=words,
    )
    try:
        yield connector
    finally:
        connector.close()
