"""Take the pictures of the guide from a running demo: `python -m docs.pictures [ADDRESS]`.

Needs `make run` in another terminal and Chromium on PATH.
"""

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from crm_app.config import DEMO_PASSWORD

PICTURES = Path(__file__).parent / "guide" / "pictures"
WIDE, PHONE = (1440, 900), (390, 844)


def main(address: str) -> None:
    """Draw every page that the guide shows, light and dark, wide and narrow."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("No Chromium on PATH.")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for theme in ("light", "dark"):
            draw(browser, address, theme, WIDE, f"{theme}")
        draw(browser, address, "light", PHONE, "phone")
        browser.close()


def draw(browser: Browser, address: str, theme: str, size: tuple[int, int], suffix: str) -> None:
    """One person's tour through the desk."""
    context = browser.new_context(
        base_url=address,
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
    )
    page = context.new_page()
    page.goto("/login")
    page.get_by_role("heading", name="Sign in").wait_for()
    page.screenshot(path=PICTURES / f"login-{suffix}.png")
    page.get_by_label("E-mail").fill("admin@demo.test")
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    shots: dict[str, Callable[[Page], None]] = {
        "dashboard": lambda page: show(page, "/"),
        "orders": lambda page: show(page, "/orders"),
        "beside": open_beside,
        "order": open_first,
        "ledger": lambda page: show(page, "/ledger"),
        "alerts": lambda page: show(page, "/alerts"),
        "your-account": lambda page: show(page, "/me"),
        "accounts": lambda page: show(page, "/accounts"),
        "status-words": lambda page: show(page, "/mappings"),
        "people": lambda page: show(page, "/users"),
    }
    for name, go in shots.items():
        go(page)
        page.screenshot(path=PICTURES / f"{name}-{suffix}.png")
    context.close()


def show(page: Page, path: str) -> None:
    page.goto(path)
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_timeout(2_000)  # charts draw themselves in


def open_beside(page: Page) -> None:
    show(page, "/orders?channel=amazon&status=confirmed")
    page.locator("tbody a[href*='open=']").first.click()
    page.get_by_role("heading", name="Lines").wait_for()
    page.wait_for_timeout(1_000)


def open_first(page: Page) -> None:
    open_beside(page)
    page.goto(re.sub(r"/orders\?.*open=(\d+).*", r"/orders/\1", page.url))
    page.wait_for_timeout(2_000)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000")
