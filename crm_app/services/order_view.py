"""Everything an order page shows, read in a fixed handful of statements."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func
from sqlmodel import Session, col, select

from crm_app.channels import capabilities
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.intent import IntentState
from crm_app.domain.permissions import Permission
from crm_app.domain.rules import Field
from crm_app.errors import NotFoundError
from crm_app.models import ChannelAccount, Order, OrderEvent, OrderLine, OrderPackage, StatusIntent
from crm_app.services import (
    disputes,
    history,
    intent_view,
    packages,
    reach,
    shipping,
    unknown_words,
)
from crm_app.services.by_hand import paying
from crm_app.services.intent_view import IntentView as IntentView
from crm_app.services.order_search import OrderSummary, summary_of
from crm_app.services.orders import StatusChoice, choices, needed_for
from crm_app.services.personal_data import Contact, contact_of, mask_email, mask_phone

# An order that somebody's script touched ten thousand times must still open.
MOST_EVENTS: Final = 200
LONGEST_TIMELINE: Final = 5_000


@dataclass(frozen=True, slots=True)
class LineView:
    """One line; amounts are minor units of the order's currency."""

    external_id: str
    title: str
    sku: str
    quantity: int
    quantity_shipped: int
    quantity_cancelled: int
    quantity_returned: int
    unit_price_minor: int | None
    discount_minor: int | None
    tax_minor: int | None
    total_minor: int | None

    @property
    def left(self) -> int:
        """Pieces still to leave."""
        return max(0, self.quantity - self.quantity_cancelled - self.quantity_shipped)


@dataclass(frozen=True, slots=True)
class PackageView:
    """One package. `id` is 0 for one of an older release, known by the order's columns alone."""

    id: int
    carrier: str
    tracking_number: str
    channel_status: str
    shipped_at: datetime | None
    is_told: bool
    actor_label: str
    # Pieces by the line's external id; empty where nobody says.
    lines: dict[str, int]
    # Of the change that tells the channel of it; None where none does.
    state: IntentState | None


@dataclass(frozen=True, slots=True)
class EventView:
    """One entry of the timeline; `sentence` is ready prose without its subject."""

    id: int
    kind: str
    at: datetime
    actor_kind: ActorKind
    actor_label: str
    sentence: str


@dataclass(frozen=True, slots=True)
class AddressView:
    name: str
    line1: str
    line2: str
    city: str
    state: str
    pincode: str
    country: str


@dataclass(frozen=True, slots=True)
class DisputeView:
    """A field where the channel says something else; both words are in one line each, masked for
    who may not see people."""

    field: Field
    ours: str
    theirs: str
    told_at: datetime
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """An order in full. `address` is None where the actor may not see it."""

    order: OrderSummary
    account_name: str
    version: int
    subtotal_minor: int | None
    shipping_minor: int | None
    tax_minor: int | None
    discount_minor: int | None
    # Words of its channel that nobody has mapped.
    unknown_words: tuple[str, ...]
    carrier: str
    tracking_number: str
    shipped_at: datetime | None
    deliver_by: datetime | None
    note: str
    fulfilled_by_channel: bool
    customer_id: int | None
    customer_orders: int
    phone_masked: str
    email_masked: str
    may_reveal: bool
    may_change: bool
    address: AddressView | None
    lines: tuple[LineView, ...]
    packages: tuple[PackageView, ...]
    # Its money is still to come, and ours to note.
    can_be_paid: bool
    # Why it leaves as a whole only; empty where it may leave in parts.
    why_whole: str
    events: tuple[EventView, ...]
    # What happened before these is read when somebody asks for it.
    has_older_events: bool
    intents: tuple[IntentView, ...]
    choices: tuple[StatusChoice, ...]
    carriers: tuple[str, ...]
    # What we know of the channel's interface is inferred: people should trust it less.
    contract_is_inferred: bool
    # What it costs to ship late, in a sentence; empty where the channel does not say.
    if_late: str
    # When the channel said its word of the status, by its own clock.
    channel_word_at: datetime
    # What a person has to decide beside the status.
    disputes: tuple[DisputeView, ...]


