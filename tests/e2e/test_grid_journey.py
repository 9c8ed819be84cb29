"""A day with the list: its columns, what comes in, what is changed in place, and on a phone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Product

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]


def open_list(open_page: OpenPage, path: str = "/orders?view=all", who: str = "support") -> Page:
    page = open_page(f"{who}@demo.test", path=path)
    expect(page.get_by_role("row").nth(5)).to_be_visible()
    return page


def heads(page: Page) -> list[str]:
    return [one.strip() for one in page.locator("thead [data-column]").all_inner_texts()]


def width(column: Locator) -> int:
    box = column.bounding_box()
    assert box
    return round(box["width"])


def drag(page: Page, grip: Locator, by: int) -> None:
    box = grip.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by / 2, y)
    page.mouse.move(x + by, y)
    page.mouse.up()


def test_columns_are_dragged_sized_pinned_and_remembered(open_page: OpenPage) -> None:
    page = open_list(open_page)
    total = page.locator('th[data-column="total"]')
    before = width(total)

    # Sized by its edge.
    drag(page, page.locator('[data-grip="total"]'), 60)
    expect(page.locator("[data-grid]")).to_have_attribute("style", re.compile(f"{before + 60}px"))
    # Carried to another place: behind the status.
    total.drag_to(page.locator('th[data-column="status"]'), target_position={"x": 140, "y": 10})
    page.wait_for_function(
        """() => {
          const all = [...document.querySelectorAll("[data-column]")].map((h) => h.dataset.column);
          return all.indexOf("total") === all.indexOf("status") + 1;
        }"""
    )
    # Pinned, with the order's number, and denser.
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("button", name="Keep in sight up to Customer").click()
    page.get_by_role("button", name="Compact").click()
    expect(page.locator("[data-grid].compact")).to_be_attached()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.get_by_role("row").nth(5)).to_be_visible()

    assert width(total) == before + 60
    names = heads(page)
    assert names.index("Total") == names.index("Status") + 1
    expect(page.locator('th[data-column="customer"]')).to_have_class(re.compile(r"\bpin\b"))
    expect(page.locator("[data-grid].compact")).to_be_attached()
    # Another browser of the same person has it too, and theirs is nobody else's.
    again = open_list(open_page)
    assert heads(again) == names
    colleague = open_list(open_page, who="admin")
    expect(colleague.locator("[data-grid].compact")).to_have_count(0)
    again.get_by_role("button", name="Columns").click()
    again.get_by_role("button", name="The usual columns").click()
    expect(again.locator("[data-grid].compact")).to_have_count(0)


def test_new_orders_are_announced_and_move_no_row(product: Product, open_page: OpenPage) -> None:
    page = open_list(open_page, "/orders?view=to_ship")
    rows = page.locator("tbody [data-row]")
    before = [row.get_attribute("data-row") for row in rows.all()[:10]]

    placed = product.sandbox.place("amazon", count=2)
    news = page.get_by_role("button", name=re.compile(r"2 new orders in this list"))

    expect(news).to_be_visible(timeout=60_000)
    assert [row.get_attribute("data-row") for row in rows.all()[:10]] == before
    news.click()
    expect(news).to_have_count(0)
    page.goto("/orders?view=all")
    expect(page.get_by_role("link", name=placed[0])).to_be_visible()


def test_status_tag_colleague_and_priority_are_changed_in_the_row(
    product: Product, open_page: OpenPage
) -> None:
    (external_id,) = product.sandbox.place("amazon")
    page = open_page("support@demo.test", path=f"/orders?q={external_id}")
    row = page.locator("tbody [data-row]")
    for _ in range(30):
        if row.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    menu = page.locator("#row-menu")

    row.get_by_role("button", name="Change the status").click()
    menu.get_by_role("button", name=re.compile("Mark packed")).click()
    expect(row.get_by_text("Packed")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("i")
    menu.get_by_role("button", name="Urgent").click()
    expect(menu).to_be_hidden()
    page.keyboard.press("a")
    menu.get_by_role("button", name=re.compile("You")).click()
    expect(menu).to_be_hidden()
    page.get_by_role("link", name=external_id).click()

    panel = page.get_by_role("complementary", name="Order", exact=True)
    expect(panel.get_by_label("Priority")).to_have_value("urgent")
    expect(panel.get_by_label("Assigned")).to_have_text(re.compile("Riya Menon"))
    # Status and ship-by stay in sight beside it.
    list_edge = page.locator(".orders-scroll").bounding_box()
    for column in ("status", "ship_by"):
        cell = page.locator(f'th[data-column="{column}"]').bounding_box()
        assert list_edge
        assert cell
        assert cell["x"] + cell["width"] <= list_edge["x"] + list_edge["width"] + 1


def test_the_palette_does_on_an_order_s_page_what_the_list_does(
    product: Product, open_page: OpenPage
) -> None:
    page = open_list(open_page, "/orders?status=delivered")
    opened = page.locator("tbody [data-open]").first.get_attribute("data-open")
    page.goto(opened or "")
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()

    def do(words: str) -> None:
        page.keyboard.press("Control+k")
        page.keyboard.type(words)
        page.keyboard.press("Enter")

    do("priority")
    expect(page.get_by_label("Priority")).to_be_focused()
    do("comment")
    expect(page.get_by_label("Comment", exact=True)).to_be_focused()
    do("print")
    expect(page.get_by_role("link", name="Packing slip")).to_be_visible()
    page.keyboard.press("Escape")
    do("new order")
    expect(page).to_have_url(re.compile(r"/orders/new$"))
    page.goto("/orders?status=delivered")
    expect(page.get_by_role("row").nth(5)).to_be_visible()
    do("save this list")
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    page.keyboard.press("Escape")
    do("export this filter")
    dialog = page.get_by_role("dialog", name="Export")
    expect(dialog.get_by_text("Orders: Delivered")).to_be_visible()
    dialog.get_by_role("checkbox", name="Tags").click()
    dialog.get_by_role("button", name="Move Tags to the left").click()
    dialog.get_by_role("button", name="Make the file").click()
    expect(page.get_by_text("The file is being written.")).to_be_visible()


def test_the_walk_goes_on_over_the_edge_of_a_page(open_page: OpenPage) -> None:
    page = open_list(open_page, "/orders?status=delivered")
    rows = page.locator("[data-row] [data-open]")
    last = rows.last.inner_text()
    page.keyboard.press("k")
    expect(rows.last).to_be_focused()

    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(r"cursor="))
    expect(rows.first).to_be_focused()
    first_of_next = rows.first.inner_text()
    page.keyboard.press("k")

    expect(rows.last).to_have_text(last)
    expect(rows.last).to_be_focused()
    assert first_of_next != last


def test_on_a_phone_rows_are_cards_with_the_chosen_columns(open_page: OpenPage) -> None:
    page = open_list(open_page, "/orders?view=all&channel=amazon", who="readonly")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="City", exact=True).click()
    expect(page.get_by_role("columnheader", name="City")).to_be_attached()
    page.keyboard.press("Escape")

    page.set_viewport_size({"width": 390, "height": 844})

    card = page.locator("tbody [data-row]").first
    expect(card.locator(".col-city")).to_be_visible()
    for name in ("Channel", "Status", "Needs", "More"):
        button = page.get_by_role("button", name=name, exact=True)
        box = button.bounding_box()
        assert box
        assert box["x"] + box["width"] <= 390
    card.locator("[data-open]").click()
    panel = page.get_by_role("complementary", name="Order", exact=True)
    title = panel.locator(".order-title .mono")
    expect(title).to_be_visible()
    # The number is read whole, and Close is within reach of a thumb.
    assert title.evaluate(
        "one => one.scrollWidth <= one.clientWidth + 1 && innerWidth >= "
        "one.getBoundingClientRect().right"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    panel.get_by_role("link", name="Close the order").click()
    expect(panel).to_have_count(0)
