"""Take the pictures of the guide from a running demo: `make pictures` or `make pictures A=people`.

Needs `make run` in another terminal and Chromium on PATH. Every page of `crm_app/ui/pages.py` is
drawn, light and dark, wide and on a phone; a page that is new needs a line in `PLACES`, which
`tests/house/test_docs.py` asks for.
"""

import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, cast

from playwright.sync_api import Browser, Page, expect, sync_playwright

from crm_app.config import DEMO_PASSWORD

PICTURES: Final = Path(__file__).parent / "guide" / "pictures"
SIZES: Final = {"": (1440, 900), "phone": (390, 844)}
THEMES: Final = ("light", "dark")
_SETTLED_MS: Final = 1_200  # charts draw themselves in

Shot = Callable[[Page], None]


def at(path: str) -> Shot:
    """Open a page and wait until nothing on it is a placeholder any more."""

    def go(page: Page) -> None:
        page.goto(path)
        page.get_by_role("heading", level=1).wait_for()
        expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=20_000)
        page.wait_for_timeout(_SETTLED_MS)

    return go


def first_of(path: str, pattern: str, *, tail: str = "") -> Shot:
    """Open the first thing that a list leads to."""

    def go(page: Page) -> None:
        at(path)(page)
        hrefs = page.locator("a[href]").evaluate_all("all => all.map(a => a.getAttribute('href'))")
        found = next((href for href in hrefs if re.fullmatch(pattern, href)), None)
        if found is None:
            raise LookupError(f"{path} leads to nothing like {pattern}")
        at(found + tail)(page)

    return go


def beside(page: Page) -> None:
    """An order beside the list."""
    at("/orders?channel=amazon&status=confirmed")(page)
    page.locator("tbody a[href*='open=']").first.click()
    page.get_by_role("heading", name="Lines").wait_for()
    page.wait_for_timeout(_SETTLED_MS)


def order(page: Page) -> None:
    beside(page)
    at(re.sub(r".*open=(\d+).*", r"/orders/\1", page.url))(page)


def palette(page: Page) -> None:
    at("/orders?status=delivered")(page)
    page.keyboard.press("Control+k")
    page.wait_for_timeout(_SETTLED_MS)


def views(page: Page) -> None:
    at("/orders?view=all")(page)
    page.get_by_role("button", name="All orders", exact=True).click()
    page.wait_for_timeout(_SETTLED_MS)


def small_menu(page: Page) -> None:
    at("/orders?status=delivered")(page)
    page.keyboard.press("j")
    page.keyboard.press("t")
    page.wait_for_timeout(_SETTLED_MS)


def bulk_change(page: Page) -> None:
    """A run that nobody began: the orders are noted, and nothing is changed."""
    at("/orders?status=confirmed")(page)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("e")
    page.wait_for_url(re.compile(r"/bulk/\d+"))
    page.wait_for_timeout(_SETTLED_MS)


def written_by_hand(page: Page) -> None:
    """The form of an order that people wrote; one is written where there is none."""
    at("/orders?channel=manual")(page)
    if not page.locator("tbody [data-open]").count():
        at("/orders/new")(page)
        page.get_by_label("Item").fill("Pearl Drop Earrings")
        page.get_by_label("Price each, ₹").fill("1074")
        page.get_by_label("Name").fill("Meera Iyer")
        page.get_by_role("button", name="Create order").click()
        page.wait_for_url(re.compile(r"/orders/\d+$"))
        at("/orders?channel=manual")(page)
    opened = page.locator("tbody [data-open]").first.get_attribute("data-open")
    at(f"{opened}/edit")(page)


# Route of the page, or what opens over one: the picture's name, and the way there.
PLACES: Final[dict[str, tuple[str, Shot]]] = {
    "/": ("dashboard", at("/")),
    "/orders": ("orders", at("/orders?view=all")),
    "an order beside the list": ("beside", beside),
    "/orders/[order_id]": ("order", order),
    "the palette": ("palette", palette),
    "the menu of views": ("views", views),
    "the small menu at a row": ("row-menu", small_menu),
    "/orders/new": ("new-order", at("/orders/new")),
    "/orders/[order_id]/edit": ("edit-order", written_by_hand),
    "/bulk/[run_id]": ("bulk-change", bulk_change),
    "/bulk": ("bulk-changes", at("/bulk")),
    "/exceptions": ("exceptions", at("/exceptions")),
    "/inbox": ("inbox", at("/inbox")),
    "/ledger": ("ledger", at("/ledger")),
    "/skus": ("skus", at("/skus")),
    "/tags": ("tags", at("/tags")),
    "/audit": ("audit", at("/audit")),
    "/privacy": ("personal-data", at("/privacy")),
    "/alerts": ("alerts", at("/alerts")),
    "/imports": ("imports", at("/imports")),
    "/downloads": ("downloads", at("/downloads?new=1")),
    "/business": ("business", at("/business")),
    "/accounts": ("accounts", at("/accounts")),
    "/accounts/[account_id]": ("account", first_of("/accounts", r"/accounts/\d+")),
    "/mappings": ("status-words", at("/mappings")),
    "/users": ("people", at("/users")),
    "/sso": ("single-sign-on", at("/sso")),
    "/roles": ("roles", at("/roles")),
    "/services": ("programs", at("/services")),
    "/me": ("your-account", at("/me")),
    "/gallery": ("components", at("/gallery")),
    "404": ("nothing-here", at("/nothing-here")),
    "/login": ("login", at("/login")),
    "/welcome": ("welcome", at("/welcome")),
}
_OUTSIDE: Final = ("login", "welcome")


def main(names: Sequence[str], address: str) -> None:
    """Draw the pages of these names, all of them if none is given."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("No Chromium on PATH.")
    shots = {name: shot for name, shot in PLACES.values() if not names or name in names}
    if not shots:
        sys.exit(f"No picture of that name. There are: {', '.join(n for n, _ in PLACES.values())}")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for size in SIZES:
            draw(browser, address, size, shots)
        browser.close()


def draw(browser: Browser, address: str, size: str, shots: dict[str, Shot]) -> None:
    """One person's tour through the desk, each page in both themes."""
    width, height = SIZES[size]
    context = browser.new_context(
        base_url=address, viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    page = context.new_page()
    for name in (one for one in _OUTSIDE if one in shots):
        shots[name](page)
        take(page, name, size)
    sign_in(page)
    for name, go in shots.items():
        if name not in _OUTSIDE:
            print(f"{name} {size}".strip(), flush=True)
            go(page)
            take(page, name, size)
    context.close()


def take(page: Page, name: str, size: str) -> None:
    for theme in THEMES:
        page.emulate_media(color_scheme=cast(Any, theme), reduced_motion="reduce")
        page.locator(f"html.{theme}").wait_for(state="attached")
        # `orders-light`, `orders-phone`, `orders-phone-dark`.
        parts = [name, size or theme, *(["dark"] if size and theme == "dark" else [])]
        page.screenshot(path=PICTURES / f"{'-'.join(parts)}.png")


def sign_in(page: Page) -> None:
    page.goto("/login")
    page.get_by_role("heading", name="Sign in").wait_for()
    page.get_by_label("E-mail").fill("admin@demo.test")
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)


if __name__ == "__main__":
    main(sys.argv[1:], os.environ.get("CRM_ADDRESS", "http://localhost:8000"))
