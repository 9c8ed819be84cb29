"""One order as a line of the list, ready to draw. Pure."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

from crm_app.channels import capabilities
from crm_app.domain import money
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import TO_SHIP, OrderStatus, SyncStatus
from crm_app.domain.working import Priority
from crm_app.services.grid_layout import Column
from crm_app.services.order_search import OrderSummary
from crm_app.services.personal_data import WITHHELD
from crm_app.services.working.rows import Working
from crm_app.ui.shared import times
from crm_app.ui.shared.links import order_path
from crm_app.ui.shared.times import Clock
from crm_app.ui.shared.tones import Pill, partly_pill, payment_pill, status_pill, sync_pill

HOLD: Final = "Hold"
INFERRED: Final = "Contract inferred"
CANCEL_ASKED: Final = Pill("Cancel asked", "warn", "alert", "The buyer asks to cancel")


NONE: Final = Working()
_PRIORITY: Final[dict[Priority, Pill]] = {
    Priority.URGENT: Pill("Urgent", "bad", "alert"),
    Priority.HIGH: Pill("High", "warn", "4"),
    Priority.LOW: Pill("Low", "mute", "0"),
}


@dataclass(frozen=True)
class Label:
    """A tag that the desk put on an order."""

    id: int
    name: str
    colour: str


@dataclass(frozen=True)
class OrderRow:
    """Display texts only: the browser gets no model and nothing that is not on the screen."""

    id: int
    href: str
    channel: str
    mark: str
    channel_label: str
    number: str
    tags: list[str]
    customer: str
    is_named: bool
    place: str
    title: str
    more: str
    total: str
    status: Pill
    sync: Pill
    wish: Pill
    word: Pill
    clock: Clock
    placed: str
    placed_exact: str
    payment: Pill
    sync_state: Pill
    # The columns that are plain words, by their keys.
    words: dict[str, str]
    assignee: str
    initials: str
    priority: Pill
    labels: list[Label]
    # The list moved on and this row no longer belongs to it; it stays until the person moves.
    is_gone: bool = False

    @classmethod
    def of(
        cls, order: OrderSummary, now: datetime, zone: ZoneInfo, working: Working = NONE
    ) -> Self:
        return cls(
            id=order.id,
            href=order_path(order.id),
            channel=order.channel.value,
            mark=order.channel.mark,
            channel_label=channel_name(order.channel),
            number=order.order_number,
            tags=tags(order),
            customer=order.customer_name or nameless(order),
            is_named=order.customer_name not in ("", WITHHELD),
            place=" ".join(part for part in (order.city, order.pincode) if part),
            title=order.first_title or "No lines",
            more=more_lines(order.line_count, order.unit_count),
            total=money.to_text(order.total_minor, order.currency),
            status=standing_pill(order),
            sync=trouble(order.sync_status),
            wish=CANCEL_ASKED if order.cancel_requested else Pill(),
            word=unread(order),
            clock=deadline(order, now, zone),
            placed=times.when(order.placed_at, now, zone),
            placed_exact=times.exact(order.placed_at, zone),
            payment=payment_pill(order.payment_status),
            sync_state=sync_pill(order.sync_status),
            words=words(order),
            assignee=working.assignee,
            initials=initials(working.assignee),
            priority=_PRIORITY.get(working.priority, Pill()),
            labels=[Label(tag.id, tag.name, tag.colour.value) for tag in working.tags],
        )

    def gone(self) -> Self:
        """The same row, marked as no longer belonging to the list."""
        return dataclasses.replace(self, is_gone=True)


def standing_pill(order: OrderSummary) -> Pill:
    """The status in words; of an order that left in part, how much of it did."""
    if order.is_partly_shipped:
        return partly_pill(order.status, order.units_shipped, order.unit_count)
    return status_pill(order.status)


def initials(name: str) -> str:
    """`AK` for Asha Kulkarni."""
    return "".join(part[0] for part in name.split()[:2]).upper()


def words(order: OrderSummary) -> dict[str, str]:
    """What the columns of plain words show of an order."""
    return {
        Column.CHANNEL_STATUS.value: order.channel_status,
        Column.CITY.value: order.city,
        Column.PINCODE.value: order.pincode,
        Column.UNITS.value: str(order.unit_count),
        Column.EXTERNAL_ID.value: order.external_id,
    }


def channel_name(channel: Channel) -> str:
    """The channel, and whether we know its interface from others only."""
    is_inferred = capabilities.of(channel).is_inferred
    return f"{channel.label} ({INFERRED.lower()})" if is_inferred else channel.label


def tags(order: OrderSummary) -> list[str]:
    """The short words beside an order's number."""
    facts = ((order.is_cod, "COD"), (order.is_business, "B2B"), (order.on_hold, HOLD))
    return [word for is_so, word in facts if is_so]


def nameless(order: OrderSummary) -> str:
    """What stands where a name would: it may still come, or the channel never tells."""
    if order.status is OrderStatus.PENDING:
        return "No name yet"
    return f"Customer of {order.channel.label}"


def more_lines(lines: int, units: int) -> str:
    """What follows the first title: `+1` for another line, `×3` for more of the same."""
    if lines > 1:
        return f"+{lines - 1}"
    return f"×{units}" if units > 1 else ""


def unread(order: OrderSummary) -> Pill:
    """Where nobody has said yet what the channel's word means: the status is our guess."""
    return Pill() if order.status_on_channel is not None else unknown_word(order)


def unknown_word(order: OrderSummary) -> Pill:
    """The mark of an order whose channel uses a word without a meaning."""
    said = f"{order.channel.label} says {order.channel_status}, and nobody has mapped that word"
    return Pill("Unknown word", "warn", "alert", said)


def trouble(sync: SyncStatus) -> Pill:
    """The sync axis, where it is not simply in step."""
    return Pill() if sync is SyncStatus.IN_SYNC else sync_pill(sync)


def deadline(order: OrderSummary, now: datetime, zone: ZoneInfo) -> Clock:
    """The ship-by clock, which only runs while the order is still to ship."""
    return times.ship_by(order.ship_by, now, zone) if order.status in TO_SHIP else Clock()
