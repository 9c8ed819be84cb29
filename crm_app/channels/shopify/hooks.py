"""The subscriptions that Shopify keeps of us. One that fails eight times is deleted without a word.

The three privacy topics are no part of it: they are entered in the settings of the app.
"""

from collections.abc import Callable
from typing import Final

from crm_app.channels.base import HookSeat
from crm_app.channels.reading import as_object, sections
from crm_app.channels.shopify import graphql
from crm_app.channels.shopify.graphql import Query, Reply
from crm_app.channels.shopify.queries import PLACE_HOOK, SUBSCRIPTIONS

# In the words of the webhooks themselves; a subscription is asked for in capitals.
TOPICS: Final = ("orders/create", "orders/updated", "orders/cancelled", "orders/fulfilled")
Ask = Callable[[Query], Reply]


def seats(ask: Ask, address: str) -> tuple[HookSeat, ...]:
    """The subscriptions that lead to an address; all that there are, are switched on."""
    variables = {"uri": address}
    query = Query("webhookSubscriptions", SUBSCRIPTIONS, variables, "webhookSubscriptions")
    nodes = sections(as_object(ask(query).found), "nodes")
    return tuple(
        HookSeat(str(node.get("id")), _spoken(str(node.get("topic"))), is_active=True)
        for node in nodes
        if node.get("uri") == address
    )


def place(ask: Ask, topic: str, address: str) -> None:
    """Subscribe to one topic. Raises RejectedError in Shopify's words."""
    name = "webhookSubscriptionCreate"
    told = {"topic": _asked(topic), "hook": {"uri": address, "format": "JSON"}}
    query = Query(name, PLACE_HOOK, told, root=name, is_write=True)
    graphql.check_accepted(query, ask(query), "userErrors")


def _asked(topic: str) -> str:
    return topic.replace("/", "_").upper()


def _spoken(topic: str) -> str:
    return topic.lower().replace("_", "/", 1)
