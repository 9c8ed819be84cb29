"""Two people on one order: what one does the other sees, and nothing that is typed is lost."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Product
from tests.e2e.test_main_journey import place_on_amazon

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]


def test_a_colleague_s_change_appears_and_a_draft_outlives_it_and_a_reload(
    product: Product, open_page: OpenPage
) -> None:
    external_id = place_on_amazon(product)
    with product.api("support@demo.test") as api:
        found = api.get("/api/v1/orders", params={"q": external_id}).raise_for_status().json()
        path = f"/orders/{found['orders'][0]['id']}"
        page = open_page("admin@demo.test", path=path)
        box = page.get_by_label("Comment", exact=True)
        box.fill("half a sent")

        put = api.put(f"/api/v1{path}/priority", json={"priority": "urgent"})
        put.raise_for_status()

        expect(page.get_by_text("set the priority to urgent")).to_be_visible(timeout=30_000)
        expect(box).to_have_value("half a sent")
        page.reload()
        expect(page.get_by_text("set the priority to urgent")).to_be_visible(timeout=30_000)
        expect(box).to_have_value("half a sent")
        box.focus()
        page.keyboard.press("End")
        page.keyboard.type("ence, @Riy")
        expect(page.get_by_role("listbox").get_by_role("option", name="Riya Menon")).to_be_visible()
        page.keyboard.press("Enter")
        page.keyboard.type("please")
        page.keyboard.press("Control+Enter")
        said = page.get_by_text("half a sentence, @Riya Menon please")
        expect(said.first).to_be_visible()
        expect(box).to_have_value("")
        told = api.get("/api/v1/notices").raise_for_status().json()["notices"]

    assert told[0]["sentence"] == f"Anika Rao named you in a comment on {external_id}"


def test_an_order_is_held_by_keys_and_cannot_be_packed_until_it_is_released(
    product: Product, open_page: OpenPage
) -> None:
    external_id = place_on_amazon(product)
    with product.api("support@demo.test") as api:
        found = api.get("/api/v1/orders", params={"q": external_id}).raise_for_status().json()
    page = open_page("support@demo.test", path=f"/orders/{found['orders'][0]['id']}")
    pack = page.get_by_role("button", name="Mark packed")
    expect(pack).to_be_visible()

    page.keyboard.press("h")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").select_option("Out of stock")
    dialog.get_by_role("button", name="Hold", exact=True).click()

    expect(page.get_by_text("On hold: out of stock", exact=True)).to_be_visible()
    expect(pack).not_to_be_visible()
    expect(page.get_by_text("It is on hold here: release it first.")).to_be_visible()
    page.get_by_role("button", name="Release").click()
    expect(pack).to_be_visible()
