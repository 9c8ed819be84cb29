"""The shop lives: orders arrive, payments clear, buyers cancel, parcels are delivered."""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool

from crm_app.sandbox import amazon_body, amazon_order, store, times, trade, woo_body, woo_order
from crm_app.sandbox.amazon_order import StoredOrder
from crm_app.sandbox.credentials import AMAZON_SELLER
from crm_app.sandbox.draft import Draft, invent_order
from crm_app.sandbox.serving import Sandbox
from crm_app.sandbox.shop import AMAZON_SHARE
from crm_app.sandbox.store import amazon_orders, woo_orders
from crm_app.sandbox.woo_order import StoredWooOrder

logger = logging.getLogger(__name__)

# A demo that is left running for weeks must not fill the disk.
MOST_NEW_ORDERS: Final = 20_000
_INVENTED: Final = "orders invented by life"
_IDLE_S: Final = 0.5


async def live(box: Sandbox) -> None:
    """Let something happen every now and then, until cancelled."""
    rng = random.Random()  # noqa: S311 - an invented shop, no secret
    while True:
        every_s = box.options.order_every_s
        if every_s <= 0:
            await asyncio.sleep(_IDLE_S)
            continue
        # Waiting times of independent buyers; cut, so that a change of pace is felt soon.
        await asyncio.sleep(min(rng.expovariate(1 / every_s), 4 * every_s, 60.0))
        try:
            await run_in_threadpool(tick, box, rng, times.now())
        except OperationalError as error:
            logger.warning("the shop stood still for a moment: %s", type(error).__name__)


def tick(box: Sandbox, rng: random.Random, at: datetime) -> list[str]:
    """One beat: perhaps a new order, and some of what happens to older ones.

    Returns:
        What happened, one sentence each.
    """
    happened: list[str] = []
    with box.engine.begin() as connection:
        is_selling = _count_one(connection)
        if is_selling:
            happened.append(place_order(connection, rng, at))
        happened += trade.tick(connection, rng, at, is_selling)
    for event, chance in _EVENTS:
        if rng.random() < chance:
            with box.engine.begin() as connection:
                happened += event(connection, rng, at)
    return happened


def _count_one(connection: Connection) -> bool:
    """Whether one more may be invented; counts it."""
    invented = int(store.read_fact(connection, _INVENTED) or 0)
    if invented >= MOST_NEW_ORDERS:
        return False
    store.write_fact(connection, _INVENTED, str(invented + 1))
    return True


def place_order(connection: Connection, rng: random.Random, at: datetime) -> str:
    """A buyer orders on one of the channels."""
    draft = invent_order(rng, at)
    if rng.random() < AMAZON_SHARE:
        draft = replace(draft, stage="pending" if rng.random() < 0.6 else "open")
        return f"amazon {place_on_amazon(connection, rng, draft, AMAZON_SELLER.key)} placed"
    is_unpaid = not draft.is_cod and rng.random() < 0.4
    draft = replace(draft, stage="pending" if is_unpaid else "open", is_recent=True)
    return f"woocommerce {place_on_woo(connection, rng, draft)} placed"


def place_on_amazon(
    connection: Connection,
    rng: random.Random,
    draft: Draft,
    seller: str,
    is_fba: bool | None = None,
) -> str:
    """Store a draft as an order of an Amazon seller; its order id."""
    while True:
        order = amazon_body.dress(rng, draft, seller, is_fba)
        statement = insert(amazon_orders).values(amazon_order.row_of(order))
        if connection.execute(statement.on_conflict_do_nothing()).rowcount:
            amazon_order.tell(connection, order, order.updated_at)
            return order.order_id


def place_on_woo(connection: Connection, rng: random.Random, draft: Draft) -> int:
    """Store a draft as an order of the web shop; its id."""
    body = woo_body.dress(rng, draft)
    return woo_order.insert_new(connection, [(body, draft.placed_at)], rng.randint(1, 4))


def _clear_amazon_payment(connection: Connection, rng: random.Random, at: datetime) -> list[str]:
    order = _amazon_in(connection, amazon_orders.c.status == "PENDING", at - _PAYMENT_TAKES)
    if order is None:
        return []
    if rng.random() < 0.93:
        amazon_order.release(order.body)
        word = "payment cleared"
    else:
        amazon_order.cancel(order.body, "AMAZON", "Payment failed")
        word = "cancelled, payment failed"
    amazon_order.save(connection, order, at)
    return [f"amazon {order.order_id} {word}"]


