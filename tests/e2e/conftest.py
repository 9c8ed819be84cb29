"""The whole product as `make run` starts it, and a browser in front of it."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from crm_app import embedded
from crm_app.config import DEMO_PASSWORD
from tests import running
from tests.running import SandboxServer

# Long ones, walked by `make journeys`.
_LONG = (
    "test_accessibility.py",
    "test_bad_input.py",
    "test_channels_journey.py",
    "test_connection.py",
    "test_grid_journey.py",
    "test_order_journey.py",
)
collect_ignore = [] if os.environ.get("CRM_ALL_JOURNEYS") else list(_LONG)

# A first visit on a busy machine takes its time; how long is a matter of benchmarks.
expect.set_options(timeout=20_000)

_START_TIMEOUT_S = 400.0  # the first build of the pages is part of it
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Product:
    """A running product: its address and its sandbox."""

    url: str
    sandbox: SandboxServer
    pid: int

    def web(self) -> int:
        """The process that serves the pages; who keeps it starts another when it dies."""
        kept = psutil.Process(self.pid).children(recursive=True)
        keeper = next(one for one in kept if one.cmdline()[2:4] == ["crm_app.keep", "web"])
        return keeper.children()[0].pid

    def api(self, email: str) -> httpx.Client:
        """A REST client that is signed in."""
        body = {"email": email, "password": DEMO_PASSWORD}
        answer = httpx.post(f"{self.url}/api/v1/auth/login", json=body, timeout=30)
        token = answer.raise_for_status().json()["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    """`python -m crm_app.run` in demo mode, on free ports, with a shop that stands still."""
    data_dir = Path(tempfile.mkdtemp(prefix="crm-e2e-"))
    data_dir.chmod(0o755)
    port, sandbox_port = running.free_port(), running.free_port()
    url = f"http://localhost:{port}"
    settings = {
        "CRM_ENVIRONMENT": "demo",
        "CRM_PORT": str(port),
        "CRM_SANDBOX_PORT": str(sandbox_port),
        "CRM_DATA_DIR": str(data_dir),
        "CRM_DATABASE_URL": "",
        "CRM_REDIS_URL": "",
        "CRM_SANDBOX_DATABASE_URL": "",
        "CRM_SECRET_KEYS": "a-secret-of-the-journeys-long-enough-for-anybody",
        "CRM_SANDBOX_ORDERS": "300",
        "CRM_SANDBOX_ORDER_EVERY_S": "0",
        "CRM_SANDBOX_ACCOUNTS": '{"flipkart": 5, "shopify": 5, "swiggy": 5, "blinkit": 5}',
        "CRM_SANDBOX_AMAZON_DELAY_S": "0",
        "CRM_PULL_INTERVAL_S": "2",
        "CRM_OUTBOX_INTERVAL_S": "2",
    }
    log = data_dir / "run.log"
    with running.process(["-m", "crm_app.run"], settings, log) as started:

        def is_ready() -> bool:
            if started.poll() is not None:
                raise AssertionError(f"It ended: {log.read_text()[-3000:]}")
            return "is ready" in log.read_text()

        def has_all_orders() -> bool:
            # Names of accounts are for people who are signed in.
            accounts = httpx.get(f"{url}/health/ready", headers=bearer_of(url), timeout=30).json()[
                "accounts"
            ]
            pulled = [one for one in accounts if one["channel"] not in ("swiggy", "blinkit")]
            return len(pulled) > 1 and all(one["last_success_at"] for one in pulled)

        running.wait_for(is_ready, "the product is ready", timeout_s=_START_TIMEOUT_S)
        running.wait_for(has_all_orders, "the first import is done", timeout_s=300)
        yield Product(url, SandboxServer(f"http://127.0.0.1:{sandbox_port}"), started.pid)
    embedded.discard(data_dir)
    shutil.rmtree(data_dir, ignore_errors=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its module: while it is open an event loop runs in this thread."""
    program = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium on this machine: the browser tests did not run")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-background-networking"],
        )
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Browser, product: Product) -> Iterator[Callable[..., Page]]:
    """A tab of a person of their own: no cookie is shared. Fails on errors of the page's code."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def make(email: str | None = None, *, path: str = "/", width: int = 1440) -> Page:
        context = browser.new_context(
            base_url=product.url, viewport={"width": width, "height": 900}
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.set_default_timeout(20_000)
        page.goto(path)
        if email is not None:
            sign_in(page, email)
        return page

    yield make
    for context in contexts:
        context.close()
    assert faults == []


def bearer_of(url: str) -> dict[str, str]:
    """The header of a person who may see orders."""
    body = {"email": "support@demo.test", "password": DEMO_PASSWORD}
    answer = httpx.post(f"{url}/api/v1/auth/login", json=body, timeout=30).raise_for_status()
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


def sign_in(page: Page, email: str) -> None:
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)
