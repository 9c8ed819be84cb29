"""PostgreSQL and Redis stop and start again under a running product; nothing is lost."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from crm_app import embedded
from crm_app.config import DEMO_PASSWORD
from tests import running
from tests.running import SandboxServer

SECRET = "a-secret-of-the-outage-that-is-long-enough"


class Outside:
    """Servers of our own beside the product: each can be stopped and started."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._postgres, self._redis = ExitStack(), ExitStack()
        self.database_url = ""
        self.sandbox_url = ""
        self.redis_url = ""

    def start_postgres(self) -> None:
        server = self._postgres.enter_context(embedded.postgres(self._home, durable=False))
        self.database_url = server.ensure_database("crm")
        self.sandbox_url = server.ensure_database("sandbox")

    def stop_postgres(self) -> None:
        self._postgres.close()

    def start_redis(self) -> None:
        self.redis_url = self._redis.enter_context(embedded.redis(self._home))

    def stop_redis(self) -> None:
        self._redis.close()


@pytest.fixture
def outside() -> Iterator[Outside]:
    home = Path(tempfile.mkdtemp(prefix="crm-outage-"))
    home.chmod(0o755)
    servers = Outside(home)
    servers.start_postgres()
    servers.start_redis()
    yield servers
    servers.stop_redis()
    servers.stop_postgres()
    embedded.discard(home)
    shutil.rmtree(home, ignore_errors=True)


def test_a_running_product_survives_both_of_its_servers(outside: Outside, tmp_path: Path) -> None:
    port, sandbox_port = running.free_port(), running.free_port()
    url = f"http://localhost:{port}"
    settings = {
        "CRM_ENVIRONMENT": "demo",
        "CRM_PORT": str(port),
        "CRM_SANDBOX_PORT": str(sandbox_port),
        "CRM_DATA_DIR": str(tmp_path / "data"),
        "CRM_DATABASE_URL": outside.database_url,
        "CRM_REDIS_URL": outside.redis_url,
        "CRM_SANDBOX_DATABASE_URL": outside.sandbox_url,
        "CRM_SECRET_KEYS": SECRET,
        "CRM_SANDBOX_ORDERS": "20",
        "CRM_SANDBOX_ORDER_EVERY_S": "0",
        "CRM_SANDBOX_ACCOUNTS": "{}",
        "CRM_SANDBOX_AMAZON_DELAY_S": "0",
        "CRM_PULL_INTERVAL_S": "1",
    }
    sandbox = SandboxServer(f"http://127.0.0.1:{sandbox_port}")
    with ExitStack() as stack:
        stack.enter_context(running.process(["-m", "crm_app.run"], settings, tmp_path / "run.log"))
        running.wait_for(lambda: ready(url).get("status") == "ok", "it is ready", timeout_s=300)
        api = stack.enter_context(signed_in(url))

        outside.stop_redis()
        running.wait_for(lambda: ready(url).get("redis") is False, "it says that Redis is away")
        assert api.get("/api/v1/orders").status_code == 200
        outside.start_redis()
        running.wait_for(lambda: ready(url).get("redis"), "Redis is back")

        outside.stop_postgres()
        answer = api.get("/api/v1/orders")
        assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
        assert "Nothing was changed" in answer.json()["message"]
        assert httpx.get(f"{url}/health/live").status_code == 200
        outside.start_postgres()

        running.wait_for(lambda: ready(url).get("status") == "ok", "all is well", timeout_s=150)
        (external_id,) = sandbox.place("amazon")
        running.wait_for(lambda: finds(api, external_id), "orders arrive again", timeout_s=120)


def ready(url: str) -> dict[str, object]:
    try:
        return httpx.get(f"{url}/health/ready", timeout=20).json()
    except (httpx.TransportError, ValueError):
        return {}


def signed_in(url: str) -> httpx.Client:
    body = {"email": "support@demo.test", "password": DEMO_PASSWORD}
    answer = httpx.post(f"{url}/api/v1/auth/login", json=body, timeout=30).raise_for_status()
    headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
    return httpx.Client(base_url=url, headers=headers, timeout=60)


def finds(api: httpx.Client, external_id: str) -> bool:
    answer = api.get("/api/v1/orders", params={"q": external_id})
    return answer.is_success and answer.json()["pagination"]["total"] == 1
