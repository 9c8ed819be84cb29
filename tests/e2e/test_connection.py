"""Living with a connection that comes and goes: nothing typed is lost, and nothing is pretended."""

import re
import signal
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import running
from tests.e2e.conftest import Product, sign_in
from tests.e2e.test_main_journey import place_on_amazon

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
LOST = re.compile("Connection lost, trying again")
BACK = "Back again, everything is up to date"
OFFLINE = re.compile(r"Offline: as of \d\d:\d\d, read only")


def bar(page: Page) -> Any:
    return page.locator("#connection-bar")


def order_path(product: Product, external_id: str) -> str:
    with product.api("support@demo.test") as api:
        found = api.get("/api/v1/orders", params={"q": external_id}).raise_for_status().json()
    return f"/orders/{found['orders'][0]['id']}"


def wait_until_kept(page: Page) -> None:
    """The last view is in the browser's store, and so are its styles."""
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.wait_for_function(
        """async (heading) => {
          const kept = await (await caches.open("desk-view")).match("/last-view");
          return kept && (await kept.json()).html.includes(heading);
        }""",
        arg=page.get_by_role("heading", level=1).inner_text(),
        timeout=30_000,
    )


def test_offline_the_last_view_is_read_only_and_goes_with_the_person(
    product: Product, open_page: OpenPage
) -> None:
    external_id = place_on_amazon(product)
    path = order_path(product, external_id)
    page = open_page("support@demo.test", path=path)
    pack = page.get_by_role("button", name="Mark packed")
    expect(pack).to_be_visible()
    wait_until_kept(page)

    # In the tab that is open: what is on the screen stays, and nothing is done by halves.
    page.context.set_offline(True)
    expect(bar(page)).to_have_text(OFFLINE)
    pack.click()
    expect(bar(page)).to_have_text(re.compile("Not done: you are offline"))
    # Opened anew, from the phone's screen for example.
    page.reload()
    expect(bar(page)).to_contain_text(OFFLINE)
    expect(page.get_by_role("heading", name=external_id)).to_be_visible()
    expect(page.get_by_role("button", name="Mark packed")).to_be_disabled()
    assert page.locator("a[href], form").count() == 0
    kept = page.content()
    assert "@" not in kept
    assert not re.search(r"\+91[ \d]{8,}", kept)

    # With the connection the desk is back by itself, and nothing was packed meanwhile.
    page.context.set_offline(False)
    expect(pack).to_be_enabled()
    expect(page.get_by_text("Confirmed").first).to_be_visible()
    page.get_by_role("button", name=re.compile("^Account")).first.click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate("caches.has('desk-view')") is False


def test_what_is_kept_for_offline_is_gone_after_a_working_day(
    product: Product, open_page: OpenPage
) -> None:
    page = open_page("support@demo.test", path="/orders?status=delivered")
    expect(page.get_by_role("row").nth(5)).to_be_visible()
    wait_until_kept(page)

    page.evaluate(
        """async () => {
          const view = await caches.open("desk-view");
          const kept = await (await view.match("/last-view")).json();
          kept.at -= 8 * 3600 * 1000 + 1;
          await view.put("/last-view", new Response(JSON.stringify(kept)));
        }"""
    )
    page.context.set_offline(True)
    page.reload()

    expect(bar(page)).to_contain_text("Offline: nothing is kept from before")
    expect(page.get_by_role("row")).to_have_count(0)
    assert page.evaluate("caches.has('desk-view')") is False


