"""An admin connects an account, holds it, lets it go, and has it read again and compared."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from crm_app.sandbox.credentials import WOO_SHOP
from tests.e2e.conftest import Product

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]


def test_an_account_is_connected_pulled_paused_resumed_and_read_again(
    open_page: OpenPage, product: Product
) -> None:
    page = open_page("admin@demo.test", path="/accounts")
    address = f"{product.sandbox.url}/woocommerce"

    # Keys that the shop does not take are refused, and nothing is kept.
    page.get_by_role("button", name="Connect an account").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=re.compile("Blinkit")).click()
    expect(dialog).to_contain_text("Its keys cannot be tried")
    dialog.get_by_role("button", name="Back").click()
    dialog.get_by_role("button", name=re.compile("WooCommerce")).click()
    expect(dialog).to_contain_text("The keys are tried on the channel")
    dialog.get_by_label("Name", exact=True).fill("Second shop")
    dialog.get_by_label("Address", exact=True).fill(address)
    dialog.get_by_label("Consumer key").fill("ck_wrong")
    dialog.get_by_label("Consumer secret").fill("cs_wrong")
    dialog.get_by_role("button", name="Try and connect").click()
    expect(dialog.get_by_role("alert").first).to_be_visible()

    # The right ones open its page, and its orders arrive.
    dialog.get_by_label("Consumer key").fill(WOO_SHOP.consumer_key)
    dialog.get_by_label("Consumer secret").fill(WOO_SHOP.consumer_secret)
    dialog.get_by_role("button", name="Try and connect").click()
    expect(page).to_have_url(re.compile(r"/accounts/\d+$"))
    expect(page.get_by_role("heading", name="Second shop")).to_be_visible()
    orders_in = page.get_by_role("region", name="Orders in")
    expect(orders_in).to_contain_text(re.compile(r"Complete up to.*\d:\d\d"), timeout=60_000)
    assert WOO_SHOP.consumer_secret not in page.content()

    # Pulled at once, held, and let go.
    page.get_by_role("button", name="Pull now").click()
    expect(page.get_by_role("status").first).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect(page.get_by_role("button", name="Pull now")).to_have_count(0)
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pull now")).to_be_visible()

    # Read again, and compared with the channel's own list, both ways.
    page.get_by_role("button", name="Read again from…").click()
    page.get_by_role("dialog").get_by_role("button", name="Read again").click()
    expect(page.get_by_text("Reading again from there.")).to_be_visible()
    page.get_by_role("button", name="Deep sweep…").click()
    page.get_by_role("dialog").get_by_role("button", name="Begin").click()
    sweeps = page.get_by_role("region", name="Deep sweeps")
    expect(sweeps).to_contain_text("nothing missing", timeout=90_000)
