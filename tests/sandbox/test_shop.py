"""The invented shop is believable, the same for the same seed, and it lives."""

import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from crm_app.sandbox import life, shop, store, times
from crm_app.sandbox.limits import Limits
from crm_app.sandbox.people import invent_buyer
from crm_app.sandbox.serving import Options, Sandbox
from crm_app.sandbox.store import amazon_orders, woo_orders

AT = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)


def bodies(engine: Engine) -> tuple[list[Any], list[Any]]:
    amazon = select(amazon_orders.c.withheld, amazon_orders.c.body).order_by(
        amazon_orders.c.order_id
    )
    with engine.connect() as connection:
        sold = [json.loads(whole or shown) for whole, shown in connection.execute(amazon)]
        shop_orders = connection.scalars(select(woo_orders.c.body).order_by(woo_orders.c.id))
        return sold, [json.loads(text) for text in shop_orders]


@pytest.fixture(scope="module")
def fresh_engine(sandbox_database: Callable[[str], str]) -> Any:
    engine = store.open_store(sandbox_database("sandbox_shop"))
    assert shop.seed_shop(engine, 1_500, 11, AT) == 1_500
    yield engine
    engine.dispose()


def test_the_same_seed_invents_the_same_shop(
    fresh_engine: Engine, sandbox_database: Callable[[str], str]
) -> None:
    twin = store.open_store(sandbox_database("sandbox_twin"))
    shop.seed_shop(twin, 1_500, 11, AT)

    same = bodies(twin) == bodies(fresh_engine)

    twin.dispose()
    assert same


def test_a_second_start_invents_nothing(fresh_engine: Engine) -> None:
    before = bodies(fresh_engine)

    assert shop.seed_shop(fresh_engine, 1_500, 12, AT) == 0

    assert bodies(fresh_engine) == before


def test_the_shop_looks_like_one(fresh_engine: Engine) -> None:
    amazon, woo = bodies(fresh_engine)

    assert len(amazon) + len(woo) == 1_500
    assert 0.6 < len(amazon) / 1_500 < 0.7
    cod = sum(
        order["payment"]["paymentExecutions"][0]["paymentMethod"] == "COD" for order in amazon
    )
    assert 0.3 < cod / len(amazon) < 0.4
    assert {order["fulfillment"]["fulfilledBy"] for order in amazon} == {"AMAZON", "MERCHANT"}
    statuses = Counter(order["fulfillment"]["fulfillmentStatus"] for order in amazon)
    assert {"PENDING", "UNSHIPPED", "SHIPPED", "CANCELLED"} == set(statuses)
    assert {"processing", "completed", "cancelled", "refunded"} <= {o["status"] for o in woo}
    assert max(len(order["orderItems"]) for order in amazon) > 3


def test_orders_come_in_the_evening_and_at_weekends_and_grow() -> None:
    moments = list(shop.order_moments(random.Random(3), 6_000, AT))
    local = [moment.astimezone(times.IST) for moment in moments]

    hours = Counter(moment.hour for moment in local)
    weekend = sum(moment.weekday() >= 5 for moment in local)
    middle = AT - timedelta(days=45)
    late = sum(moment > middle for moment in moments)
    assert moments == sorted(moments)
    assert moments[-1] < AT
    assert moments[0] > AT - timedelta(days=92)
    assert hours[20] > 5 * hours[3]
    assert weekend / len(local) > 0.3
    assert late > 0.55 * len(moments)


def test_old_orders_are_finished(fresh_engine: Engine) -> None:
    amazon, _ = bodies(fresh_engine)
    old = times.stamp(AT - timedelta(days=10))

    statuses = {
        order["fulfillment"]["fulfillmentStatus"] for order in amazon if order["createdTime"] < old
    }

    assert statuses == {"SHIPPED", "CANCELLED"}


def test_amazon_money_adds_up_to_the_last_paisa(fresh_engine: Engine) -> None:
    amazon, _ = bodies(fresh_engine)
    for order in amazon:
        total = Decimal(order["proceeds"]["grandTotal"]["amount"])
        items = [
            Decimal(item["proceeds"]["proceedsTotal"]["amount"]) for item in order["orderItems"]
        ]
        parts = [Decimal(part["subtotal"]["amount"]) for part in order["proceeds"]["breakdowns"]]
        assert sum(items) == sum(parts) == total
        assert total > 0


def test_nothing_is_dated_after_the_present(fresh_engine: Engine) -> None:
    with fresh_engine.connect() as connection:
        newest = connection.scalar(select(func.max(amazon_orders.c.updated_at)))
        newest_woo = connection.scalar(select(func.max(woo_orders.c.modified_at)))

    assert newest is not None
    assert newest_woo is not None
    assert max(newest, newest_woo) <= AT


def test_buyers_can_only_be_mailed_at_reserved_names() -> None:
    rng = random.Random(5)
    for _ in range(300):
        buyer = invent_buyer(rng)
        host = buyer.email.partition("@")[2]
        assert host.endswith((".com", ".in"))
        assert "example." in host
        assert len(buyer.pincode) == 6
        assert len(buyer.phone) == 13


def test_the_shop_lives(fresh_engine: Engine) -> None:
    box = Sandbox(fresh_engine, Options(), Limits("fast"))
    rng = random.Random(1)
    before = {order["orderId"] for order in bodies(fresh_engine)[0]}

    happened: list[str] = []
    for beat in range(150):
        happened += life.tick(box, rng, AT + timedelta(minutes=beat))

    words = " ".join(happened)
    for word in (
        "placed",
        "payment cleared",
        "out_for_delivery",
        "delivered",
        "asks to cancel",
        "cancelled by its buyer",
        "processing",
    ):
        assert word in words
    placed = sum("placed" in sentence for sentence in happened)
    amazon, woo = bodies(fresh_engine)
    assert placed == 150
    assert len(amazon) + len(woo) == 1_650
    assert before < {order["orderId"] for order in amazon}


def test_life_ends_before_the_disk_does(
    fresh_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(life, "MOST_NEW_ORDERS", 0)
    box = Sandbox(fresh_engine, Options(), Limits("fast"))

    happened = life.tick(box, random.Random(1), AT + timedelta(days=1))

    assert not any("placed" in sentence for sentence in happened)
