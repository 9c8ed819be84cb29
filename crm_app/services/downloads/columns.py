"""The columns of an export: what they are called, who may have them, and what stands in them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Protocol, cast

from sqlalchemy import ColumnElement, Text, func, type_coerce
from sqlalchemy import select as fields
from sqlmodel import col

from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.money import exponent
from crm_app.domain.order_status import OrderStatus, PaymentStatus, SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.working import HoldReason, Priority
from crm_app.errors import InvalidInputError, PermissionDeniedError
from crm_app.models import ChannelAccount, Customer, Order, OrderLine, OrderTag, Tag, User
from crm_app.services import reach


class Kind(StrEnum):
    """What a cell holds: it decides how each format writes it."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    TIME = "time"
    FLAG = "flag"


# A cell: text, whole number, amount, aware moment, yes or no, or nothing.
Value = str | int | Decimal | datetime | bool | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `source` is read by the database, `read` turns that into a `Value`."""

    key: str
    heading: str
    kind: Kind
    source: Any
    read: Callable[[Any, str | None], Value] | None = None
    is_personal: bool = False
    by_default: bool = True

    @property
    def width(self) -> int:
        """Characters, for a spreadsheet."""
        return {Kind.TIME: 17, Kind.MONEY: 12, Kind.NUMBER: 8, Kind.FLAG: 7}.get(self.kind, 20)


class _Word(Protocol):
    @property
    def label(self) -> str: ...


def _label(words: Iterable[_Word]) -> Callable[[Any, str | None], Value]:
    labels: dict[Any, str] = {word: word.label for word in words}

    def read(value: Any, currency: str | None) -> Value:
        del currency
        return labels[value]

    return read


def _reason(value: Any, currency: str | None) -> Value:
    del currency
    return HoldReason(value).label if value else ""


def _word(column: Any) -> Any:
    """The column as the text that it is: to make an enum's member of each takes its time."""
    return type_coerce(column, Text)


def _amount(minor: int | None, currency: str | None) -> Value:
    if minor is None or not currency:
        return None
    return Decimal(minor).scaleb(-exponent(currency))


def _ship_to(part: str) -> ColumnElement[Any]:
    return func.coalesce(col(Order.ship_to)[part].as_string(), "")


# `2 × PDE-18K; 1 × RNG-22`: what is to be packed, in one cell.
_ITEMS: Final = (
    fields(
        func.string_agg(
            func.concat(
                col(OrderLine.quantity),
                " × ",
                func.coalesce(func.nullif(col(OrderLine.sku), ""), col(OrderLine.title)),
            ),
            "; ",
        )
    )
    .where(col(OrderLine.order_id) == col(Order.id))
    .correlate(Order)
    .scalar_subquery()
)
_ACCOUNT: Final = (
    fields(col(ChannelAccount.name))
    .where(col(ChannelAccount.id) == col(Order.account_id))
    .correlate(Order)
    .scalar_subquery()
)
_EMAIL: Final = (
    fields(col(Customer.email))
    .where(col(Customer.id) == col(Order.customer_id))
    .correlate(Order)
    .scalar_subquery()
)
_ASSIGNEE: Final = (
    fields(col(User.name))
    .where(col(User.id) == col(Order.assignee_id))
    .correlate(Order)
    .scalar_subquery()
)
_TAGS: Final = (
    fields(func.string_agg(col(Tag.name), "; "))
    .join(OrderTag, col(OrderTag.tag_id) == col(Tag.id))
    .where(col(OrderTag.order_id) == col(Order.id))
    .correlate(Order)
    .scalar_subquery()
)

