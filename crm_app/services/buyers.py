"""The buyers of a page of orders, each written once however many of the orders are theirs."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import func
from sqlmodel import Session, col

from crm_app.channels.base import ChannelOrder
from crm_app.models import ChannelAccount, Customer
from crm_app.services import bulk, order_rows

# What a channel withholds now is kept: an empty word replaces nothing.
_KEPT: Final = ("name", "email", "phone", "phone_digits", "city", "state", "pincode")


def save(
    session: Session, account: ChannelAccount, orders: Iterable[ChannelOrder]
) -> dict[str, int]:
    """Upsert the buyers; their ids by identity."""
    rows: dict[str, dict[str, Any]] = {}
    # Oldest first: of two orders of one buyer on a page the newer one knows better.
    for order in sorted(orders, key=lambda order: order.updated_at):
        row = order_rows.customer_row(account.id, order)
        known = rows.setdefault(row["identity"], row)
        known.update((name, value) for name, value in row.items() if value)
    rows.pop("", None)
    if not rows:
        return {}
    # In one order, so that two writers never wait for each other in a ring.
    ordered = [rows[key] for key in sorted(rows)]
    statement = bulk.insert_rows(Customer, list(ordered[0]))
    new = statement.excluded
    kept = {
        name: func.coalesce(func.nullif(new[name], ""), getattr(Customer, name)) for name in _KEPT
    }
    found = session.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "identity"], set_=kept
        ).returning(col(Customer.identity), col(Customer.id)),
        bulk.parameter(ordered),
    )
    return dict(found.all())
