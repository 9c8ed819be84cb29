"""Who else looks at an order right now: names in Redis that fade within seconds.

It is a courtesy and no lock: with Redis away nobody seems to be here, and nothing else changes.
"""

import time
from typing import Any, Final

from redis.exceptions import RedisError

from crm_app import queue
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errors import ServiceUnavailableError

# A page says so at every refresh, at least every 15 s; who missed two of them has left.
FADES_S: Final = 40
_MOST: Final = 8


def look(actor: Actor, order_id: int, *, left: int = 0) -> list[str]:
    """Say that this person looks at an order; who else does, by name.

    Args:
        actor: Must hold `orders.view`.
        order_id: The order on their screen.
        left: Another one that they looked at before; 0 for none.

    Raises:
        PermissionDeniedError: If the actor may not view orders.
    """
    actor.require(Permission.VIEW_ORDERS)
    if actor.user_id is None:
        return []
    me, moment = f"{actor.user_id}:{actor.label}", time.time()
    try:
        redis: Any = queue.hasty_connection()
        pipe = redis.pipeline()
        if left:
            pipe.zrem(_key(left), me)
        pipe.zadd(_key(order_id), {me: moment})
        pipe.expire(_key(order_id), FADES_S)
        pipe.zrangebyscore(_key(order_id), moment - FADES_S, "+inf")
        here: list[bytes] = pipe.execute()[-1]
    except (RedisError, OSError, ServiceUnavailableError):
        return []
    mine = f"{actor.user_id}:".encode()
    names = {one.decode().partition(":")[2] for one in here if not one.startswith(mine)}
    return sorted(names)[:_MOST]


def _key(order_id: int) -> str:
    return f"order:looked-at:{order_id}"
