"""Taking a person out of everything that is kept, and leaving every figure as it was.

Orders, lines, amounts, days and places stay, so the dashboards and the ledger count what they
counted. What the law keeps (invoices) and what is still on its way stays with its reason.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import zstandard
from sqlalchemy import delete, func, or_, text, tuple_, update
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.time import now
from crm_app.models import (
    Customer,
    Document,
    DocumentChunk,
    DocumentLine,
    DocumentResult,
    DocumentState,
    Download,
    DownloadPart,
    DownloadPiece,
    InboxEntry,
    InboxState,
    Invoice,
    Order,
    OrderComment,
    OrderEvent,
    OrderPayload,
)
from crm_app.services import bulk
from crm_app.services.events import event_row
from crm_app.services.privacy import forgetting, scrubbing

ENDED: Final = (
    OrderStatus.DELIVERED,
    OrderStatus.CANCELLED,
    OrderStatus.RETURNED,
    OrderStatus.FAILED,
)
INVOICES_KEPT: Final = "Tax invoices are kept for 72 months after the year's return (CGST Act, 36)."
OPEN_KEPT: Final = "The order is still on its way; the channel and the courier need the address."
# Figures by place, and the tax that follows from it.
_PLACE: Final = ("city", "state", "pincode", "country")
_GONE: Final = zstandard.compress(b'{"erased": true}')
_IMPORTED: Final = (DocumentState.DONE, DocumentState.CANCELLED, DocumentState.REFUSED)


@dataclass(slots=True)
class Erased:
    """What was done, in numbers; `kept` says how many stayed for which reason."""

    done: dict[str, int] = field(default_factory=dict[str, int])
    kept: dict[str, int] = field(default_factory=dict[str, int])

    def count(self, what: str, number: int) -> None:
        if number:
            self.done[what] = self.done.get(what, 0) + number

    def keep(self, why: str, number: int) -> None:
        if number:
            self.kept[why] = self.kept.get(why, 0) + number

    def as_json(self) -> dict[str, Any]:
        return {"done": self.done, "kept": self.kept}


def erase_orders(
    session: Session, actor: Actor, order_ids: Iterable[int], why: str, erased: Erased
) -> list[int]:
    """Take the person out of some orders and all that hangs on them; which ones that were.

    An order that is still on its way keeps its address. May run again: what is erased already is
    erased once more and counted as done.

    Args:
        session: The caller commits; some hundred orders at once.
        actor: Whom the events name.
        order_ids: Ours.
        why: For the order's history; names nobody.
        erased: Is added to.
    """
    wanted = sorted(set(order_ids))
    found = session.exec(
        select(Order)
        .where(col(Order.id).in_(wanted))
        .order_by(col(Order.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    ended = [order for order in found if order.status in ENDED]
    erased.keep(OPEN_KEPT, len(found) - len(ended))
    if not ended:
        return []
    ids = [order.id for order in ended]
    searched = _finder(session, ended)
    for order in ended:
        _empty(order)
    _mark(session, ended)
    erased.count("orders", len(ended))
    session.flush()
    rows = [
        event_row(order.id, "order:person:erased", actor, {"why": why}, version=order.version)
        for order in ended
    ]
    session.execute(bulk.insert_rows(OrderEvent, list(rows[0])), bulk.parameter(rows))
    _scrub_words(session, ids, searched, erased)
    _empty_bodies(session, ended, erased)
    _empty_files(session, ended, erased)
    invoices = session.execute(
        select(func.count()).select_from(Invoice).where(col(Invoice.order_id).in_(ids))
    ).scalar_one()
    erased.keep(INVOICES_KEPT, int(invoices))
    return ids


def erase_customers(session: Session, customer_ids: Sequence[int], erased: Erased) -> None:
    """Delete the customers that no order needs any more, and remember that they were."""
    needed = select(Order.customer_id).where(col(Order.customer_id).in_(customer_ids))
    gone = session.exec(
        select(Customer).where(col(Customer.id).in_(customer_ids), col(Customer.id).not_in(needed))
    ).all()
    moment = now()
    for customer in gone:
        forgetting.mark(session, customer.account_id, _identities(customer), moment)
        session.delete(customer)
    session.flush()
    erased.count("customers", len(gone))


def _identities(customer: Customer) -> list[str]:
    found = [customer.identity]
    if customer.email:
        found.append(f"email:{customer.email}"[:300])
    if customer.phone_digits:
        found.append(f"phone:{customer.phone_digits}")
    return found


def _finder(session: Session, orders: Sequence[Order]) -> Any:
    """What finds the persons of these orders in a text."""
    values: list[str] = []
    for order in orders:
        to = order.ship_to
        values += [
            order.customer_name,
            *(str(to.get(name, "")) for name in to if name not in _PLACE),
        ]
    people = {order.customer_id for order in orders if order.customer_id is not None}
    for one in session.exec(select(Customer).where(col(Customer.id).in_(people))):
        values += [one.name, one.email, one.phone, one.phone_digits]
    return scrubbing.finder(scrubbing.words_of(values))


def _empty(order: Order) -> None:
    order.customer_name, order.note, order.hold_note = "", "", ""
    order.ship_to = {name: order.ship_to[name] for name in _PLACE if name in order.ship_to}
    order.customer_id = None
    order.anonymised_at = order.updated_at = now()
    order.version += 1


def _mark(session: Session, orders: Sequence[Order]) -> None:
    by_account: dict[int, list[str]] = {}
    for order in orders:
        by_account.setdefault(order.account_id, []).append(forgetting.order_name(order.external_id))
    for account_id, names in sorted(by_account.items()):
        forgetting.mark(session, account_id, names, now())


def _scrub_words(session: Session, ids: list[int], found: Any, erased: Erased) -> None:
    """Comments and history keep what was done and lose who it was done for."""
    comments = 0
    for comment in session.exec(select(OrderComment).where(col(OrderComment.order_id).in_(ids))):
        if (without := scrubbing.scrub(comment.text, found)) != comment.text:
            comment.text = without
            comments += 1
    erased.count("comments", comments)
    # The history is append-only but for this.
    session.execute(text("SELECT set_config('crm.erasure', 'on', true)"))
    events = 0
    for event in session.exec(select(OrderEvent).where(col(OrderEvent.order_id).in_(ids))):
        if (left := scrubbing.scrub(event.data, found)) != event.data:
            event.data = left
            events += 1
    session.flush()
    session.execute(text("SELECT set_config('crm.erasure', 'off', true)"))
    erased.count("events", events)


def _empty_bodies(session: Session, orders: Sequence[Order], erased: Erased) -> None:
    ids = [order.id for order in orders]
    payloads = session.execute(delete(OrderPayload).where(col(OrderPayload.order_id).in_(ids)))
    erased.count("payloads", _rows(payloads))
    keys = [(order.account_id, order.external_id) for order in orders]
    bodies = session.execute(
        update(InboxEntry)
        .where(
            tuple_(col(InboxEntry.account_id), col(InboxEntry.external_id)).in_(keys),
            col(InboxEntry.state).in_((InboxState.PROCESSED, InboxState.SET_ASIDE)),
        )
        .values(body=_GONE)
    )
    erased.count("webhooks and set-aside orders", _rows(bodies))


def _empty_files(session: Session, orders: Sequence[Order], erased: Erased) -> None:
    """Lines of uploaded files, the files themselves, and files that people had made."""
    external = {order.external_id for order in orders}
    accounts = {order.account_id for order in orders}
    theirs = (
        select(DocumentResult.document_id, DocumentResult.number)
        .join(Document, col(Document.id) == DocumentResult.document_id)
        .where(
            col(DocumentResult.external_id).in_(external),
            col(Document.account_id).in_(accounts),
            col(Document.state).in_(_IMPORTED),
        )
    )
    lines = session.execute(theirs).all()
    if lines:
        session.execute(
            update(DocumentLine)
            .where(
                tuple_(col(DocumentLine.document_id), col(DocumentLine.number)).in_(
                    [tuple(line) for line in lines]
                )
            )
            .values(cells=[], problems={"line": "Erased."})
        )
        # A file is one piece: it cannot lose a line.
        files = session.execute(
            delete(DocumentChunk).where(
                col(DocumentChunk.document_id).in_({line[0] for line in lines})
            )
        )
        erased.count("lines of files", len(lines))
        erased.count("pieces of files", _rows(files))
    ids = [order.id for order in orders]
    made = session.exec(
        select(Download.id)
        .join(DownloadPart, col(DownloadPart.download_id) == Download.id)
        .where(
            or_(*[col(DownloadPart.order_ids).contains([order_id]) for order_id in ids]),
            col(Download.emptied_at).is_(None),
        )
        .distinct()
    ).all()
    for table in (DownloadPart, DownloadPiece):
        session.execute(delete(table).where(col(table.download_id).in_(made)))
    session.execute(update(Download).where(col(Download.id).in_(made)).values(emptied_at=now()))
    erased.count("downloads", len(made))


def empty_late_bodies(session: Session, since: datetime, most: int) -> int:
    """Empty what a channel sent of an erased order after that; how many it was."""
    late = session.exec(
        select(InboxEntry.id)
        .join(
            Order,
            (col(Order.account_id) == InboxEntry.account_id)
            & (col(Order.external_id) == InboxEntry.external_id),
        )
        .where(
            col(InboxEntry.received_at) >= since,
            col(InboxEntry.state) == InboxState.PROCESSED,
            col(Order.anonymised_at).is_not(None),
            col(InboxEntry.body) != _GONE,
        )
        .limit(most)
    ).all()
    session.execute(update(InboxEntry).where(col(InboxEntry.id).in_(late)).values(body=_GONE))
    return len(late)


def _rows(result: Any) -> int:
    return int(getattr(result, "rowcount", 0) or 0)
