"""Many orders at once in a browser: choose, look ahead, run, watch, undo."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import running
from tests.e2e.conftest import Product

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]


def place_in_the_shop(product: Product, count: int) -> list[str]:
    """Fresh paid orders of the web shop that have arrived at the desk."""
    made = product.sandbox.place("woocommerce", count=count, status="processing")
    with product.api("support@demo.test") as api:

        def are_here() -> bool:
            query = {"channel": "woocommerce", "status": "confirmed", "limit": "200"}
            rows = api.get("/api/v1/orders", params=query).raise_for_status().json()["orders"]
            return set(made) <= {row["external_id"] for row in rows}

        running.wait_for(are_here, "the orders arrive", timeout_s=60)
    return made


def statuses(product: Product, external_ids: list[str]) -> set[str]:
    """What the shop itself says of them."""
    return {product.sandbox.truth("woocommerce", one)["status"] for one in external_ids}


def test_many_orders_are_chosen_looked_at_cancelled_watched_and_taken_back(
    product: Product, open_page: OpenPage
) -> None:
    made = place_in_the_shop(product, 3)
    page = open_page("support@demo.test", path="/orders?channel=woocommerce&status=confirmed")
    for external_id in made:
        page.get_by_role("checkbox", name=re.compile(f"{external_id}$")).click()

    # Chosen: the bar says how many, and leads to a preview.
    bar = page.get_by_role("region", name="Chosen orders")
    expect(bar).to_contain_text("3 chosen")
    bar.get_by_role("button", name="Change status").click()
    page.wait_for_url(re.compile(r"/bulk/\d+"))
    page.get_by_role("radio", name="Cancelled").click()
    expect(page.get_by_text("Will change")).to_be_visible()
    expect(page.get_by_role("heading", name="Telling the channels")).to_be_visible()
    assert statuses(product, made) == {"processing"}

    # Started: nothing is pressed any more, the page follows it to the end.
    page.get_by_role("button", name=re.compile(r"(Change|Undo) 3 orders")).click()
    expect(page.get_by_role("button", name="Undo…")).to_be_visible(timeout=30_000)
    running.wait_for(
        lambda: statuses(product, made) == {"cancelled"}, "the shop is told", timeout_s=60
    )

    # Undone: looked at like every other change, and the shop is told to go back.
    page.get_by_role("button", name="Undo…").click()
    expect(page.get_by_role("heading", name="Taken back")).to_be_visible()
    page.get_by_role("button", name=re.compile(r"(Change|Undo) 3 orders")).click()
    running.wait_for(
        lambda: statuses(product, made) == {"processing"}, "the shop goes back", timeout_s=60
    )
    expect(page.get_by_text("This took back")).to_be_visible()


def test_all_that_match_are_chosen_changed_downloaded_and_taken_back(
    product: Product, open_page: OpenPage
) -> None:
    place_in_the_shop(product, 60)
    page = open_page("support@demo.test", path="/orders?channel=woocommerce&status=confirmed")

    # More than a page: first the page is chosen, then all that match the filter.
    page.get_by_role("checkbox", name=re.compile("page", re.IGNORECASE)).first.click()
    bar = page.get_by_role("region", name="Chosen orders")
    bar.get_by_role("button", name=re.compile("Choose all")).click()
    expect(bar).to_contain_text(re.compile(r"All \d+ chosen"))
    bar.get_by_role("button", name="Change status").click()
    page.wait_for_url(re.compile(r"/bulk/\d+"))
    page.get_by_role("radio", name="Priority").click()
    page.get_by_role("radio", name="High").click()
    expect(page.get_by_text("Will change")).to_be_visible()

    page.get_by_role("button", name=re.compile(r"Set the priority of \d+ orders")).click()
    expect(page.get_by_role("button", name="Undo…")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Done", exact=True).first).to_be_visible(timeout=30_000)
    with page.expect_download() as started:
        page.get_by_role("link", name="Results as CSV").click()
    lines = started.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) > 60
    assert {line.split(",")[2] for line in lines[1:]} == {"changed"}

    page.get_by_role("button", name="Undo…").click()
    expect(page.get_by_role("heading", name="Taken back")).to_be_visible()
    page.get_by_role("button", name=re.compile(r"Undo \d+ orders")).click()
    expect(page.get_by_text("This took back")).to_be_visible(timeout=30_000)
