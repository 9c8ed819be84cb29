"""Amazon's ORDER_CHANGE messages, handed on by a rule of the seller's own queue.

Amazon calls nobody: it puts messages into the seller's queue, in any order and more than once. A
relay of the seller's (an EventBridge API destination, a function on the queue) posts them here with
a static key. They are hints: the order is read.
"""

from datetime import datetime

from crm_app.channels import reading
from crm_app.channels.inbound import MAX_TOPIC, Deed, Headers, HookEvent
from crm_app.channels.reading import Json, section
from crm_app.channels.signatures import header, is_same


def verify(
    headers: Headers, body: bytes, secret: str, *, url: str, method: str, now: datetime
) -> bool:
    """Whether the relay's X-Api-Key is the one that we gave it. The body is not signed."""
    del body, url, method, now
    return is_same(header(headers, "X-Api-Key"), secret) and bool(secret)


def read(headers: Headers, body: Json) -> tuple[HookEvent, ...]:
    """One event about one order, or one that is of no matter."""
    del headers
    # EventBridge puts the message into an envelope.
    message = section(body, "detail") or body
    topic = reading.identifier(message, "NotificationType", MAX_TOPIC)
    if topic != "ORDER_CHANGE":
        return (HookEvent(topic, Deed.NOTHING, why="The event changes no order."),)
    change = section(section(message, "Payload"), "OrderChangeNotification")
    return (HookEvent(topic, Deed.READ, reading.identifier(change, "AmazonOrderId")),)
