"""The queue of outgoing hooks: who wants to be told, and what is waiting to be told."""

import ipaddress
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from sqlalchemy import Connection, Row, func, select, update

from crm_app.sandbox.credentials import (
    AMAZON_RELAY_KEY,
    BLINKIT_VENDOR,
    FLIPKART_SELLER,
    SHOPIFY_SHOP,
    SWIGGY_MERCHANT,
)
from crm_app.sandbox.store import dump, hook_deliveries, hook_targets

HOOK_CHANNELS: Final = ("amazon", "woocommerce", "flipkart", "shopify", "blinkit", "swiggy")
PING: Final = "ping"
# What a hook is signed with when the registration names no secret of its own.
_DEFAULT_SECRET: Final = {
    "amazon": AMAZON_RELAY_KEY,
    "woocommerce": "woo-sandbox-hook-secret",
    "flipkart": FLIPKART_SELLER.app_secret,
    "shopify": SHOPIFY_SHOP.app_secret,
    "blinkit": BLINKIT_VENDOR.hook_key,
    "swiggy": SWIGGY_MERCHANT.hook_header,
}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a channel tells its sellers.

    Args:
        topic: in the channel's words. group: events of one group are told in their order.
        payload: None: the order itself, as it is when the hook is sent.
    """

    channel: str
    topic: str
    external_id: str
    payload: Mapping[str, Any] | None
    group: str = ""


def check_url(url: str) -> str:
    """The address, if it leads to this machine. Raises ValueError for any other."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https"):
        raise ValueError("url must begin with http:// or https://")
    try:
        is_here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = False
    if not is_here:
        raise ValueError("the sandbox sends hooks to loopback addresses only")
    return url


def add_target(
    connection: Connection, channel: str, url: str, secret: str | None, topics: Iterable[str]
) -> int:
    """Register a receiver; its id. WooCommerce pings it first."""
    values = {
        "channel": channel,
        "url": check_url(url),
        "secret": secret or _DEFAULT_SECRET[channel],
        "topics": ",".join(topics),
        "status": "active",
        "failures": 0,
    }
    statement = hook_targets.insert().values(values).returning(hook_targets.c.id)
    target_id = int(connection.execute(statement).scalar_one())
    if channel == "woocommerce":
        ping = {"body": urlencode({"webhook_id": target_id}), "topic": PING, "external_id": ""}
        connection.execute(hook_deliveries.insert().values(_delivery(target_id, channel, **ping)))
    return target_id


def reactivate(connection: Connection, target_id: int) -> bool:
    """Switch a disabled target on again; False if there is none."""
    mended = {"status": "active", "failures": 0, "paused_until": None}
    found = update(hook_targets).where(hook_targets.c.id == target_id)
    return connection.execute(found.values(mended)).rowcount == 1


def list_targets(connection: Connection) -> list[dict[str, Any]]:
    """All targets, without their secrets, and how many deliveries of each are in which state."""
    counts: dict[int, dict[str, int]] = {}
    sums = select(hook_deliveries.c.target_id, hook_deliveries.c.state, func.count()).group_by(
        hook_deliveries.c.target_id, hook_deliveries.c.state
    )
    for target_id, state, count in connection.execute(sums):
        counts.setdefault(target_id, {})[state] = count
    return [
        {
            "id": row.id,
            "channel": row.channel,
            "url": row.url,
            "topics": topics_of(row),
            "status": row.status,
            "failures": row.failures,
            "deliveries": counts.get(row.id, {}),
        }
        for row in connection.execute(select(hook_targets).order_by(hook_targets.c.id))
    ]


def topics_of(target: Row[*tuple[Any, ...]]) -> list[str]:
    """Topics that a target asked for; none: all."""
    return [topic for topic in target.topics.split(",") if topic]


def clear_targets(connection: Connection) -> int:
    """Forget every target and everything that was waiting; how many targets."""
    connection.execute(hook_deliveries.delete())
    return connection.execute(hook_targets.delete()).rowcount


def emit(connection: Connection, events: Iterable[Event], at: datetime) -> None:
    """Queue events for whoever asked for them, in the transaction of the change they tell."""
    for event in events:
        wanted = select(hook_targets).where(
            hook_targets.c.channel == event.channel, hook_targets.c.status == "active"
        )
        for target in connection.execute(wanted).all():
            topics = topics_of(target)
            if topics and event.topic not in topics:
                continue
            row = _delivery(
                target.id,
                event.channel,
                topic=event.topic,
                external_id=event.external_id,
                body="" if event.payload is None else dump(event.payload),
                group=event.group,
            )
            row |= {"made_at": at}
            connection.execute(hook_deliveries.insert().values(row))


def _delivery(
    target_id: int, channel: str, *, topic: str, external_id: str, body: str, group: str = ""
) -> dict[str, Any]:
    return {
        "target_id": target_id,
        "channel": channel,
        "topic": topic,
        "external_id": external_id,
        "group_key": group or external_id,
        "key": str(uuid.uuid4()),
        "body": body,
        "made_at": func.now(),
        "due_at": func.now(),
        "attempts": 0,
        "state": "waiting",
    }
