"""The channels' own published samples, through the code that reads them in production.

They lie in a folder beside the checkout and are nobody's to copy: where they are absent, these
tests skip and say so. What was inferred and not published says so in its file's name.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crm_app.channels import kinds
from crm_app.channels.amazon import mapping as amazon
from crm_app.channels.base import ChannelOrder
from crm_app.channels.flipkart import mapping as flipkart
from crm_app.channels.inbound import Deed, Delivery, HookEvent, Told, events_of
from crm_app.channels.woocommerce import mapping as woocommerce
from crm_app.domain.channel import Channel
from crm_app.domain.money import parse_minor
from crm_app.domain.order_status import OrderStatus as S

CONTRACTS = Path(__file__).resolve().parents[3] / "shared/contracts"
AT = datetime(2026, 11, 20, tzinfo=UTC)
pytestmark = pytest.mark.skipif(
    not CONTRACTS.exists(), reason="the channels' samples are not beside the checkout"
)


def sample(name: str) -> Any:
    return json.loads((CONTRACTS / name).read_text(encoding="utf-8"))


def events(channel: Channel, body: Any, topic: str = "") -> tuple[HookEvent, ...]:
    hook = kinds.of(channel).hook
    assert hook is not None
    headers = {hook.topic_header: topic} if topic else {}
    return events_of(hook, Delivery(headers, json.dumps(body).encode(), "https://crm.test/hook"))


def heard(channel: Channel, *names: str) -> list[ChannelOrder]:
    """The order after each of its webhooks, one after the other."""
    hook = kinds.of(channel).hook
    assert hook is not None
    found: list[ChannelOrder] = []
    for name in names:
        body = sample(name)
        (event,) = events(channel, body)
        known = found[-1].raw if found else None
        order = hook.to_order(Told(event.topic, event.external_id, body, AT, known))
        assert order is not None
        found.append(order)
    return found


def whole(order: ChannelOrder) -> None:
    """It was read to the end, and nothing in it is unknown to us."""
    assert order.external_id
    assert order.lines
    assert order.unknown_words == ()
    assert order.status is not None
    assert order.placed_at.tzinfo is not None
    assert order.placed_at <= order.updated_at


def test_every_order_of_amazons_model_is_read() -> None:
    paths = sample("amazon/orders_2026-01-01.json")["paths"]
    found: list[Any] = []
    for path in ("/orders/2026-01-01/orders", "/orders/2026-01-01/orders/{orderId}"):
        answers = paths[path]["get"]["responses"]["200"]["x-amzn-api-sandbox"]["static"]
        for answer in (one["response"] for one in answers):
            found += answer.get("orders") or [answer.get("order", answer)]

    assert len(found) == 6
    for raw in found:
        order = amazon.to_order(raw)
        whole(order)
        total = raw["proceeds"]["grandTotal"]
        assert order.external_id == raw["orderId"]
        assert order.currency == total["currencyCode"]
        assert order.total_minor == parse_minor(total["amount"], total["currencyCode"])
        assert len(order.lines) == len(raw["orderItems"])


def test_amazons_notification_is_a_hint_of_its_order() -> None:
    (event,) = events(Channel.AMAZON, sample("amazon/ORDER_CHANGE_notification.json"))

    assert (event.deed, event.external_id) == (Deed.READ, "903-8868176-2219830")


def test_flipkarts_shipment_is_read() -> None:
    raw = sample("flipkart/samples/shipment_approved.json")

    order = flipkart.to_order(raw)

    whole(order)
    assert (order.status, order.total_minor, order.is_cod) == (S.CONFIRMED, 15_900, True)
    assert order.updated_at == datetime(2023, 7, 4, 5, 1, 12, tzinfo=UTC)


def test_flipkarts_news_of_a_shipment_holds_one_that_can_be_read() -> None:
    told = sample("flipkart/samples/event_shipment-created.json")
    raw = {**told["attributes"], "shipmentId": told["shipmentId"]}

    order = flipkart.to_order(raw)

    whole(order)
    assert (order.total_minor, order.lines[0].sku) == (29_500, "LKA041150")


def test_each_of_flipkarts_notifications_is_a_hint_of_its_shipment() -> None:
    names = sorted((CONTRACTS / "flipkart/samples").glob("event_*.json"))
    found = {name.stem: events(Channel.FLIPKART, sample(str(name))) for name in names}
    # The published one is a template: its ids are empty.
    (blank,) = found.pop("event_return-tracking-id-update")
    filled = {**sample("flipkart/samples/event_return-tracking-id-update.json"), "returnId": "R-1"}

    assert len(found) == 11
    assert {(one.deed, one.external_id) for (one,) in found.values()} == {
        (Deed.READ, "d133588f-b0ac-443b-99b4-7ac8648a0f89")
    }
    assert blank.deed is Deed.NOTHING
    assert events(Channel.FLIPKART, filled)[0].external_id == "return:R-1"


def test_every_order_of_woocommerces_documentation_is_read() -> None:
    found: list[Any] = []
    for name in sorted((CONTRACTS / "woocommerce").glob("order_doc_*.json")):
        body = sample(str(name))
        if isinstance(body, list):
            found += body
        else:
            found += [body] if "id" in body else [*body["create"], *body["update"]]

    assert len(found) == 9
    for raw in found:
        order = woocommerce.to_order(raw, 48)
        whole(order)
        assert order.total_minor == int(Decimal(raw["total"]) * 100)
        assert order.external_id == str(raw["id"])
        assert len(order.lines) == len(raw["line_items"])
        (event,) = events(Channel.WOOCOMMERCE, raw, "order.updated")
        assert (event.deed, event.external_id) == (Deed.STORE, str(raw["id"]))


@pytest.mark.parametrize("name", ["order.json", "orders.json"])
def test_shopifys_order_in_a_webhook_is_a_hint(name: str) -> None:
    body = sample(f"shopify/{name}")
    for order in body.get("orders") or [body["order"]]:
        (event,) = events(Channel.SHOPIFY, order, "orders/updated")

        assert (event.deed, event.external_id) == (Deed.READ, str(order["id"]))


def test_blinkits_purchase_order_is_placed_amended_and_taken_back() -> None:
    names = ("po_creation", "po_amendment", "po_cancel")

    placed, amended, cancelled = heard(
        Channel.BLINKIT, *(f"blinkit/{name}.inferred.json" for name in names)
    )

    for order in (placed, amended, cancelled):
        whole(order)
    assert [order.status for order in (placed, amended, cancelled)] == [
        S.PENDING,
        S.PENDING,
        S.CANCELLED,
    ]
    assert (placed.total_minor, [line.quantity for line in placed.lines]) == (683_200, [60, 24])


def test_the_relays_order_is_placed_carried_and_cancelled() -> None:
    names = ("event_18_order_placed", "event_60012_rider_status", "event_60008_order_status")

    placed, carried, cancelled = heard(
        Channel.SWIGGY, *(f"urbanpiper/{name}.json" for name in names)
    )

    for order in (placed, carried, cancelled):
        whole(order)
    assert (placed.status, placed.total_minor, placed.buyer.name) == (
        S.PENDING,
        29_400,
        "Test User",
    )
    # A rider says nothing of an order that has not left: it is kept, and changes no status.
    assert (carried.status, carried.raw["rider"]["current_state"]) == (
        S.PENDING,
        "out-for-delivery",
    )
    assert cancelled.status is S.CANCELLED


def test_our_first_answers_have_the_published_shape() -> None:
    blinkit, swiggy = kinds.of(Channel.BLINKIT).hook, kinds.of(Channel.SWIGGY).hook
    assert blinkit is not None
    assert swiggy is not None
    placed = events(Channel.BLINKIT, sample("blinkit/po_creation.inferred.json"))
    relayed = events(Channel.SWIGGY, sample("urbanpiper/event_18_order_placed.json"))

    said = blinkit.reply(7, placed, AT)

    wanted = sample("blinkit/webhook_sync_reply.inferred.json")
    assert said.keys() == wanted.keys()
    assert said["data"].keys() == wanted["data"].keys()
    assert said["data"]["po_number"] == wanted["data"]["po_number"]
    assert said["data"]["po_status"] == wanted["data"]["po_status"]
    published = sample("urbanpiper/event_18_reply.json")
    assert swiggy.reply(7, relayed, AT).keys() == published.keys()