def _ask_to_cancel(connection: Connection, rng: random.Random, at: datetime) -> list[str]:
    order = _amazon_in(connection, _OPEN_AND_CALM, at - _BUYER_THINKS, newest=True)
    if order is None:
        return []
    amazon_order.request_cancel(order.body, rng.choice(amazon_body.CANCEL_REASONS))
    amazon_order.save(connection, order, at)
    return [f"amazon {order.order_id} buyer asks to cancel"]


def _cancel_on_amazon(connection: Connection, rng: random.Random, at: datetime) -> list[str]:
    order = _amazon_in(connection, amazon_orders.c.status == "UNSHIPPED", at - _BUYER_THINKS, True)
    if order is None:
        return []
    amazon_order.cancel(order.body, "BUYER", rng.choice(amazon_body.CANCEL_REASONS))
    amazon_order.save(connection, order, at)
    return [f"amazon {order.order_id} cancelled by its buyer"]


def _move_parcel(connection: Connection, rng: random.Random, at: datetime) -> list[str]:
    order = _amazon_in(connection, amazon_orders.c.is_moving, at - _PARCEL_RESTS)
    if order is None:
        return []
    details = {one["packageStatus"].get("detailedStatus") for one in order.body["packages"]}
    if details & {"REJECTED_BY_BUYER", "RETURNING_TO_SELLER"}:
        stage = "returned"
    elif "OUT_FOR_DELIVERY" not in details:
        stage = "out_for_delivery"
    else:
        stage = "delivered" if rng.random() < 0.95 else "returned"
    amazon_order.track(order.body, *amazon_body.PACKAGE_STATUS[stage])
    amazon_order.save(connection, order, at)
    return [f"amazon {order.order_id} {stage}"]


def _settle_on_woo(connection: Connection, rng: random.Random, at: datetime) -> list[str]:
    order = _woo_in(connection, "pending", at - _PAYMENT_TAKES)
    if order is None:
        return []
    status = rng.choices(("processing", "failed", "cancelled"), (75, 10, 15))[0]
    if status == "processing":
        order.body["transaction_id"] = f"pay_{rng.getrandbits(64):016X}"
    woo_order.set_status(order.body, status, at)
    woo_order.save(connection, order, at)
    return [f"woocommerce {order.id} {status}"]


def _cancel_on_woo(connection: Connection, _rng: random.Random, at: datetime) -> list[str]:
    order = _woo_in(connection, "processing", at - _BUYER_THINKS)
    if order is None:
        return []
    woo_order.set_status(order.body, "cancelled", at)
    woo_order.save(connection, order, at)
    return [f"woocommerce {order.id} cancelled"]


def _amazon_in(
    connection: Connection,
    condition: ColumnElement[bool],
    calm_since: datetime,
    newest: bool = False,
) -> StoredOrder | None:
    """An order of the living seller that nobody touched since; locked, or None."""
    table = amazon_orders
    by = table.c.updated_at.desc() if newest else table.c.updated_at
    statement = (
        select(table)
        .where(table.c.seller == AMAZON_SELLER.key, table.c.updated_at < calm_since)
        .where(condition, table.c.is_raw.is_(False))
        .order_by(by)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else amazon_order.from_row(row)


def _woo_in(connection: Connection, status: str, calm_since: datetime) -> StoredWooOrder | None:
    table = woo_orders
    statement = (
        select(table.c.id)
        .where(table.c.status == status, table.c.modified_at < calm_since)
        .where(table.c.is_raw.is_(False))
        .order_by(table.c.modified_at.desc())
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    order_id = connection.scalar(statement)
    return None if order_id is None else woo_order.load(connection, order_id)


_PAYMENT_TAKES: Final = timedelta(seconds=40)
_BUYER_THINKS: Final = timedelta(minutes=3)
_PARCEL_RESTS: Final = timedelta(seconds=60)
_OPEN_AND_CALM: Final = and_(
    amazon_orders.c.status == "UNSHIPPED",
    amazon_orders.c.body.not_like('%"cancellationRequest"%'),
)
Event = Callable[[Connection, random.Random, datetime], list[str]]
_EVENTS: Final[tuple[tuple[Event, float], ...]] = (
    (_clear_amazon_payment, 0.7),
    (_ask_to_cancel, 0.05),
    (_cancel_on_amazon, 0.03),
    (_move_parcel, 0.4),
    (_settle_on_woo, 0.5),
    (_cancel_on_woo, 0.02),
)
