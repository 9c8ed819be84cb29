"""Amazon's ORDER_CHANGE messages: when they are sent, and that they fit the published schema."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from sqlalchemy import Engine, select

from crm_app.sandbox.store import hook_deliveries, hook_targets
from tests.sandbox.conftest import Desk

SCHEMA = (
    Path(__file__).resolve().parents[3] / "shared/contracts/amazon/OrderChangeNotification.json"
)


@pytest.fixture(autouse=True)
def forget(engine: Engine) -> Any:
    yield
    with engine.begin() as connection:
        connection.execute(hook_targets.delete())
        connection.execute(hook_deliveries.delete())


async def listen(desk: Desk) -> None:
    await desk.pull_lever("hooks", {"channel": "amazon", "url": "http://127.0.0.1:9/x"})


def messages(engine: Engine, order_id: str) -> list[dict[str, Any]]:
    wanted = select(hook_deliveries.c.body).where(hook_deliveries.c.external_id == order_id)
    with engine.connect() as connection:
        found = connection.scalars(wanted.order_by(hook_deliveries.c.id)).all()
    return [json.loads(body) for body in found]


def changes(engine: Engine, order_id: str) -> list[tuple[str, str]]:
    told = [one["Payload"]["OrderChangeNotification"] for one in messages(engine, order_id)]
    return [(one["OrderChangeType"], one["Summary"]["OrderStatus"]) for one in told]


async def test_a_message_is_put_for_what_it_names_and_for_nothing_else(
    desk: Desk, engine: Engine
) -> None:
    await listen(desk)
    [order_id] = await desk.new_orders("amazon", status="PENDING")

    for move in ("UNSHIPPED", "CANCEL_REQUESTED", "SHIPPED", "OUT_FOR_DELIVERY", "DELIVERED"):
        await desk.pull_lever(f"orders/amazon/{order_id}/advance", {"to": move})

    # Where the parcel is changes no word that these messages know.
    assert changes(engine, order_id) == [
        ("OrderStatusChange", "Pending"),
        ("OrderStatusChange", "Unshipped"),
        ("BuyerRequestedChange", "Unshipped"),
        ("OrderStatusChange", "Shipped"),
    ]


async def test_a_loaded_report_tells_nothing(desk: Desk, engine: Engine) -> None:
    await listen(desk)

    [order_id] = await desk.new_orders("amazon", seller="report")

    assert messages(engine, order_id) == []


@pytest.mark.skipif(not SCHEMA.exists(), reason="Amazon's schema is not beside the checkout")
async def test_messages_fit_amazons_schema(desk: Desk, engine: Engine) -> None:
    await listen(desk)
    validator = jsonschema_rs.Draft7Validator(json.loads(SCHEMA.read_text()))

    for status in ("PENDING", "UNSHIPPED", "SHIPPED", "CANCELLED"):
        [order_id] = await desk.new_orders("amazon", status=status, cancel_requested=True)
        told = messages(engine, order_id)
        assert told
        assert [str(error) for one in told for error in validator.iter_errors(one)] == []
