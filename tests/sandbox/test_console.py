"""The page of the sandbox, and the levers that it has for itself."""

import html
import json
import re
from typing import Any

import pytest
from sqlalchemy import Engine

from crm_app.sandbox.store import hook_deliveries, hook_targets
from tests.sandbox.conftest import Desk

CHANNELS = ("amazon", "flipkart", "blinkit", "swiggy", "woocommerce", "shopify")


@pytest.fixture(autouse=True)
def forget(engine: Engine) -> Any:
    yield
    with engine.begin() as connection:
        connection.execute(hook_targets.delete())
        connection.execute(hook_deliveries.delete())


async def page(desk: Desk, channel: str = "") -> str:
    reply = await desk.http.get("/", params={"channel": channel} if channel else {})
    assert reply.status_code == 200
    assert "default-src 'self'" in reply.headers["content-security-policy"]
    return reply.text


def levers(text: str, label: str) -> list[tuple[str, str, Any]]:
    """Method, path and body of each button with this label or name."""
    found: list[tuple[str, str, Any]] = []
    for attributes, words in re.findall(r"<button ([^>]*)>([^<]*)</button>", text):
        named = dict(re.findall(r'([\w-]+)="([^"]*)"', attributes))
        if label in (html.unescape(words), html.unescape(named.get("aria-label", ""))):
            body = json.loads(html.unescape(named["data-body"]))
            found.append((named["data-method"], html.unescape(named["data-lever"]), body))
    return found


async def press(desk: Desk, text: str, label: str) -> Any:
    ((method, path, body),) = levers(text, label)
    reply = await desk.http.request(method, f"/_sandbox/{path}", json=body)
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.mark.parametrize("channel", ["", *CHANNELS, "nowhere"])
async def test_the_page_loads_nothing_from_outside(desk: Desk, channel: str) -> None:
    text = await page(desk, channel)

    assert re.findall(r'(?:src|href)="(?!/)[^"]*"', text) == []
    for name in ("console.css", "console.js", "icon.svg"):
        assert (await desk.http.get(f"/{name}")).status_code == 200


async def test_a_new_order_is_on_the_page_with_what_may_happen_to_it(desk: Desk) -> None:
    made = await press(desk, await page(desk, "amazon"), "New order")

    text = await page(desk, "amazon")

    (order_id,) = made["external_ids"]
    assert f"<code>{order_id}</code>" in text
    assert f'data-lever="orders/amazon/{order_id}/advance"' in text


async def test_a_switch_arms_a_fault_until_it_is_switched_off(desk: Desk) -> None:
    await press(desk, await page(desk, "amazon"), "Out of order (503): off")
    broken = [(await desk.order("none")).status_code for _ in range(3)]

    text = await page(desk, "amazon")
    await press(desk, text, "Out of order (503): on")
    whole = await desk.order("none")

    assert broken == [503, 503, 503]
    assert whole.status_code == 404
    assert "getOrder" in text
    (dealt,) = (await desk.http.get("/_sandbox/stats")).json()["dealt"]
    assert dealt == {"channel": "amazon", "kind": "503", "times": 3}


async def test_switching_one_fault_off_leaves_the_others(desk: Desk) -> None:
    for body in (
        {"kind": "timeout", "channel": "amazon", "phase": "after"},
        {"kind": "timeout", "channel": "amazon"},
        {"kind": "429", "channel": "shopify"},
    ):
        await desk.pull_lever("faults", body)

    query = {"channel": "amazon", "kind": "timeout", "phase": "after"}
    await desk.http.request("DELETE", "/_sandbox/faults", params=query)

    left = (await desk.http.get("/_sandbox/faults")).json()["pending"]
    assert [(one["kind"], one["phase"]) for one in left] == [
        ("timeout", "before"),
        ("429", "before"),
    ]


async def test_calm_takes_everything_back(desk: Desk) -> None:
    [order_id] = await desk.new_orders("amazon")
    await desk.pull_lever(f"orders/amazon/{order_id}/hide", {})
    await desk.pull_lever("clock", {"channel": "amazon", "skew_s": 300})
    await desk.pull_lever("faults", {"kind": "503"})
    await desk.pull_lever("hooks/faults", {"kind": "drop"})

    calmed = await press(desk, await page(desk), "Clear all faults")

    assert calmed == {"faults": 2, "shown_again": 1}
    seen = (await desk.http.get("/_sandbox/watch")).json()
    assert (seen["faults"], seen["hook_faults"]) == ([], [])
    assert {(one["hidden"], one["skew_s"]) for one in seen["channels"]} == {(0, 0.0)}


async def test_what_an_order_is_called_cannot_become_markup(desk: Desk) -> None:
    body = {"channel": "woocommerce", "body": {"id": 77, "status": "<script>alert(1)</script>"}}
    await desk.pull_lever("orders/raw", {**body, "updated_at": "2030-01-01T00:00:00Z"})

    text = await page(desk, "woocommerce")

    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text


async def test_a_page_of_somebody_else_pulls_no_lever(desk: Desk) -> None:
    foreign = {"origin": "http://evil.example"}
    reply = await desk.http.post("/_sandbox/faults", json={"kind": "503"}, headers=foreign)

    assert reply.status_code == 403
    assert (await desk.http.get("/_sandbox/faults")).json() == {"pending": []}


async def test_all_orders_of_a_channel_come_in_pages_hidden_ones_too(desk: Desk) -> None:
    made = await desk.new_orders("woocommerce", count=3)
    await desk.pull_lever(f"orders/woocommerce/{made[1]}/hide", {})
    before = str(int(made[0]) - 1)

    reply = await desk.http.get("/_sandbox/orders/woocommerce", params={"after": before})

    found = {one["external_id"]: one["is_hidden"] for one in reply.json()["orders"]}
    assert found == {made[0]: False, made[1]: True, made[2]: False}
    assert (await desk.http.get("/_sandbox/orders/nowhere")).status_code == 404
    await desk.pull_lever("calm", {})


@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact", "shop/redact"])
async def test_privacy_topics_name_the_shop_and_its_customer(
    desk: Desk, engine: Engine, topic: str
) -> None:
    await desk.pull_lever("accounts", {"channel": "shopify", "orders": 20})
    await desk.pull_lever("hooks", {"channel": "shopify", "url": "http://127.0.0.1:9/x"})

    await desk.pull_lever("privacy", {"topic": topic})

    with engine.connect() as connection:
        (sent,) = connection.execute(hook_deliveries.select()).all()
    body = json.loads(sent.body)
    assert (sent.topic, body["shop_domain"]) == (topic, "palmonas-sandbox.myshopify.com")
    assert ("customer" in body) == (topic != "shop/redact")
    if topic == "customers/redact":
        assert body["customer"]["email"]
        assert len(body["orders_to_redact"]) == 1
