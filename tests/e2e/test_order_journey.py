"""One order in a browser: its past, its packages, and what people do with it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import running
from tests.e2e.conftest import Product

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]


def place(product: Product, channel: str, **more: Any) -> tuple[str, int]:
    """A fresh order that has arrived at the desk: the channel's id, and ours."""
    (external_id,) = product.sandbox.place(channel, **more)
    with product.api("support@demo.test") as api:

        def found() -> list[dict[str, Any]]:
            answer = api.get("/api/v1/orders", params={"q": external_id}).raise_for_status()
            return answer.json()["orders"]

        running.wait_for(lambda: bool(found()), "the order arrives")
        return external_id, found()[0]["id"]


def test_an_order_leaves_in_parts_and_amazon_hears_of_each(
    product: Product, open_page: OpenPage
) -> None:
    external_id, order_id = place(product, "amazon", lines=2)
    page = open_page("support@demo.test", path=f"/orders/{order_id}")
    dialog = page.get_by_role("dialog")

    page.get_by_role("button", name=re.compile("^Ship…")).click()
    dialog.get_by_label("Carrier").fill("BlueDart")
    dialog.get_by_label("Tracking").fill("BD-PART-1")
    pieces = dialog.get_by_role("spinbutton")
    expect(pieces).to_have_count(2)
    pieces.nth(1).fill("0")
    dialog.get_by_role("button", name="Ship").click()

    expect(page.get_by_text(re.compile(r"^Partly shipped \d+ of \d+$")).first).to_be_visible()
    expect(page.get_by_text("Told Amazon: a part is shipped")).to_be_visible(timeout=30_000)
    (package,) = product.sandbox.truth("amazon", external_id)["packages"]
    assert (package["trackingNumber"], len(package["packageItems"])) == ("BD-PART-1", 1)

    page.get_by_role("button", name=re.compile("^Ship…")).click()
    dialog.get_by_label("Carrier").fill("BlueDart")
    dialog.get_by_label("Tracking").fill("BD-PART-2")
    dialog.get_by_role("button", name="Ship").click()

    packages = page.get_by_role("region", name="Packages")
    expect(packages.get_by_text("Package 2 of 2")).to_be_visible()
    expect(page.get_by_text("read back and equal")).to_be_visible(timeout=30_000)
    truth = product.sandbox.truth("amazon", external_id)
    assert truth["status"] == "SHIPPED"
    assert [one["trackingNumber"] for one in truth["packages"]] == ["BD-PART-1", "BD-PART-2"]
    link = packages.get_by_role("link", name="BD-PART-1")
    expect(link).to_have_attribute("href", re.compile("BD-PART-1"))
    with page.expect_popup() as popup:
        packages.get_by_role("link", name="Print its packing slip").first.click()
    assert "package=" in popup.value.url

    page.goto("/orders?q=BD-PART-1")
    expect(page.get_by_text("1 order", exact=True)).to_be_visible()


def test_the_past_the_payload_and_the_timeline(product: Product, open_page: OpenPage) -> None:
    _, order_id = place(product, "amazon", lines=1)
    page = open_page("admin@demo.test", path=f"/orders/{order_id}")
    past = page.get_by_role("region", name="Past")

    past.get_by_role("button", name="What the channel sent").click()
    past.get_by_role("button", name=re.compile("newest")).click()
    expect(past.get_by_label("Raw order")).to_contain_text("orderId")

    page.get_by_role("button", name="Mark packed").click()
    expect(page.get_by_text("changed the status from Confirmed to Packed")).to_be_visible()
    later = datetime.now(UTC) + timedelta(days=1)
    past.get_by_label("As of").fill(later.strftime("%Y-%m-%dT%H:%M"))
    expect(past.get_by_role("status")).to_contain_text("Packed")
    past.get_by_label("As of").fill("2020-01-01T10:00")
    expect(past.get_by_role("status")).to_be_visible()

    timeline = page.get_by_role("region", name="Timeline")
    timeline.get_by_role("button", name="Comments").click()
    expect(timeline.get_by_text("changed the status from Confirmed to Packed")).to_be_hidden()


