"""Inbox jobs: ids in, one service call, counts out. Each may run twice."""

import logging
from contextlib import ExitStack
from typing import Final

from crm_app import db, queue
from crm_app.channels import hooks
from crm_app.channels.base import Connector
from crm_app.errands.connecting import connected
from crm_app.services import accounts, inbox

logger = logging.getLogger(__name__)

_BUDGET_S: Final = 15.0


def process_due() -> int:
    """Started by the clock: finds every entry that a lost hint or a dead worker left behind."""
    with db.transaction() as session:
        due = inbox.due_accounts(session)
    for account_id in due:
        queue.enqueue(queue.INBOX, queue.INBOX_ACCOUNT, account_id)
    return len(due)


def process_account(account_id: int) -> int:
    """Work off what is due on an account; how many entries were taken in hand."""
    queue.hint_taken(account_id)
    return _process(account_id, None)


def process_entry(entry_id: int) -> int:
    """Work off one entry, if it is due; 1 or 0."""
    with db.transaction() as session:
        account_id = inbox.account_of(session, entry_id)
    return 0 if account_id is None else _process(account_id, entry_id)


def _process(account_id: int, entry_id: int | None) -> int:
    with db.transaction() as session:
        hook = hooks.HOOKS[accounts.get_account(session, account_id).channel]
    with ExitStack() as stack:
        opened: list[Connector | None] = []

        def reader() -> Connector | None:
            # Most entries need no channel, and a connector costs connections.
            if not opened:
                opened.append(stack.enter_context(connected(account_id)))
            return opened[0]

        taken = inbox.process(account_id, hook, reader, budget_s=_BUDGET_S, entry_id=entry_id)
    if taken:
        logger.info("Took %d inbox entries of account %d in hand", taken, account_id)
    return taken
