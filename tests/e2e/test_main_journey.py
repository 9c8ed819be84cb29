"""The main job in a browser: find an order, ship it, see the channel confirm it."""

import asyncio
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import socketio  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests import running
from tests.e2e.conftest import Product

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]

USERS_STATE = "reflex___state____state.crm_app___ui___users___state____users_state"
FORM = {"email": "raw@demo.test", "name": "Raw", "role": "1"}
RAW_EVENTS: dict[str, dict[str, Any]] = {
    "load": {},
    "create": {"form": FORM},
    "set_active": {"user_id": 1, "is_active": False},
    "make_link": {"user_id": 1},
    "setvar": {"var_name": "rows", "value": []},
}


def place_on_amazon(product: Product) -> str:
    """A fresh order that has arrived at the desk."""
    (external_id,) = product.sandbox.place("amazon", lines=2)
    with product.api("support@demo.test") as api:

        def is_here() -> bool:
            found = api.get("/api/v1/orders", params={"q": external_id}).raise_for_status().json()
            return found["pagination"]["total"] == 1

        running.wait_for(is_here, "the order arrives")
    return external_id


def test_support_ships_an_amazon_order_and_sees_it_confirmed(
    product: Product, open_page: OpenPage
) -> None:
    external_id = place_on_amazon(product)
    page = open_page("support@demo.test", path="/orders?channel=amazon&status=confirmed")

    expect(page).to_have_url(f"{product.url}/orders?channel=amazon&status=confirmed")
    page.get_by_role("link", name=external_id).click()
    expect(page.get_by_role("heading", name=external_id)).to_be_visible()
    page.get_by_role("button", name=re.compile("^Ship…")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Carrier").fill("BlueDart")
    dialog.get_by_label("Tracking").fill("BD-E2E-1")
    dialog.get_by_role("button", name="Ship").click()

    # Without a reload: the page itself asks how the intent travels.
    expect(page.get_by_text("Confirmed by", exact=False).first).to_be_visible(timeout=20_000)
    expect(page.get_by_text("BD-E2E-1").locator("visible=true").first).to_be_visible()
    truth = product.sandbox.truth("amazon", external_id)
    (package,) = truth["packages"]
    assert (truth["status"], package["trackingNumber"]) == ("SHIPPED", "BD-E2E-1")


def test_the_address_bar_holds_the_list_and_back_restores_it(open_page: OpenPage) -> None:
    page = open_page("support@demo.test", path="/orders?status=delivered&sort=-total")
    rows = page.get_by_role("row")
    expect(rows.nth(1)).to_contain_text("Delivered")
    first = rows.nth(1).get_by_role("link").first.inner_text()

    rows.nth(1).get_by_role("link").first.click()
    expect(page.get_by_role("heading", name=first)).to_be_visible()
    page.go_back()

    expect(page).to_have_url(re.compile(r"/orders\?status=delivered&sort=-total$"))
    expect(page.get_by_role("row").nth(1)).to_contain_text(first)


def test_pages_go_forward_and_back_by_key(open_page: OpenPage) -> None:
    page = open_page("support@demo.test", path="/orders")
    first = page.get_by_role("row").nth(1)
    expect(first).to_be_visible()
    newest = first.get_by_role("link").first.inner_text()

    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("row").nth(1)).not_to_contain_text(newest)
    page.get_by_role("link", name="Previous").click()

    expect(page.get_by_role("row").nth(1)).to_contain_text(newest)


def test_a_search_finds_one_order_by_its_number(product: Product, open_page: OpenPage) -> None:
    external_id = place_on_amazon(product)
    page = open_page("support@demo.test", path="/orders")

    page.get_by_role("searchbox").last.fill(external_id)

    expect(page.get_by_text("1 order", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name=external_id)).to_be_visible()


def test_a_stranger_is_sent_to_sign_in_and_then_where_they_wanted(
    product: Product, open_page: OpenPage
) -> None:
    page = open_page("support@demo.test", path="/orders?status=cancelled")

    expect(page).to_have_url(f"{product.url}/orders?status=cancelled")
    expect(page.get_by_role("row").nth(1)).to_contain_text("Cancelled")


