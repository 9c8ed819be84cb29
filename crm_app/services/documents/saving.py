"""Orders of a file against those that we have: stored, or only tried out.

A trial is the import itself, taken back: what it says is what would happen.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Text, any_, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col, select

from crm_app.channels.base import ChannelOrder
from crm_app.config import get_settings
from crm_app.domain.money import to_text
from crm_app.domain.order_status import OrderStatus, PaymentStatus
from crm_app.domain.time import now
from crm_app.models import ChannelAccount, Order, OrderEvent, Outcome
from crm_app.services import order_rows
from crm_app.services.authors import Author
from crm_app.services.importing import save_orders

AS_BEFORE: Final = "As before: the file says nothing new."

# Columns of an order in a reason, in this order; those that are missing follow from others.
_NAMES: Final = {
    "status": "Status",
    "payment_status": "Payment",
    "total_minor": "Total",
    "shipping_minor": "Shipping charge",
    "tax_minor": "Tax",
    "discount_minor": "Discount",
    "currency": "Currency",
    "lines": "Lines",
    "order_number": "Order number",
    "placed_at": "Placed",
    "ship_by": "Ship by",
    "deliver_by": "Deliver by",
    "shipped_at": "Shipped on",
    "carrier": "Carrier",
    "tracking_number": "Tracking number",
    "customer_name": "Customer",
    "ship_to": "Address",
    "note": "Note",
    "return_requested": "Coming back",
    "is_business": "Business buyer",
    "channel_status": "The file's word",
}
_MOMENTS: Final = frozenset({"placed_at", "ship_by", "deliver_by", "shipped_at"})


@dataclass(frozen=True, slots=True)
class Fate:
    """What became, or would become, of an order."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    version: int
    updated_at: datetime


def save(
    session: Session, account: ChannelAccount, orders: Sequence[ChannelOrder], author: Author
) -> dict[str, Fate]:
    """Store orders; what became of each, by order id.

    Args:
        session: Committed by the caller.
        account: The file's source.
        orders: At most some hundred, each order id once.
        author: Whom the events name.
    """
    good, fates = _storable(orders)
    before = _known(session, account, good)
    save_orders(session, account, list(good.values()), author=author)
    session.flush()
    return fates | _compare(session, account, good, before)


def try_out(
    session: Session, account: ChannelAccount, orders: Sequence[ChannelOrder], author: Author
) -> dict[str, Fate]:
    """What `save` would do. Leaves no trace: orders that we have are saved and taken back."""
    good, fates = _storable(orders)
    before = _known(session, account, good)
    fates |= {key: Fate(Outcome.CREATED) for key in good if key not in before}
    ours = {key: order for key, order in good.items() if key in before}
    if ours:
        trial = session.begin_nested()
        save_orders(session, account, list(ours.values()), author=author)
        session.flush()
        fates |= _compare(session, account, ours, before)
        trial.rollback()
    return fates


def _storable(
    orders: Iterable[ChannelOrder],
) -> tuple[dict[str, ChannelOrder], dict[str, Fate]]:
    moment = now()
    good: dict[str, ChannelOrder] = {}
    refused: dict[str, Fate] = {}
    for order in orders:
        reason = order_rows.check_storable(order, moment)
        if reason:
            refused[order.external_id] = Fate(Outcome.REFUSED, reason)
        else:
            good[order.external_id] = order
    return good, refused


def _known(
    session: Session, account: ChannelAccount, orders: Mapping[str, ChannelOrder]
) -> dict[str, _Known]:
    wanted = any_(literal(list(orders), ARRAY(Text)))
    rows = session.execute(
        select(Order.external_id, Order.id, Order.version, Order.channel_updated_at).where(
            Order.account_id == account.id, col(Order.external_id) == wanted
        )
    )
    return {external_id: _Known(*rest) for external_id, *rest in rows}


def _compare(
    session: Session,
    account: ChannelAccount,
    orders: Mapping[str, ChannelOrder],
    before: Mapping[str, _Known],
) -> dict[str, Fate]:
    after = _known(session, account, orders)
    changed = [
        found.id
        for key, found in after.items()
        if key in before and found.version != before[key].version
    ]
    told = _changes(session, changed)
    fates: dict[str, Fate] = {}
    for key, order in orders.items():
        old, new = before.get(key), after[key]
        if old is None:
            fates[key] = Fate(Outcome.CREATED)
        elif new.version != old.version:
            said = changes_text(told.get(new.id, {}), order.currency or "")
            fates[key] = Fate(Outcome.CHANGED, said)
        elif order.updated_at < old.updated_at:
            fates[key] = Fate(Outcome.SKIPPED, "Older than what is here.")
        else:
            fates[key] = Fate(Outcome.SKIPPED, AS_BEFORE)
    return fates


def _changes(session: Session, order_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The data of the newest event of each order."""
    if not order_ids:
        return {}
    columns: Any = select  # SQLModel's own is typed for columns of plain types only
    rows = session.execute(
        columns(OrderEvent.order_id, OrderEvent.data)
        .where(col(OrderEvent.order_id).in_(order_ids), OrderEvent.kind == "order:updated")
        .order_by(col(OrderEvent.id))
    )
    return {row[0]: row[1] for row in rows}


def changes_text(data: Mapping[str, Any], currency: str) -> str:
    """`Status: Shipped → Delivered. Total: ₹5.00 → ₹6.00. Address.`"""
    parts: list[str] = []
    for name, said in _NAMES.items():
        change = data.get(name)
        if change is None or (name == "channel_status" and "status" in data):
            continue
        values = cast("list[Any]", change) if isinstance(change, list) else []
        before, after = (_value(name, value, currency) for value in values or ("", ""))
        # The same number of lines, and yet other ones; of personal data never more than that.
        parts.append(f"{said}." if before == after else f"{said}: {before} → {after}.")
    return " ".join(parts)[:500] or "A detail that no page shows."


def _value(name: str, value: Any, currency: str) -> str:
    if value is None or value == "":
        return "none"
    if name == "status":
        return OrderStatus(value).label
    if name == "payment_status":
        return PaymentStatus(value).label
    if name.endswith("_minor"):
        return to_text(value, currency or "INR")
    if name in _MOMENTS:
        local = datetime.fromisoformat(value).astimezone(get_settings().zone)
        return f"{local.day} {local:%b %Y %H:%M}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)[:80]
