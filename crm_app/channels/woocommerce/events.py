"""WooCommerce's webhooks: what one says. The body is the whole order, as the REST API has it.

A webhook that was just saved tries its address with a form (`webhook_id=12`) and no signature.
"""

import re
from typing import Final

from crm_app.channels import reading
from crm_app.channels.base import ChannelOrder
from crm_app.channels.inbound import MAX_TOPIC, Deed, Headers, HookEvent, Told
from crm_app.channels.reading import BadFieldError, Json
from crm_app.channels.signatures import header
from crm_app.channels.woocommerce import mapping, statuses

ID_HEADER: Final = "x-wc-webhook-delivery-id"
TOPIC_HEADER: Final = "x-wc-webhook-topic"
_USUAL_HANDLING_HOURS: Final = 48.0
_PING: Final = re.compile(rb"webhook_id=\d{1,18}")
_WHOLE: Final = ("order.created", "order.updated", "order.restored")


def is_ping(headers: Headers, body: bytes) -> bool:
    """Whether the shop only tries the address."""
    kind = header(headers, "Content-Type").lower()
    return kind.startswith("application/x-www-form-urlencoded") and bool(_PING.fullmatch(body))


def read(headers: Headers, body: Json) -> tuple[HookEvent, ...]:
    """One event about one order, or one that is of no matter."""
    topic = reading.clean(header(headers, TOPIC_HEADER), "topic", MAX_TOPIC)
    if topic in _WHOLE:
        return (HookEvent(topic, Deed.STORE, reading.identifier(body, "id")),)
    if topic == "order.deleted":
        # Its body is the id alone, and an order in the bin can still be read.
        return (HookEvent(topic, Deed.READ, reading.identifier(body, "id")),)
    return (HookEvent(topic, Deed.NOTHING, why="The event changes no order."),)


def to_order(told: Told) -> ChannelOrder:
    """The order in the body; which version is newer, its own time says."""
    hours = told.options.get("handling_hours", _USUAL_HANDLING_HOURS)
    if isinstance(hours, bool) or not isinstance(hours, int | float):
        raise BadFieldError("handling_hours", "of this account is not a number")
    return mapping.to_order(told.body, float(hours), told.words or statuses.WORDS)