def get_order(
    session: Session, actor: Actor, order_id: int, *, most_events: int = MOST_EVENTS
) -> OrderDetail:
    """One order with its lines, newest events and intents first.

    Args:
        session: An open session.
        actor: Must hold `orders.view`.
        order_id: Our id.
        most_events: How far back the timeline goes; `LONGEST_TIMELINE` at most.

    Raises:
        PermissionDeniedError: If the actor may not view orders.
        NotFoundError: If there is no such order.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    found = session.exec(
        select(Order, ChannelAccount.name)
        .join(ChannelAccount, col(ChannelAccount.id) == Order.account_id)
        .where(Order.id == order_id)
    ).one_or_none()
    if found is None:
        raise NotFoundError("order", order_id)
    order, account_name = found
    there = actor.on_account(order.account_id)
    most = min(most_events, LONGEST_TIMELINE)
    detail = _detail(session, there, order, account_name, most)
    return detail if there.may(Permission.SEE_MONEY) else _without_money(detail)


def _detail(
    session: Session, actor: Actor, order: Order, account_name: str, most_events: int
) -> OrderDetail:
    sees_people = actor.may(Permission.SEE_PERSONAL_DATA)
    may_change = actor.may(Permission.CHANGE_STATUS)
    contact = contact_of(session, order) if sees_people else Contact("", "", "")
    return OrderDetail(
        order=summary_of(order, actor),
        account_name=account_name,
        version=order.version,
        subtotal_minor=order.subtotal_minor,
        shipping_minor=order.shipping_minor,
        tax_minor=order.tax_minor,
        discount_minor=order.discount_minor,
        unknown_words=tuple(unknown_words.of_order(session, order.id)),
        carrier=order.carrier,
        tracking_number=order.tracking_number,
        shipped_at=order.shipped_at,
        deliver_by=order.deliver_by,
        # Buyers write names and addresses into it.
        note=order.note if sees_people else "",
        fulfilled_by_channel=order.fulfilled_by_channel,
        customer_id=order.customer_id,
        customer_orders=_orders_of(session, order.customer_id),
        phone_masked=mask_phone(contact.phone),
        email_masked=mask_email(contact.email),
        may_reveal=bool(contact.phone or contact.email),
        may_change=may_change,
        address=_address(order) if sees_people else None,
        lines=_lines(session, order, sent := packages.of_order(session, order.id)),
        packages=_packages(session, order, sent),
        why_whole=shipping.why_whole(order),
        can_be_paid=paying.can_be_paid(order),
        events=(
            events := _events(
                session,
                order,
                most_events,
                sees_money=actor.may(Permission.SEE_MONEY),
            )
        )[0],
        has_older_events=events[1],
        intents=intent_view.of_order(session, order),
        choices=_choices(order, actor),
        carriers=capabilities.of(order.channel).carriers,
        contract_is_inferred=capabilities.of(order.channel).is_inferred,
        if_late=capabilities.of(order.channel).lateness.why,
        channel_word_at=order.channel_updated_at,
        disputes=_disputes(session, order, sees_people=sees_people),
    )


def _without_money(detail: OrderDetail) -> OrderDetail:
    lines = tuple(
        replace(line, unit_price_minor=None, discount_minor=None, tax_minor=None, total_minor=None)
        for line in detail.lines
    )
    return replace(
        detail,
        subtotal_minor=None,
        shipping_minor=None,
        tax_minor=None,
        discount_minor=None,
        lines=lines,
    )


def _choices(order: Order, actor: Actor) -> tuple[StatusChoice, ...]:
    return tuple(
        one for one in choices(order) if all(actor.may(each) for each in needed_for(one.status))
    )


def _disputes(session: Session, order: Order, *, sees_people: bool) -> tuple[DisputeView, ...]:
    return tuple(
        DisputeView(
            one.field,
            *disputes.words(one, order, sees_people=sees_people),
            one.told_at,
            one.opened_at,
        )
        for one in disputes.open_disputes(session, order.id)
    )


def _orders_of(session: Session, customer_id: int | None) -> int:
    if customer_id is None:
        return 0
    return session.exec(
        select(func.count()).select_from(Order).where(Order.customer_id == customer_id)
    ).one()


def _address(order: Order) -> AddressView:
    part = order.ship_to.get
    return AddressView(
        name=part("name", ""),
        line1=part("line1", ""),
        line2=part("line2", ""),
        city=part("city", ""),
        state=part("state", ""),
        pincode=part("pincode", ""),
        country=part("country", ""),
    )


def _packages(
    session: Session, order: Order, sent: Sequence[OrderPackage]
) -> tuple[PackageView, ...]:
    if not sent:
        return _only_package(order)
    ids = [package.intent_id for package in sent if package.intent_id]
    states: dict[int, IntentState] = {}
    if ids:
        found = session.exec(
            select(StatusIntent.id, StatusIntent.state).where(col(StatusIntent.id).in_(ids))
        )
        states = {intent_id: IntentState(state) for intent_id, state in found}
    return tuple(
        PackageView(
            id=package.id,
            carrier=package.carrier,
            tracking_number=package.tracking_number,
            channel_status=package.channel_status,
            shipped_at=package.shipped_at,
            is_told=package.is_told,
            actor_label=package.actor_label,
            lines=package.lines,
            state=states.get(package.intent_id or 0),
        )
        for package in sent
    )


def _only_package(order: Order) -> tuple[PackageView, ...]:
    """What the order's own columns say of an order from before packages were kept."""
    if not order.tracking_number:
        return ()
    return (
        PackageView(
            0, order.carrier, order.tracking_number, "", order.shipped_at, True, "", {}, None
        ),
    )


def _lines(session: Session, order: Order, sent: Sequence[OrderPackage]) -> tuple[LineView, ...]:
    lines = session.exec(
        select(OrderLine).where(OrderLine.order_id == order.id).order_by(col(OrderLine.position))
    )
    # What has left is counted, not kept.
    names = LineView.__dataclass_fields__.keys() - {"quantity_shipped"}
    return tuple(
        LineView(
            quantity_shipped=packages.gone(line, sent),
            **{name: getattr(line, name) for name in names},
        )
        for line in lines
    )


def without_amounts(data: dict[str, Any]) -> dict[str, Any]:
    """What an event tells, for who may not see money."""
    return {name: told for name, told in data.items() if not name.endswith("_minor")}


def _events(
    session: Session, order: Order, most: int, *, sees_money: bool
) -> tuple[tuple[EventView, ...], bool]:
    """The newest ones, and whether there are older."""
    events = session.exec(
        select(OrderEvent)
        .where(OrderEvent.order_id == order.id)
        .order_by(col(OrderEvent.id).desc())
        .limit(most + 1)
    ).all()
    shown = tuple(
        EventView(
            id=event.id,
            kind=event.kind,
            at=event.at,
            actor_kind=event.actor_kind,
            actor_label=event.actor_label,
            sentence=history.sentence(
                event.kind, event.data if sees_money else without_amounts(event.data), order
            ),
        )
        for event in events[:most]
    )
    return shown, len(events) > most
