"""The filters beyond channel, status and days, as links and fields; and how each reads. Pure."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, Literal

from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus, PaymentStatus, SyncStatus
from crm_app.domain.working import Priority
from crm_app.services.facet_choices import FacetChoices
from crm_app.services.facets import (
    CURRENCY,
    FLAGS,
    ME,
    NONE,
    Archived,
    Due,
    Facet,
    Flag,
    Pick,
    day_range_of,
)
from crm_app.services.order_query import OrderQuery
from crm_app.ui.shared.choices import Option, range_text, toggled
from crm_app.ui.shared.links import orders_path

NAMES: Final[dict[Facet, str]] = {
    Facet.CHANNEL: "Channel",
    Facet.ACCOUNT: "Account",
    Facet.STATUS: "Status",
    Facet.PAYMENT: "Payment",
    Facet.SYNC: "Sync",
    Facet.DUE: "Ship-by",
    Facet.AMOUNT: "Amount",
    Facet.CITY: "City",
    Facet.PINCODE: "Pincode",
    Facet.SKU: "SKU",
    Facet.TAG: "Tag",
    Facet.ASSIGNEE: "Assignee",
    Facet.PRIORITY: "Priority",
    Facet.HOLD: "On hold",
    Facet.COD: "Cash on delivery",
    Facet.CANCEL: "Buyer wants to cancel",
    Facet.RETURN: "Buyer wants to return",
    Facet.UNMAPPED: "Unknown status word",
    Facet.CUSTOMER: "Customer",
    Facet.ARCHIVED: "Archived",
}
_FIELDS: Final[dict[Facet, str]] = {
    Facet.CITY: "Mumbai, Pune",
    Facet.PINCODE: "4000 or 400050",
    Facet.SKU: "PDE-18K-RG",
}
_DUE: Final[dict[Due, str]] = {
    Due.OVERDUE: "Overdue",
    Due.TODAY: "Today",
    Due.TOMORROW: "Tomorrow",
    Due.NONE: "No deadline",
}
_DUE_HINTS: Final = {Due.OVERDUE: "past, and still to ship"}
_ARCHIVED: Final = {Archived.YES: "Only archived", Archived.ALL: "Also archived"}
# In the order of the menu. Channel, status and ship-by have menus of their own.
_IN_MENU: Final = (
    Facet.ASSIGNEE,
    Facet.TAG,
    Facet.PRIORITY,
    Facet.HOLD,
    Facet.ACCOUNT,
    Facet.PAYMENT,
    Facet.COD,
    Facet.AMOUNT,
    Facet.SKU,
    Facet.CITY,
    Facet.PINCODE,
    Facet.SYNC,
    Facet.CANCEL,
    Facet.RETURN,
    Facet.UNMAPPED,
    Facet.ARCHIVED,
)
_WORDS: Final[dict[Facet, Iterable[PaymentStatus | SyncStatus | Priority]]] = {
    Facet.PAYMENT: PaymentStatus,
    Facet.SYNC: SyncStatus,
    Facet.PRIORITY: Priority,
}


@dataclass(frozen=True)
class FacetMenu:
    """One filter of the menu: choices that are links, or fields to type into."""

    key: str
    label: str
    kind: Literal["choices", "text", "range"]
    # What is chosen now, in words.
    says: str = ""
    options: list[Option] = field(default_factory=list)
    hint: str = ""
    # What is on, as it is typed: of texts what is shown and what is not, of a range its two ends.
    value: str = ""
    without: str = ""
    is_out: bool = False


def facet_menus(query: OrderQuery, choices: FacetChoices, today: date) -> list[FacetMenu]:
    """The filters of the menu, those first that are asked for daily."""
    return [_menu(query, facet, choices, today) for facet in _IN_MENU]


def _menu(query: OrderQuery, facet: Facet, choices: FacetChoices, today: date) -> FacetMenu:
    says = pick_text(query.pick(facet), choices, today)
    label = NAMES[facet]
    pick = query.pick(facet)
    if facet is Facet.AMOUNT:
        first, last = _ends(next(iter((*pick.values, *pick.without)), ""))
        return FacetMenu(
            facet.value,
            label,
            "range",
            says,
            hint=CURRENCY,
            value=first,
            without=last,
            is_out=bool(pick.without),
        )
    if facet in _FIELDS:
        return FacetMenu(
            facet.value,
            label,
            "text",
            says,
            hint=_FIELDS[facet],
            value=Pick(facet, pick.values).text(),
            without=Pick(facet, pick.without).text(),
        )
    options = [_option(query, facet, value, name) for value, name in _values(facet, choices)]
    return FacetMenu(facet.value, label, "choices", says, options)


def _ends(text: str) -> tuple[str, str]:
    """`500..2000` -> 500 and 2000; one amount is both ends."""
    first, dots, last = text.partition("..")
    return first, last if dots else first


def due_days(query: OrderQuery) -> tuple[str, str]:
    """The days of ship-by that are on, for the fields of their form."""
    for value in query.pick(Facet.DUE).values:
        if days := day_range_of(value):
            first, last = (day.isoformat() if day else "" for day in days)
            return first, last
    return "", ""


def _values(facet: Facet, choices: FacetChoices) -> list[tuple[str, str]]:
    if facet is Facet.ACCOUNT:
        return [(str(one.id), one.name) for one in choices.accounts]
    if facet is Facet.TAG:
        return [(name, name) for name in choices.tags]
    if facet is Facet.ASSIGNEE:
        people = [(str(one.id), one.name) for one in choices.people]
        return [(ME, "Me"), (NONE, "Nobody"), *people]
    if facet is Facet.ARCHIVED:
        return [(word.value, label) for word, label in _ARCHIVED.items()]
    if facet in FLAGS:
        return [(Flag.YES.value, "Yes"), (Flag.NO.value, "No")]
    return [(word.value, word.label) for word in _WORDS[facet]]


def due_options(query: OrderQuery) -> list[Option]:
    return [
        dataclasses.replace(
            _option(query, Facet.DUE, word.value, label), hint=_DUE_HINTS.get(word, "")
        )
        for word, label in _DUE.items()
    ]


def _option(query: OrderQuery, facet: Facet, value: str, label: str) -> Option:
    pick = query.pick(facet)
    is_one_of_two = facet in FLAGS or facet is Facet.ARCHIVED
    is_on, is_out = value in pick.values, value in pick.without
    rest = () if is_one_of_two else _but(pick.values, value)
    values = rest if is_on else (*rest, value)
    chosen = query.picking(Pick(facet, values, _but(pick.without, value)))
    left_out = query.picking(Pick(facet, _but(pick.values, value), toggled(pick.without, value)))
    out_href = "" if is_one_of_two else orders_path(left_out)
    return Option(value, label, orders_path(chosen), is_on, out_href=out_href, is_out=is_out)


def _but(values: tuple[str, ...], value: str) -> tuple[str, ...]:
    return tuple(one for one in values if one != value)


def out_option(query: OrderQuery, option: Option, facet: Facet) -> Option:
    """A choice of channel or status that can be left out as well."""
    without = query.pick(facet).without
    is_out = option.key in without
    rest = query.picking(Pick(facet, (), toggled(without, option.key)))
    if facet is Facet.CHANNEL:
        named = Channel(option.key)
        rest = dataclasses.replace(
            rest, channels=tuple(one for one in rest.channels if one is not named)
        )
    else:
        rest = dataclasses.replace(
            rest, statuses=tuple(one for one in rest.statuses if one != option.key)
        )
    return dataclasses.replace(option, out_href=orders_path(rest), is_out=is_out)


def pick_text(pick: Pick, choices: FacetChoices, today: date) -> str:
    """What is chosen of a facet, in words: `Mumbai, Pune`, `not paid`, `₹500 to ₹2,000`."""
    chosen = [value_text(pick.facet, value, choices, today) for value in pick.values]
    left_out = [value_text(pick.facet, value, choices, today) for value in pick.without]
    parts = [", ".join(chosen)] if chosen else []
    if left_out:
        parts.append("not " + ", ".join(left_out))
    return ", but ".join(parts)


def value_text(facet: Facet, value: str, choices: FacetChoices, today: date) -> str:
    """One value as people say it."""
    if facet is Facet.DUE:
        return _due_text(value, today)
    if facet is Facet.AMOUNT:
        return _amount_text(value)
    words: dict[Facet, type[StrEnum]] = {Facet.CHANNEL: Channel, Facet.STATUS: OrderStatus}
    if facet in words:
        return str(getattr(words[facet](value), "label", value))
    if facet in _FIELDS or facet in FLAGS:
        return value
    if facet is Facet.CUSTOMER:
        return f"no. {value}"
    return dict(_values(facet, choices)).get(value, value)


def _due_text(value: str, today: date) -> str:
    if value in list(Due):
        return _DUE[Due(value)].lower()
    first, last = day_range_of(value) or (None, None)
    return range_text(first, last, today)


def _amount_text(value: str) -> str:
    currency = value[:3] if value[:3].isalpha() else CURRENCY
    first, dots, last = value.removeprefix(currency).partition("..")
    unit = "₹" if currency == CURRENCY else f"{currency} "
    if not dots:
        return unit + first
    if first and last:
        return f"{unit}{first} to {unit}{last}"
    return f"from {unit}{first}" if first else f"up to {unit}{last}"
