"""The later channels sell only with an account; then they look alive, and spoil nothing."""

import json
import random
from collections import Counter
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select

from crm_app.sandbox import life, shop, store, trade
from crm_app.sandbox.channel_store import EXTRA_CHANNELS
from crm_app.sandbox.limits import Limits
from crm_app.sandbox.serving import Options, Sandbox
from crm_app.sandbox.store import amazon_orders, channel_orders, woo_orders
from tests.sandbox.conftest import Desk

AT = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def fresh(sandbox_database: Callable[[str], str]) -> Generator[Engine]:
    engine = store.open_store(sandbox_database("sandbox_trade"))
    yield engine
    engine.dispose()


def rows(engine: Engine) -> list[tuple[str, str, str]]:
    table = channel_orders.c
    wanted = select(table.channel, table.external_id, table.body).order_by(
        table.channel, table.external_id
    )
    with engine.connect() as connection:
        return [(row[0], row[1], row[2]) for row in connection.execute(wanted)]


def test_without_an_account_nothing_is_sold(fresh: Engine) -> None:
    box = Sandbox(fresh, Options(), Limits("fast"))
    happened: list[str] = []
    for beat in range(30):
        happened += life.tick(box, random.Random(beat), AT + timedelta(minutes=beat))

    assert rows(fresh) == []
    assert any(sentence.startswith("amazon") for sentence in happened)


def test_an_account_begins_with_orders_of_every_age_once(
    fresh: Engine, sandbox_database: Callable[[str], str]
) -> None:
    twin = store.open_store(sandbox_database("sandbox_trade_twin"))
    for engine in (fresh, twin):
        for channel in EXTRA_CHANNELS:
            assert trade.open_account(engine, channel, 80, 7, AT) == 80
            assert trade.open_account(engine, channel, 80, 8, AT) == 0

    same = rows(fresh) == rows(twin)
    twin.dispose()
    counts = Counter(channel for channel, _, _ in rows(fresh))
    assert same
    assert {counts[channel] for channel in ("shopify", "swiggy", "blinkit")} == {80}
    # Some orders of Flipkart are two shipments.
    assert counts["flipkart"] > 80
    with fresh.connect() as connection:
        newest = connection.scalar(select(func.max(channel_orders.c.updated_at)))
    assert newest is not None
    assert newest <= AT


def test_the_channels_live(fresh: Engine) -> None:
    box = Sandbox(fresh, Options(), Limits("fast"))
    rng = random.Random(3)
    happened: list[str] = []
    for beat in range(120):
        happened += life.tick(box, rng, AT + timedelta(minutes=40 + beat))

    words = " ".join(happened)
    for channel in EXTRA_CHANNELS:
        assert f"{channel} " in words
    for word in ("DELIVERED", "OUT_FOR_DELIVERY", "CANCELLED"):
        assert word in words
    placed = Counter(one.split()[0] for one in happened if one.endswith("placed"))
    assert placed["amazon"] > placed["flipkart"] > placed["blinkit"] > 0


def test_the_first_shop_is_what_it_was_whoever_else_sells(
    fresh: Engine, sandbox_database: Callable[[str], str]
) -> None:
    def bodies(engine: Engine) -> list[str]:
        with engine.connect() as connection:
            amazon = connection.scalars(
                select(amazon_orders.c.body).order_by(amazon_orders.c.order_id)
            ).all()
            woo = connection.scalars(select(woo_orders.c.body).order_by(woo_orders.c.id)).all()
        return [*amazon, *woo]

    engines = [store.open_store(sandbox_database(f"sandbox_first_{n}")) for n in (1, 2)]
    trade.open_account(engines[1], "flipkart", 20, 7, AT)
    for engine in engines:
        shop.seed_shop(engine, 100, 7, AT)

    same = bodies(engines[0]) == bodies(engines[1])
    for engine in engines:
        engine.dispose()
    assert same


def test_the_shop_rings_up_new_buyers_who_pay_at_the_door(
    fresh: Engine, sandbox_database: Callable[[str], str]
) -> None:
    engine = store.open_store(sandbox_database("sandbox_calls"))
    shop.seed_shop(engine, 2_000, 7, AT)
    held = select(woo_orders.c.created_at, woo_orders.c.body).where(
        woo_orders.c.status == "on-hold"
    )
    asked = amazon_orders.c.body.contains('"cancellationRequest"')
    with engine.connect() as connection:
        waiting = connection.execute(held).all()
        wishes = connection.scalar(
            select(func.count()).where(asked, amazon_orders.c.status == "UNSHIPPED")
        )
    engine.dispose()

    assert len(waiting) >= 2
    assert all('"payment_method":"cod"' in row.body for row in waiting)
    assert all(row.created_at >= AT - timedelta(days=2) for row in waiting)
    assert wishes