def test_contact_and_address_are_copied_and_other_orders_found(
    product: Product, open_page: OpenPage
) -> None:
    _, order_id = place(product, "woocommerce", lines=1)
    page = open_page("support@demo.test", path=f"/orders/{order_id}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    page.get_by_role("button", name="Copy the address").click()
    expect(page.get_by_text("Address copied")).to_be_visible()
    copied: str = page.evaluate("() => navigator.clipboard.readText()")
    assert "\n" in copied

    expect(page.get_by_role("button", name="Copy the phone number")).to_have_count(0)
    page.get_by_role("button", name="Show contact").click()
    page.get_by_role("button", name="Copy the phone number").click()
    phone: str = page.evaluate("() => navigator.clipboard.readText()")
    assert re.search(r"\d{4}", phone)


def test_an_order_by_hand_is_written_paid_printed_and_archived(open_page: OpenPage) -> None:
    page = open_page("support@demo.test", path="/orders/new")

    page.get_by_label("Item").first.fill("Pearl Drop Earrings")
    page.get_by_label("SKU").first.fill("PDE-18K")
    page.get_by_label("Qty").first.fill("2")
    page.get_by_label("Price each, ₹").first.fill("1499")
    page.get_by_label("Name", exact=True).fill("Meera Iyer")
    page.get_by_label("Phone", exact=True).fill("9820012345")
    page.get_by_label("Came by").fill("Phone")
    page.get_by_label("Payment").select_option("cod")
    page.get_by_role("button", name="Create order").click()

    page.wait_for_url(re.compile(r"/orders/\d+$"))
    expect(page.get_by_text("Cash on delivery").first).to_be_visible()
    page.get_by_role("button", name="Mark paid").click()
    expect(page.get_by_text("changed the payment from Cash on delivery to Paid")).to_be_visible()

    page.get_by_role("button", name="Print").click()
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Packing slip").click()
    assert popup.value.url.endswith("packing_slip.pdf")
    page.keyboard.press("Escape")

    page.get_by_role("button", name=re.compile("^Ship…")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Ship").click()
    expect(page.get_by_role("button", name="Mark delivered")).to_be_visible()
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("no list shows it by itself")).to_be_visible()


def test_an_order_is_cancelled_with_a_reason_of_the_channel(
    product: Product, open_page: OpenPage
) -> None:
    _, order_id = place(product, "shopify", lines=1)
    page = open_page("support@demo.test", path=f"/orders/{order_id}")

    page.get_by_role("button", name=re.compile("^Cancel order")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").select_option("INVENTORY")
    dialog.get_by_role("button", name="Cancel order").click()

    expect(page.get_by_text("because of inventory").first).to_be_visible()


def test_a_filter_is_exported_and_the_bell_says_when_it_is_ready(open_page: OpenPage) -> None:
    page = open_page("support@demo.test", path="/downloads?new=1&status=delivered&placed=month")

    expect(page.get_by_text("placed this month")).to_be_visible()
    page.get_by_role("button", name="Make the file").click()

    row = page.get_by_role("row").nth(1)
    expect(row.get_by_role("link", name="Download")).to_be_visible(timeout=40_000)
    with page.expect_download() as download:
        row.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".csv")
    page.get_by_role("button", name=re.compile("notice|Notice|bell|Bell")).first.click()
    expect(
        page.get_by_text(re.compile(r"^Your CSV file of [\d,]+ orders? is ready\.$"))
    ).to_be_visible()


def test_a_tag_gets_another_name_and_its_view_follows(open_page: OpenPage) -> None:
    page = open_page("support@demo.test", path="/tags")

    page.get_by_label("Name of a new tag").fill("Journey")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Rename Journey").click()
    page.get_by_label("Name of the tag").fill("Travelled")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("button", name="Rename Travelled")).to_be_visible()
    page.goto("/orders?tag=Journey")
    expect(page.get_by_text("There is no tag “Journey” (any more).")).to_be_visible()
