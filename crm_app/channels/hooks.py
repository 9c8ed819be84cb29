"""The webhooks there are, by channel: the counterpart of `registry.py` for what comes in."""

from collections.abc import Mapping
from typing import Final

from crm_app.channels.amazon import webhook as amazon
from crm_app.channels.blinkit import mapping as blinkit_mapping
from crm_app.channels.blinkit import webhook as blinkit
from crm_app.channels.flipkart import events as flipkart_events
from crm_app.channels.flipkart import webhook as flipkart
from crm_app.channels.inbound import Hook
from crm_app.channels.shopify import events as shopify_events
from crm_app.channels.shopify import webhook as shopify
from crm_app.channels.swiggy import mapping as swiggy_mapping
from crm_app.channels.swiggy import webhook as swiggy
from crm_app.channels.woocommerce import events as woocommerce_events
from crm_app.channels.woocommerce import webhook as woocommerce
from crm_app.domain.channel import Channel

HOOKS: Final[Mapping[Channel, Hook]] = {
    Channel.AMAZON: Hook(amazon.verify, amazon.read),
    Channel.FLIPKART: Hook(flipkart.verify, flipkart_events.read),
    Channel.BLINKIT: Hook(
        blinkit.verify, blinkit.read, blinkit_mapping.to_order, reply=blinkit.reply
    ),
    Channel.SWIGGY: Hook(swiggy.verify, swiggy.read, swiggy_mapping.to_order, reply=swiggy.reply),
    Channel.WOOCOMMERCE: Hook(
        woocommerce.verify,
        woocommerce_events.read,
        woocommerce_events.to_order,
        id_header=woocommerce_events.ID_HEADER,
        is_ping=woocommerce_events.is_ping,
    ),
    Channel.SHOPIFY: Hook(shopify.verify, shopify_events.read, id_header=shopify_events.ID_HEADER),
}


def of(channel: str) -> tuple[Channel, Hook] | None:
    """The hook of a channel by its word; None if there is no such channel."""
    if channel not in HOOKS:
        return None
    found = Channel(channel)
    return found, HOOKS[found]