async def test_an_account_can_be_opened_while_it_runs(desk: Desk) -> None:
    body = {"channel": "blinkit", "orders": 5}

    await desk.pull_lever("accounts", body)
    listed = (await desk.http.get("/_sandbox/accounts")).json()["accounts"]

    assert {"amazon", "woocommerce", "blinkit"} <= set(listed)


async def test_a_buyer_can_win_the_race_on_the_older_channels_too(desk: Desk) -> None:
    [order_id] = await desk.new_orders("amazon")
    fault = {"kind": "buyer_cancels", "channel": "amazon", "operation": "confirmShipment"}
    await desk.pull_lever("faults", fault)
    item = (await desk.truth("amazon", order_id))["body"]["orderItems"][0]
    detail = {
        "packageReferenceId": "1",
        "carrierCode": "DTDC",
        "trackingNumber": "1",
        "shipDate": datetime.now(UTC).isoformat(),
        "orderItems": [{"orderItemId": item["orderItemId"], "quantity": 1}],
    }

    reply = await desk.ship(order_id, {"marketplaceId": "A21TJRUUN4KGV", "packageDetail": detail})

    assert reply.status_code == 400
    assert (await desk.truth("amazon", order_id))["status"] == "CANCELLED"


@pytest.mark.parametrize("channel", ["amazon", "woocommerce"])
async def test_the_older_channels_can_forget_an_order_too(desk: Desk, channel: str) -> None:
    [order_id] = await desk.new_orders(channel)
    await desk.pull_lever(f"orders/{channel}/{order_id}/hide", {"hidden": True})
    truth = await desk.truth(channel, order_id)

    async def listed() -> bool:
        if channel == "woocommerce":
            return order_id in str((await desk.woo(include=order_id)).json())
        reply = await desk.search(lastUpdatedAfter=truth["updated_at"])
        return order_id in {one["orderId"] for one in reply.json()["orders"]}

    gone = await listed()
    await desk.pull_lever(f"orders/{channel}/{order_id}/hide", {"hidden": False})

    assert (gone, await listed()) == (False, True)


@pytest.mark.parametrize("channel", ["woocommerce", "shopify", "blinkit", "flipkart", "swiggy"])
async def test_an_order_can_be_issued_again_under_another_id(desk: Desk, channel: str) -> None:
    [first] = await desk.new_orders(channel, lines=1)

    made = await desk.pull_lever(f"orders/{channel}/{first}/reissue", {})

    old = await desk.truth(channel, first)
    new = await desk.truth(channel, made["external_id"])
    assert made["external_id"] != first
    assert old["status"].lower() in ("cancelled", "trash")
    assert new["status"].lower() not in ("cancelled", "trash")
    # Only Swiggy says which order it stands for.
    assert (first in json.dumps(new["body"])) == (channel == "swiggy")


@pytest.mark.parametrize(
    ("channel", "status"), [("shopify", "FULFILLED"), ("blinkit", "CANCELLED")]
)
async def test_one_that_has_left_or_ended_is_not_issued_again(
    desk: Desk, channel: str, status: str
) -> None:
    [first] = await desk.new_orders(channel, status=status)

    reply = await desk.http.post(f"/_sandbox/orders/{channel}/{first}/reissue", json={})

    assert reply.status_code == 400
    assert (await desk.truth(channel, first))["status"] == status


@pytest.mark.parametrize("channel", ["amazon", "woocommerce", "shopify", "swiggy"])
async def test_every_channel_knows_the_expired_token(desk: Desk, channel: str) -> None:
    await desk.pull_lever("faults", {"kind": "expired_token", "channel": channel})

    if channel == "amazon":
        reply = await desk.search(createdAfter="2020-01-01T00:00:00Z", maxResultsPerPage=1)
    else:
        reply = await desk.http.post(f"/{channel}/x")

    assert reply.status_code == (403 if channel == "amazon" else 401)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("orders/shopify/1/reissue", {}, 404),
        ("orders/amazon/1/reissue", {}, 400),
        ("orders/flipkart/none/hide", {}, 404),
        ("orders/swiggy/1/advance", {"to": "Eaten"}, 404),
        ("accounts", {"channel": "amazon"}, 400),
        ("clock", {"channel": "etsy", "skew_s": 1}, 400),
        ("hooks/faults", {"kind": "earthquake"}, 400),
        ("hooks/revive", {"id": 0}, 400),
        ("orders", {"channel": "blinkit", "status": "EATEN"}, 400),
    ],
)
async def test_a_wrong_lever_is_answered_plainly(
    desk: Desk, path: str, body: object, status: int
) -> None:
    assert (await desk.http.post(f"/_sandbox/{path}", json=body)).status_code == status
