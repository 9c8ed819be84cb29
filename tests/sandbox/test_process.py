"""The real process: it starts, answers over a socket, hangs up when told to, and stops."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator

import httpx
import pytest

from crm_app.sandbox.credentials import AMAZON_SELLER, INDIA_MARKETPLACE_ID
from tests.sandbox.conftest import KEYS, SEARCH, WOO_ORDERS

START_WITHIN_S = 60


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def process(
    sandbox_database: Callable[[str], str],
) -> Generator[tuple[subprocess.Popen[bytes], str]]:
    port = free_port()
    environment = os.environ | {
        "CRM_SANDBOX_DATABASE_URL": sandbox_database("sandbox_process"),
        "CRM_SANDBOX_PORT": str(port),
        "CRM_SANDBOX_ORDERS": "150",
        "CRM_SANDBOX_ORDER_EVERY_S": "0.2",
        "CRM_SANDBOX_MODE": "fast",
        "CRM_SANDBOX_AMAZON_DELAY_S": "0",
    }
    command = [sys.executable, "-m", "crm_app.sandbox"]
    server = subprocess.Popen(command, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: _answers(address))
        yield server, address
    finally:
        server.kill()
        server.wait()


def wait_for(is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while not is_done():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health").json() == {"status": "ok"}
    except httpx.TransportError:
        return False


def test_an_order_travels_from_search_to_shipment_while_the_shop_lives(
    process: tuple[subprocess.Popen[bytes], str],
) -> None:
    _, address = process
    with httpx.Client(base_url=address) as client:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": AMAZON_SELLER.refresh_token,
            "client_id": AMAZON_SELLER.client_id,
            "client_secret": AMAZON_SELLER.client_secret,
        }
        token = client.post("/amazon-auth/auth/o2/token", data=form).json()["access_token"]
        client.headers["x-amz-access-token"] = token
        made = client.post("/_sandbox/orders", json={"channel": "amazon", "lines": 1}).json()
        [order_id] = made["external_ids"]
        order = client.get(f"{SEARCH}/{order_id}").json()["order"]
        [item] = order["orderItems"]
        detail = {
            "packageReferenceId": "1",
            "carrierCode": "Delhivery",
            "trackingNumber": "DL-42",
            "shipDate": order["createdTime"],
            "orderItems": [
                {"orderItemId": item["orderItemId"], "quantity": item["quantityOrdered"]}
            ],
        }

        shipped = client.post(
            f"/amazon/orders/v0/orders/{order_id}/shipmentConfirmation",
            json={"marketplaceId": INDIA_MARKETPLACE_ID, "packageDetail": detail},
        )
        found = client.get(
            SEARCH,
            params={"lastUpdatedAfter": order["lastUpdatedTime"], "includedData": "FULFILLMENT"},
        ).json()["orders"]

        assert shipped.status_code == 204
        by_id = {one["orderId"]: one for one in found}
        assert by_id[order_id]["fulfillment"]["fulfillmentStatus"] == "SHIPPED"

        def count() -> int:
            orders = client.get("/_sandbox/stats").json()["orders"]
            return sum(orders["amazon"]["palmonas"].values()) + sum(orders["woocommerce"].values())

        start = count()
        wait_for(lambda: count() > start)


def test_a_closed_connection_is_felt_by_the_client(
    process: tuple[subprocess.Popen[bytes], str],
) -> None:
    _, address = process
    httpx.post(f"{address}/_sandbox/faults", json={"kind": "close", "channel": "woocommerce"})

    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{address}{WOO_ORDERS}", auth=KEYS)

    assert httpx.get(f"{address}{WOO_ORDERS}", auth=KEYS).status_code == 200


def test_it_stops_when_told_to(process: tuple[subprocess.Popen[bytes], str]) -> None:
    server, _ = process

    server.send_signal(signal.SIGTERM)

    assert server.wait(timeout=10) == 0
