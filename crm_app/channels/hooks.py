"""The webhooks there are, by channel: the counterpart of `registry.py` for what comes in."""

from collections.abc import Mapping
from typing import Final

from crm_app.channels import kinds
from crm_app.channels.inbound import Hook
from crm_app.domain.channel import Channel

HOOKS: Final[Mapping[Channel, Hook]] = {
    channel: hook for channel in Channel if (hook := kinds.of(channel).hook) is not None
}


def of(channel: str) -> tuple[Channel, Hook] | None:
    """The hook of a channel by its word; None if there is no such channel."""
    if channel not in HOOKS:
        return None
    found = Channel(channel)
    return found, HOOKS[found]
