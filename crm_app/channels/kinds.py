"""The channels there are, with their connectors: what each folder's `channel.py` declares."""

from functools import cache

from crm_app.channels import folders
from crm_app.channels.kind import Kind
from crm_app.domain.channel import Channel


@cache
def of(channel: Channel) -> Kind:
    """What a channel declares of itself; people's own files have nothing to declare."""
    return folders.part(channel, "channel", "CHANNEL") or Kind()
