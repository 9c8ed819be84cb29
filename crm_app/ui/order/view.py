"""One order as its page draws it: display texts only. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from crm_app.domain import money
from crm_app.domain.channel import Channel
from crm_app.services.facets import Facet, Pick
from crm_app.services.order_query import OrderQuery
from crm_app.services.order_search import OrderSummary
from crm_app.services.order_view import AddressView, LineView, OrderDetail
from crm_app.ui.orders.rows import (
    HOLD,
    INFERRED,
    deadline,
    nameless,
    standing_pill,
    tags,
    unknown_word,
)
from crm_app.ui.shared import times
from crm_app.ui.shared.links import orders_path
from crm_app.ui.shared.times import Clock
from crm_app.ui.shared.tones import Pill, payment_pill, sync_pill


@dataclass(frozen=True)
class Fact:
    """A name and a value; `exact` is shown on hover, `href` leads to another site."""

    name: str
    value: str
    exact: str = ""
    is_mono: bool = False
    href: str = ""


@dataclass(frozen=True)
class Line:
    """One line of the order."""

    key: int
    title: str
    sku: str
    progress: str
    quantity: str
    price: str
    # Discount and tax as the channel gave them.
    parts: str
    total: str


@dataclass(frozen=True)
class OrderView:
    """The head, the money and the customer of an order."""

    id: int = 0
    version: int = 0
    number: str = ""
    external_id: str = ""
    channel: str = ""
    mark: str = ""
    channel_label: str = ""
    account: str = ""
    tags: list[str] = field(default_factory=list)
    pills: list[Pill] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)
    # What it costs to be late, where it presses and the channel says so.
    if_late: str = ""
    facts: list[Fact] = field(default_factory=list)
    sums: list[Fact] = field(default_factory=list)
    total: str = ""
    customer: str = ""
    customer_orders: str = ""
    # The list of all of them.
    all_orders: str = ""
    phone: str = ""
    email: str = ""
    may_reveal: bool = False
    address: list[str] = field(default_factory=list)
    note: str = ""
    is_private: bool = False
    can_be_paid: bool = False
    may_change: bool = False

    @classmethod
    def of(cls, detail: OrderDetail, now: datetime, zone: ZoneInfo) -> Self:
        order = detail.order
        return cls(
            id=order.id,
            version=detail.version,
            number=order.order_number,
            external_id=order.external_id,
            channel=order.channel.value,
            mark=order.channel.mark,
            channel_label=order.channel.label,
            account=detail.account_name,
            # A hold has a pill and a notice of its own here.
            tags=[word for word in tags(order) if word != HOLD]
            + ([INFERRED] if detail.contract_is_inferred else []),
            pills=[*axes(order), *([unknown_word(order)] if detail.unknown_words else [])],
            clock=(clock := deadline(order, now, zone)),
            if_late=detail.if_late if clock.urgency != "none" else "",
            facts=facts(detail, now, zone),
            sums=sums(detail),
            total=money.to_text(order.total_minor, order.currency),
            customer=order.customer_name or nameless(order),
            customer_orders=orders_count(detail.customer_orders),
            all_orders=orders_path(
                OrderQuery(picks=(Pick(Facet.CUSTOMER, (str(detail.customer_id),)),))
            )
            if detail.customer_id
            else "",
            phone=detail.phone_masked,
            email=detail.email_masked,
            may_reveal=detail.may_reveal,
            address=address_lines(detail.address),
            note=detail.note,
            is_private=detail.address is None,
            may_change=detail.may_change,
            can_be_paid=detail.can_be_paid,
        )


def axes(order: OrderSummary) -> list[Pill]:
    """The four axes of an order, the holds only where there is one."""
    found = [
        standing_pill(order),
        payment_pill(order.payment_status),
        sync_pill(order.sync_status),
    ]
    if order.on_hold:
        found.append(Pill("On hold", "warn", "stop"))
    if order.cancel_requested:
        found.append(Pill("Buyer wants to cancel", "warn", "alert"))
    if order.return_requested:
        found.append(Pill("Return on its way", "warn", "alert"))
    return found


def facts(detail: OrderDetail, now: datetime, zone: ZoneInfo) -> list[Fact]:
    """What is known of the order beside lines, money and customer."""
    order = detail.order

    def moment(name: str, at: datetime | None) -> list[Fact]:
        return [Fact(name, times.when(at, now, zone), times.exact(at, zone))] if at else []

    found = [
        *moment("Placed", order.placed_at),
        *moment("Ship by", order.ship_by),
        *moment("Shipped", detail.shipped_at),
        *moment("Deliver by", detail.deliver_by),
        Fact("Account", detail.account_name),
    ]
    # Behind an order that people wrote there is no channel with an id and a word of its own.
    if order.channel is not Channel.MANUAL:
        if order.external_id != order.order_number:
            found.append(Fact(f"{order.channel.label} id", order.external_id, is_mono=True))
        found.append(Fact(f"{order.channel.label} says", order.channel_status or "nothing"))
    words = ", ".join(detail.unknown_words)
    if words not in ("", order.channel_status):
        found.append(Fact("Not mapped yet", words))
    if detail.fulfilled_by_channel:
        found.append(Fact("Packed by", order.channel.label))
    if detail.contract_is_inferred:
        found.append(Fact("Contract", f"inferred, {order.channel.label} publishes none"))
    return found


def sums(detail: OrderDetail) -> list[Fact]:
    """The money above the total; a part that the channel did not name is left out."""
    currency = detail.order.currency
    parts = (
        ("Items", detail.subtotal_minor),
        ("Discount", -detail.discount_minor if detail.discount_minor else None),
        ("Shipping", detail.shipping_minor),
        ("Tax in it", detail.tax_minor),
    )
    return [
        Fact(name, money.to_text(minor, currency)) for name, minor in parts if minor is not None
    ]


def line(key: int, value: LineView, currency: str | None) -> Line:
    """Draw one line of the order."""
    return Line(
        key=key,
        title=value.title or "No title",
        sku=value.sku,
        progress=progress(value),
        quantity=str(value.quantity),
        price=money.to_text(value.unit_price_minor, currency),
        parts=_parts(value, currency),
        total=money.to_text(value.total_minor, currency),
    )


def _parts(value: LineView, currency: str | None) -> str:
    said = [
        f"discount {money.to_text(-value.discount_minor, currency)}"
        if value.discount_minor
        else "",
        f"tax {money.to_text(value.tax_minor, currency)}" if value.tax_minor else "",
    ]
    return ", ".join(part for part in said if part)


def progress(value: LineView) -> str:
    """`2 to ship`, `1 shipped, 1 to ship`, `shipped`, `1 shipped, 2 cancelled`, `1 returned`."""
    done = (
        (value.quantity_returned, "returned"),
        # What came back had been shipped.
        (value.quantity_shipped - value.quantity_returned, "shipped"),
        (value.quantity_cancelled, "cancelled"),
    )
    left = value.quantity - max(value.quantity_shipped, value.quantity_returned)
    left -= value.quantity_cancelled
    found = [(count, word) for count, word in (*done, (left, "to ship")) if count > 0]
    if len(found) == 1 and found[0][0] >= value.quantity and found[0][1] != "to ship":
        return found[0][1]
    return ", ".join(f"{count} {word}" for count, word in found)


def address_lines(address: AddressView | None) -> list[str]:
    """As it stands on a label, empty lines left out."""
    if address is None:
        return []
    place = " ".join(part for part in (address.city, address.pincode) if part)
    region = ", ".join(part for part in (address.state, address.country) if part)
    return [text for text in (address.name, address.line1, address.line2, place, region) if text]


def orders_count(count: int) -> str:
    if count < 1:
        return ""
    return "first order" if count == 1 else f"{count:,} orders"