def test_a_wrong_password_is_answered_with_a_sentence(open_page: OpenPage) -> None:
    page = open_page(path="/login")
    page.get_by_label("E-mail").fill("nobody@demo.test")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_text("E-mail or password is wrong.")).to_be_visible()


def test_support_is_refused_the_people_by_page_api_and_raw_event(
    product: Product, open_page: OpenPage
) -> None:
    page = open_page("support@demo.test", path="/users")
    expect(page.get_by_text("Not yours to open")).to_be_visible()
    expect(page.get_by_text("admin@demo.test")).to_have_count(0)

    with product.api("support@demo.test") as api:
        assert api.get("/api/v1/users").status_code == 403
        body = {"email": "x@y.test", "name": "X", "role": "admin"}
        assert api.post("/api/v1/users", json=body).status_code == 403

    cookie = next(c for c in page.context.cookies() if c.get("name") == "crm_session")
    sending = send_raw_events(product.url, f"crm_session={cookie.get('value')}")
    # In a thread: Playwright keeps an event loop running in this one.
    with ThreadPoolExecutor(1) as threads:
        answers = threads.submit(asyncio.run, sending).result()
    assert answers.count("does not allow") >= len(RAW_EVENTS) - 1  # `load` is refused in silence
    assert "admin@demo.test" not in answers
    with product.api("admin@demo.test") as api:
        people = {one["email"]: one for one in api.get("/api/v1/users").json()["users"]}
    assert "raw@demo.test" not in people
    assert people["support@demo.test"]["roles"][0]["key"] == "support"
    assert people["admin@demo.test"]["is_active"]


def test_read_only_sees_no_personal_data_and_no_buttons(
    product: Product, open_page: OpenPage
) -> None:
    external_id = place_on_amazon(product)
    page = open_page("readonly@demo.test", path="/orders")
    page.get_by_role("link", name=external_id).click()
    expect(page.get_by_role("heading", name=external_id)).to_be_visible()

    name = product.sandbox.truth("amazon", external_id)["body"]["buyer"]["buyerName"]
    expect(page.get_by_text(name)).to_have_count(0)
    expect(page.get_by_role("button", name="Mark packed")).to_have_count(0)


def test_an_order_that_is_not_there_has_a_page_that_says_so(open_page: OpenPage) -> None:
    page = open_page("support@demo.test", path="/orders/999999")

    expect(page.get_by_text("999999", exact=False).first).to_be_visible()
    expect(page.get_by_role("link", name="orders", exact=False).first).to_be_visible()


def test_an_admin_adds_a_person_who_can_sign_in(open_page: OpenPage) -> None:
    page = open_page("admin@demo.test", path="/users")
    page.get_by_role("button", name="Add a person").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Nisha Pillai")
    dialog.get_by_label("E-mail").fill("nisha@demo.test")
    dialog.get_by_role("button", name="Add").click()

    expect(page.get_by_text("nisha@demo.test").first).to_be_visible()


async def send_raw_events(url: str, cookie: str) -> str:
    """Every handler of the people page, sent as any program could; all that comes back."""
    client = socketio.AsyncClient()
    heard: list[str] = []
    client.on("event", lambda data: heard.append(str(data)), namespace="/_event")
    await client.connect(
        f"{url}/_event?token={uuid.uuid4()}",
        headers={"Origin": url, "Cookie": cookie},
        transports=["websocket"],
        socketio_path="/_event",
        namespaces=["/_event"],
    )
    for handler, payload in RAW_EVENTS.items():
        event = {
            "name": f"{USERS_STATE}.{handler}",
            "payload": payload,
            "router_data": {"pathname": "/users", "asPath": "/users"},
        }
        await client.emit("event", event, namespace="/_event")
    await asyncio.sleep(3)
    await client.disconnect()
    return " ".join(heard)
