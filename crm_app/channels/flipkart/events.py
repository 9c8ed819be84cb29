"""Flipkart's notifications: what one says. The body is unsigned: only the ids in it are used."""

from crm_app.channels import reading
from crm_app.channels.flipkart import returns
from crm_app.channels.inbound import MAX_TOPIC, Deed, Headers, HookEvent
from crm_app.channels.reading import Json


def read(headers: Headers, body: Json) -> tuple[HookEvent, ...]:
    """One event about one shipment, or about one return: that is read, with its shipment."""
    del headers
    topic = reading.identifier(body, "eventType", MAX_TOPIC)
    if reading.text(body, "shipmentId", reading.ID):
        return (HookEvent(topic, Deed.READ, reading.identifier(body, "shipmentId")),)
    if return_id := reading.text(body, "returnId", reading.ID - len(returns.hint(""))):
        return (HookEvent(topic, Deed.READ, returns.hint(return_id)),)
    why = "The event names neither a shipment nor a return."
    return (HookEvent(topic, Deed.NOTHING, why=why),)
