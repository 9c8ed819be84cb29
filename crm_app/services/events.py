"""Rows of an order's history."""

from typing import Any

from crm_app.domain.actor import Actor, ActorKind
from crm_app.models import ChannelAccount


def event_row(
    order_id: int, kind: str, actor: Actor, data: dict[str, Any], *, version: int | None = None
) -> dict[str, Any]:
    """A row of `order_events` for a bulk insert; `version` is the order's after the change."""
    return {
        "order_id": order_id,
        "kind": kind,
        "actor_kind": actor.kind,
        "actor_id": actor.user_id,
        "actor_label": actor.label,
        "version": version,
        "data": data,
    }


def channel_actor(account: ChannelAccount) -> Actor:
    """The channel itself, as the author of what it tells."""
    return Actor(ActorKind.CHANNEL, account.channel.label)
