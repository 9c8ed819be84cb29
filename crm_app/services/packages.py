"""The packages of orders: what is in them, what is left, and how many pieces have gone.

A line's own quantities are the channel's word. What a person sends is a package before the channel
knows of it, so what has gone of a line is the larger of both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, any_, literal, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col, select

from crm_app.domain.intent import OPEN
from crm_app.models import Order, OrderLine, OrderPackage, StatusIntent
from crm_app.services import bulk

# Of every line, the pieces that went in packages: `gone(order_id, key, units)`.
_GONE: Final = """
    SELECT package.order_id, piece.key, sum(piece.value::integer) AS units
    FROM order_packages AS package, jsonb_each_text(package.lines) AS piece
    WHERE package.order_id = ANY(:ids)
    GROUP BY package.order_id, piece.key
"""
_LEFT: Final = """
    line.quantity - line.quantity_cancelled
    - greatest(line.quantity_shipped, coalesce(gone.units, 0))
"""

_LEAVE: Final = text(
    f"""
    WITH gone AS ({_GONE}), whole AS (
        SELECT line.order_id, jsonb_object_agg(line.external_id, {_LEFT}) AS lines
        FROM order_lines AS line
        LEFT JOIN gone ON gone.order_id = line.order_id AND gone.key = line.external_id
        WHERE line.order_id = ANY(:ids) AND {_LEFT} > 0
        GROUP BY line.order_id)
    INSERT INTO order_packages (order_id, external_id, carrier, tracking_number, channel_status,
        lines, shipped_at, is_told, intent_id, actor_label)
    SELECT leaves.order_id, '', leaves.carrier, leaves.tracking, '',
        coalesce(leaves.lines, whole.lines, '{{}}'), :moment, false, leaves.intent_id, :label
    FROM json_to_recordset(CAST(:rows AS json)) AS leaves(
        order_id bigint, carrier text, tracking text, lines jsonb, intent_id bigint)
    LEFT JOIN whole ON whole.order_id = leaves.order_id
    """  # noqa: S608
)
_RECOUNT: Final = text(
    f"""
    WITH gone AS ({_GONE}), counted AS (
        SELECT line.order_id, sum(least(line.quantity - line.quantity_cancelled,
            greatest(line.quantity_shipped, coalesce(gone.units, 0)))) AS units
        FROM order_lines AS line
        LEFT JOIN gone ON gone.order_id = line.order_id AND gone.key = line.external_id
        WHERE line.order_id = ANY(:ids)
        GROUP BY line.order_id)
    UPDATE orders SET units_shipped = greatest(counted.units, 0)
    FROM counted
    WHERE orders.id = counted.order_id AND orders.units_shipped <> greatest(counted.units, 0)
    """  # noqa: S608
)
# What a shipment that is taken back wrote last; the channel's own packages stay.
_FORGET_LAST: Final = text(
    """
    DELETE FROM order_packages USING (
        SELECT max(id) AS id FROM order_packages
        WHERE order_id = ANY(:ids) AND external_id = '' GROUP BY order_id) AS last
    WHERE order_packages.id = last.id
    """
)
_FORGET_UNTOLD: Final = text(
    "DELETE FROM order_packages WHERE order_id = ANY(:ids) AND external_id = ''"
)
_SUM_UP: Final = text(
    """
    UPDATE orders SET carrier = newest.carrier, tracking_number = newest.tracking_number
    FROM (
        SELECT DISTINCT ON (order_id) order_id, carrier, tracking_number FROM order_packages
        WHERE order_id = ANY(:ids) AND tracking_number <> '' ORDER BY order_id, id DESC) AS newest
    WHERE orders.id = newest.order_id
    """
)


@dataclass(frozen=True, slots=True)
class Leaving:
    """A package that goes. `lines` is None where it takes all that is left."""

    order_id: int
    carrier: str
    tracking_number: str
    lines: Mapping[str, int] | None
    intent_id: int | None


def note_leaving(
    session: Session, label: str, leaving: Sequence[Leaving], moment: datetime
) -> None:
    """Write down packages, and what has gone of their orders. At most one for each order.

    Args:
        session: Holds the lock of every order.
        label: Who sends them.
        leaving: With the intents that tell of them, already written.
        moment: When they leave.
    """
    if not leaving:
        return
    rows = [
        {
            "order_id": one.order_id,
            "carrier": one.carrier,
            "tracking": one.tracking_number,
            "lines": dict(one.lines) if one.lines is not None else None,
            "intent_id": one.intent_id,
        }
        for one in leaving
    ]
    ids = [one.order_id for one in leaving]
    about: dict[str, Any] = {"ids": ids, "moment": moment, "label": label}
    session.execute(_LEAVE, about | bulk.parameter(rows))
    recount(session, ids)


def forget_last(session: Session, order_ids: Sequence[int]) -> None:
    """The newest package of each order never left: nobody was told of it."""
    _forget(session, order_ids, _FORGET_LAST)


def forget_untold(session: Session, order_ids: Sequence[int]) -> None:
    """What the channel shows of these orders is all that ever left."""
    _forget(session, order_ids, _FORGET_UNTOLD)


def _forget(session: Session, order_ids: Sequence[int], statement: Any) -> None:
    if order_ids:
        ids = {"ids": list(order_ids)}
        session.execute(statement, ids)
        session.execute(_SUM_UP, ids)
        recount(session, order_ids)


def recount(session: Session, order_ids: Iterable[int]) -> None:
    """Bring `Order.units_shipped` to what lines and packages say; loaded orders are not refreshed.

    Everything that is to be counted has to be flushed.
    """
    if ids := list(order_ids):
        session.execute(_RECOUNT, {"ids": ids})


def note_told(session: Session, intent: StatusIntent) -> None:
    """The accepted call is all that its channel says of the package."""
    session.execute(
        update(OrderPackage)
        .where(
            col(OrderPackage.order_id) == intent.order_id, col(OrderPackage.intent_id) == intent.id
        )
        .values(is_told=True)
    )


def send_again(session: Session, old: StatusIntent, new: StatusIntent) -> None:
    """The package of a change goes with the one that repeats it; both are written."""
    session.execute(
        update(OrderPackage)
        .where(col(OrderPackage.order_id) == old.order_id, col(OrderPackage.intent_id) == old.id)
        .values(intent_id=new.id)
    )


def of_order(session: Session, order_id: int) -> list[OrderPackage]:
    """The packages of an order, in the order in which they left."""
    return of_orders(session, [order_id]).get(order_id, [])


def of_orders(session: Session, order_ids: Sequence[int]) -> dict[int, list[OrderPackage]]:
    """The packages of these orders, oldest first."""
    found: dict[int, list[OrderPackage]] = {}
    if order_ids:
        ids: Any = literal(list(order_ids), ARRAY(BigInteger))
        for package in session.exec(
            select(OrderPackage)
            .where(col(OrderPackage.order_id) == any_(ids))
            .order_by(col(OrderPackage.order_id), col(OrderPackage.id))
        ):
            found.setdefault(package.order_id, []).append(package)
    return found


def gone(line: OrderLine, packages: Iterable[OrderPackage]) -> int:
    """Pieces of a line that have left, by the channel's word or in a package of ours."""
    packed = sum(int(package.lines.get(line.external_id, 0)) for package in packages)
    return max(0, min(line.quantity - line.quantity_cancelled, max(line.quantity_shipped, packed)))


