"""The shop's webhook subscriptions, as an app sees and makes them in GraphQL."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection

from crm_app.sandbox import hooks
from crm_app.sandbox.shopify_order import gid

Body = dict[str, Any]
TOPICS: Final = ("orders/create", "orders/updated", "orders/cancelled", "orders/fulfilled")


def listed(connection: Connection, uri: str | None) -> list[Body]:
    """Those that are there. One that failed too often is not: Shopify deletes it."""
    return [
        _shown(target, topic)
        for target in hooks.list_targets(connection)
        if target["channel"] == "shopify"
        and target["status"] != "deleted"
        and uri in (None, target["url"])
        # A target without topics of its own hears all of them.
        for topic in target["topics"] or TOPICS
    ]


def create(connection: Connection, arguments: Mapping[str, Any]) -> Body:
    """Subscribe to one topic. Raises ValueError with the shop's refusal."""
    topic = str(arguments["topic"]).lower().replace("_", "/", 1)
    uri = arguments["webhookSubscription"].get("uri")
    if not uri:
        raise ValueError("Address can't be blank")
    if any(one["topic"] == arguments["topic"] for one in listed(connection, uri)):
        raise ValueError("Address for this topic has already been taken")
    made = hooks.add_target(connection, "shopify", uri, None, [topic])
    return _shown({"id": made, "url": uri}, topic)


def _shown(target: Body, topic: str) -> Body:
    return {
        "id": gid("WebhookSubscription", str(target["id"])),
        "topic": topic.replace("/", "_").upper(),
        "uri": target["url"],
        "format": "JSON",
    }
