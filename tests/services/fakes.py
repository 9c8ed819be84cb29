"""Channels that live in memory and speak our own Connector protocol."""

import dataclasses
import logging
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import text

from crm_app import db
from crm_app.channels.base import (
    ChannelBuyer,
    ChannelOrder,
    ChannelOrderLine,
    OrderPage,
    Receipt,
    StatusUpdate,
)
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus, PaymentStatus
from crm_app.domain.time import now
from crm_app.errors import ChannelError, RejectedError

logger = logging.getLogger(__name__)

# Whole seconds, as channels tell them, and never in the future of the machine that runs the tests.
LONG_AGO: Final = now().replace(microsecond=0) - timedelta(days=2)

_WORDS: Final = {
    OrderStatus.PENDING: "on-hold",
    OrderStatus.CONFIRMED: "processing",
    OrderStatus.SHIPPED: "completed",
    OrderStatus.CANCELLED: "cancelled",
}


def at(minutes: float) -> datetime:
    """A moment this long after the orders were placed."""
    return LONG_AGO + timedelta(minutes=minutes)


def line(external_id: str = "1", **changes: Any) -> ChannelOrderLine:
    """One pair of earrings."""
    plain = ChannelOrderLine(external_id, "PDE-18K", "Pearl Drop Earrings", 1, total_minor=149_900)
    return dataclasses.replace(plain, **changes)


def told(external_id: str = "405-1", **changes: Any) -> ChannelOrder:
    """An order as its channel tells it; the payload differs whenever anything in it does."""
    values: dict[str, Any] = {
        "external_id": external_id,
        "order_number": external_id,
        "channel_status": "UNSHIPPED",
        "status": OrderStatus.CONFIRMED,
        "payment_status": PaymentStatus.PAID,
        "placed_at": LONG_AGO,
        "updated_at": LONG_AGO,
        "currency": "INR",
        "total_minor": 149_900,
        "lines": (line(),),
        "buyer": ChannelBuyer("b-1", "Meera Iyer", "meera@mail.example", "+91 98200 12345"),
    } | changes
    values.setdefault("raw", {"told": repr(sorted(values.items()))})
    return ChannelOrder(**values)


def last_page(*orders: ChannelOrder, cursor: str = "next", **more: Any) -> OrderPage:
    """A page that ends its sweep."""
    return OrderPage(orders=orders, cursor=cursor, complete_to=at(60), **more)


def idle_transactions() -> int:
    """Transactions of this database that stay open while the channel is asked; must be none.

    What was read before is stored beside the asking: a transaction that ends by itself meanwhile
    waits for nothing, so a moment is given to it.
    """
    give_up = time.monotonic() + 2
    while (found := _open_now()) and time.monotonic() < give_up:
        time.sleep(0.01)
    if found:
        # Pytest shows it with the failure: whose transaction it is, and since when.
        logger.warning("Open around a call: %s", found)
    return len(found)


def _open_now() -> list[tuple[object, ...]]:
    with db.get_engine().connect() as connection:
        found = connection.execution_options(isolation_level="AUTOCOMMIT").execute(
            text(
                "SELECT pid, backend_start, xact_start, state, query "
                "FROM pg_stat_activity WHERE datname = current_database() "
                "AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()"
            )
        )
        return [tuple(row) for row in found]


@dataclass
class FakeSource:
    """Gives prepared pages; an exception among them is raised at its place."""

    channel: ClassVar[Channel] = Channel.AMAZON

    script: Sequence[OrderPage | BaseException]
    asked: list[tuple[str | None, str | None]] = field(default_factory=list[Any])
    idle: list[int] = field(default_factory=list[int])

    def fetch_orders(self, cursor: str | None, resume: str | None = None) -> Iterator[OrderPage]:
        self.asked.append((cursor, resume))
        for step in self.script:
            self.idle.append(idle_transactions())
            if isinstance(step, BaseException):
                raise step
            yield step

    def fetch_order(self, external_id: str) -> ChannelOrder:
        raise RejectedError(f"No order {external_id}.")

    def push_status(self, update: StatusUpdate) -> Receipt:
        raise RejectedError(f"Cannot tell {update.status}.")

    def close(self) -> None:
        return None


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call, and whether the shop acted on it before."""

    error: BaseException
    acts: bool = False


@dataclass
class FakeShop:
    """A shop with a memory: it takes statuses, shows them when read, and fails on command."""

    channel: ClassVar[Channel] = Channel.WOOCOMMERCE

    orders: dict[str, ChannelOrder] = field(default_factory=dict[str, ChannelOrder])
    push_faults: deque[Fault | None] = field(default_factory=deque[Any])
    read_faults: deque[BaseException | None] = field(default_factory=deque[Any])
    pushed: list[StatusUpdate] = field(default_factory=list[StatusUpdate])
    calls: list[str] = field(default_factory=list[str])
    idle: list[int] = field(default_factory=list[int])
    # False: it accepts everything and never shows it.
    shows: bool = True
    # False: its list names nothing.
    lists: bool = True

    def put(self, order: ChannelOrder) -> None:
        self.orders[order.external_id] = order

    def set_status(self, external_id: str, status: OrderStatus) -> None:
        order = self.orders[external_id]
        self.put(
            dataclasses.replace(
                order,
                status=status,
                channel_status=_WORDS.get(status, status.value),
                updated_at=order.updated_at + timedelta(seconds=1),
                raw={"id": external_id, "status": status.value, "n": len(self.calls)},
            )
        )

    def fetch_orders(self, cursor: str | None, resume: str | None = None) -> Iterator[OrderPage]:
        del cursor, resume
        yield last_page(*(self.orders.values() if self.lists else ()))

    def fetch_order(self, external_id: str) -> ChannelOrder:
        self.calls.append(f"read {external_id}")
        self.idle.append(idle_transactions())
        error = self.read_faults.popleft() if self.read_faults else None
        if error is not None:
            raise error
        return self.orders[external_id]

    def push_status(self, update: StatusUpdate) -> Receipt:
        self.calls.append(f"push {update.external_id} {update.status}")
        self.idle.append(idle_transactions())
        fault = self.push_faults.popleft() if self.push_faults else None
        if fault is None or fault.acts:
            self.pushed.append(update)
            if self.shows:
                self.set_status(update.external_id, update.status)
        if fault is not None:
            raise fault.error
        return Receipt("PUT /orders", 200, request_id="r-1", answer="ok")

    def close(self) -> None:
        return None


@dataclass
class FakeWarehouse(FakeShop):
    """A shop that takes several orders in one call. `batches` are the ids of each."""

    channel: ClassVar[Channel] = Channel.FLIPKART

    batches: list[list[str]] = field(default_factory=list[list[str]])
    read_batches: list[list[str]] = field(default_factory=list[list[str]])
    # Raised inside a call, after it acted for those before this one: the process dies there.
    dies_at: str = ""

    def push_statuses(self, updates: Sequence[StatusUpdate]) -> dict[int, Receipt | ChannelError]:
        self.batches.append([update.external_id for update in updates])
        outcomes: dict[int, Receipt | ChannelError] = {}
        for update in updates:
            if update.external_id == self.dies_at:
                raise KeyboardInterrupt
            try:
                outcomes[update.reference] = self.push_status(update)
            except ChannelError as error:
                outcomes[update.reference] = error
        return outcomes

    def fetch_by_ids(self, external_ids: Sequence[str]) -> dict[str, ChannelOrder | Exception]:
        self.read_batches.append(list(external_ids))
        return {key: self.fetch_order(key) for key in external_ids}
