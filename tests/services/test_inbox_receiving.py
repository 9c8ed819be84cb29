"""A webhook is proved, stored once, and only then acknowledged."""

import json

import pytest
import zstandard

from crm_app import db, vault
from crm_app.channels import hooks, inbound
from crm_app.domain.channel import Channel
from crm_app.models import ChannelAccount, InboxState
from tests.channels.orders import woo_order
from tests.channels.purchase_orders import amendment, purchase_order, relay_order
from tests.services import webhooks

C = Channel

pytestmark = pytest.mark.usefixtures("database")


def test_a_proved_webhook_is_stored_as_it_came() -> None:
    account_id = webhooks.account(C.BLINKIT)
    given = webhooks.delivery(C.BLINKIT, purchase_order())

    accepted = webhooks.send(C.BLINKIT, account_id, given)

    (entry,) = webhooks.entries()
    assert accepted is not None
    assert accepted.reply["data"]["po_status"] == "processing"
    assert (entry.state, entry.kind, entry.topic) == (
        InboxState.RECEIVED,
        "hook:store",
        "PO_CREATION",
    )
    assert (entry.external_id, entry.attempts) == ("7700001", 0)
    assert zstandard.decompress(entry.body) == given.body


def test_a_repeated_webhook_changes_nothing_but_its_count() -> None:
    account_id = webhooks.account(C.SWIGGY)
    given = webhooks.delivery(C.SWIGGY, relay_order())

    first = webhooks.send(C.SWIGGY, account_id, given)
    again = webhooks.send(C.SWIGGY, account_id, given)

    (entry,) = webhooks.entries()
    assert first is not None
    assert again is not None
    assert (first.is_new, again.is_new) == (True, False)
    assert first.reply == again.reply == {"order_ref_id": f"CRM-{account_id}-880001"}
    assert entry.times_seen == 2


def test_an_id_of_a_delivery_cannot_be_taken_by_another_body() -> None:
    account_id = webhooks.account(C.WOOCOMMERCE)
    name = {"x-wc-webhook-delivery-id": "d-1"}
    bodies = [woo_order(), woo_order(status="completed"), woo_order()]

    for body in bodies:
        given = webhooks.delivery(C.WOOCOMMERCE, body, "order.updated", **name)
        webhooks.send(C.WOOCOMMERCE, account_id, given)

    assert [entry.times_seen for entry in webhooks.entries()] == [2, 1]


def test_one_amendment_makes_an_entry_for_each_purchase_order() -> None:
    account_id = webhooks.account(C.BLINKIT)

    webhooks.send(C.BLINKIT, account_id, webhooks.delivery(C.BLINKIT, amendment("1", "2")))

    found = webhooks.entries()
    assert [entry.external_id for entry in found] == ["1", "2"]
    assert len({entry.dedupe_key for entry in found}) == 2


@pytest.mark.parametrize("case", ["unknown", "other channel", "no secret", "wrong key"])
def test_what_is_not_proved_is_not_stored(case: str) -> None:
    account_id = webhooks.account(C.SWIGGY if case == "other channel" else C.BLINKIT)
    if case == "no secret":
        with db.transaction() as session:
            account = session.get(ChannelAccount, account_id)
            assert account is not None
            account.credentials = vault.seal({"webhook_secret": ""})
    more = {"api-key": "guess"} if case == "wrong key" else {}
    given = webhooks.delivery(C.BLINKIT, purchase_order(), **more)

    accepted = webhooks.send(C.BLINKIT, account_id + 99 * (case == "unknown"), given)

    assert accepted is None
    assert webhooks.entries() == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"not json", "The body is no JSON object."),
        (b"[1]", "The body is no JSON object."),
        (b"[" * 100_000, "The body is no JSON object."),
        (json.dumps({"type": "PO_CREATION"}).encode(), "po_number is missing."),
        (
            json.dumps(amendment(*map(str, range(300)))).encode(),
            "It speaks of 300 orders; 200 are the most.",
        ),
    ],
)
def test_what_is_proved_and_cannot_be_read_is_kept_for_a_person(body: bytes, why: str) -> None:
    account_id = webhooks.account(C.BLINKIT)

    accepted = webhooks.send(C.BLINKIT, account_id, webhooks.delivery(C.BLINKIT, body))

    (entry,) = webhooks.entries()
    assert accepted is not None
    assert (entry.state, entry.reason) == (InboxState.SET_ASIDE, why)
    assert zstandard.decompress(entry.body) == body


@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact", "shop/redact"])
def test_a_request_of_privacy_needs_a_person(topic: str) -> None:
    account_id = webhooks.account(C.SHOPIFY)
    given = webhooks.delivery(C.SHOPIFY, {"shop_id": 1, "customer": {"id": 5}}, topic)

    assert webhooks.send(C.SHOPIFY, account_id, given) is not None

    (entry,) = webhooks.entries()
    assert (entry.state, entry.topic) == (InboxState.SET_ASIDE, topic)
    assert "30 days" in entry.reason


@pytest.mark.parametrize(
    ("channel", "topic", "body", "external_id", "kind"),
    [
        (C.WOOCOMMERCE, "order.created", {"id": 7}, "7", "hook:store"),
        (C.WOOCOMMERCE, "order.deleted", {"id": 7}, "7", "hook:read"),
        (C.WOOCOMMERCE, "product.updated", {"id": 7}, "", "hook:nothing"),
        (C.SHOPIFY, "orders/updated", {"id": 7}, "7", "hook:read"),
        (C.SHOPIFY, "refunds/create", {"id": 1, "order_id": 7}, "7", "hook:read"),
        (C.SHOPIFY, "orders/delete", {"id": 7}, "7", "hook:person"),
        (C.SHOPIFY, "app/uninstalled", {"id": 7}, "", "hook:person"),
        (C.SHOPIFY, "products/update", {"id": 7}, "", "hook:nothing"),
        (C.AMAZON, "", {"NotificationType": "REPORT"}, "", "hook:nothing"),
        (
            C.AMAZON,
            "",
            {
                "detail": {
                    "NotificationType": "ORDER_CHANGE",
                    "Payload": {"OrderChangeNotification": {"AmazonOrderId": "405-1"}},
                }
            },
            "405-1",
            "hook:read",
        ),
    ],
)
def test_each_topic_is_known_for_what_it_is(
    channel: Channel, topic: str, body: object, external_id: str, kind: str
) -> None:
    account_id = webhooks.account(channel)

    webhooks.send(channel, account_id, webhooks.delivery(channel, body, topic))

    (entry,) = webhooks.entries()
    assert (entry.external_id, entry.kind) == (external_id, kind)


def test_flipkarts_notifications_are_hints() -> None:
    read = hooks.HOOKS[C.FLIPKART].read

    (shipment,) = read({}, {"eventType": "shipment_packed", "shipmentId": "s-1"})
    (returned,) = read({}, {"eventType": "return_created", "returnId": "r-1"})

    assert (shipment.deed, shipment.external_id) == (inbound.Deed.READ, "s-1")
    assert (returned.deed, returned.external_id) == (inbound.Deed.READ, "return:r-1")


def test_every_channel_has_a_hook() -> None:
    # Nobody sends a webhook for a file.
    assert set(hooks.HOOKS) == set(Channel) - {Channel.DOCUMENT, Channel.MANUAL}
    assert hooks.of("ebay") is None
