"""Flipkart's notifications: what one says. The body is unsigned: only its shipment id is used."""

from crm_app.channels import reading
from crm_app.channels.inbound import MAX_TOPIC, Deed, Headers, HookEvent
from crm_app.channels.reading import Json


def read(headers: Headers, body: Json) -> tuple[HookEvent, ...]:
    """One event about one shipment; returns are read by nobody yet."""
    del headers
    topic = reading.identifier(body, "eventType", MAX_TOPIC)
    if reading.text(body, "shipmentId", reading.ID):
        return (HookEvent(topic, Deed.READ, reading.identifier(body, "shipmentId")),)
    return (HookEvent(topic, Deed.NOTHING, why="The event names no shipment."),)
