"""The desk's own data of an order as its page draws it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

from crm_app.domain import money
from crm_app.domain.permissions import Permission
from crm_app.domain.working import Priority
from crm_app.services.working.people import Colleague
from crm_app.services.working.reading import HoldView, OtherOrder, Work
from crm_app.services.working.tagging import TagView
from crm_app.ui.shared import times
from crm_app.ui.shared.links import order_path
from crm_app.ui.shared.tones import Pill, status_pill

NOBODY: Final = "0"


@dataclass(frozen=True)
class Choice:
    """An entry of a select."""

    value: str
    label: str


@dataclass(frozen=True)
class TagRow:
    """A tag; `is_on` where the order has it."""

    id: int
    name: str
    look: str
    is_on: bool = False

    @classmethod
    def of(cls, tag: TagView, *, is_on: bool = False) -> Self:
        return cls(tag.id, tag.name, f"tagchip tagchip-{tag.colour.value}", is_on)


@dataclass(frozen=True)
class Held:
    """A hold in words. `can_release` is False where only the channel can."""

    is_on: bool = False
    title: str = ""
    about: str = ""
    exact: str = ""
    note: str = ""
    can_release: bool = False

    @classmethod
    def of(cls, hold: HoldView | None, channel: str, now: datetime, zone: ZoneInfo) -> Self:
        if hold is None:
            return cls()
        if hold.reason is None:
            return cls(is_on=True, title=f"{channel} holds it", about="It releases it itself.")
        until = f"until {times.when(hold.until, now, zone)}" if hold.until else "until released"
        since = f", since {times.when(hold.since, now, zone)}" if hold.since else ""
        also = f" {channel} holds it as well." if hold.is_channels else ""
        return cls(
            is_on=True,
            title=f"On hold: {hold.reason.label.lower()}",
            about=f"{until} · {hold.by}{since}.{also}",
            exact=times.exact(hold.until, zone) if hold.until else "",
            note=hold.note,
            can_release=True,
        )


@dataclass(frozen=True)
class Other:
    """Another order of the same customer."""

    key: int
    number: str
    href: str
    channel: str
    mark: str
    channel_label: str
    status: Pill
    total: str
    at: str
    exact: str

    @classmethod
    def of(cls, other: OtherOrder, now: datetime, zone: ZoneInfo) -> Self:
        return cls(
            key=other.id,
            number=other.order_number,
            href=order_path(other.id),
            channel=other.channel.value,
            mark=other.channel.mark,
            channel_label=other.channel.label,
            status=status_pill(other.status),
            total=money.to_text(other.total_minor, other.currency),
            at=times.day(other.placed_at, now, zone),
            exact=times.exact(other.placed_at, zone),
        )


@dataclass(frozen=True)
class WorkView:
    """What the desk keeps on the order, and what this person may do with it."""

    tags: list[TagRow] = field(default_factory=list[TagRow])
    all_tags: list[TagRow] = field(default_factory=list[TagRow])
    assignee: str = NOBODY
    assignee_name: str = ""
    people: list[Choice] = field(default_factory=list[Choice])
    # Between line breaks, for the list that opens behind an @.
    names: str = ""
    priority: str = Priority.NORMAL.value
    held: Held = field(default_factory=Held)
    can_be_held: bool = False
    archived: str = ""
    watchers: str = ""
    is_watched: bool = False
    others: list[Other] = field(default_factory=list[Other])
    may_assign: bool = False
    may_tag: bool = False
    may_hold: bool = False
    may_comment: bool = False
    may_archive: bool = False
    may_see_payload: bool = False

    @classmethod
    def of(
        cls,
        work: Work,
        people: Sequence[Colleague],
        tags: Sequence[TagView],
        channel: str,
        now: datetime,
        zone: ZoneInfo,
    ) -> Self:
        ours = {tag.id for tag in work.tags}
        may = work.may
        return cls(
            tags=[TagRow.of(tag, is_on=True) for tag in work.tags],
            all_tags=[TagRow.of(tag, is_on=tag.id in ours) for tag in tags],
            assignee=str(work.assignee.id) if work.assignee else NOBODY,
            assignee_name=work.assignee.name if work.assignee else "Nobody",
            people=_people(work, people),
            names="\n".join(one.name for one in people),
            priority=work.priority.value,
            held=Held.of(work.hold, channel, now, zone),
            can_be_held=work.can_be_held,
            archived=times.when(work.archived_at, now, zone) if work.archived_at else "",
            watchers=", ".join(one.name for one in work.watchers),
            is_watched=work.is_watched,
            others=[Other.of(one, now, zone) for one in work.others],
            may_assign=Permission.ASSIGN_ORDERS in may,
            may_tag=Permission.TAG_ORDERS in may,
            may_hold=Permission.HOLD_ORDERS in may,
            may_comment={Permission.COMMENT_ORDERS, Permission.SEE_PERSONAL_DATA} <= may,
            may_archive=Permission.ARCHIVE_ORDERS in may,
            may_see_payload={Permission.SEE_PAYLOAD, Permission.SEE_PERSONAL_DATA} <= may,
        )


def _people(work: Work, people: Sequence[Colleague]) -> list[Choice]:
    """Whom the order can be given to; whoever has it stays in the list when they have left."""
    found = [Choice(NOBODY, "Nobody"), *(Choice(str(one.id), one.name) for one in people)]
    if work.assignee and work.assignee.id not in [one.id for one in people]:
        found.append(Choice(str(work.assignee.id), f"{work.assignee.name} (left)"))
    return found
