"""The webhooks there are, by channel: the counterpart of `registry.py` for what comes in."""

from collections.abc import Mapping
from typing import Final

from crm_app.channels import capabilities, kinds
from crm_app.channels.inbound import Hook
from crm_app.channels.rules import Proof
from crm_app.domain.channel import Channel

HOOKS: Final[Mapping[Channel, Hook]] = {
    channel: hook for channel in Channel if (hook := kinds.of(channel).hook) is not None
}


def dearest() -> tuple[Channel, Hook]:
    """A hook whose proof takes the most work: an unknown address is refused no sooner."""
    return next(
        (channel, hook)
        for channel, hook in HOOKS.items()
        if capabilities.of(channel).proof is Proof.BODY
    )


def of(channel: str) -> tuple[Channel, Hook] | None:
    """The hook of a channel by its word; None if there is no such channel."""
    if channel not in HOOKS:
        return None
    found = Channel(channel)
    return found, HOOKS[found]