_T, _N, _M, _D, _F = Kind.TEXT, Kind.NUMBER, Kind.MONEY, Kind.TIME, Kind.FLAG
_ALL: Final = (
    Column("channel", "Channel", _T, _word(Order.channel), _label(Channel)),
    Column("account", "Account", _T, _ACCOUNT, by_default=False),
    Column("number", "Order number", _T, Order.order_number),
    Column("external_id", "Channel's id", _T, Order.external_id),
    Column("placed_at", "Placed", _D, Order.placed_at),
    Column("status", "Status", _T, _word(Order.status), _label(OrderStatus)),
    Column("channel_status", "Channel's word", _T, Order.channel_status, by_default=False),
    Column("payment", "Payment", _T, _word(Order.payment_status), _label(PaymentStatus)),
    Column("sync", "Sync", _T, _word(Order.sync_status), _label(SyncStatus)),
    Column("ship_by", "Ship by", _D, Order.ship_by),
    Column("deliver_by", "Deliver by", _D, Order.deliver_by, by_default=False),
    Column("shipped_at", "Shipped", _D, Order.shipped_at, by_default=False),
    Column("customer", "Customer", _T, Order.customer_name, is_personal=True),
    Column("phone", "Phone", _T, _ship_to("phone"), is_personal=True, by_default=False),
    Column("email", "E-mail", _T, _EMAIL, is_personal=True, by_default=False),
    Column("address1", "Address", _T, _ship_to("line1"), is_personal=True, by_default=False),
    Column(
        "address2", "Address, line 2", _T, _ship_to("line2"), is_personal=True, by_default=False
    ),
    Column("city", "City", _T, Order.city),
    Column("state", "State", _T, _ship_to("state"), by_default=False),
    Column("pincode", "Pincode", _T, Order.pincode, is_personal=True),
    Column("first_item", "First item", _T, Order.first_title),
    Column("items", "Items", _T, _ITEMS, by_default=False),
    Column("lines", "Lines", _N, Order.line_count),
    Column("units", "Units", _N, Order.unit_count),
    Column("units_shipped", "Units shipped", _N, Order.units_shipped, by_default=False),
    Column("currency", "Currency", _T, Order.currency),
    Column("total", "Total", _M, Order.total_minor, _amount),
    Column("tax", "Tax", _M, Order.tax_minor, _amount, by_default=False),
    Column("discount", "Discount", _M, Order.discount_minor, _amount, by_default=False),
    Column("shipping", "Shipping", _M, Order.shipping_minor, _amount, by_default=False),
    Column("cod", "COD", _F, Order.is_cod),
    Column("hold", "On hold", _F, Order.on_hold, by_default=False),
    Column(
        "hold_reason", "Reason of the hold", _T, _word(Order.hold_reason), _reason, by_default=False
    ),
    Column("assignee", "Assigned to", _T, _ASSIGNEE, by_default=False),
    Column("priority", "Priority", _T, _word(Order.priority), _label(Priority), by_default=False),
    Column("tags", "Tags", _T, _TAGS, by_default=False),
    Column("cancel", "Buyer wants to cancel", _F, Order.cancel_requested, by_default=False),
    Column("carrier", "Carrier", _T, Order.carrier),
    Column("tracking", "Tracking number", _T, Order.tracking_number),
    Column("note", "Note", _T, Order.note, is_personal=True, by_default=False),
)
COLUMNS: Final[Mapping[str, Column]] = {column.key: column for column in _ALL}


def allowed(actor: Actor) -> list[Column]:
    """The columns that a person may have, in the order in which they are offered."""
    sees_people, sees_money = (_sees(actor, one) for one in _GUARDS)
    return [
        column
        for column in _ALL
        if (sees_people or not column.is_personal) and (sees_money or column.kind is not Kind.MONEY)
    ]


def default_keys(actor: Actor) -> list[str]:
    """What is written where nobody chose."""
    return [column.key for column in allowed(actor) if column.by_default]


def chosen(actor: Actor, keys: Sequence[str]) -> list[Column]:
    """The columns of these keys, each once, in their order.

    Raises:
        InvalidInputError: If one is unknown, or there is none.
        PermissionDeniedError: If one holds personal data or amounts that the actor may not see.
    """
    found = [COLUMNS[key] for key in known(keys)]
    hidden = [column.heading for column in found if column.is_personal]
    if hidden and not _sees(actor, Permission.SEE_PERSONAL_DATA):
        raise PermissionDeniedError(f"Your role does not show personal data: {', '.join(hidden)}.")
    amounts = [column.heading for column in found if column.kind is Kind.MONEY]
    if amounts and not _sees(actor, Permission.SEE_MONEY):
        raise PermissionDeniedError(f"Your role does not show amounts: {', '.join(amounts)}.")
    return found


def known(keys: object) -> list[str]:
    """The keys of columns, each once, in their order.

    Raises:
        InvalidInputError: If one is unknown, or there is none.
    """
    given = cast(Sequence[object], keys) if isinstance(keys, list | tuple) else ()
    unknown = [str(key) for key in given if key not in COLUMNS]
    if unknown or not given:
        said = f"There is no column {unknown[0][:40]!r}." if unknown else "Choose a column."
        raise InvalidInputError(said, details={"columns": said})
    return list(dict.fromkeys(str(key) for key in given))


_GUARDS: Final = (Permission.SEE_PERSONAL_DATA, Permission.SEE_MONEY)


def _sees(actor: Actor, permission: Permission) -> bool:
    """A file has one set of columns: what is shown in it is seen wherever its rows come from."""
    return reach.holds_wherever(actor, permission, Permission.EXPORT_ORDERS)
