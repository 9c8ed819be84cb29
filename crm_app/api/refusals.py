"""Who keeps sending webhooks that nobody can prove: counted in Redis, told in the log.

A proved webhook is never held back by what strangers send beside it: a channel that gives up on us
loses orders. So the proof is checked first, and only what fails it is slowed down.
"""

import logging
from typing import Final, cast

from redis.exceptions import RedisError

from crm_app import queue
from crm_app.errors import ServiceUnavailableError

logger = logging.getLogger(__name__)

FREE_A_MINUTE: Final = 30
WINDOW_S: Final = 60


def count(address: str, channel: str, account: str) -> bool:
    """Count one refusal of an address; whether it sent more than it may in this minute.

    Without Redis nothing is counted, and nobody is over the limit.
    """
    key = f"hooks:refused:{address}"
    try:
        redis = queue.hasty_connection()
        seen = int(cast(int, redis.incr(key)))
        # Only the first of a minute starts the clock.
        redis.expire(key, WINDOW_S, nx=True)
    except (RedisError, OSError, ServiceUnavailableError) as error:
        logger.warning("Refused webhooks are not counted: %s", type(error).__name__)
        seen = 1
    is_over = seen > FREE_A_MINUTE
    if not is_over or seen == FREE_A_MINUTE + 1:
        logger.warning(
            "Refused webhook number %d of this minute from %s for %.20r account %.20r",
            seen,
            address,
            channel,
            account,
        )
    return is_over
