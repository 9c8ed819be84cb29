"""Invoice numbers: given once, without a gap, and the same on every reprint."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, any_, func, literal
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain import gst
from crm_app.domain.actor import Actor
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import business_day, now
from crm_app.models import Invoice, InvoiceSeries, Order
from crm_app.services import audit, reach
from crm_app.services.papers import facts as reading
from crm_app.services.papers.facts import Facts

# Nothing was sold, or not yet. What was invoiced before it came back is printed as it was.
_WITHOUT: Final = (
    OrderStatus.PENDING,
    OrderStatus.CANCELLED,
    OrderStatus.RETURNED,
    OrderStatus.FAILED,
)


@dataclass(frozen=True, slots=True)
class Issued:
    """An invoice as it was issued; `issued_on` in ISO form."""

    number: str
    issued_on: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class Invoices:
    """The invoices of some orders, and why others have none: sentences."""

    issued: list[Issued]
    refused: list[str]


def issue(session: Session, actor: Actor, order_ids: Sequence[int]) -> Invoices:
    """The invoices of these orders, in their order; numbers for those that have none yet.

    Numbers of a series and financial year follow each other without a gap: the row of the series
    is locked until the transaction ends, and a roll-back gives its numbers back.

    Args:
        session: An open transaction.
        actor: Must hold `orders.print` and see personal data.
        order_ids: At most some hundred.

    Raises:
        PermissionDeniedError: Without a permission.
    """
    reach.require(session, actor, Permission.PRINT_ORDERS)
    reach.require(session, actor, Permission.SEE_PERSONAL_DATA)
    wanted = {found.order_id: found for found in reading.read(session, order_ids)}
    day = business_day(now(), get_settings().zone)
    year = gst.financial_year(day)
    # In one order, so that two printers never wait for each other in a ring.
    for series in sorted({found.seller.series for found in wanted.values()}):
        _lock(session, series, year)
    # Under the lock: whoever was faster has committed.
    known = _known(session, list(wanted))
    statuses = _statuses(session, list(wanted))
    fresh: list[Facts] = []
    refused: list[str] = []
    for order_id in wanted:
        if order_id in known:
            continue
        why = _why_not(wanted[order_id], statuses[order_id])
        if why:
            refused.append(f"{wanted[order_id].number} {why}")
        else:
            fresh.append(wanted[order_id])
    known |= _number(session, actor, fresh, day=day, year=year)
    return Invoices([known[order_id] for order_id in wanted if order_id in known], refused)


def _why_not(found: Facts, status: OrderStatus) -> str:
    if status in _WITHOUT:
        return f"is {status.label.lower()}"
    if found.total_minor is None or not found.currency:
        return "has no total yet"
    return "" if found.lines else "has no lines"


def _lock(session: Session, series: str, year: int) -> None:
    statement = insert(InvoiceSeries).values(series=series, year=year, last=0)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["series", "year"], set_={"last": InvoiceSeries.last}
        )
    )


def _known(session: Session, order_ids: list[int]) -> dict[int, Issued]:
    found = session.exec(select(Invoice).where(_is_one_of(Invoice.order_id, order_ids)))
    return {one.order_id: _issued(one) for one in found}


def _issued(one: Invoice) -> Issued:
    return Issued(one.number, one.issued_on.isoformat(), Facts.from_json(one.facts))


def _statuses(session: Session, order_ids: list[int]) -> dict[int, OrderStatus]:
    # Locked, so that nobody cancels an order while it gets its invoice.
    found = session.exec(
        select(Order.id, Order.status)
        .where(_is_one_of(Order.id, order_ids))
        .order_by(col(Order.id))
        .with_for_update(key_share=True)
    )
    return {order_id: OrderStatus(status) for order_id, status in found}


def _is_one_of(column: Any, order_ids: list[int]) -> Any:
    return col(column) == any_(literal(order_ids, ARRAY(BigInteger)))


def _number(
    session: Session, actor: Actor, fresh: Sequence[Facts], *, day: Any, year: int
) -> dict[int, Issued]:
    made: dict[int, Issued] = {}
    deeds: list[audit.Deed] = []
    for found in fresh:
        series = session.get_one(InvoiceSeries, (found.seller.series, year))
        session.refresh(series)
        series.last += 1
        # At most 16 characters, as rule 46 of the CGST Rules asks.
        number = f"{series.series}/{gst.year_text(year)}/{series.last:05}"
        invoice = Invoice(
            order_id=found.order_id,
            number=number,
            series=series.series,
            year=year,
            serial=series.last,
            issued_on=day,
            issued_by=actor.label,
            facts=found.to_json(),
        )
        session.add(invoice)
        session.flush()
        made[found.order_id] = Issued(number, day.isoformat(), found)
        deeds.append(
            audit.Deed("invoice:issued", "order", str(found.order_id), {}, {"number": number})
        )
    audit.record_many(session, actor, deeds)
    return made


def number_of(session: Session, order_id: int) -> str:
    """The number of an order's invoice; empty if it has none."""
    found = session.exec(select(Invoice.number).where(Invoice.order_id == order_id)).one_or_none()
    return found or ""


def count(session: Session, series: str, year: int) -> int:
    """How many invoices a series has in a financial year."""
    return session.exec(
        select(func.count()).where(Invoice.series == series, Invoice.year == year)
    ).one()
