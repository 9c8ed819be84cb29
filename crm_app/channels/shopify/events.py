"""Shopify's webhooks: what one says.

The body is in the words of the old REST API, and this product reads orders by GraphQL: an event is
a hint, whatever its signature proves. The three privacy topics bind the shop by law to act within
30 days, which a person has to see to.
"""

from typing import Final, cast

from crm_app.channels import reading
from crm_app.channels.inbound import MAX_TOPIC, Deed, Headers, HookEvent, PersonWish
from crm_app.channels.reading import Json
from crm_app.channels.signatures import header

ID_HEADER: Final = "x-shopify-webhook-id"
TOPIC_HEADER: Final = "x-shopify-topic"
_PRIVACY: Final = {
    "customers/data_request": "A customer asks for the data kept of them: answer within 30 days.",
    "customers/redact": "A customer's data are to be deleted within 30 days.",
    "shop/redact": "The shop left: its customers' data are to be deleted within 30 days.",
}
_LEFT: Final = {
    "app/uninstalled": "The app was removed from the shop: connect it again or end the account.",
    "orders/delete": "The order was deleted in the shop.",
}
# What happened to a part of an order; its body names the order.
_PARTS: Final = ("fulfillments/", "refunds/", "order_transactions/", "fulfillment_events/")


def privacy(topic: str, body: Json) -> PersonWish | None:
    """What one of the three mandatory topics asks for."""
    if topic not in _PRIVACY:
        return None
    if topic == "shop/redact":
        return PersonWish(erases=True, is_everybody=True)
    told = reading.as_object(body.get("customer"))
    names = tuple(str(told[name]) for name in ("id", "email", "phone") if told.get(name))
    meant = body.get("orders_requested") or body.get("orders_to_redact")
    orders = tuple(map(str, cast(list[object], meant))) if isinstance(meant, list) else ()
    return PersonWish(topic == "customers/redact", names, orders)


def read(headers: Headers, body: Json) -> tuple[HookEvent, ...]:
    """One event about one order, a request of privacy, or one that is of no matter."""
    topic = reading.clean(header(headers, TOPIC_HEADER), "topic", MAX_TOPIC)
    if why := _PRIVACY.get(topic) or _LEFT.get(topic):
        number = reading.id_of(body, "id") if topic == "orders/delete" else ""
        return (HookEvent(topic, Deed.PERSON, number, why),)
    if topic.startswith("orders/"):
        return (HookEvent(topic, Deed.READ, reading.identifier(body, "id")),)
    if topic.startswith(_PARTS):
        return (HookEvent(topic, Deed.READ, reading.identifier(body, "order_id")),)
    return (HookEvent(topic, Deed.NOTHING, why="The event changes no order."),)
