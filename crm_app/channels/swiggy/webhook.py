"""The relay's webhooks: proved by a static header, told per order, answered with our reference.

The relay waits five seconds and repeats what was not answered, so nothing happens here but
reading what kind of event it is.
"""

from datetime import datetime
from typing import Any, Final

from crm_app.channels import reading
from crm_app.channels.inbound import MAX_TOPIC, Deed, Headers, HookEvent
from crm_app.channels.reading import Json, section
from crm_app.channels.signatures import header, is_same
from crm_app.channels.swiggy import mapping

_EVENT_TYPE: Final = "x-upr-event-type"


def verify(
    headers: Headers, body: bytes, secret: str, *, url: str, method: str, now: datetime
) -> bool:
    """Whether the Authorization header is the one we registered. The body is not signed."""
    del body, url, method, now
    return is_same(header(headers, "Authorization"), secret) and bool(secret)


def read(headers: Headers, body: Json) -> tuple[HookEvent, ...]:
    """Events by the shape of the body: the header with the type may be missing or new."""
    details = section(section(body, "order"), "details")
    if details:
        return _placed(details)
    if "new_state" in body:
        return (HookEvent(mapping.STATUS, Deed.STORE, reading.identifier(body, "order_id")),)
    if "delivery_info" in body:
        return (HookEvent(mapping.RIDER, Deed.STORE, reading.identifier(body, "order_id")),)
    kind = headers.get(_EVENT_TYPE, "")
    topic = reading.clean(f"event {kind}".strip(), _EVENT_TYPE, MAX_TOPIC)
    return (HookEvent(topic, Deed.NOTHING, why="The event changes no order."),)


def _placed(details: Json) -> tuple[HookEvent, ...]:
    found = [HookEvent(mapping.PLACED, Deed.STORE, reading.identifier(details, "id"))]
    if old := mapping.modified_from(details):
        found.append(HookEvent(mapping.REPLACED, Deed.STORE, old))
    return tuple(found)


def reply(account_id: int, events: tuple[HookEvent, ...], at: datetime) -> dict[str, Any]:
    """Our reference: made of the order's id, so that each repeat is answered with the same."""
    del at
    order_id = events[0].external_id if events else ""
    return {"order_ref_id": f"CRM-{account_id}-{order_id}"}
