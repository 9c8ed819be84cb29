"""Exact sums per day, account, status and currency, kept in the transaction of each change."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, text
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.models import Order, OrderCount, OrderRollup


@dataclass(frozen=True, slots=True)
class RollupKey:
    """One cell. `currency` is empty where the channel named none."""

    day: date
    account_id: int
    status: OrderStatus
    currency: str
    channel: Channel


class RollupChange:
    """Collects what one transaction does to the sums, then writes each cell once."""

    def __init__(self) -> None:
        self._cells: defaultdict[RollupKey, list[int]] = defaultdict(lambda: [0, 0])

    def add(self, key: RollupKey, total_minor: int | None) -> None:
        """Count an order in."""
        self._move(key, 1, total_minor or 0)

    def remove(self, key: RollupKey, total_minor: int | None) -> None:
        """Count an order out."""
        self._move(key, -1, -(total_minor or 0))

    def include(self, other: "RollupChange") -> None:
        """Take over what another one collected."""
        for key, (orders, total_minor) in other._cells.items():
            self._move(key, orders, total_minor)

    def _move(self, key: RollupKey, orders: int, total_minor: int) -> None:
        cell = self._cells[key]
        cell[0] += orders
        cell[1] += total_minor

    def write(self, session: Session) -> None:
        """Add the differences; in one fixed order, so that two writers never deadlock."""
        cells = sorted(self._cells.items(), key=lambda item: _sort_key(item[0]))
        self._cells.clear()
        rows = [
            {
                "day": key.day,
                "account_id": key.account_id,
                "status": key.status,
                "currency": key.currency,
                "channel": key.channel,
                "orders": orders,
                "total_minor": total_minor,
            }
            for key, (orders, total_minor) in cells
            if orders or total_minor
        ]
        _add(session, OrderRollup, rows, ("day", "account_id", "status", "currency"))
        _add(session, OrderCount, _over_all_days(rows), ("account_id", "status"))


def _sort_key(key: RollupKey) -> tuple[date, int, str, str]:
    return key.day, key.account_id, key.status, key.currency


def _over_all_days(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    sums: defaultdict[tuple[int, OrderStatus, Channel], int] = defaultdict(int)
    for row in rows:
        sums[row["account_id"], row["status"], row["channel"]] += row["orders"]
    return [
        {"account_id": account_id, "status": status, "channel": channel, "orders": orders}
        for (account_id, status, channel), orders in sorted(sums.items())
        if orders
    ]


def _add(session: Session, table: Any, rows: list[dict[str, Any]], keys: tuple[str, ...]) -> None:
    if not rows:
        return
    statement = insert(table)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=keys,
            set_={
                name: getattr(table, name) + statement.excluded[name]
                for name in ("orders", "total_minor")
                if name in rows[0]
            },
        ),
        rows,
    )


def key_of(order: Order) -> RollupKey:
    """The cell that an order belongs to as it stands."""
    return RollupKey(
        order.placed_on, order.account_id, order.status, order.currency or "", order.channel
    )


Cell = tuple[date, int, str, str, int, int]


def differences(session: Session) -> tuple[list[Cell], list[Cell]]:
    """Recount everything: cells that only the rollups have, and cells only the recount has.

    Both empty means the rollups are exact. A count over all days that is wrong shows up as a
    cell of the day `date.min`. Walks all orders; for checks, not for pages.
    """
    kept = _cells(
        session.execute(
            columns(
                col(OrderRollup.day),
                col(OrderRollup.account_id),
                col(OrderRollup.status),
                col(OrderRollup.currency),
                col(OrderRollup.orders),
                col(OrderRollup.total_minor),
            ).where((col(OrderRollup.orders) != 0) | (col(OrderRollup.total_minor) != 0))
        )
    )
    counted = _cells(
        session.execute(
            columns(
                col(Order.placed_on),
                col(Order.account_id),
                col(Order.status),
                func.coalesce(col(Order.currency), ""),
                func.count(),
                func.coalesce(func.sum(col(Order.total_minor)), 0),
            ).group_by(col(Order.placed_on), col(Order.account_id), col(Order.status), text("4"))
        )
    )
    over_all_days = session.exec(select(OrderCount).where(OrderCount.orders != 0))
    kept |= {(date.min, it.account_id, it.status.value, "", it.orders, 0) for it in over_all_days}
    counted |= _summed(counted)
    return sorted(kept - counted), sorted(counted - kept)


def _summed(cells: set[Cell]) -> set[Cell]:
    sums: defaultdict[tuple[int, str], int] = defaultdict(int)
    for _, account, status, _, orders, _ in cells:
        sums[account, status] += orders
    return {(date.min, *key, "", orders, 0) for key, orders in sums.items()}


def _cells(rows: Iterable[Any]) -> set[Cell]:
    return {
        (day, account, status.value, currency, int(orders), int(total))
        for day, account, status, currency, orders, total in rows
    }
