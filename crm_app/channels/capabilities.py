"""What each channel lets us say, as data: read by services and pages, kept by connectors.

Each folder declares its own in `statuses.py`; here they are collected. Facts are the vendors' own,
but for those marked `is_inferred`.
"""

from collections.abc import Mapping
from typing import Final

from crm_app.channels.amazon import statuses as amazon
from crm_app.channels.blinkit import statuses as blinkit
from crm_app.channels.document import statuses as document
from crm_app.channels.flipkart import statuses as flipkart
from crm_app.channels.manual import statuses as manual
from crm_app.channels.rules import Capabilities, StatusRule, Telling
from crm_app.channels.shopify import statuses as shopify
from crm_app.channels.swiggy import statuses as swiggy
from crm_app.channels.woocommerce import statuses as woocommerce
from crm_app.channels.words import Decided, Lexicon
from crm_app.domain.channel import Channel

__all__ = ["CAPABILITIES", "Capabilities", "StatusRule", "Telling", "lexicon", "of"]

# A channel without a connector has no line: it takes no status from us, and has no words.
CAPABILITIES: Final[Mapping[Channel, Capabilities]] = {
    Channel.AMAZON: amazon.CAPABILITIES,
    Channel.FLIPKART: flipkart.CAPABILITIES,
    Channel.BLINKIT: blinkit.CAPABILITIES,
    Channel.SWIGGY: swiggy.CAPABILITIES,
    Channel.WOOCOMMERCE: woocommerce.CAPABILITIES,
    Channel.SHOPIFY: shopify.CAPABILITIES,
    Channel.DOCUMENT: document.CAPABILITIES,
    Channel.MANUAL: manual.CAPABILITIES,
}


def of(channel: Channel) -> Capabilities:
    """The rules of a channel; one without an entry takes no status from us."""
    return CAPABILITIES.get(channel, Capabilities(statuses={}))


def lexicon(channel: Channel, decided: Decided | None = None) -> Lexicon:
    """The words of a channel, and over them what an admin decided."""
    return Lexicon.of(of(channel).vocabularies, decided)
