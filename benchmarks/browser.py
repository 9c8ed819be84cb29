"""What a person waits for: the built pages in Chromium, from the click to the painted frame.

Needs the pages built (`make build`) and Chromium on PATH.
"""

import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.figures import Recorder, p95
from benchmarks.memory import process, wait_until_live
from crm_app import db, demo, pages
from crm_app.config import DEMO_PASSWORD, get_settings

_ROUTES: Final = ("/login", "/", "/orders", "/exceptions", "/ledger", "/downloads", "/me")
_LOADS: Final = 7
_CLICKS: Final = 56
_PERSON: Final = "support@demo.test"

# Presses what `selector` finds and returns the milliseconds until a frame shows another `mark`:
# polled once a frame, and one frame more, so that it is on the screen and not only in the tree.
_CLICK: Final = """
async ([selector, mark]) => {
  const look = () => document.querySelector(mark)?.dataset.row ??
    document.querySelector(mark)?.textContent ?? "";
  const frame = () => new Promise(requestAnimationFrame);
  const before = look();
  const start = performance.now();
  document.querySelector(selector).click();
  while (look() === before || look() === "") {
    await frame();
    if (performance.now() - start > 10000) throw new Error(`nothing changed: ${selector}`);
  }
  await frame();
  return performance.now() - start;
}
"""
_FIRST_ROW: Final = "tbody [data-row]"


def measure(recorder: Recorder, orders: int) -> None:
    """Record sizes by route, first loads, and clicks on the list of this shop."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None or not pages.BUNDLE.exists():
        print("no figures of the browser: build the pages, install Chromium", file=sys.stderr)
        return
    with db.transaction() as session:
        demo.seed(session, get_settings())
    base = f"http://localhost:{get_settings().port}"
    with process("web", "-m", "crm_app.run", "web") as web:
        with httpx.Client(base_url=base, timeout=20, trust_env=False) as client:
            wait_until_live(client, web)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            _sizes(recorder, orders, browser, base)
            _first_loads(recorder, orders, browser, base)
            with _signed_in(browser, base) as context:
                _clicks(recorder, orders, context.new_page())
            browser.close()


@contextmanager
def _signed_in(browser: Browser, base: str) -> Iterator[BrowserContext]:
    """A person's browser that has loaded nothing of the list yet."""
    context = browser.new_context(base_url=base, viewport={"width": 1440, "height": 900})
    # Its figures are those of a first visit.
    form: dict[str, str | float | bool] = {"email": _PERSON, "password": DEMO_PASSWORD}
    context.request.post("/auth/login", form=form, headers={"origin": base})
    yield context
    context.close()


def _sizes(recorder: Recorder, orders: int, browser: Browser, base: str) -> None:
    """Compressed bytes of a first visit, as they came over the wire, by route and kind."""
    for route in _ROUTES:
        with _signed_in(browser, base) as context:
            if route == "/login":
                context.clear_cookies()
            page = context.new_page()
            by_kind = _counted(page)
            page.goto(route)
            page.get_by_role("heading", level=1).wait_for()
            page.wait_for_load_state("networkidle")
        kinds = {f"{kind.lower()}_kb": size / 1000 for kind, size in sorted(by_kind.items())}
        recorder.record(
            f"first load {route}", sum(by_kind.values()) / 1000, "kB compressed", orders, **kinds
        )


def _counted(page: Page) -> dict[str, int]:
    """Bytes by kind of resource, growing while the page loads."""
    kinds: dict[str, str] = {}
    sizes: dict[str, int] = {}
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")  # pyright: ignore[reportUnknownMemberType] - bare Dict in Playwright

    def begun(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def ended(event: dict[str, Any]) -> None:
        kind = kinds.get(event["requestId"], "Other")
        sizes[kind] = sizes.get(kind, 0) + int(event["encodedDataLength"])

    wire.on("Network.responseReceived", begun)
    wire.on("Network.loadingFinished", ended)
    return sizes


def _first_loads(recorder: Recorder, orders: int, browser: Browser, base: str) -> None:
    """Until the rows of the list are on the screen, with nothing in the browser's cache."""
    times: list[float] = []
    for _ in range(_LOADS):
        with _signed_in(browser, base) as context:
            page = context.new_page()
            start = time.perf_counter()
            page.goto("/orders", wait_until="commit")
            page.locator(_FIRST_ROW).first.wait_for()
            times.append((time.perf_counter() - start) * 1000)
    _record(recorder, "first load to rows", times, orders)


def _clicks(recorder: Recorder, orders: int, page: Page) -> None:
    page.goto("/orders?view=all")
    page.locator(_FIRST_ROW).first.wait_for()
    found = {
        "click to painted: next page": _next_pages(page),
        "click to painted: filter": _filters(page),
        "click to painted: sort": _sorts(page),
        "click to painted: open an order": _opened(page),
    }
    for figure, times in found.items():
        _record(recorder, figure, times, orders)
    every = [one for times in found.values() for one in times]
    _record(recorder, "click to painted", every, orders)


def _next_pages(page: Page) -> list[float]:
    return [_press(page, '[data-page="n"]') for _ in range(_CLICKS)]


def _filters(page: Page) -> list[float]:
    """One channel after the other, from the menu as a person opens it."""
    page.goto("/orders?view=all")
    page.locator(_FIRST_ROW).first.wait_for()
    page.get_by_role("button", name="Channel", exact=True).click()
    names = page.locator(".pop .item").evaluate_all("all => all.slice(0, 4).map(a => a.href)")
    times: list[float] = []
    for at in range(_CLICKS):
        # Chosen, and taken away again: each press shows other orders.
        page.locator(".pop .item").first.wait_for()
        times.append(_press(page, f".pop .item-pair:nth-of-type({at // 2 % len(names) + 1}) .item"))
    page.keyboard.press("Escape")
    return times


def _sorts(page: Page) -> list[float]:
    page.goto("/orders?view=all")
    page.locator(_FIRST_ROW).first.wait_for()
    return [_press(page, '[data-column="total"] .sort') for _ in range(_CLICKS)]


def _opened(page: Page) -> list[float]:
    """Row after row, beside the list."""
    page.goto("/orders?view=all&status=delivered")
    page.locator(_FIRST_ROW).first.wait_for()
    page.locator("[data-open]").first.click()
    page.get_by_role("heading", name="Lines").wait_for()
    times: list[float] = []
    for at in range(1, _CLICKS):
        row = f"tbody tr:nth-of-type({at % 49 + 1}) [data-open]"
        times.append(_press(page, row, ".order-panel .order-title .mono"))
    return times


def _press(page: Page, selector: str, mark: str = _FIRST_ROW) -> float:
    return float(page.evaluate(_CLICK, [selector, mark]))


def _record(recorder: Recorder, figure: str, times: list[float], orders: int) -> None:
    median = statistics.median(times)
    recorder.record(figure, median, "ms", orders, p50=median, p95=p95(times), runs=len(times))
