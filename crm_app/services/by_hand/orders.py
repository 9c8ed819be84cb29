"""Orders that people write: created once however often the button is pressed, edited by field."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlmodel import Session, col, select

from crm_app.channels.base import ChannelAddress, ChannelBuyer, ChannelOrder, ChannelOrderLine
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus, PaymentStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError
from crm_app.models import ChannelAccount, Customer, Order, OrderEvent, OrderLine
from crm_app.services import accounts, audit, importing, reach
from crm_app.services.authors import Author
from crm_app.services.by_hand.draft import (
    CURRENCY,
    Checked,
    Draft,
    DraftLine,
    amount_text,
    check,
    merge,
)
from crm_app.services.papers import invoicing

WORD: Final = "written by hand"
SOURCES: Final = ("Phone", "Counter", "Own shop")
# Once it left, it is what was sent.
EDITABLE: Final = (
    OrderStatus.PENDING,
    OrderStatus.CONFIRMED,
    OrderStatus.PACKED,
    OrderStatus.READY_TO_SHIP,
)
_LOCK_PRESS: Final = 26
_MONEY: Final = ("shipping", "discount", "tax", "lines")


def list_sources(session: Session, actor: Actor) -> list[str]:
    """Where orders come from: what is used, and some to begin with. Needs `orders.create`."""
    reach.require(session, actor, Permission.CREATE_ORDERS)
    used = session.exec(
        select(ChannelAccount.name).where(ChannelAccount.channel == Channel.MANUAL).order_by("name")
    ).all()
    return list(dict.fromkeys([*used, *SOURCES]))


def create(session: Session, actor: Actor, draft: Draft, key: str) -> Order:
    """Write a new order. It is confirmed at once: who writes it has spoken to the buyer.

    Args:
        session: An open transaction.
        actor: Must hold `orders.create`.
        draft: As typed.
        key: Names this press: sent twice, it is one order.

    Raises:
        PermissionDeniedError: Without the permission.
        InvalidInputError: With a sentence for each field that cannot be used.
    """
    reach.require(session, actor, Permission.CREATE_ORDERS)
    if not 8 <= len(key) <= 64 or not (key.isascii() and key.isprintable()):
        said = "The key is 8 to 64 plain characters."
        raise InvalidInputError(said, details={"key": said})
    checked = check(draft)
    # A second press waits here for the first one's commit, and then finds its order.
    session.execute(
        text("SELECT pg_advisory_xact_lock(:kind, hashtext(:key))"),
        {"kind": _LOCK_PRESS, "key": key},
    )
    known = session.exec(
        select(Order).where(Order.channel == Channel.MANUAL, Order.external_id == key)
    ).one_or_none()
    if known is not None:
        return known
    account = _source(session, actor, checked.texts["source"])
    count = session.execute(text("SELECT nextval('manual_order_numbers')")).scalar_one()
    number = f"H-{count}"
    moment = now()
    told = _told(checked, key, number, moment, moment, OrderStatus.CONFIRMED)
    importing.save_orders(session, account, [told], author=Author(actor, {"by_hand": True}))
    session.flush()
    order = session.exec(
        select(Order).where(Order.account_id == account.id, Order.external_id == key)
    ).one()
    audit.record(
        session,
        actor,
        "order:created",
        subject_type="order",
        subject_id=order.id,
        after={"number": number, "total_minor": order.total_minor, "source": account.name},
    )
    return order


def draft_of(session: Session, actor: Actor, order_id: int) -> Draft:
    """An order as the form shows it.

    Raises:
        PermissionDeniedError: Without `orders.create` and the right to see people.
        NotFoundError: If there is no such order.
        ConflictError: If it is not ours to edit (any more).
    """
    reach.require(session, actor, Permission.CREATE_ORDERS)
    reach.require(session, actor, Permission.SEE_PERSONAL_DATA)
    order = session.get(Order, order_id)
    if order is None:
        raise NotFoundError("order", order_id)
    _check_ours(order)
    return _draft(session, order)


def edit(session: Session, actor: Actor, order_id: int, before: Draft, after: Draft) -> Order:
    """Change what a person changed, and nothing else: colleagues' other fields stay.

    Args:
        session: An open transaction.
        actor: Must hold `orders.create` and see people.
        order_id: An order that was written by hand and has not left.
        before: As the person saw it.
        after: As the person wants it.

    Raises:
        PermissionDeniedError: Without the permissions.
        NotFoundError: If there is no such order.
        ConflictError: If it left, is invoiced (for amounts), or a colleague changed the same.
        InvalidInputError: With a sentence for each field that cannot be used.
    """
    reach.require(session, actor, Permission.CREATE_ORDERS)
    reach.require(session, actor, Permission.SEE_PERSONAL_DATA)
    order = session.exec(select(Order).where(Order.id == order_id).with_for_update()).one_or_none()
    if order is None:
        raise NotFoundError("order", order_id)
    _check_ours(order)
    is_now = _draft(session, order)
    wanted = merge(before, is_now, after)
    changed = [
        name
        for name in Draft.__dataclass_fields__
        if getattr(wanted, name) != getattr(is_now, name)
    ]
    if "source" in changed:
        said = "Where an order came from stays: write it anew if it is wrong."
        raise InvalidInputError(said, details={"source": said})
    if order.units_shipped and "lines" in changed:
        raise ConflictError("A part of it has left: its lines stay as they are.")
    checked = check(wanted)
    if not changed:
        return order
    number = invoicing.number_of(session, order_id)
    if number and any(name in _MONEY for name in changed):
        raise ConflictError(f"Invoice {number} is issued: its lines and amounts stay.")
    account = session.get_one(ChannelAccount, order.account_id)
    moment = max(now(), order.channel_updated_at)
    told = _told(checked, order.external_id, order.order_number, order.placed_at, moment, None)
    author = Author(actor, {"by_hand": True})
    importing.save_orders(session, account, [told], author=author)
    _clear_note(session, actor, order, checked.texts["note"])
    audit.record(
        session,
        actor,
        "order:edited",
        subject_type="order",
        subject_id=order_id,
        after={"fields": changed},
    )
    session.refresh(order)
    return order


def _check_ours(order: Order) -> None:
    if order.channel is not Channel.MANUAL:
        raise ConflictError(f"{order.channel.label} wrote this order: only it can change it.")
    if order.status not in EDITABLE:
        raise ConflictError(f"This order is {order.status.label.lower()}: it stays as it is.")


def _clear_note(session: Session, actor: Actor, order: Order, note: str) -> None:
    """An import takes no word away that a channel merely left out; a person does."""
    session.refresh(order)
    if note or not order.note:
        return
    order.note, order.version = "", order.version + 1
    session.add(
        OrderEvent(**importing.event_row(order.id, "order:updated", actor, {"note": "changed"}))
    )


def _source(session: Session, actor: Actor, name: str) -> ChannelAccount:
    account = session.exec(
        select(ChannelAccount).where(
            ChannelAccount.channel == Channel.MANUAL, ChannelAccount.name == name
        )
    ).one_or_none()
    if account is not None:
        return account
    account = accounts.add_account(
        session, channel=Channel.MANUAL, name=name, base_url="", credentials={}
    )
    audit.record(
        session,
        actor,
        "account:created",
        subject_type="account",
        subject_id=account.id,
        after={"channel": Channel.MANUAL.value, "name": name},
    )
    return account


def _told(
    checked: Checked,
    key: str,
    number: str,
    placed_at: datetime,
    updated_at: datetime,
    status: OrderStatus | None,
) -> ChannelOrder:
    texts = checked.texts
    is_cod = checked.payment is PaymentStatus.COD
    lines = tuple(
        ChannelOrderLine(
            external_id=str(place),
            sku=line.sku,
            title=line.title,
            quantity=line.quantity,
            unit_price_minor=line.price_minor,
            total_minor=line.quantity * line.price_minor,
        )
        for place, line in enumerate(checked.lines, start=1)
    )
    raw: dict[str, Any] = {
        **texts,
        "payment": checked.payment.value,
        "number": number,
        "at": updated_at.isoformat(),
        "lines": [[line.sku, line.title, line.quantity, line.unit_price_minor] for line in lines],
        "amounts": [checked.shipping_minor, checked.discount_minor, checked.tax_minor],
    }
    return ChannelOrder(
        external_id=key,
        order_number=number,
        channel_status=WORD,
        status=status,
        payment_status=checked.payment,
        placed_at=placed_at,
        updated_at=updated_at,
        currency=CURRENCY,
        total_minor=checked.total_minor,
        subtotal_minor=checked.subtotal_minor,
        shipping_minor=checked.shipping_minor,
        discount_minor=checked.discount_minor,
        tax_minor=checked.tax_minor,
        lines=lines,
        is_cod=is_cod,
        buyer=ChannelBuyer(name=texts["name"], email=texts["email"], phone=texts["phone"]),
        address=ChannelAddress(
            name=texts["name"],
            phone=texts["phone"],
            line1=texts["line1"],
            line2=texts["line2"],
            city=texts["city"],
            state=texts["state"],
            pincode=texts["pincode"],
            country="IN",
        ),
        note=texts["note"],
        raw=raw,
    )


def _draft(session: Session, order: Order) -> Draft:
    lines = session.exec(
        select(OrderLine).where(OrderLine.order_id == order.id).order_by(col(OrderLine.position))
    ).all()
    account = session.get_one(ChannelAccount, order.account_id)
    customer = session.get(Customer, order.customer_id) if order.customer_id else None
    part = order.ship_to.get
    return Draft(
        source=account.name,
        name=order.customer_name,
        phone=part("phone", ""),
        email=customer.email if customer else "",
        line1=part("line1", ""),
        line2=part("line2", ""),
        city=order.city,
        state=part("state", ""),
        pincode=order.pincode,
        payment=order.payment_status.value,
        shipping=amount_text(order.shipping_minor),
        discount=amount_text(order.discount_minor),
        tax=amount_text(order.tax_minor),
        note=order.note,
        lines=_draft_lines(lines),
    )


def _draft_lines(lines: Sequence[OrderLine]) -> tuple[DraftLine, ...]:
    return tuple(
        DraftLine(
            title=line.title,
            sku=line.sku,
            quantity=str(line.quantity),
            price=amount_text(line.unit_price_minor),
        )
        for line in lines
    )