def left(session: Session, order_id: int) -> dict[str, int]:
    """Pieces still to leave, by the line's external id, in the order of the lines."""
    packages = of_order(session, order_id)
    lines = session.exec(
        select(OrderLine).where(OrderLine.order_id == order_id).order_by(col(OrderLine.position))
    )
    found = {
        line.external_id: line.quantity - line.quantity_cancelled - gone(line, packages)
        for line in lines
    }
    return {key: count for key, count in found.items() if count > 0}


def refused(session: Session, order_ids: Sequence[int]) -> dict[int, StatusIntent]:
    """Of these orders, the newest part that its channel was to be told of and does not have."""
    if not order_ids:
        return {}
    ids: Any = literal(list(order_ids), ARRAY(BigInteger))
    found = session.exec(
        select(StatusIntent)
        .join(OrderPackage, col(OrderPackage.intent_id) == StatusIntent.id)
        .where(
            col(OrderPackage.order_id) == any_(ids),
            col(OrderPackage.is_told).is_(False),
            col(StatusIntent.is_part),
            col(StatusIntent.state).not_in(OPEN),
        )
        .order_by(col(StatusIntent.id))
    )
    return {intent.order_id: intent for intent in found}


def is_partly(order: Order) -> bool:
    """Whether some of its pieces have left and others have not."""
    return 0 < order.units_shipped < order.unit_count
