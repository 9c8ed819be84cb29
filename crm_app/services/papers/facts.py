"""What a paper says of an order: read in a few statements, kept as JSON with an invoice."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, Self

from sqlalchemy import BigInteger, any_, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain import gst
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import IN_HOUSE
from crm_app.errors import NotFoundError
from crm_app.models import ChannelAccount, Order, OrderLine, OrderPackage
from crm_app.services import packages
from crm_app.services.papers import business
from crm_app.services.papers.business import Seller


@dataclass(frozen=True, slots=True)
class Line:
    """One line; amounts are the channel's, in minor units; None where it tells none."""

    title: str
    sku: str
    quantity: int
    unit_price_minor: int | None = None
    discount_minor: int | None = None
    tax_minor: int | None = None
    total_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """One order on paper. Days are in the business zone and in ISO form."""

    order_id: int
    number: str
    external_id: str
    channel: str
    account: str
    placed_on: str
    ship_by: str
    is_cod: bool
    payment: str
    currency: str
    total_minor: int | None
    subtotal_minor: int | None
    shipping_minor: int | None
    discount_minor: int | None
    tax_minor: int | None
    name: str
    phone: str
    address: list[str]
    state: str
    carrier: str
    tracking: str
    note: str
    seller: Seller
    lines: list[Line] = field(default_factory=list[Line])

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def place_of_supply(self) -> str:
        """Two digits of the state that it goes to; empty if the channel does not tell it."""
        return gst.state_code(self.state)

    @property
    def shares(self) -> tuple[gst.Share, ...]:
        """The split of the tax; empty where tax, seller's state or place is unknown."""
        known = self.tax_minor is not None and self.seller.state and self.place_of_supply
        if not known or self.tax_minor is None:
            return ()
        return gst.split(self.tax_minor, self.seller.state, self.place_of_supply)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        parts: dict[str, Any] = {
            "seller": Seller(**kept["seller"]),
            "lines": [Line(**line) for line in kept["lines"]],
        }
        return cls(**(kept | parts))


def read(session: Session, order_ids: Sequence[int]) -> list[Facts]:
    """The facts of these orders, in their order; of lines only what is still to be delivered, and
    of an order that left in part what has not left yet.

    Orders that are not there are left out.
    """
    wanted: Any = any_(literal(list(order_ids), ARRAY(BigInteger)))
    partly = _sent_of_partly(session, wanted)
    lines: dict[int, list[Line]] = {}
    for line in session.exec(
        select(OrderLine).where(col(OrderLine.order_id) == wanted).order_by("order_id", "position")
    ):
        sent = packages.gone(line, partly[line.order_id]) if line.order_id in partly else 0
        if line.quantity - line.quantity_cancelled > sent:
            lines.setdefault(line.order_id, []).append(_line(line, sent))
    sellers = business.sellers(session)
    found = session.exec(
        select(Order, ChannelAccount.name)
        .join(ChannelAccount, col(ChannelAccount.id) == Order.account_id)
        .where(col(Order.id) == wanted)
    )
    made = {
        order.id: _facts(order, account, sellers.of(order.account_id), lines.get(order.id, []))
        for order, account in found
    }
    return [made[order_id] for order_id in order_ids if order_id in made]


def _sent_of_partly(session: Session, wanted: Any) -> dict[int, list[OrderPackage]]:
    """The packages of those orders of which some pieces are still in the house."""
    ids = session.exec(
        select(Order.id).where(
            col(Order.id) == wanted,
            col(Order.status).in_(IN_HOUSE),
            col(Order.units_shipped) > 0,
            col(Order.units_shipped) < col(Order.unit_count),
        )
    ).all()
    return dict.fromkeys(ids, list[OrderPackage]()) | packages.of_orders(session, ids)


def of_package(session: Session, order_id: int, package_id: int) -> Facts:
    """The facts of one package: its pieces, its carrier, its number.

    Raises:
        NotFoundError: If the order has no such package.
    """
    package = session.get(OrderPackage, package_id)
    order, account = session.exec(
        select(Order, ChannelAccount.name)
        .join(ChannelAccount, col(ChannelAccount.id) == Order.account_id)
        .where(Order.id == order_id)
    ).one()
    if package is None or package.order_id != order_id:
        raise NotFoundError("package", package_id)
    lines = session.exec(
        select(OrderLine).where(OrderLine.order_id == order_id).order_by(col(OrderLine.position))
    )
    inside = [
        replace(_line(line), quantity=count)
        for line in lines
        if (count := int(package.lines.get(line.external_id, 0))) > 0
    ]
    whole = _facts(order, account, business.sellers(session).of(order.account_id), inside)
    return replace(whole, carrier=package.carrier, tracking=package.tracking_number)


def _line(line: OrderLine, sent: int = 0) -> Line:
    return Line(
        title=line.title,
        sku=line.sku,
        quantity=line.quantity - line.quantity_cancelled - sent,
        unit_price_minor=line.unit_price_minor,
        discount_minor=line.discount_minor,
        tax_minor=line.tax_minor,
        total_minor=line.total_minor,
    )


def _facts(order: Order, account: str, seller: Seller, lines: list[Line]) -> Facts:
    zone = get_settings().zone
    part = order.ship_to.get
    town = " ".join(filter(None, (part("city", order.city), part("pincode", order.pincode))))
    tax = order.tax_minor
    of_lines = [line.tax_minor for line in lines]
    if tax is None and lines and None not in of_lines:
        # The channel tells it by the line; the sum is no other figure than it gave.
        tax = sum(minor for minor in of_lines if minor is not None)
    return Facts(
        order_id=order.id,
        number=order.order_number,
        external_id=order.external_id,
        channel=Channel(order.channel).label,
        account=account,
        placed_on=order.placed_at.astimezone(zone).date().isoformat(),
        ship_by=f"{order.ship_by.astimezone(zone):%d %b, %H:%M}" if order.ship_by else "",
        is_cod=order.is_cod,
        payment=order.payment_status.label,
        currency=order.currency or "",
        total_minor=order.total_minor,
        subtotal_minor=order.subtotal_minor,
        shipping_minor=order.shipping_minor,
        discount_minor=order.discount_minor,
        tax_minor=tax,
        name=part("name", "") or order.customer_name,
        phone=part("phone", ""),
        address=[
            text for text in (part("line1", ""), part("line2", ""), town, part("state", "")) if text
        ],
        state=part("state", ""),
        carrier=order.carrier,
        tracking=order.tracking_number,
        note=order.note,
        seller=seller,
        lines=lines,
    )


def day_text(iso: str) -> str:
    """`21 Nov 2026`."""
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%b %Y}"
