"""An admin's day with channels: an account connected and held, a word mapped, a file imported."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from crm_app.sandbox.credentials import WOO_SHOP
from tests.e2e.conftest import Product

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
WORD = "ready-for-courier"
FILE = """Order ID,Order Date,Status,SKU,Product,Qty,Amount,Customer Name
FAIR-1,18/11/2026,Delivered,PDE-18K,Pearl Drop Earrings,1,1499.00,Asha Rao
FAIR-2,18/11/2026,Delivered,PDE-18K,Pearl Drop Earrings,2,2998.00,Meera Iyer
FAIR-3,sometime,Delivered,PDE-18K,Pearl Drop Earrings,1,1499.00,Nila Das
"""


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


def test_a_word_that_nobody_knew_is_given_a_meaning_and_its_orders_are_read_again(
    open_page: OpenPage, product: Product
) -> None:
    body = _as_another(product)
    product.sandbox.post("orders/raw", {"channel": "woocommerce", "body": body})
    page = open_page("admin@demo.test", path="/mappings")
    reports = page.get_by_role("region", name="Words without a meaning")
    expect(reports).to_contain_text(WORD, timeout=60_000)

    reports.get_by_role("button", name=f"Give {WORD} a meaning").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("It means").select_option(label="Packed")
    dialog.get_by_role("button", name="Set the meaning").click()

    # What is here is only looked at, until somebody says so.
    page.get_by_role("button", name="See what changes on stored orders").click()
    apply = page.get_by_role("button", name=re.compile("^Apply to "))
    expect(apply.first).to_be_visible(timeout=60_000)
    with product.api("admin@demo.test") as api:
        assert _statuses(api, str(body["number"])) == {"pending"}
    apply.first.click()
    expect(page.get_by_test_id("replay-done")).to_be_visible(timeout=60_000)
    with product.api("admin@demo.test") as api:
        assert _statuses(api, str(body["number"])) == {"packed"}


def _as_another(product: Product) -> dict[str, Any]:
    """An order of the web shop, under another number and in a state of the shop's own."""
    made = product.sandbox.place("woocommerce", lines=1)[0]
    body = product.sandbox.truth("woocommerce", made)["body"]
    number = int(made) + 40_000
    return {**body, "id": number, "number": str(number), "status": WORD}


def _statuses(api: Any, number: str) -> set[str]:
    """Of an order of the shop, which two accounts may have."""
    found = api.get("/api/v1/orders", params={"q": number}).raise_for_status().json()
    return {one["status"] for one in found["orders"] if one["order_number"] == number}


def test_a_file_is_uploaded_checked_and_imported(open_page: OpenPage, tmp_path: Path) -> None:
    file = tmp_path / "fair.csv"
    file.write_text(FILE, encoding="utf-8")
    page = open_page("admin@demo.test", path="/imports")

    page.get_by_label(re.compile("Choose a file")).set_input_files(file)

    expect(page.get_by_role("heading", name="Which column is what")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("region", name="Preview")).to_contain_text("FAIR-1")
    source = page.get_by_role("combobox", name="Source")
    source.fill("Fair Pune")
    source.press("Tab")
    page.get_by_role("button", name="Check the file").click()

    # The check says what would happen, line by line, and changes nothing.
    outcome = page.get_by_role("region", name="Outcome")
    expect(outcome).to_contain_text("FAIR-3", timeout=60_000)
    expect(outcome.get_by_role("row", name=re.compile("FAIR-3"))).to_contain_text("date")
    page.get_by_role("button", name=re.compile("^Import 2 ")).click()
    expect(page.get_by_text("Imported", exact=True).first).to_be_visible(timeout=60_000)
    expect(page.get_by_role("link", name="Result file")).to_be_visible()
    page.goto("/orders?q=FAIR-1")
    expect(page.get_by_role("row", name=re.compile("FAIR-1"))).to_be_visible()
