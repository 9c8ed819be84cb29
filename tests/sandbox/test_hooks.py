"""Outgoing hooks: signatures as a receiver checks them, tries, order, faults, and who is told."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crm_app.sandbox.credentials import (
    BLINKIT_VENDOR,
    FLIPKART_SELLER,
    SHOPIFY_SHOP,
    SWIGGY_MERCHANT,
)
from crm_app.sandbox.hook_sender import deliver_due
from crm_app.sandbox.serving import Sandbox
from crm_app.sandbox.store import hook_deliveries, hook_targets
from tests.sandbox.callers import RELAY, RELAY_HEADERS, put_state
from tests.sandbox.conftest import KEYS, Desk

URL = "http://127.0.0.1:8139/webhooks/x/1"
WEBHOOKS = "/woocommerce/wp-json/wc/v3/webhooks"


@dataclass
class Receiver:
    """A shop's endpoint: what it got, and what it answers."""

    box: Sandbox
    client: httpx.AsyncClient
    got: list[tuple[dict[str, str], bytes]] = field(
        default_factory=list[tuple[dict[str, str], bytes]]
    )
    status: int = 200
    reply: str = '{"order_ref_id": "CRM-1"}'

    async def round(self, overdue: bool = True) -> int:
        """Deliver what is due; `overdue`: pauses between two tries are over."""
        if overdue:
            with self.box.engine.begin() as connection:
                connection.execute(update(hook_deliveries).values(due_at=datetime.now(UTC)))
        return await deliver_due(self.box, self.client)

    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, body in self.got]

    def topics(self, name: str) -> list[str | None]:
        return [headers.get(name) for headers, _ in self.got]


