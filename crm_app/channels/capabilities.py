"""What each channel lets us say, as data: read by services and pages, kept by connectors.

Each folder declares its own in `statuses.py`; here they are collected. Facts are the vendors' own,
but for those marked `is_inferred`.
"""

from collections.abc import Mapping
from typing import Final

from crm_app.channels import folders
from crm_app.channels.rules import Capabilities, StatusRule, Telling
from crm_app.channels.words import Decided, Lexicon
from crm_app.domain.channel import Channel

__all__ = ["CAPABILITIES", "Capabilities", "StatusRule", "Telling", "lexicon", "of"]

CAPABILITIES: Final[Mapping[Channel, Capabilities]] = {
    channel: folders.part(channel, "statuses", "CAPABILITIES") for channel in Channel
}


def of(channel: Channel) -> Capabilities:
    """The rules of a channel."""
    return CAPABILITIES[channel]


def lexicon(channel: Channel, decided: Decided | None = None) -> Lexicon:
    """The words of a channel, and over them what an admin decided."""
    return Lexicon.of(of(channel).vocabularies, decided)
