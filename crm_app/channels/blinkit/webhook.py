"""Blinkit's webhooks: proved by a key of their own, told per purchase order, answered at once.

Nothing in them can be asked for again, so whatever carries the right key is kept.
"""

from datetime import datetime
from typing import Any, Final

from crm_app.channels import reading
from crm_app.channels.blinkit import mapping
from crm_app.channels.inbound import MAX_TOPIC, Deed, Headers, HookEvent
from crm_app.channels.reading import Json
from crm_app.channels.signatures import header, is_same

_STORED: Final = (mapping.CREATION, mapping.CANCEL)


def verify(
    headers: Headers, body: bytes, secret: str, *, url: str, method: str, now: datetime
) -> bool:
    """Whether the request carries the key that we gave to Blinkit. The body is not signed."""
    del body, url, method, now
    return is_same(header(headers, "Api-Key"), secret) and bool(secret)


def read(headers: Headers, body: Json) -> tuple[HookEvent, ...]:
    """One event a purchase order; an amendment may name many."""
    del headers
    if "request_data" in body:
        numbers = [
            number
            for _, variant in mapping.amended(body)
            for number in mapping.order_numbers(variant)
        ]
        found = tuple(
            HookEvent(mapping.AMENDMENT, Deed.STORE, number) for number in dict.fromkeys(numbers)
        )
        nobody = HookEvent(mapping.AMENDMENT, Deed.NOTHING, why="It names no purchase order.")
        return found or (nobody,)
    topic = reading.identifier(body, "type", MAX_TOPIC)
    if topic in _STORED:
        return (HookEvent(topic, Deed.STORE, reading.identifier(body, "po_number")),)
    why = f"Blinkit sent a document that we do not know: {topic}."
    number = reading.text(body, "po_number", reading.ID)
    return (HookEvent(topic, Deed.PERSON, number, why),)


def reply(account_id: int, events: tuple[HookEvent, ...], at: datetime) -> dict[str, Any]:
    """What Blinkit waits for: the purchase order is here and is being looked at."""
    del account_id
    return {
        "success": True,
        "message": "Received.",
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "data": {
            "po_status": "processing",
            "po_number": events[0].external_id if events else "",
            "errors": [],
            "warnings": [],
        },
    }
