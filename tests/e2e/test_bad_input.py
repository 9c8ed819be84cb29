"""Addresses edited by hand, from last week, or of what is gone: a sentence, never a blank."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Product

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]


def test_every_odd_address_is_answered_with_a_sentence(open_page: OpenPage) -> None:
    page = open_page("admin@demo.test", path="/")
    said: dict[str, str] = {
        "/orders?status=teleported": "is no status",
        "/orders?view=987654": "This view was deleted",
        "/orders?cursor=last-week": "Start again from the first page",
        "/orders?amount=a-lot&due=someday": "is no amount",
        "/orders?q=" + "x" * 4_000: "at most 200 characters",
        "/orders?q=%E2%80%AE%E2%80%8B": "nobody can see",
        "/orders?q=%3Cscript%3Ealert(1)%3C/script%3E": "No order matches",
        "/orders?open=999999999": "No such order",
        "/orders/999999999": "No such order",
        "/orders/abc": "No such order",
        "/orders/999999999/edit": "cannot be edited",
        "/bulk/999999999": "",
        "/accounts/999999999": "",
        "/nothing-here": "",
    }
    for path, sentence in said.items():
        page.goto(path)
        main = page.locator("#content")
        expect(main.get_by_role("heading", level=1)).to_be_visible()
        if sentence:
            expect(page.get_by_text(sentence).first).to_be_visible()
        else:
            expect(main.locator(".blank")).to_contain_text(".")
        assert "Traceback" not in page.content()


def test_a_page_of_last_week_still_opens(product: Product, open_page: OpenPage) -> None:
    """Its cursor names a place and not a row: orders that came or went since do not matter."""
    page = open_page("support@demo.test", path="/orders?view=all")
    expect(page.get_by_role("row").nth(5)).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("link", name="Previous")).to_be_visible()
    address = page.url

    product.sandbox.place("amazon", count=3)
    later = open_page("support@demo.test", path=address[address.index("/orders") :])

    expect(later.get_by_role("row").nth(5)).to_be_visible()


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE orders; --",
        "<script>alert(1)</script>",
        "\u202e\u2066abc\u2069",
        "long " * 2_000,
        "\u200b\u200b\u2060",
    ],
    ids=["sql", "html", "rtl", "10 kB", "unseen"],
)
def test_no_paste_leaves_the_page_blank(open_page: OpenPage, text: str) -> None:
    page = open_page("support@demo.test", path="/orders")
    expect(page.get_by_role("row").nth(1)).to_be_visible()

    page.get_by_role("searchbox").last.fill(text)

    said = "No order matches|Nothing was searched|nobody can see|Found by"
    expect(page.locator("#content")).to_have_text(re.compile(said))
