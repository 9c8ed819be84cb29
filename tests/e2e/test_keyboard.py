"""The list of orders without a mouse, and for those who hear it instead of seeing it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]


def focused(page: Page) -> str:
    """The text of what has the focus."""
    return str(page.evaluate("document.activeElement.textContent"))


def open_list(open_page: OpenPage, path: str = "/orders") -> Page:
    page = open_page("support@demo.test", path=path)
    expect(page.get_by_role("row").nth(5)).to_be_visible()
    # The frame loads after the list, and draws the rows once more: nobody types as fast as this.
    page.wait_for_timeout(2_000)
    return page


def test_orders_are_walked_through_opened_and_left_by_keys(open_page: OpenPage) -> None:
    page = open_list(open_page, "/orders?status=delivered")

    page.keyboard.press("j")
    first = focused(page)
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary", name="Order", exact=True)
    expect(panel.get_by_role("heading", name=first)).to_be_visible()
    page.keyboard.press("j")
    second = focused(page)
    expect(panel.get_by_role("heading", name=second)).to_be_visible()
    expect(panel.get_by_text("2 of 50")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)

    assert first != second
    # One step back for both orders: the list is where it was, with the focus at hand.
    expect(page).to_have_url(re.compile(r"/orders\?status=delivered$"))
    expect(page.get_by_role("link", name=second)).to_be_focused()


def test_back_closes_the_order_and_a_pasted_address_opens_it(open_page: OpenPage) -> None:
    page = open_list(open_page, "/orders?status=delivered")
    page.keyboard.press("j")
    number = focused(page)
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary", name="Order", exact=True)
    expect(panel.get_by_role("heading", name=number)).to_be_visible()
    address = page.url

    page.go_back()
    expect(panel).to_have_count(0)
    page.goto(address)

    expect(panel.get_by_role("heading", name=number)).to_be_visible()


def test_chosen_orders_are_given_away_and_tagged_by_keys(open_page: OpenPage) -> None:
    page = open_list(open_page, "/orders?status=delivered")
    menu = page.locator("#row-menu")

    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_text("1 chosen")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.get_by_text("2 chosen")).to_be_visible()
    page.keyboard.press("a")
    mine = menu.get_by_role("button", name=re.compile("You"))
    expect(mine).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 orders changed")).to_be_attached()
    page.keyboard.press("t")
    field = menu.get_by_label("New tag")
    expect(menu.get_by_text("2 orders")).to_be_visible()
    while not field.evaluate("field => field === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.type("by-hand")
    page.keyboard.press("Enter")
    expect(menu).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.get_by_text("2 chosen")).to_have_count(0)

    page.keyboard.press("t")
    tag = menu.get_by_role("button", name="by-hand")
    expect(tag).to_have_attribute("aria-pressed", "true")


def test_the_palette_chooses_columns_and_they_stay(open_page: OpenPage) -> None:
    page = open_list(open_page)

    page.keyboard.press("Control+k")
    page.keyboard.type("colum")
    page.keyboard.press("Enter")
    city = page.get_by_role("checkbox", name="City", exact=True)
    expect(city).to_be_visible()
    city.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("columnheader", name="City")).to_be_visible()
    page.get_by_role("button", name="Move City to the left").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("City is column 7 of 8"))).to_be_attached()
    page.reload()

    heads = page.get_by_role("columnheader")
    expect(heads.nth(7)).to_have_text("City")


def test_the_palette_finds_an_order_and_goes_to_a_page(open_page: OpenPage) -> None:
    page = open_list(open_page, "/orders?status=delivered")
    page.keyboard.press("j")
    number = focused(page)

    page.keyboard.press("Control+k")
    page.keyboard.type(number)
    expect(page.get_by_role("option", name=re.compile(re.escape(number))).first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/orders/\d+$"))
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("exc")
    expect(page.get_by_role("option", name=re.compile("^Exceptions")).first).to_be_visible()
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/exceptions"))
