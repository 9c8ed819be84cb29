"""Finding and keeping a list: filters, what is left out, a view, a colleague's address."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]


def test_a_list_is_narrowed_saved_changed_and_opened_by_a_colleague(open_page: OpenPage) -> None:
    page = open_page("admin@demo.test", path="/orders")
    expect(page.get_by_role("row").nth(1)).to_be_visible()

    # Narrow: one value chosen, one left out.
    page.get_by_role("button", name="More", exact=True).click()
    page.locator(".facet summary", has_text="Payment").click()
    page.get_by_label("Leave out Refunded").click()
    expect(page).to_have_url(re.compile(r"payment=-refunded$"))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Status", exact=True).click()
    page.get_by_role("link", name="Delivered", exact=True).click()
    expect(page).to_have_url(re.compile(r"status=delivered&payment=-refunded$"))
    page.keyboard.press("Escape")
    chips = page.get_by_role("group", name="Filters that are on")
    expect(chips).to_contain_text("not Refunded")

    # Keep it, for everybody.
    page.get_by_role("button", name="All orders", exact=True).click()
    page.get_by_role("button", name="Save this list as a view…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Done and kept")
    dialog.get_by_text("Share with everybody").click()
    dialog.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile(r"/orders\?view=\d+$"))
    expect(page.get_by_role("heading", name="Done and kept")).to_be_visible()
    sidebar = page.get_by_role("navigation", name="Views of the orders")
    row = sidebar.get_by_role("link", name=re.compile("^Done and kept"))
    expect(row).to_contain_text(re.compile(r"\d"))
    address = page.url

    # Narrow the view: marked, and one press takes it back.
    page.get_by_role("button", name="Channel", exact=True).click()
    page.get_by_role("link", name=re.compile("^Amazon Amazon")).click()
    expect(page).to_have_url(re.compile(r"view=\d+&channel=amazon$"))
    page.keyboard.press("Escape")
    expect(page.get_by_text("changed", exact=True)).to_be_visible()
    page.get_by_role("link", name="Undo").click()
    expect(page).to_have_url(address)

    # A colleague pastes the address.
    theirs = open_page("support@demo.test", path=address[address.index("/orders") :])
    expect(theirs.get_by_role("heading", name="Done and kept")).to_be_visible()
    expect(theirs.get_by_role("group", name="Filters that are on")).to_contain_text("not Refunded")


def test_on_a_phone_the_views_are_before_the_filters(open_page: OpenPage) -> None:
    page = open_page("support@demo.test", path="/orders")
    page.set_viewport_size({"width": 390, "height": 844})

    page.get_by_role("button", name="All orders", exact=True).click()
    page.get_by_role("link", name="To ship").last.click()

    expect(page).to_have_url(re.compile(r"view=to_ship$"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
