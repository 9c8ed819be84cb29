"""Lists of SKUs, ready to draw. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from crm_app.models import ChannelSku, UnmappedSku
from crm_app.services.skus import AccountList, Taken
from crm_app.ui.shared import times
from crm_app.ui.shared.links import order_path

PATH: Final = "/skus"


@dataclass(frozen=True)
class AccountChoice:
    """An account and how long its list is."""

    key: str
    href: str
    channel: str
    mark: str
    label: str
    name: str
    lines: str
    unmapped: str
    is_on: bool

    @classmethod
    def of(cls, one: AccountList, chosen: int) -> Self:
        return cls(
            key=str(one.account_id),
            href=f"{PATH}?{urlencode({'account': one.account_id})}",
            channel=one.channel.value,
            mark=one.channel.mark,
            label=one.channel.label,
            name=one.name,
            lines=f"{one.lines:,}" if one.lines else "no list",
            unmapped=f"{one.unmapped:,} unknown" if one.unmapped else "",
            is_on=one.account_id == chosen,
        )


@dataclass(frozen=True)
class SkuRow:
    """One line of the list; its key is the channel's SKU."""

    key: str
    sku: str
    title: str
    who: str
    when: str

    @classmethod
    def of(cls, one: ChannelSku, at: datetime, zone: ZoneInfo) -> Self:
        when = times.when(one.changed_at, at, zone)
        return cls(one.channel_sku, one.sku, one.title, one.changed_by, when)


@dataclass(frozen=True)
class UnknownRow:
    """One SKU that the list does not name."""

    key: str
    title: str
    orders: str
    href: str

    @classmethod
    def of(cls, one: UnmappedSku) -> Self:
        orders = f"{one.orders:,} {'order' if one.orders == 1 else 'orders'} to ship"
        href = order_path(one.example_order_id) if one.example_order_id else ""
        return cls(one.channel_sku, one.title, orders, href)


def taken_words(found: Taken) -> str:
    """`2 added, 1 changed, 0 as before; 1 could not be used.`"""
    said = f"{found.added:,} added, {found.changed:,} changed, {found.unchanged:,} as before"
    lost = f"; {found.problem_count:,} could not be used" if found.problem_count else ""
    return f"{said}{lost}."
