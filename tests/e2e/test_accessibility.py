"""Every page in both themes, wide and on a phone, as a screen reader and axe-core see it."""

from collections.abc import Callable
from typing import Any, cast

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from crm_app.ui.pages import PAGES
from tests.e2e.conftest import Product

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
GRAVE = ("serious", "critical")
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# Before anybody is signed in.
OUTSIDE = ("/login", "/welcome")
# A page that a new route adds is looked at without a word here, unless its address has a part
# that must be found first.
PARTS: dict[str, Callable[[httpx.Client], str]] = {
    "[order_id]": lambda api: str(api.get("/api/v1/orders").json()["orders"][0]["id"]),
    "[account_id]": lambda api: str(api.get("/api/v1/accounts").json()["accounts"][0]["id"]),
    "[run_id]": lambda api: str(api.get("/api/v1/bulk").json()["runs"][0]["id"]),
}


def address_of(route: str, api: httpx.Client) -> str:
    """The address of a route; a part of it that nothing fills yet stays a number of nobody."""
    path = "/nothing-here" if route == "404" else route
    for name, find in PARTS.items():
        if name in path:
            try:
                path = path.replace(name, find(api))
            except (LookupError, ValueError):
                path = path.replace(name, "1")
    assert "[" not in path, f"{route}: say in PARTS how this part is found"
    return path


def grave_faults(page: Page, where: str) -> list[str]:
    """What axe finds serious or critical: its rule, and the element."""
    found = cast(dict[str, Any], Axe().run(page).response)
    return [
        f"{where}: {fault['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for fault in found["violations"]
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]


def all_faults(page: Page, where: str) -> list[str]:
    """The page as it stands, light and dark, wide and narrow; a reader sees no animation."""
    found: list[str] = []
    for size in (WIDE, PHONE):
        page.set_viewport_size(cast(Any, size))
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=cast(Any, theme), reduced_motion="reduce")
            expect(page.locator(f"html.{theme}")).to_be_attached()
            found += grave_faults(page, f"{where} {theme} {size['width']}")
    page.set_viewport_size(cast(Any, WIDE))
    return found


def test_no_page_stands_in_the_way_of_a_screen_reader(
    product: Product, open_page: OpenPage
) -> None:
    faults: list[str] = []
    page = open_page("admin@demo.test", path="/")
    with product.api("admin@demo.test") as api:
        paths = [address_of(one.route, api) for one in PAGES if one.route not in OUTSIDE]
    for path in paths:
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        faults += all_faults(page, path)
    nobody = open_page(path="/login")
    for path in OUTSIDE:
        nobody.goto(path)
        expect(nobody.get_by_role("heading", level=1)).to_be_visible()
        faults += all_faults(nobody, path)

    assert faults == []


def test_what_opens_over_a_page_stands_in_nobody_s_way(open_page: OpenPage) -> None:
    page = open_page("admin@demo.test", path="/orders?status=delivered")
    expect(page.get_by_role("row").nth(5)).to_be_visible()
    faults: list[str] = []

    for name in ("Columns", "Status", "More"):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator(".pop").last).to_be_visible()
        faults += all_faults(page, f"menu {name}")
        page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 50")).to_be_visible()
    faults += all_faults(page, "panel")
    page.keyboard.press("t")
    expect(page.locator("#row-menu").get_by_label("New tag")).to_be_visible()
    faults += all_faults(page, "small menu")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Go to, do, or find")).to_be_focused()
    faults += all_faults(page, "palette")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    faults += all_faults(page, "keys")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="All orders", exact=True).click()
    page.get_by_role("button", name="Save this list as a view…").click()
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    faults += all_faults(page, "dialog of views")

    assert faults == []
