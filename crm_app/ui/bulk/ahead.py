"""What a bulk change would do, as a person reads it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from crm_app.channels import capabilities
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.models import BulkRun
from crm_app.services import bulk_status
from crm_app.services.bulk_action import Group, Preview
from crm_app.services.bulk_pace import Telling
from crm_app.ui.shared.links import order_path

# Hard to take back, for many at once above all.
_GRAVE: Final = (OrderStatus.CANCELLED, OrderStatus.FAILED, OrderStatus.RETURNED)


@dataclass(frozen=True)
class Link:
    key: str = ""
    text: str = ""
    href: str = ""


@dataclass(frozen=True)
class ReasonAsk:
    """A channel that takes a reason for cancelling: its own, and which one is chosen."""

    key: str
    mark: str
    label: str
    chosen: str
    options: list[Link]


def reason_asks(channels: Sequence[Channel], settings: dict[str, str]) -> list[ReasonAsk]:
    """Nothing where nothing is cancelled."""
    if settings.get("status") != OrderStatus.CANCELLED:
        return []
    return [
        ReasonAsk(
            key=channel.value,
            mark=channel.mark,
            label=channel.label,
            chosen=settings.get(bulk_status.reason_key(channel), ""),
            options=[Link(code, words) for code, words in reasons.items()],
        )
        for channel in channels
        if (reasons := capabilities.of(channel).cancel_reasons)
    ]


@dataclass(frozen=True)
class GroupRow:
    """Orders with the same fate."""

    key: str
    count: str
    sentence: str
    examples: list[Link]
    more: str

    @classmethod
    def of(cls, group: Group) -> Self:
        left = group.count - len(group.examples)
        return cls(
            key=f"{group.changes}{group.sentence}",
            count=f"{group.count:,}",
            sentence=group.sentence,
            examples=[
                Link(str(one.order_id), one.number, order_path(one.order_id))
                for one in group.examples
            ],
            more=f"and {left:,} more" if left > 0 else "",
        )


@dataclass(frozen=True)
class TellingRow:
    """An account that is told: `412, about 3 min 26 s`, and what waits there already."""

    key: str
    channel: str
    mark: str
    label: str
    name: str
    count: str
    time: str
    ahead: str

    @classmethod
    def of(cls, one: Telling) -> Self:
        return cls(
            key=str(one.account_id),
            channel=one.channel.value,
            mark=one.channel.mark,
            label=one.channel.label,
            name=one.name,
            count=f"{one.count:,}",
            time=about(one.seconds),
            ahead=f"with the {one.ahead:,} that wait there already" if one.ahead else "",
        )


@dataclass(frozen=True)
class PreviewView:
    """What would happen; `verb` is what stands on the button."""

    changes: list[GroupRow] = field(default_factory=list[GroupRow])
    refuses: list[GroupRow] = field(default_factory=list[GroupRow])
    tellings: list[TellingRow] = field(default_factory=list[TellingRow])
    change_count: str = "0"
    refuse_count: str = "0"
    verb: str = ""
    look: str = "btn primary"
    lacks_parcel: str = ""

    @classmethod
    def of(cls, preview: Preview, told: Sequence[Telling], run: BulkRun) -> Self:
        lacking = preview.lacks_parcel
        return cls(
            changes=[GroupRow.of(group) for group in preview.groups if group.changes],
            refuses=[GroupRow.of(group) for group in preview.groups if not group.changes],
            tellings=[TellingRow.of(one) for one in told],
            change_count=f"{preview.changes:,}",
            refuse_count=f"{preview.refuses:,}",
            verb=_verb(run, preview.changes) if preview.changes else "",
            look="btn danger" if run.settings.get("status") in _GRAVE else "btn primary",
            lacks_parcel=_lack(lacking) if lacking else "",
        )


def _lack(count: int) -> str:
    return f"{orders_text(count)} {'lacks' if count == 1 else 'lack'} one"


def _verb(run: BulkRun, count: int) -> str:
    if run.undo_of is not None:
        return f"Undo {orders_text(count)}"
    if run.action in _VERBS:
        return f"{_VERBS[run.action]} {orders_text(count)}"
    status = OrderStatus(run.settings["status"])
    return f"Change {orders_text(count)} to {status.label.lower()}"


_VERBS: Final = {
    "assign": "Assign",
    "priority": "Set the priority of",
    "tag": "Tag",
    "untag": "Take the tag off",
    "hold": "Hold",
    "release": "Release",
    "archive": "Archive",
    "unarchive": "Unarchive",
}


def about(seconds: float) -> str:
    """`about 3 min 26 s`, `about 2 h 05 min`, `about a second`."""
    whole = round(seconds)
    if whole <= 1:
        return "about a second"
    if whole < 60:
        return f"about {whole} s"
    if whole < 3_600:
        return f"about {whole // 60} min {whole % 60:02} s"
    return f"about {whole // 3_600} h {whole % 3_600 // 60:02} min"


def orders_text(count: int) -> str:
    """`1 order`, `4,312 orders`."""
    return f"{count:,} {'order' if count == 1 else 'orders'}"