@pytest.fixture
async def receiver(app: Starlette) -> AsyncGenerator[Receiver]:
    box: Sandbox = app.state.sandbox

    async def receive(request: Request) -> Response:
        made.got.append((dict(request.headers), await request.body()))
        return Response(made.reply, made.status)

    shop = Starlette(routes=[Route("/{path:path}", receive, methods=["POST"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=shop)) as client:
        made = Receiver(box, client)
        yield made
    with box.engine.begin() as connection:
        connection.execute(hook_targets.delete())
        connection.execute(hook_deliveries.delete())


async def register(desk: Desk, channel: str, **fields: Any) -> int:
    made = await desk.pull_lever("hooks", {"channel": channel, "url": URL, **fields})
    return made["id"]


def signed(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


async def test_nobody_is_told_unless_somebody_asked(desk: Desk, receiver: Receiver) -> None:
    await desk.new_orders("blinkit")

    assert await receiver.round() == 0


@pytest.mark.parametrize(
    "url",
    ["http://example.com/x", "http://10.0.0.1/x", "ftp://127.0.0.1/x", "http://127.0.0.1.test/"],
)
async def test_hooks_stay_on_this_machine(desk: Desk, url: str) -> None:
    body = {"channel": "blinkit", "url": url}

    assert (await desk.http.post("/_sandbox/hooks", json=body)).status_code == 400


async def test_woocommerce_pings_with_a_form_and_then_signs(desk: Desk, receiver: Receiver) -> None:
    target = await register(desk, "woocommerce", secret="s3cret")
    await receiver.round()
    [order_id] = await desk.new_orders("woocommerce")
    await desk.pull_lever(f"orders/woocommerce/{order_id}/advance", {"to": "cancelled"})
    await receiver.round()

    ping, created, changed = receiver.got
    assert ping[1] == f"webhook_id={target}".encode()
    assert ping[0]["content-type"] == "application/x-www-form-urlencoded"
    for headers, body in (created, changed):
        assert headers["x-wc-webhook-signature"] == signed("s3cret", body)
        assert headers["x-wc-webhook-id"] == str(target)
    assert receiver.topics("x-wc-webhook-topic")[1:] == ["order.created", "order.updated"]
    assert json.loads(changed[1])["status"] == "cancelled"


async def test_woocommerce_gives_up_after_five_failures_and_can_be_mended(
    desk: Desk, receiver: Receiver
) -> None:
    receiver.status = 500
    target = await register(desk, "woocommerce")
    await desk.new_orders("woocommerce", count=7)

    for _ in range(8):
        await receiver.round()
    disabled = (await desk.http.get(f"{WEBHOOKS}?status=disabled", auth=KEYS)).json()
    mended = await desk.http.put(f"{WEBHOOKS}/{target}", json={"status": "active"}, auth=KEYS)

    assert [one["id"] for one in disabled] == [target]
    assert mended.json()["status"] == "active"
    states = [one["state"] for one in await deliveries(desk)]
    # No failed delivery is ever tried again.
    assert len(receiver.got) == states.count("failed") >= 5


async def deliveries(desk: Desk, **query: str) -> list[dict[str, Any]]:
    reply = await desk.http.get("/_sandbox/hooks/deliveries", params=query)
    return reply.json()["deliveries"]


async def test_a_webhook_can_be_made_at_the_shop_itself(desk: Desk, receiver: Receiver) -> None:
    body = {"topic": "order.updated", "delivery_url": URL, "secret": "own"}
    made = await desk.http.post(WEBHOOKS, json=body, auth=KEYS)
    odd = await desk.http.post(WEBHOOKS, json=body | {"topic": "order.eaten"}, auth=KEYS)
    far = body | {"delivery_url": "http://example.com"}
    outside = await desk.http.post(WEBHOOKS, json=far, auth=KEYS)
    bare = await desk.http.get(WEBHOOKS)
    await desk.new_orders("woocommerce")
    await receiver.round()

    codes = [one.status_code for one in (made, odd, outside, bare)]
    assert codes == [201, 400, 400, 401]
    # Pinged, but not told of a new order: that is another topic.
    assert [body for _, body in receiver.got] == [f"webhook_id={made.json()['id']}".encode()]


async def test_shopify_signs_the_body_and_keeps_its_id_over_tries(
    desk: Desk, receiver: Receiver
) -> None:
    await register(desk, "shopify")
    receiver.status = 503
    [number] = await desk.new_orders("shopify")

    await receiver.round()
    receiver.status = 200
    await receiver.round()
    await receiver.round()

    [(first, body), (second, _)] = receiver.got
    assert first["x-shopify-hmac-sha256"] == signed(SHOPIFY_SHOP.app_secret, body)
    assert first["x-shopify-webhook-id"] == second["x-shopify-webhook-id"]
    assert first["x-shopify-topic"] == "orders/create"
    assert json.loads(body)["admin_graphql_api_id"] == f"gid://shopify/Order/{number}"


async def test_shopify_deletes_a_subscription_that_never_answers(
    desk: Desk, receiver: Receiver
) -> None:
    await register(desk, "shopify")
    receiver.status = 500
    await desk.new_orders("shopify")

    for _ in range(12):
        await receiver.round()

    [target] = (await desk.http.get("/_sandbox/hooks")).json()["targets"]
    assert (len(receiver.got), target["status"]) == (9, "deleted")
    assert "secret" not in target


async def test_flipkart_signs_time_and_address_but_not_the_body(
    desk: Desk, receiver: Receiver
) -> None:
    await register(desk, "flipkart")
    [shipment_id] = await desk.new_orders("flipkart", lines=1)
    await receiver.round()

    [(headers, body)] = receiver.got
    epoch = int(parsedate_to_datetime(headers["x_date"]).timestamp())
    scheme, _, pair = headers["x_authorization"].partition(" ")
    app_id, _, signature = base64.b64decode(pair).decode().partition(":")
    wanted = f"{epoch}{URL}POST{FLIPKART_SELLER.app_secret}".encode()
    assert (scheme, app_id) == ("FKLOGIN", FLIPKART_SELLER.app_id)
    assert signature == hashlib.new("sha1", wanted, usedforsecurity=False).hexdigest()
    assert json.loads(body)["eventType"] == "shipment_created"
    assert json.loads(body)["shipmentId"] == shipment_id


async def test_a_channel_with_a_wrong_clock_signs_the_wrong_time(
    desk: Desk, receiver: Receiver
) -> None:
    await desk.pull_lever("clock", {"channel": "flipkart", "skew_s": -7_200})
    await register(desk, "flipkart")
    await desk.new_orders("flipkart", lines=1)
    await receiver.round()

    told = parsedate_to_datetime(receiver.got[0][0]["x_date"])
    assert 7_100 < (datetime.now(UTC) - told).total_seconds() < 7_300


async def test_a_failed_event_holds_back_the_later_ones_of_its_shipment(
    desk: Desk, receiver: Receiver
) -> None:
    await register(desk, "flipkart")
    [first] = await desk.new_orders("flipkart", lines=1)
    await desk.pull_lever(f"orders/flipkart/{first}/advance", {"to": "SHIPPED"})
    await desk.new_orders("flipkart", lines=1)
    receiver.status = 201

    await receiver.round()
    told = [one["eventType"] for one in receiver.bodies()]
    receiver.status = 500
    await desk.pull_lever(f"orders/flipkart/{first}/advance", {"to": "DELIVERED"})
    for _ in range(3):
        await receiver.round()

    assert told == ["shipment_created", "shipment_created"]
    later = [one["eventType"] for one in receiver.bodies()][2:]
    assert set(later) == {"shipment_shipped"}


async def test_blinkit_says_it_once(desk: Desk, receiver: Receiver) -> None:
    await register(desk, "blinkit")
    receiver.status = 503
    [number] = await desk.new_orders("blinkit")
    for _ in range(3):
        await receiver.round()
    receiver.status = 200
    await desk.pull_lever(f"orders/blinkit/{number}/advance", {"to": "CANCELLED"})
    await receiver.round()

    assert [one["type"] for one in receiver.bodies()] == ["PO_CREATION", "PO_CANCEL"]
    assert receiver.topics("api-key") == [BLINKIT_VENDOR.hook_key] * 2
    truth = await desk.truth("blinkit", number)
    assert [one["state"] for one in truth["hooks"]] == ["failed", "delivered"]


async def test_the_relay_wants_a_reference_and_pushes_the_present_state(
    desk: Desk, receiver: Receiver
) -> None:
    await register(desk, "swiggy")
    receiver.reply = "{}"
    [order_id] = await desk.new_orders("swiggy")
    await receiver.round()
    assert (await put_state(desk.http, order_id, "Acknowledged")).status_code == 200
    receiver.reply = '{"order_ref_id": "CRM-7"}'
    await receiver.round()
    await receiver.round()

    first, *later = receiver.got
    placed = [body for headers, body in [first, *later] if headers["x-upr-event-type"] == "18"]
    states = [json.loads(body)["order"]["details"]["order_state"] for body in placed]
    truth = (await desk.truth("swiggy", order_id))["body"]["order"]["details"]
    assert states == ["Placed", "Acknowledged"]
    assert {"18", "60008"} == set(receiver.topics("x-upr-event-type"))
    assert first[0]["authorization"] == SWIGGY_MERCHANT.hook_header
    assert truth["merchant_ref_id"] == "CRM-7"


async def test_the_relay_stops_for_a_minute_when_too_much_fails(
    desk: Desk, receiver: Receiver, app: Starlette
) -> None:
    app.state.sandbox.limits.switch("published")
    target = await register(desk, "swiggy")
    receiver.status = 500
    await desk.new_orders("swiggy", count=20)

    await receiver.round()
    tried = len(receiver.got)
    await receiver.round()

    assert tried == 20
    assert len(receiver.got) == tried
    receiver.status = 200
    await desk.pull_lever("hooks/revive", {"id": target})
    assert await receiver.round() == 20


async def test_the_relay_can_be_asked_to_push_today_again(desk: Desk, receiver: Receiver) -> None:
    [order_id] = await desk.new_orders("swiggy")
    body = {"event_type": "order_placed", "url": URL, "headers": {"Authorization": "mine"}}
    made = await desk.http.post(f"{RELAY}/webhooks/", json=body, headers=RELAY_HEADERS)

    await desk.http.post(f"{RELAY}/webhooks/retry/", json={}, headers=RELAY_HEADERS)
    await receiver.round()

    ids = {one["order"]["details"]["id"] for one in receiver.bodies()}
    assert made.status_code == 201
    assert int(order_id) in ids
    assert set(receiver.topics("authorization")) == {"mine"}


async def test_a_new_receiver_can_be_told_of_the_newest_orders(
    desk: Desk, receiver: Receiver
) -> None:
    numbers = await desk.new_orders("blinkit", count=3)
    await register(desk, "blinkit", backfill=2)
    await receiver.round()

    assert {one["po_number"] for one in receiver.bodies()} <= set(numbers)
    assert len(receiver.got) == 2


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [("drop", [1]), ("duplicate", [0, 0, 1]), ("reorder", [1, 0]), ("delay", [1, 0])],
)
async def test_hooks_can_be_lost_doubled_delayed_and_shuffled(
    desk: Desk, receiver: Receiver, kind: str, numbers: list[int]
) -> None:
    await register(desk, "blinkit")
    fault = {"kind": kind, "channel": "blinkit", "delay_s": 60}
    await desk.pull_lever("hooks/faults", fault)
    made = [*await desk.new_orders("blinkit"), *await desk.new_orders("blinkit")]

    await receiver.round()
    await receiver.round(overdue=False)
    held = len(receiver.got)
    await receiver.round()

    got = [made.index(one["po_number"]) for one in receiver.bodies()]
    # Two orders are told of side by side: only a delivery that was held back has a sure place.
    assert (got if kind in ("reorder", "delay") else sorted(got)) == numbers
    assert held == (1 if kind in ("drop", "reorder", "delay") else 3)


async def test_a_receiver_that_is_gone_counts_as_a_failure(desk: Desk, receiver: Receiver) -> None:
    def refuse(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    await register(desk, "blinkit")
    await desk.new_orders("blinkit")
    async with httpx.AsyncClient(transport=httpx.MockTransport(refuse)) as nobody:
        await deliver_due(receiver.box, nobody)

    [one] = await deliveries(desk, channel="blinkit")
    assert (one["state"], one["last_status"], one["last_reply"]) == (
        "failed",
        None,
        "ConnectError",
    )
