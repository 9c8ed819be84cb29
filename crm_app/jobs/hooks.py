"""Whether channels still send their webhooks. May run twice."""

import logging

from crm_app.errands import hooks
from crm_app.errors import ChannelError, ConflictError

logger = logging.getLogger(__name__)


def watch_due() -> int:
    """Started by the clock: ask each channel that can be asked; how many were."""
    asked = 0
    for account_id in hooks.due_for_watch():
        try:
            hooks.watch(account_id)
        except (ChannelError, ConflictError) as error:
            # Its pulls say the same on the account; the next tick asks again.
            logger.info("The webhooks of account %d cannot be seen: %s", account_id, error)
        else:
            asked += 1
    return asked