def test_a_restart_of_the_server_costs_no_word(product: Product, open_page: OpenPage) -> None:
    page = open_page("admin@demo.test", path="/orders/new")
    page.get_by_label("Item").fill("Pearl Drop Earrings")
    page.get_by_label("Price each, ₹").fill("1074")
    page.get_by_role("button", name="Another line").click()
    page.get_by_label("Item").nth(1).fill("Charm Anklet")
    page.get_by_label("Price each, ₹").nth(1).fill("500")
    page.get_by_label("Name").fill("Meera Iyer")
    page.get_by_label("Note").fill("Gift wrap, please")
    theirs = open_page("support@demo.test", path=order_path(product, place_on_amazon(product)))
    theirs.keyboard.press("h")
    note = theirs.get_by_role("dialog").get_by_label("Note")
    note.fill("waits for the clasp")

    running.end(product.web(), signal.SIGKILL)

    expect(bar(page)).to_have_text(LOST, timeout=20_000)
    page.get_by_role("button", name="Create order").click()
    expect(bar(page)).to_have_text(re.compile("Not done: the connection is lost"))
    expect(bar(page)).to_have_text(BACK, timeout=60_000)
    # The page was built anew from its address; what was typed stands in it again.
    expect(page.get_by_label("Item").nth(1)).to_have_value("Charm Anklet")
    expect(page.get_by_label("Price each, ₹").nth(0)).to_have_value("1074")
    expect(page.get_by_label("Name")).to_have_value("Meera Iyer")
    expect(page.locator("[data-total]")).to_have_text(re.compile("1,574"))
    page.get_by_role("button", name="Create order").click()
    expect(page).to_have_url(re.compile(r"/orders/\d+$"))
    expect(page.get_by_text("Gift wrap, please").first).to_be_visible()
    # The dialog went with the server's memory; asked for again, it holds what was typed.
    expect(bar(theirs)).to_have_text(re.compile("Back again|^$"), timeout=60_000)
    if not note.is_visible():
        theirs.keyboard.press("h")
    expect(note).to_have_value("waits for the clasp")
    theirs.get_by_role("dialog").get_by_role("button", name="Hold", exact=True).click()
    expect(theirs.get_by_text("waits for the clasp").first).to_be_visible()
    # What the server has is kept in the browser no longer.
    page.goto("/orders/new")
    expect(page.get_by_label("Item")).to_have_value("")


def test_a_comment_in_the_small_menu_outlives_its_closing(open_page: OpenPage) -> None:
    page = open_page("support@demo.test", path="/orders?status=delivered")
    expect(page.get_by_role("row").nth(5)).to_be_visible()
    box = page.locator("#row-menu").get_by_label("Comment")

    page.keyboard.press("j")
    page.keyboard.press("c")
    box.fill("half a sentence")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(box).to_have_value("")
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    page.keyboard.press("c")

    expect(box).to_have_value("half a sentence")
    box.press("Control+Enter")
    expect(box).to_be_hidden()
    page.keyboard.press("c")
    expect(box).to_have_value("")


def test_a_page_left_open_over_night_leads_back_to_where_it_was(
    product: Product, open_page: OpenPage
) -> None:
    page = open_page("support@demo.test", path="/orders?status=delivered&sort=total")
    expect(page.get_by_role("row").nth(5)).to_be_visible()
    address = page.url

    with product.api("admin@demo.test") as api:
        people = api.get("/api/v1/users").raise_for_status().json()["users"]
        theirs = next(one["id"] for one in people if one["email"] == "support@demo.test")
        api.delete(f"/api/v1/users/{theirs}/sessions").raise_for_status()

    said = page.get_by_text("Your session has ended. Sign in, and you are where you were.")
    expect(said).to_be_visible(timeout=40_000)
    sign_in(page, "support@demo.test")
    expect(page).to_have_url(address)
    expect(page.get_by_role("row").nth(5)).to_be_visible()


def test_a_tab_older_than_the_server_loads_the_new_pages(open_page: OpenPage) -> None:
    page = open_page("support@demo.test", path="/orders?status=delivered")
    expect(page.get_by_role("row").nth(5)).to_be_visible()
    page.wait_for_function("document.querySelector('#connection').dataset.build")
    page.evaluate("window.isOld = true")

    # What the server says after a deploy: other pages than those that this tab runs.
    page.evaluate("document.querySelector('#connection').dataset.build = 'of-tomorrow'")

    page.wait_for_function("window.isOld === undefined")
    expect(page.get_by_role("row").nth(5)).to_be_visible()


def test_who_else_looks_at_an_order_is_said_and_ends(product: Product, open_page: OpenPage) -> None:
    path = order_path(product, place_on_amazon(product))
    mine = open_page("support@demo.test", path=path)
    theirs = open_page("admin@demo.test", path=path)

    expect(mine.get_by_text(re.compile("Anika Rao"))).to_be_visible(timeout=30_000)
    expect(theirs.get_by_text(re.compile("Riya Menon")).first).to_be_visible(timeout=30_000)
    theirs.goto("/orders")

    expect(mine.locator(".others-here")).to_have_count(0, timeout=60_000)
